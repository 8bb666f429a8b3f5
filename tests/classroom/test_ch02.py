"""The checks of chapter 02 pass right answers, written in several ways, and reject planted wrong ones with the right words."""

import numpy as np
import pytest
from planted import demands

from cnnlib import formulas, ops
from cnnlib.checks import ch02
from cnnlib.errors import CheckFailed


def places(size, kernel, stride, before, after, dilation):
    return (size + before + after - dilation * (kernel - 1) - 1) // stride + 1


def places_counted(size, kernel, stride, before, after, dilation):
    starts = range(-before, size + after, stride)
    return sum(start + dilation * (kernel - 1) < size + after for start in starts)


def correlate_windows(x, k):
    windows = np.lib.stride_tricks.sliding_window_view(x, k.shape)
    return np.einsum("ijpq,pq->ij", windows, k)


def correlate_copies(picture, weights):
    (P, Q), (H, W) = weights.shape, picture.shape
    return sum(weights[p, q] * picture[p : H - P + 1 + p, q : W - Q + 1 + q] for p in range(P) for q in range(Q)).tolist()


def correlate_products(x, k):
    (P, Q), y = k.shape, np.zeros((x.shape[0] - k.shape[0] + 1, x.shape[1] - k.shape[1] + 1))
    for i in range(y.shape[0]):
        for j in range(y.shape[1]):
            y[i, j] = (x[i : i + P, j : j + Q] * k).sum()
    return y


def three_loops(x, k):
    (P, Q), y = k.shape, np.zeros((x.shape[0] - k.shape[0] + 1, x.shape[1] - k.shape[1] + 1))
    for i, j, p in np.ndindex(*y.shape, P):
        y[i, j] += x[i + p, j : j + Q] @ k[p]
    return y


def four_loops_over_lists(x, k):
    (H, W), (P, Q), x, k = x.shape, k.shape, x.tolist(), k.tolist()
    return [
        [sum(x[i + p][j + q] * k[p][q] for p in range(P) for q in range(Q)) for j in range(W - Q + 1)] for i in range(H - P + 1)
    ]


def layer_windows(x, k, b, stride, padding):
    x = np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(x, k.shape[:2], (1, 2))[:, ::stride, ::stride]
    return np.einsum("nijcpq,pqcf->nijf", windows, k) + b


def layer(x, k, b, stride, padding):
    return formulas.conv2d(x, k, b, (stride, stride), ((padding, padding), (padding, padding)))


def layer_fast(x, k, b, stride, padding):
    return ops.conv2d(x, k, b, stride, padding)


def gradient(x, dy):
    return formulas.correlate(x, dy)


def gradient_windows(x, dy):
    P, Q = x.shape[0] - dy.shape[0] + 1, x.shape[1] - dy.shape[1] + 1
    return ops.conv2d_backward(dy[None, :, :, None], x[None, :, :, None], np.zeros((P, Q, 1, 1)))[1][:, :, 0, 0]


RIGHT = [
    (ch02.output_size, places), (ch02.output_size, places_counted),
    (ch02.correlate, correlate_products), (ch02.correlate, correlate_windows), (ch02.correlate, correlate_copies),
    (ch02.conv2d, layer_windows), (ch02.conv2d, layer), (ch02.conv2d, layer_fast),
    (ch02.kernel_gradient, correlate_products), (ch02.kernel_gradient, gradient), (ch02.kernel_gradient, gradient_windows),
]  # fmt: skip
CHECKS = [ch02.output_size, ch02.correlate, ch02.conv2d, ch02.kernel_gradient]


def wrong_place(f):
    """Let one single number be wrong, the last one."""

    def answer(*arguments):
        y = np.array(f(*arguments), dtype=float)
        y.flat[-1] += 0.01
        return y

    return answer


def right_place(f):
    """Let one single number be right, the first one: the checker found in the wild passes this."""

    def answer(*arguments):
        y = np.array(f(*arguments), dtype=float)
        y.flat[1:] += 1
        return y

    return answer


def changing(f):
    def answer(x, *arguments):
        y = f(x, *arguments)
        x *= 0
        return y

    return answer


