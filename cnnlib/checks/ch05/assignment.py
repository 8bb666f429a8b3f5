"""The assignment goes on where the chapter ends."""

import numpy as np

from cnnlib import formulas
from cnnlib.checks.common import call, fail, numbers, ok, same
from cnnlib.checks.points import part, rng

from .gradients import _EXTREME, _each, _rows_sum_to_0


def leaky_relu_backward(student):
    """Assignment 05: `student(dy, x, slope)` returns dx of y = x where x > 0, and slope · x everywhere else."""
    hand = np.array([1.0, -2.0, 3.0, 4.0]), np.array([5.0, -1.0, 0.5, -7.0])
    draws = rng(55)
    dy, x = draws.normal(size=(2, 2, 4, 3, 2))
    step = draws.choice([0.2, 0.3, 0.4])
    at_0 = x * (draws.random(x.shape) > 0.4)
    cases = {
        "four numbers to follow by hand, slope 0.1": (*hand, 0.1, "which of the four x lie to the right of 0"),
        "a batch of pictures": (dy, x, step, "every number goes its own way, whatever the shape"),
        "the place 0 itself": (dy, at_0, step, "at 0 the slope counts as that of the left side"),
        "a slope of 0 gives the plain ReLU": (dy, x, 0.0, "look at x; the output no longer tells the two sides apart"),
        "a slope larger than 1": (dy, x, 3.0, "the sign of x decides, not which of two numbers is larger"),
        "float32 numbers": (dy.astype("float32"), x.astype("float32"), 0.5, "the same formula must do for both dtypes"),
    }
    for property, (dy, x, slope, look) in cases.items():
        mistakes = {
            "the left side has a slope too; this is the plain ReLU": dy * (x > 0),
            "the two sides have changed places": dy * np.where(x > 0, slope, 1),
            "these are the slopes alone; the upstream gradient is missing": np.where(x > 0, 1, slope),
            "the sign of dy decides; it should be the sign of x": np.where(dy > 0, dy, slope * dy),
            "0 counts as the right side here; it belongs to the left": dy * np.where(x >= 0, 1, slope),
        }
        with part():
            right = dy * np.where(x > 0, 1, slope)
            same(call(student, dy, x, slope), right, property, look, mistakes=mistakes if slope < 1 else None)


