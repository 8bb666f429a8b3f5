"""Checks of chapter 02: output size, cross-correlation, the whole layer, the gradient of the kernel."""

from timeit import repeat

import numpy as np

from cnnlib import formulas
from cnnlib.checks.common import call, fail, numbers, ok, same

X = np.array([[2.0, 0, 1, 3, 1], [1, 1, 0, 2, 0], [0, 4, 1, 1, 2], [3, 1, 5, 0, 1]])
K = np.array([[1.0, 0, 2], [-1, 2, 3]])  # lopsided and not square, so that a turned kernel or a swapped axis shows


def output_size(function):
    """Check output_size(size, kernel, stride, before, after, dilation), Exercise 2.2."""
    names = ("size", "kernel", "stride", "before", "after", "dilation")
    cases = {
        "a kernel of 3 on 28 rows": [(28, 3, 1, 0, 0, 1)],
        "kernels of every size": [(28, P, 1, 0, 0, 1) for P in range(1, 29)],
        "padding, also unequal": [(28, 3, 1, a, b, 1) for a in range(4) for b in range(4)],
        "strides that fit": [(28, 4, s, 0, 0, 1) for s in (1, 2, 3, 4)],
        "strides whose last step does not fit": [(28, 3, s, 0, 0, 1) for s in (2, 3, 4, 6, 7)],
        "dilation": [(28, P, 1, 0, 0, d) for P in (1, 2, 3, 5) for d in (1, 2, 3)],
        "all together": [(180, 5, 2, 2, 1, 2), (31, 3, 3, 1, 0, 4), (320, 7, 4, 3, 3, 1), (9, 3, 2, 1, 1, 4)],
    }
    hints = {
        "padding, also unequal": "padding before and padding after both lengthen the picture",
        "strides that fit": "the place where the kernel starts counts too",
        "strides whose last step does not fit": "a last step that does not fit is not made: round down",
        "dilation": "how many rows does the dilated kernel reach over",
    }
    for property, arguments in cases.items():
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
    if got.dtype.kind not in "iu":
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
    same(
        call(function, X, K),
        right,
        "a case to follow by hand (4 × 5 picture, 2 × 3 kernel)",
        f"take the window of the place named and multiply it out: x = {X.tolist()}, k = {K.tolist()}",
        mistakes=mistakes,
    )
    rng = np.random.default_rng(0)
    cases = {
        "a kernel of one number": (3, 4, 1, 1),
        "a kernel as large as the picture": (3, 5, 3, 5),
        "a row kernel": (6, 7, 1, 3),
        "a column kernel": (6, 7, 3, 1),
        "a larger random case": (13, 9, 4, 5),
    }
    for property, (H, W, P, Q) in cases.items():
        x, k = rng.normal(size=(H, W)), rng.normal(size=(P, Q))
        look = f"picture {H} × {W}, kernel {P} × {Q}: which index goes where"
        same(call(function, x, k), formulas.correlate(x, k), property, look)
    x, k = rng.normal(size=(8, 7)).astype("float32"), rng.normal(size=(3, 2)).astype("float32")
    same(call(function, x, k), formulas.correlate(x, k), "float32", "do not round to whole numbers on the way")
    bright = rng.integers(0, 256, (8, 7)).astype(float)
    same(call(function, bright, k), formulas.correlate(bright, k), "large and negative sums kept", "nothing clips the output")
    x, k = rng.normal(size=(44, 44)), rng.normal(size=(25, 25))
    same(call(function, x, k), formulas.correlate(x, k), "a large kernel", "picture 44 × 44, kernel 25 × 25")
    loops = min(repeat(lambda: formulas.correlate(x, k), number=1, repeat=3))
    yours = min(repeat(lambda: function(x, k), number=1, repeat=5))
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
        "bias": (1, 5, 5, 2, 3, 3, 4, 1, 1, 0),
        "several pictures": (3, 5, 5, 2, 3, 3, 4, 1, 1, 0),
        "stride": (2, 8, 8, 2, 3, 3, 2, 1, 2, 0),
        "padding": (2, 5, 5, 2, 3, 3, 2, 1, 1, 2),
        "stride and padding": (2, 7, 7, 2, 3, 3, 2, 1, 3, 1),
        "height and width differ": (2, 9, 6, 2, 2, 4, 3, 1, 2, 1),
    }
    turned = "the kernel seems to be turned by half a turn · the formula uses it as it stands"
    rng = np.random.default_rng(1)
    for property, (N, H, W, C, P, Q, F, bias, stride, padding) in cases.items():
        x, k, b = rng.normal(size=(N, H, W, C)), rng.normal(size=(P, Q, C, F)), bias * rng.normal(size=F)
        settings = (stride, stride), ((padding, padding), (padding, padding))
        mistakes = {turned: formulas.conv2d(x, k[::-1, ::-1], b, *settings)}
        got = call(function, x, k, b, stride, padding)
        same(got, formulas.conv2d(x, k, b, *settings), property, look[property], mistakes=mistakes)
    x, k, b = (a.astype("float32") for a in (x, k, b))
    got, right = call(function, x, k, b, stride, padding), formulas.conv2d(x, k, b, *settings)
    same(got, right, "float32", "keep the pictures' own numbers, do not round them")


def kernel_gradient(function):
    """Check kernel_gradient(x, dy), Exercise 2.5."""
    x, one = np.arange(30.0).reshape(5, 6), np.zeros((3, 4))
    one[1, 2] = 1
    rng = np.random.default_rng(2)
    cases = {
        "one output pixel sends its own window": (x, one),
        "a random case": (rng.normal(size=(7, 7)), rng.normal(size=(5, 5))),
        "height and width differ": (rng.normal(size=(9, 6)), rng.normal(size=(8, 3))),
        "a kernel of one number": (rng.normal(size=(4, 5)), rng.normal(size=(4, 5))),
        "a larger case": (rng.normal(size=(20, 17)), rng.normal(size=(16, 15))),
    }
    for property, (x, dy) in cases.items():
        right = formulas.correlate(x, dy)
        mistakes = {
            "this is the mean over the outputs · the chain rule adds them": right / dy.size,
            "dy seems to be turned by half a turn · the formula uses it as it stands": formulas.convolve(x, dy),
            "the result is turned by half a turn · which pixel did k(p, q) meet": right[::-1, ::-1],
        }
        same(call(function, x, dy), right, property, "dk(p, q) adds over all outputs (i, j)", mistakes=mistakes)

    # The definition of a derivative: moving k by a little moves Σ dy · y by dk · little.
    x, k, dy = rng.normal(size=(6, 7)), rng.normal(size=(3, 2)), rng.normal(size=(4, 6))
    slope, step = np.zeros_like(k), 1e-4
    for place in np.ndindex(k.shape):
        up, down = k.copy(), k.copy()
        up[place] += step
        down[place] -= step
        slope[place] = np.sum(dy * (formulas.correlate(x, up) - formulas.correlate(x, down))) / (2 * step)
    same(call(function, x, dy), slope, "equal to the slope measured by moving each weight", "compare with the formula")