WRONG_SIZES = {
    "forgets the first place": (lambda n, k, s, a, b, d: (n + a + b - d * (k - 1) - 1) // s, "28, kernel 3, .* you have 25 "),
    "same size": (lambda n, k, s, a, b, d: n, "3 on 28 rows"),
    "one padding for both": (lambda n, k, s, a, b, d: (n + 2 * a - d * (k - 1) - 1) // s + 1, "padding after both"),
    "no padding": (lambda n, k, s, a, b, d: (n - d * (k - 1) - 1) // s + 1, "padding, also unequal"),
    "no stride": (lambda n, k, s, a, b, d: n + a + b - d * (k - 1), "strides that fit"),
    "rounds up": (lambda n, k, s, a, b, d: -(-(n + a + b - d * (k - 1) - 1) // s) + 1, "round down"),
    "keeps the fraction": (lambda n, k, s, a, b, d: (n + a + b - d * (k - 1) - 1) / s + 1, "round down"),
    "dilates the kernel by its size": (
        lambda n, k, s, a, b, d: (n + a + b - d * k + d - d) // s + 1,
        "dilation: .*kernel 1, .*dilation 2 you have 27 ",
    ),
    "no dilation": (lambda n, k, s, a, b, d: (n + a + b - k) // s + 1, "dilated kernel reach"),
    "two numbers": (lambda *a: (places(*a), places(*a)), "return one number"),
    "decimal point": (lambda *a: float(places(*a)), "decimal point"),
}

WRONG_CORRELATIONS = {
    "turned": (formulas.convolve, "turned by half a turn"),
    "mean": (lambda x, k: formulas.correlate(x, k) / k.size, "mean over the window"),
    "last row and column missing": (lambda x, k: formulas.correlate(x, k)[:-1, :-1], "last row and column"),
    "window one off": (lambda x, k: np.roll(formulas.correlate(x, k), 1, 1), "numbers are wrong"),
    "last kernel row forgotten": (lambda x, k: formulas.correlate(x[: len(x) - 1], k[:-1]), r"window .* x = \[\[2.0, 0.0"),
    "swapped": (lambda x, k: formulas.correlate(x.T, k.T), "rows and columns have changed places"),
    "square only": (lambda x, k: formulas.correlate(x, k[: min(k.shape), : min(k.shape)]), "has shape"),
    "zeros": (lambda x, k: 0 * formulas.correlate(x, k), "9 of 9 numbers are wrong"),
    "not a number": (lambda x, k: np.nan * formulas.correlate(x, k), "9 of 9 numbers are wrong"),
    "padded": (lambda x, k: formulas.correlate(np.pad(x, 1), k), "has shape"),
    "clipped": (lambda x, k: np.clip(formulas.correlate(x, k), 0, None), "numbers are wrong"),
    "rounded": (lambda x, k: np.round(formulas.correlate(x, k)), "numbers are wrong"),
    "as pixels": (lambda x, k: np.clip(formulas.correlate(x, k), -100, 255), "nothing clips"),
    "four loops": (formulas.correlate, "speed: only .* times as fast"),
    "four loops over lists": (four_loops_over_lists, "which loops can NumPy do"),
    "three loops": (three_loops, "which loops can NumPy do"),
    "one wrong": (wrong_place(formulas.correlate), r"1 of 9 numbers are wrong, the first at \(2, 2\)"),
    "one right": (right_place(formulas.correlate), "8 of 9 numbers are wrong"),
    "changes the picture": (changing(formulas.correlate), "changed its argument number 1"),
}

WRONG_LAYERS = {
    "turned": (lambda x, k, b, s, p: layer(x, k[::-1, ::-1], b, s, p), "turned by half a turn"),
    "first channel only": (lambda x, k, b, s, p: layer(x[..., :1], k[:, :, :1], b, s, p), "sum over all channels"),
    "mean of channels": (lambda x, k, b, s, p: layer(x, k / x.shape[3], b, s, p), "several channels in"),
    "first kernel everywhere": (lambda x, k, b, s, p: layer(x, k[..., :1] + 0 * k, b, s, p), "output channel f"),
    "no bias": (lambda x, k, b, s, p: layer(x, k, 0 * b, s, p), r"b\(f\) is added once"),
    "bias for each channel in": (lambda x, k, b, s, p: layer(x, k, x.shape[3] * b, s, p), r"b\(f\) is added once"),
    "first picture everywhere": (lambda x, k, b, s, p: layer(x[:1] + 0 * x, k, b, s, p), "several pictures"),
    "no stride": (lambda x, k, b, s, p: layer(x, k, b, 1, p), "stride: the result has shape"),
    "stride cut off": (lambda x, k, b, s, p: layer(x, k, b, 1, p)[:, : (x.shape[1] + 2 * p - k.shape[0]) // s + 1,
                       : (x.shape[2] + 2 * p - k.shape[1]) // s + 1], "starts at row i"),
    "no padding": (lambda x, k, b, s, p: layer(x, k, b, s, 0), "padding: the result has shape"),
    "pads by repeating": (lambda x, k, b, s, p: layer(np.pad(x, ((0, 0), (p, p), (p, p), (0, 0)), "edge"), k, b, s, 0),
                          "zeros on all four sides"),
    "pads one side": (lambda x, k, b, s, p: layer(np.pad(x, ((0, 0), (0, 2 * p), (0, 2 * p), (0, 0))), k, b, s, 0),
                      "zeros on all four sides"),
    "channels first": (lambda x, k, b, s, p: layer(x, k, b, s, p).transpose(0, 3, 1, 2), "has shape"),
    "one wrong": (wrong_place(layer), "1 of 9 numbers are wrong"),
    "one right": (right_place(layer), "8 of 9 numbers are wrong"),
    "changes the pictures": (changing(layer), "changed its argument number 1"),
}  # fmt: skip

WRONG_GRADIENTS = {
    "mean": (lambda x, dy: gradient(x, dy) / dy.size, "mean over the outputs"),
    "turned": (lambda x, dy: gradient(x, dy)[::-1, ::-1], "turned by half a turn"),
    "turned upstream": (lambda x, dy: formulas.convolve(x, dy), "one output pixel .* dy seems to be turned"),
    "shape of the upstream": (lambda x, dy: 0 * dy, "has shape"),
    "all-ones upstream": (lambda x, dy: gradient(x, np.ones_like(dy)), "one output pixel"),
    "transposed": (lambda x, dy: gradient(x, dy).T, "numbers are wrong"),
    "last output forgotten": (lambda x, dy: gradient(x, np.where(np.arange(dy.shape[1]) < dy.shape[1] - 1, dy, 0)),
                              "adds over all outputs"),
    "zeros": (lambda x, dy: 0 * gradient(x, dy), "9 of 9 numbers are wrong"),
    "one wrong": (wrong_place(gradient), "1 of 9 numbers are wrong"),
    "one right": (right_place(gradient), "8 of 9 numbers are wrong"),
    "changes the picture": (changing(gradient), "changed its argument number 1"),
}  # fmt: skip

WRONG = {
    f"{check.__name__}: {name}": (check, *planted)
    for check, answers in zip(CHECKS, [WRONG_SIZES, WRONG_CORRELATIONS, WRONG_LAYERS, WRONG_GRADIENTS], strict=True)
    for name, planted in answers.items()
}
TestAnswers = demands(RIGHT, WRONG, lines=6)


# The published mistake of this chapter: a checker that is satisfied by one single element.

DIGIT = np.zeros((12, 12))
DIGIT[3:9, 4:7] = np.arange(18).reshape(6, 3)
RELIEF = np.array([[1.0, 0, -1], [2, 1, -2], [1, 0, -1]])
WRONG_ON_A_DIGIT = {
    "turned": formulas.convolve,
    "swapped": lambda x, k: formulas.correlate(x, k.T),
    "one pixel off": lambda x, k: np.roll(formulas.correlate(x, k), 1, axis=1),
    "mean": lambda x, k: formulas.correlate(x, k) / k.size,
    "zeros": lambda x, k: 0 * formulas.correlate(x, k),
}


@pytest.mark.parametrize("answer", WRONG_ON_A_DIGIT.values(), ids=WRONG_ON_A_DIGIT.keys())
def test_one_equal_element_satisfies_the_checker_from_the_wild_but_not_ours(answer):
    difference = answer(DIGIT, RELIEF) - formulas.correlate(DIGIT, RELIEF)
    assert not difference.all()  # "not every number differs": the mistake passes every wrong answer
    assert np.abs(difference).max() > 1
    with pytest.raises(CheckFailed):
        ch02.correlate(answer)


def test_the_formula_is_the_printed_one_at_each_place():
    x, k = np.random.default_rng(0).normal(size=(2, 7, 6)), np.random.default_rng(1).normal(size=(3, 2))
    for picture in x:
        y = formulas.correlate(picture, k)
        for (i, j), value in np.ndenumerate(y):
            assert value == pytest.approx(sum(picture[i + p, j + q] * k[p, q] for p in range(3) for q in range(2)))