def avg_pool_backward(student):
    """Assignment 05: `student(dy, x, window, stride)` returns dx of average pooling, one grey picture, no padding."""
    cases = {  # H, W, window, stride
        "four windows side by side": (4, 4, (2, 2), (2, 2), "each number of dy is shared by the pixels of its window"),
        "windows that overlap": (5, 5, (3, 3), (1, 1), "a pixel in several windows adds up what it gets from each"),
        "a window that is not square": (8, 9, (2, 3), (3, 3), "window is (rows, columns)"),
        "other steps down than to the right": (7, 6, (2, 2), (1, 2), "stride is (down, to the right)"),
        "a last row and column that no window reads": (7, 5, (2, 2), (2, 2), "what was not read has the gradient 0, and stays"),
        "gaps between the windows": (8, 9, (1, 2), (3, 4), "where does window (i, j) begin"),
        "all together": (11, 10, (4, 3), (3, 2), "take one pixel and find all windows that read it"),
    }
    draws = rng(56)
    for property, (H, W, window, stride, look) in cases.items():
        (P, Q), (s, t) = window, stride
        dy, x = draws.normal(size=((H - P) // s + 1, (W - Q) // t + 1)), draws.normal(size=(H, W))
        right = _pooled(formulas.avg_pool2d_backward, dy, x, window, stride)
        mistakes = {
            "each pixel got the whole number; the window shares it": right * P * Q,
            "all went to the largest pixel; that is max pooling": _pooled(formulas.max_pool2d_backward, dy, x, window, stride),
            "where windows overlap only the last one is left: add, do not assign": _last_window(dy, x, window, stride),
            "the upstream gradient seems to be all ones; use dy": _pooled(
                formulas.avg_pool2d_backward, np.ones_like(dy), x, window, stride),
        }
        with part():
            same(call(student, dy, x, window, stride), right, property, look, mistakes=mistakes)


def row_backward(student):
    """Assignment 05: `student(dy, x, k, stride)` returns dx, dk of y(i) = Σ_q x(i · stride + q) · k(q), one row of pixels."""
    names = ("dx", "dk")
    look = {"dx": "stamp k, times dy(i), onto the pixels that output i has read",
            "dk": "add up, over all outputs i, the pixel that k(q) met there times dy(i)"}
    hand = np.array([1.0, -2.0]), np.array([1.0, 2.0, 0.0, 3.0, 1.0]), np.array([2.0, -1.0])
    draws = rng(57)
    cases = {"of two outputs to follow by hand, stride 2": (*hand, 2)}
    for title, W, Q, stride in (
        ("with stride 1", 8, 3, 1),
        ("with stride 2", 9, 3, 2),
        ("where windows overlap by three pixels", 11, 5, 2),
        ("where the last pixels are not read", 12, 3, 4),
        ("where the stride leaves gaps", 11, 2, 3),
        ("for a kernel of one weight", 7, 1, 2),
        ("for a kernel as long as the row", 6, 6, 3),
    ):
        cases[title] = draws.normal(size=(W - Q) // stride + 1), draws.normal(size=W), draws.normal(size=Q), stride
    for title, (dy, x, k, stride) in cases.items():
        right = _row_gradients(dy, x, k, stride)
        last, read = np.zeros_like(x), (len(dy) - 1) * stride + len(k)
        for i, upstream in enumerate(dy):
            last[i * stride : i * stride + len(k)] = upstream * k
        slips = {
            "dx": {
                "you return dk first": right[1],
                "the stride is missing: the stamps lie one pixel apart": _row_gradients(dy, x, k, 1)[0],
                "the kernel comes in turned round; a stamp uses it as it stands": _row_gradients(dy, x, k[::-1], stride)[0],
                "where stamps overlap only the last one is left: add, do not assign": last,
                "pixels at the end that were not read are missing; their gradient is 0": right[0][:read],
            },
            "dk": {
                "the stride is missing: output i has read from pixel i · stride on": _row_gradients(dy, x, k, 1)[1],
                "dk comes out turned round": right[1][::-1],
                "dy is turned round; on the way forward x was not": _row_gradients(dy[::-1], x, k, stride)[1],
                "this is the mean over the outputs; a weight adds up what it gets": right[1] / len(dy),
            },
        }
        _each(student, (dy, x, k, stride), names, right, title, look, slips)


def gradient_error(student):
    """Assignment 05: `student(forward, backward, x, rng)` returns the relative error of a gradient, by random upstream."""
    draws = rng(58)
    x, k = draws.normal(size=(4, 5)), draws.normal(size=(2, 3))

    def of_sine(dy, x):
        return dy * np.cos(x)

    def of_correlation(dy, x):
        return formulas.conv2d_backward(dy[None, :, :, None], x[None, :, :, None], k[:, :, None, None])[0][0, :, :, 0]

    def one_wrong(dy, x):
        return of_sine(dy, x) + np.pad([[-0.5]], ((3, 0), (4, 0)))

    def judge(forward, right, wrong, property, look, share=1):
        """One part: the right gradient goes through, the wrong one does not."""
        seed = int(draws.integers(2**31))
        with part(share):
            error = _error_of(student, forward, right, x, seed, property)
            if not error < 1e-6:
                fail(f"{property}: the right gradient has an error of {error:.2g}", look)
            error = _error_of(student, forward, wrong, x, seed, property)
            if not error > 1e-3:
                fail(f"{property}: the wrong gradient has an error of {error:.2g}", look)
            ok(f"told apart: {property}")

    def known(forward, backward, right, property, look, mistakes):
        """One part: a wrong gradient whose error does not depend on dy."""
        seed = int(draws.integers(2**31))
        with part():
            error = _error_of(student, forward, backward, x, seed, property)
            same(error, right, property, look, tolerance=1e-4, mistakes=mistakes)

    judge(np.sin, of_sine, lambda dy, x: 2 * of_sine(dy, x), "the gradient of a sine, and twice as much",
          "right is below 1e-6, twice as much is a half")
    judge(lambda x: formulas.correlate(x, k), of_correlation, lambda dy, x: 0.9 * of_correlation(dy, x),
          "the gradient of a correlation, and nine tenths of it", "dy has the shape of forward(x), not that of x")
    judge(lambda x: 1e5 * np.sin(x), lambda dy, x: 1e5 * of_sine(dy, x), lambda dy, x: 1.1e5 * of_sine(dy, x),
          "large gradients", "the error is relative: divide by the largest entry")
    weights, off = np.arange(1.0, 21.0).reshape(4, 5), np.arange(1.0, 21.0).reshape(4, 5)
    off[1, 4], off[2, 4] = 15, 10
    known(lambda x: np.array([np.sum(weights * x)]), lambda dy, x: dy * off, 0.25,
          "one output, slopes of 1 to 20, but 10 and 15 exchanged: the error is a quarter",
          "the largest difference is 5, the largest entry 20",
          {"each entry is divided by its own size; the largest of the array counts": 5 / 15,
           "these are means over the array; the formula takes the largest": 10 / off.sum(),
           "the largest entries are compared; compare entry by entry": 0.0})
    known(lambda x: 1e-3 * np.sin(x), lambda dy, x: 2e-3 * of_sine(dy, x), 0.5,
          "twice the right gradient: the error is a half", "both gradients stand in the denominator of the chapter",
          {"you divide by the measured gradient; the larger of the two counts": 1.0})
    known(lambda x: 1e-3 * np.sin(x), lambda dy, x: -1e-3 * of_sine(dy, x), 2.0,
          "the sign turned round: the error is 2", "take absolute values of all three, numerator and denominator",
          {"the sizes are compared before the difference is taken": 0.0})
    look = "with dy all ones, or all the same, it looks right: draw dy from rng"
    judge(np.sin, of_sine, lambda dy, x: np.cos(x), "a gradient that ignores dy", look, 2)
    judge(np.sin, of_sine, lambda dy, x: of_sine(dy[::-1], x), "a gradient that reads dy upside down", look, 2)
    judge(np.sin, of_sine, lambda dy, x: of_sine(dy[:, :1], x), "a gradient that reads the first column of dy only",
          "every number of dy needs a value of its own", 2)
    judge(np.sin, of_sine, one_wrong, "a gradient with a single wrong number at the end",
          "compare all entries, and take the largest difference", 2)
    judge(formulas.softmax, lambda dy, x: formulas.softmax_backward(dy, x), lambda dy, x: 0 * x,
          "the gradient of a softmax, and nothing but zeros", look)
    property = "a flat function: two gradients of nothing but zeros agree"
    with part():
        wrong, right = (_error_of(student, lambda x: np.ones(3), lambda dy, x, n=n: n + 0 * x, x, 0, property) for n in (1, 0))
        same([wrong, right], [1.0, 0.0], property, "0 / 0 is not a number; look before you divide")


def weighted_cross_entropy_backward(student):
    """Assignment 05: `student(logits, labels, weights)`, where the loss of each example counts weights(its label) times."""

    def right(logits, labels, weights):
        return formulas.cross_entropy_backward(1.0, logits, labels) * weights[labels][:, None]

    draws = rng(59)
    z, t, w = draws.normal(size=(7, 4)) * 2, draws.permutation(7) % 4, draws.uniform(0.5, 3, 4)
    cases = {
        "the example of the chapter, with the labels 1 and 0": (
            np.log([[1.0, 2.0, 5.0]] * 2), np.array([1, 0]), np.array([1.0, 3.0, 2.0]),
            "a loss that counts three times has a gradient three times as large"),
        "weights of 1 change nothing": (z, t, np.ones(4), "this is the gradient of the chapter"),
        "seven examples, four weights": (z, t, w, "each row is weighed by the class of its own label"),
        "a class of weight 0": (z, t, w * [1, 0, 1, 1], "its examples have the gradient 0, and count in N all the same"),
        "seven examples of one class": (z, 0 * t + 2, w, "all rows have the same weight here, that of class 2"),
        **{title: (rows, np.array([1, 2]), w[:3], look) for rows, title, look in _EXTREME},
        "float32 inputs": (z.astype("float32"), t, w.astype("float32"), "the same formula must do for both dtypes"),
    }
    for property, (logits, labels, weights, look) in cases.items():
        good, plain = right(logits, labels, weights), formulas.cross_entropy_backward(1.0, logits, labels)
        mistakes = {
            "the weights are missing": plain,
            "each column is weighed by its own class; the label of the row decides": plain * weights,
            "the sum is divided by the sum of the weights; here it is divided by N": good / weights[labels].mean(),
            "this is the gradient of the sum; the loss is divided by N": good * len(labels),
            "the sign is turned round: the loss would rise": -good,
        }
        with part(), np.errstate(all="ignore"):
            same(call(student, logits, labels, weights), good, property, look, mistakes=mistakes)
    with part():
        _rows_sum_to_0(call(student, z, t, w), z.shape)


def _row_gradients(dy, x, k, stride):
    """dx and dk of one row of pixels, as the loops of the book give them."""
    dx, dk, _ = formulas.conv2d_backward(dy[None, None, :, None], x[None, None, :, None], k[None, :, None, None], (1, stride))
    return dx[0, 0, :, 0], dk[0, :, 0, 0]


def _pooled(formula, dy, x, window, stride):
    return formula(dy[None, :, :, None], x[None, :, :, None], window, stride)[0, :, :, 0]


def _last_window(dy, x, window, stride):
    """Average pooling whose windows overwrite each other."""
    dx, (P, Q), (s, t) = np.zeros_like(x), window, stride
    for i, j in np.ndindex(dy.shape):
        dx[i * s : i * s + P, j * t : j * t + Q] = dy[i, j] / (P * Q)
    return dx


def _error_of(student, forward, backward, x, seed, property):
    """The one number that a student's gradient check gives."""
    error = numbers(call(student, forward, backward, x, np.random.default_rng(seed)), property)
    if error.shape != ():
        fail(f"{property}: the result has shape {error.shape}", "return one number for the whole array")
    return error
