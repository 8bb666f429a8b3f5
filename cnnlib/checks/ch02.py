"""Checks of chapter 02: output size, cross-correlation, the whole layer, the gradient of the kernel, a filter of one's own."""

from timeit import repeat

import numpy as np

from cnnlib import formulas
from cnnlib.checks.common import call, close, fail, numbers, ok, same
from cnnlib.checks.points import draw, part, rng

X = np.array([[2.0, 0, 1, 3, 1], [1, 1, 0, 2, 0], [0, 4, 1, 1, 2], [3, 1, 5, 0, 1]])
K = np.array([[1.0, 0, 2], [-1, 2, 3]])  # lopsided and not square, so that a turned kernel or a swapped axis shows


def output_size(function):
    """Check output_size(size, kernel, stride, before, after, dilation), Exercise 2.2."""
    names = ("size", "kernel", "stride", "before", "after", "dilation")
    n, m = (int(drawn) for drawn in rng(5).integers(30, 300, 2))  # a table of answers does not know these sizes
    cases = {
        "a kernel of 3 on 28 rows": [(28, 3, 1, 0, 0, 1)],
        "kernels of every size": [(size, P, 1, 0, 0, 1) for size in (28, n) for P in range(1, 29)],
        "padding, also unequal": [(size, 3, 1, a, b, 1) for size in (28, n) for b in range(4) for a in range(4)],
        "strides that fit": [(size, 4, s, 0, 0, 1) for size in (28, 12 * m + 4) for s in (1, 2, 3, 4)],
        "strides whose last step does not fit": [(size, 3, s, 0, 0, 1) for size in (28, n) for s in (2, 3, 4, 6, 7)],
        "dilation": [(size, P, 1, 0, 0, d) for size in (28, m) for P in (1, 2, 3, 5) for d in (1, 2, 3)],
        "all together": [(180, 5, 2, 2, 1, 2), (31, 3, 3, 1, 0, 4), (320, 7, 4, 3, 3, 1), (9, 3, 2, 1, 1, 4)],
    }
    hints = {
        "padding, also unequal": "padding before and padding after both lengthen the picture",
        "strides that fit": "the place where the kernel starts counts too",
        "strides whose last step does not fit": "a last step that does not fit is not made: round down",
        "dilation": "how many rows does the dilated kernel reach over",
    }
    for property, arguments in cases.items():
        with part():
            for case in arguments:
                size, kernel, stride, before, after, dilation = case
                got = numbers(call(function, *case), property)
                if got.shape != ():
                    fail(f"{property}: the result has shape {got.shape}", "return one number")
                if not abs(got - ((size + before + after - dilation * (kernel - 1) - 1) // stride + 1)) < 1e-9:
                    named = ", ".join(f"{name} {value}" for name, value in zip(names, case, strict=True))
                    look = hints.get(property, "count the places on squared paper")
                    fail(f"{property}: for {named} you have {got:.6g}", look)
            ok(property)
    with part():
        if numbers(call(function, 9, 3, 2, 1, 1, 4), "whole numbers").dtype.kind not in "iu":
            fail("whole numbers: the result has a decimal point", "// divides and rounds down")
        ok("whole numbers")


def correlate(function):
    """Check my_correlate(x, k) for one grey picture, Exercise 2.3."""
    right = formulas.correlate(X, K)
    mistakes = {
        "rows and columns have changed places · i and p count rows, j and q columns": right.T,
        "the kernel seems to be turned by half a turn · the formula uses it as it stands": formulas.convolve(X, K),
        "this is the mean over the window · the formula asks for the sum": right / K.size,
        "the last row and column of the output are missing · how often does the window fit": right[:-1, :-1],
    }
    with part():
        same(
            call(function, X, K),
            right,
            "a case to follow by hand (4 × 5 picture, 2 × 3 kernel)",
            f"take the window of the place named and multiply it out: x = {X.tolist()}, k = {K.tolist()}",
            mistakes=mistakes,
        )
    draws = rng(0)
    cases = {
        "a kernel of one number": (3, 4, 1, 1),
        "a kernel as large as the picture": (3, 5, 3, 5),
        "a row kernel": (6, 7, 1, 3),
        "a column kernel": (6, 7, 3, 1),
        "a larger random case": (13, 9, 4, 5),
    }
    for property, (H, W, P, Q) in cases.items():
        x, k = draws.normal(size=(H, W)), draws.normal(size=(P, Q))
        with part():
            look = f"picture {H} × {W}, kernel {P} × {Q}: which index goes where"
            same(call(function, x, k), formulas.correlate(x, k), property, look)
    x, k = draws.normal(size=(8, 7)).astype("float32"), draws.normal(size=(3, 2)).astype("float32")
    with part():
        same(call(function, x, k), formulas.correlate(x, k), "float32", "do not round to whole numbers on the way")
    bright = draws.integers(0, 256, (8, 7)).astype(float)
    with part():
        same(call(function, bright, k), formulas.correlate(bright, k), "large and negative sums kept", "nothing clips the output")
    x, k = draws.normal(size=(44, 44)), draws.normal(size=(25, 25))
    with part():
        same(call(function, x, k), formulas.correlate(x, k), "a large kernel", "picture 44 × 44, kernel 25 × 25")
    with part():
        if not close(numbers(call(function, x, k), "speed"), formulas.correlate(x, k)):
            fail("speed: the time of a wrong answer does not count", "first make the answer right")
        loops = min(repeat(lambda: formulas.correlate(x, k), number=1, repeat=3))
        yours = min(repeat(lambda: call(function, x, k), number=1, repeat=5))
        yours -= min(repeat(lambda: call(function, X, K), number=1, repeat=5))  # what calling costs, whatever the size
        if yours > loops / 15:
            slow = f"speed: only {loops / yours:.1f} times as fast as four Python loops"
            fail(slow, "two loops are at least 15 times as fast here: which loops can NumPy do for you")
        ok("at most two Python loops, by the time it takes")


def conv2d(function):
    """Check my_conv2d(x, k, b, stride, padding), Exercise 2.4."""
    look = {
        "one picture, one channel": "this is the formula of one grey picture, with two axes of length 1",
        "several channels in": "each output is one sum over all channels",
        "several kernels": "kernel f makes output channel f",
        "bias": "b(f) is added once to every number of output channel f",
        "several pictures": "the pictures of a batch do not see one another",
        "stride": "output (i, j) starts at row i · stride, column j · stride",
        "padding": "zeros on all four sides, and the output grows by 2 · padding",
        "stride and padding": "pad first, then count the places",
        "height and width differ": "rows before columns, in picture and kernel",
    }
    #                            N, H, W, C, P, Q, F, bias, stride, padding
    cases = {
        "one picture, one channel": (1, 5, 5, 1, 3, 3, 1, 0, 1, 0),
        "several channels in": (1, 5, 5, 3, 3, 3, 1, 0, 1, 0),
        "several kernels": (1, 5, 5, 2, 3, 3, 4, 0, 1, 0),
        "bias": (1, 5, 5, 2, 3, 3, 2, 1, 1, 0),
        "several pictures": (3, 5, 5, 1, 3, 3, 1, 0, 1, 0),
        "stride": (1, 8, 8, 1, 3, 3, 1, 0, 2, 0),
        "padding": (1, 5, 5, 1, 3, 3, 1, 0, 1, 2),
        "stride and padding": (1, 7, 7, 1, 3, 3, 1, 0, 3, 1),
        "height and width differ": (2, 9, 6, 2, 2, 4, 3, 1, 2, 1),
    }
    turned = "the kernel seems to be turned by half a turn · the formula uses it as it stands"
    draws = rng(1)
    for property, (N, H, W, C, P, Q, F, bias, stride, padding) in cases.items():
        x, k, b = draws.normal(size=(N, H, W, C)), draws.normal(size=(P, Q, C, F)), bias * draws.normal(size=F)
        settings = (stride, stride), ((padding, padding), (padding, padding))
        mistakes = {turned: formulas.conv2d(x, k[::-1, ::-1], b, *settings)}
        with part():
            got = call(function, x, k, b, stride, padding)
            same(got, formulas.conv2d(x, k, b, *settings), property, look[property], mistakes=mistakes)
    x, k = (draws.normal(size=size).astype("float32") for size in ((1, 5, 6, 2), (3, 3, 2, 3)))
    b = np.zeros(3, "float32")
    with part():
        right = formulas.conv2d(x, k, b, (1, 1), ((0, 0), (0, 0)))
        same(call(function, x, k, b, 1, 0), right, "float32", "keep the pictures' own numbers, do not round them")


def kernel_gradient(function):
    """Check kernel_gradient(x, dy), Exercise 2.5."""
    x, one = np.arange(30.0).reshape(5, 6), np.zeros((3, 4))
    one[1, 2] = 1
    draws = rng(2)
    cases = {
        "one output pixel sends its own window": (x, one),
        "a random case": (draws.normal(size=(7, 7)), draws.normal(size=(5, 5))),
        "height and width differ": (draws.normal(size=(9, 6)), draws.normal(size=(8, 3))),
        "a kernel of one number": (draws.normal(size=(4, 5)), draws.normal(size=(4, 5))),
        "a larger case": (draws.normal(size=(20, 17)), draws.normal(size=(16, 15))),
    }
    for property, (x, dy) in cases.items():
        right = formulas.correlate(x, dy)
        mistakes = {
            "this is the mean over the outputs · the chain rule adds them": right / dy.size,
            "dy seems to be turned by half a turn · the formula uses it as it stands": formulas.convolve(x, dy),
            "the result is turned by half a turn · which pixel did k(p, q) meet": right[::-1, ::-1],
        }
        with part():
            same(call(function, x, dy), right, property, "dk(p, q) adds over all outputs (i, j)", mistakes=mistakes)

    # The definition of a derivative: moving k by a little moves Σ dy · y by dk · little.
    x, k, dy = draws.normal(size=(6, 7)), draws.normal(size=(3, 2)), draws.normal(size=(4, 6))
    slope, step = np.zeros_like(k), 1e-4
    for place in np.ndindex(k.shape):
        up, down = k.copy(), k.copy()
        up[place] += step
        down[place] -= step
        slope[place] = np.sum(dy * (formulas.correlate(x, up) - formulas.correlate(x, down))) / (2 * step)
    with part():
        same(call(function, x, dy), slope, "equal to the slope measured by moving each weight", "compare with the formula")


def _own_numbers(student):
    """Return the numbers of one student's own filter: kernel (P, Q), stride, padding, as `formulas.conv2d` takes them."""
    P, Q = draw(student, "kernel size", [(2, 3), (3, 2), (2, 4), (4, 2)])
    numbers = [draw(student, f"k{n}", [-4, -3, -2, -1, 0, 1, 2, 3, 5]) for n in range(P * Q)]
    numbers[0], numbers[-1] = 4, 1  # lopsided for everyone
    stride = draw(student, "stride", [(1, 2), (2, 1), (2, 3), (3, 2)])
    top, left = draw(student, "top", [0, 1, 2]), draw(student, "left", [0, 1, 2])
    return np.array(numbers, float).reshape(P, Q), stride, ((top, top + 1), (left + 1, left))


def own_words(student):
    """Return one student's own filter in words, to be written as a function.

    >>> print(own_words("learner"))
    The kernel of learner:
          4   0   2  -2
          0   3  -4   1
    It moves 2 down and 1 to the right from one output to the next.
    Rows of zeros: 2 above, 3 below. Columns of zeros: 1 on the left, 0 on the right.
    """
    k, (down, right), ((top, bottom), (before, after)) = _own_numbers(student)
    rows = "\n".join("    " + " ".join(f"{value:3.0f}" for value in row) for row in k)
    return (
        f"The kernel of {student}:\n{rows}\n"
        f"It moves {down} down and {right} to the right from one output to the next.\n"
        f"Rows of zeros: {top} above, {bottom} below. Columns of zeros: {before} on the left, {after} on the right."
    )


def own_filter(student):
    """Return the check of `own_filter(x)` for one student: x (H, W) under the filter of `own_words`."""
    k, stride, padding = _own_numbers(student)

    def right(x, k=k, stride=stride, padding=padding):
        return formulas.conv2d(x[None, :, :, None], k[:, :, None, None], np.zeros(1), stride, padding)[0, :, :, 0]

    def check(function):
        dot = np.zeros((9, 10))
        dot[4, 5] = 1
        draws = rng(3)
        cases = {
            "a single bright pixel": (dot, "each output reads the pixel through one place of the kernel"),
            "a random picture": (draws.normal(size=(8, 11)), "work out the output in the upper left corner, zeros included"),
            "a tall picture": (draws.normal(size=(15, 6)), "rows and columns have strides and borders of their own"),
            "a picture as small as the kernel": (draws.normal(size=k.shape), "count how often the kernel fits"),
        }
        for property, (x, look) in cases.items():
            mistakes = {
                "the kernel seems to be turned by half a turn": right(x, k[::-1, ::-1]),
                "the steps down and to the right have changed places": right(x, stride=stride[::-1]),
                "the borders before and behind have changed places": right(x, padding=[side[::-1] for side in padding]),
                "it moves by one pixel only": right(x, stride=(1, 1)),
            }
            with part():
                same(call(function, x), right(x), property, look, mistakes=mistakes)

    return check
