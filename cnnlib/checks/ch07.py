"""Checks of chapter 07: products, operations and bytes counted, im2col and its transpose, fewer products, times compared.

The first four belong to the exercises of the chapter, the others to its assignment.
"""

import inspect
from timeit import repeat

import numpy as np

from cnnlib import formulas
from cnnlib.checks.common import call, close, fail, numbers, ok, same
from cnnlib.checks.points import part, rng


def multiplications(student):
    """Exercise 7.1: `student(N, H, W, C, P, F)` returns (by the formula, with Winograd's tiles)."""
    cases = {
        "one picture of 4 × 4, one channel, one kernel of 3 × 3": ((1, 4, 4, 1, 3, 1), (36, 16)),
        "three pictures, two channels, five kernels": ((3, 4, 4, 2, 3, 5), (36 * 30, 16 * 30)),
        "an output of 3 × 5: tiles stick out": ((1, 5, 7, 1, 3, 1), (135, 96)),
        "the layer of this chapter": ((128, 13, 13, 32, 3, 64), (285_474_816, 150_994_944)),
        "a kernel of 5 × 5, where Winograd's tiles do not apply": ((2, 9, 8, 3, 5, 4), (12_000, 12_000)),
        "a kernel of 1 × 1": ((1, 2, 3, 4, 1, 5), (120, 120)),
    }
    for property, (sizes, expected) in cases.items():
        N, H, W, C, P, F = sizes
        H_out, W_out = H - P + 1, W - P + 1
        look = "outputs first: how many windows, how many products in each?"
        mistakes = {
            "the output is smaller than the picture: count the places where the kernel fits": N * H * W * F * P * P * C,
            "additions are counted too; here only multiplications": 2 * expected[0],
            "every kernel looks at all channels": N * H_out * W_out * F * P * P,
        }
        with part():
            got = _several(call(student, *sizes), 2, property, "return the formula's number, then Winograd's")[0]
            same(got, expected[0], f"formula, {property}", look, 1e-9, {d: w for d, w in mistakes.items() if w != expected[0]})
        mistakes = {
            "a tile that sticks out is computed whole: round up": N * (H_out // 2) * (W_out // 2) * 16 * C * F,
            "half a tile is not possible: round up rows and columns before you multiply": N * H_out * W_out * 4 * C * F,
            "Winograd's tiles of 2 × 2 are for kernels of 3 × 3 only": N * -(-H_out // 2) * -(-W_out // 2) * 16 * C * F,
        }
        look = "a tile gives 2 × 2 outputs and takes 16 products for each pair of channel and kernel"
        with part():
            got = _several(call(student, *sizes), 2, property, "return the formula's number, then Winograd's")[1]
            same(got, expected[1], f"Winograd, {property}", look, 1e-9, {d: w for d, w in mistakes.items() if w != expected[1]})


def unfold(student):
    """Exercise 7.2: `student(x, P, Q)` returns all windows of x (N, H, W, C) as rows (N·H'·W', P·Q·C)."""
    picture = np.array([[1.0, 2, 4, 4], [1, 1, 3, 4], [1, 2, 1, 3]])[None, :, :, None]
    draws = rng(72)
    cases = {
        "the six windows of the opening clip": (picture, (2, 2)),
        "a window that is not square": (draws.normal(size=(1, 5, 6, 1)), (2, 3)),
        "three channels": (draws.normal(size=(1, 4, 5, 3)), (2, 2)),
        "four pictures": (draws.normal(size=(4, 5, 4, 2)), (3, 2)),
        "windows of one pixel": (draws.normal(size=(2, 3, 4, 2)), (1, 1)),
        "a window as large as the picture": (draws.normal(size=(3, 4, 3, 2)), (4, 3)),
    }
    for property, (x, (P, Q)) in cases.items():
        right, axes = _windows(x, P, Q)
        mistakes = {
            "these are the windows as columns; here they are rows": right.T,
            "within a row channels come last: the order is p, q, c": axes.transpose(0, 1, 2, 5, 3, 4).reshape(right.shape),
            "within a row p comes before q": axes.transpose(0, 1, 2, 4, 3, 5).reshape(right.shape),
            "the windows of a picture follow row by row: i before j": axes.transpose(0, 2, 1, 3, 4, 5).reshape(right.shape),
            "all windows of picture 0 come first, then those of picture 1": (
                axes.transpose(1, 2, 0, 3, 4, 5).reshape(right.shape)
            ),
        }
        look = "which slice of x do all windows see at the place (p, q)?"
        with part():
            same(call(student, x, P, Q), right, property, look, mistakes=mistakes)
    x, k = draws.normal(size=(2, 6, 5, 3)).astype("float32"), draws.normal(size=(3, 2, 3, 4)).astype("float32")
    with part():
        y = call(student, x, 3, 2) @ k.reshape(-1, 4)
        right = formulas.conv2d(x, k, np.zeros(4)).reshape(-1, 4)
        same(y, right, "times the kernels it is the convolution", "compare the order within a row with that of k")


def fold(student):
    """Exercise 7.3: `student(rows, shape, P, Q)` adds every number of the rows onto the pixel it was copied from."""
    counts = [[1, 2, 2, 1], [2, 4, 4, 2], [1, 2, 2, 1]]
    mistakes = {
        "a pixel that was copied several times receives several numbers: add them": np.ones((1, 3, 4, 1)),
        "this is the mean of what a pixel receives; gradients add up": np.ones((1, 3, 4, 1)),
    }
    with part():
        got = call(student, np.ones((6, 4)), (1, 3, 4, 1), 2, 2)
        same(got, np.array(counts, float)[None, :, :, None], "all ones: how often each pixel was copied",
             "how many windows see the pixel in the corner, and in the middle?", mistakes=mistakes)  # fmt: skip
    draws = rng(73)
    one = np.zeros((8, 6))
    one[6, 3] = 3
    expected = np.zeros((2, 3, 4, 1))
    expected[1, 2, 0] = 3  # window 6 is picture 1, i = 1, j = 0; number 3 is p = 1, q = 0
    with part():
        same(call(student, one, (2, 3, 4, 1), 2, 3), expected, "a single number goes home",
             "row 6 is which window of which picture, and number 3 which place in it?")  # fmt: skip
    cases = {
        "a window that is not square": ((1, 5, 6, 1), (2, 3)),
        "several pictures and channels": ((3, 5, 4, 2), (3, 2)),
        "windows of one pixel": ((2, 3, 4, 2), (1, 1)),
        "float32": ((2, 4, 6, 3), (3, 3)),
    }
    for property, (shape, (P, Q)) in cases.items():
        x = draws.normal(size=shape)
        windows, _ = _windows(x, P, Q)
        rows = draws.normal(size=windows.shape).astype("float32" if property == "float32" else "float64")
        with part():
            sums = call(student, rows, shape, P, Q)
            if np.shape(sums) != shape:
                fail(f"{property}: the result has shape {np.shape(sums)}, it should have {shape}", "the shape is given")
            same((x * sums).sum(), (windows * rows).sum(), f"⟨unfold(x), r⟩ = ⟨x, fold(r)⟩, {property}",
                 "unfold copies pixel (i + p, j + q) into window (i, j); fold must use the same indices", 1e-4)  # fmt: skip


def _windows(x, P, Q, stride=1, padding=0):
    """All windows of x (N, H, W, C) as rows, and the same numbers with their six axes (N, H', W', P, Q, C)."""
    x = np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    places = len(x), (x.shape[1] - P) // stride + 1, (x.shape[2] - Q) // stride + 1
    rows = [x[n, i * stride:i * stride + P, j * stride:j * stride + Q].ravel() for n, i, j in np.ndindex(places)]
    return np.array(rows), np.reshape(rows, (*places, P, Q, x.shape[3]))


def four_products(student):
    """Exercise 7.4: `student(x, k)` returns the two outputs of four pixels and three weights, with four products."""
    for x, k, property in (
        ((1, 3, 2, 4), (1, 2, 3), "the example worked by hand"),
        ((0, 0, 0, 1), (0, 0, 1), "the last pixel reaches the second output only"),
        ((2.5, -1.0, 0.5, 3.0), (-2.0, 0.25, 1.5), "negative numbers and fractions"),
    ):
        direct = [x[0] * k[0] + x[1] * k[1] + x[2] * k[2], x[1] * k[0] + x[2] * k[1] + x[3] * k[2]]
        mistakes = {"the two outputs have changed places": direct[::-1]}
        if direct[0] == direct[1]:
            mistakes = {}
        with part():
            same(call(student, x, k), direct, property, "compute m0 to m3 by hand and compare each", mistakes=mistakes)
    with part():
        Counted.products = 0
        unwatched = inspect.unwrap(student)  # the watch over calls into libraries would stop the arithmetic of Counted
        call(unwatched, tuple(map(Counted, (1.0, 3.0, 2.0, 4.0))), tuple(map(Counted, (1.0, 2.0, 3.0))))
        if Counted.products > 4:
            fail(f"four products: you make {Counted.products}", "the formula makes six; use m0 to m3")
        if Counted.products < 4:
            fail(f"four products: only {Counted.products} could be counted", "use the numbers as they are, without turning them "
                 "into arrays or floats")  # fmt: skip
        ok("four products of a number made of pixels by one made of weights")


class Counted:
    """A number that counts the products made with numbers of its own kind; products with plain numbers are free."""

    products = 0

    def __init__(self, value):
        self.value = value

    def __mul__(self, other):
        if isinstance(other, Counted):
            Counted.products += 1
        return Counted(self.value * _plain(other))

    def __add__(self, other):
        return Counted(self.value + _plain(other))

    def __sub__(self, other):
        return Counted(self.value - _plain(other))

    def __rsub__(self, other):
        return Counted(_plain(other) - self.value)

    def __truediv__(self, other):
        return Counted(self.value / _plain(other))

    def __neg__(self):
        return Counted(-self.value)

    __rmul__, __radd__ = __mul__, __add__


def _plain(number):
    return number.value if isinstance(number, Counted) else number


# The assignment.


def products(student):
    """Assignment: `student(N, H, W, C, P, F, m)` returns how many products a convolution with tiles of m × m outputs makes."""
    n, h, w, c, f = (int(number) for number in rng(701).integers(3, 40, 5))
    cases = {
        "tiles of one output are the formula": [(1, 4, 4, 1, 3, 1, 1), (1, 2 + h, 2 + w, 1, 3, 1, 1), (1, 9, 8, 1, 5, 1, 1)],
        "several pictures, channels and kernels": [(n, 4, 4, c, 3, f, 1), (3, 4, 4, 2, 3, 5, 1)],
        "tiles of 2 × 2 that fit": [(1, 4, 4, 1, 3, 1, 2), (1, 2 * h + 2, 2 * w + 2, 1, 3, 1, 2)],
        "tiles of 2 × 2 that stick out": [(1, 5, 7, 1, 3, 1, 2), (1, 2 * h + 3, 2 * w + 5, 1, 3, 1, 2)],
        "tiles of 4 × 4": [(1, 6, 6, 1, 3, 1, 4), (1, 13, 28, 1, 3, 1, 4), (1, h + 9, w + 6, 1, 3, 1, 4)],
        "kernels of 5 × 5 and of 1 × 1": [(1, 6, 8, 1, 5, 1, 2), (1, h + 5, w + 5, 1, 5, 1, 2), (1, 5, 5, 1, 1, 1, 2)],
        "the layer of the chapter, and everything together": [(128, 13, 13, 32, 3, 64, 2), (n, h + 6, w + 5, c, 5, f, 3)],
    }
    hints = {
        "several pictures, channels and kernels": "in every picture each pair of a channel and a kernel has products of its own",
        "tiles of 2 × 2 that fit": "how many tiles cover the output, and how many products does one of them take",
        "tiles of 2 × 2 that stick out": "a tile that sticks out of the output is computed whole",
        "tiles of 4 × 4": "a tile of m × m outputs looks at m + P − 1 rows and columns",
        "kernels of 5 × 5 and of 1 × 1": "a tile of m × m outputs looks at m + P − 1 rows and columns",
    }
    mistakes = {
        "additions are counted too; here only multiplications": lambda *a: 2 * _products(*a),
        "the output is smaller than the picture: count the places where the kernel fits":
            lambda N, H, W, C, P, F, m: _products(N, H + P - 1, W + P - 1, C, P, F, m),
        "a tile that sticks out is computed whole: round up": lambda *a: _products(*a, up=0),
        "half a tile is not possible: round up rows and columns before you multiply":
            lambda N, H, W, C, P, F, m: N * (H - P + 1) * (W - P + 1) * (m + P - 1) ** 2 * C * F / m**2,
        "this is what the formula makes; one tile gives m × m outputs": lambda *a: _products(*a[:6], 1),
    }  # fmt: skip
    _table(student, "NHWCPFm", cases, _products, hints, mistakes)
    with part():
        if numbers(call(student, 1, 5, 7, 1, 3, 1, 2), "a whole number").dtype.kind not in "iu":
            fail("a whole number: the result has a decimal point", "−(−a // b) divides and rounds up")
        ok("a whole number")


def _products(N, H, W, C, P, F, m, up=1):
    down, across = (-(-(size - P + 1) // m) if up else (size - P + 1) // m for size in (H, W))
    return N * down * across * (m + P - 1) ** 2 * C * F


def layer_counts(student):
    """Assignment: `student(N, H, W, C, P, Q, F, stride, size)` returns operations, bytes moved once, bytes with im2col whole."""
    n, h, w, c, f, s = (int(number) for number in rng(702).integers(3, 12, 6))
    cases = {
        "the layer of the chapter": [(128, 13, 13, 32, 3, 3, 64, 1, 4)],
        "height, width and kernel differ": [(2, 6, 9, 3, 2, 3, 5, 1, 4), (n, h + 4, w + 3, c, 5, 2, f, 1, 4)],
        "a stride whose last step does not fit": [(1, 10, 7, 1, 3, 3, 1, 2, 4), (n, 3 * h + 5, 3 * w + 4, c, 3, 3, f, 3, 4)],
        "numbers of eight bytes": [(1, 5, 5, 1, 3, 3, 1, 1, 8), (n, h + s, w + s, c, 3, 2, f, 1, 8)],
    }
    hints = [
        "one multiplication and one addition for every number that every output looks at",
        "the picture, the kernels and the output, each once",
        "the matrix of all windows is written once and read once, besides what is moved anyway",
    ]
    mistakes = [
        {"these are the multiplications alone; an operation is a multiplication or an addition": lambda right, *a: right[0] / 2,
         "every kernel looks at all channels": lambda right, N, H, W, C, *a: right[0] / C,
         "the kernel moves by `stride` rows and columns": lambda right, *a: _layer_counts(*a[:7], 1, a[8])[0]},
        {"these are numbers; each of them has `size` bytes": lambda right, *a: right[1] / a[8],
         "the output is written, too": lambda right, *a: right[1] - _moved(*a)[2],
         "the kernels are read, too": lambda right, *a: right[1] - _moved(*a)[1]},
        {"the matrix is written and then read: twice its bytes": lambda right, *a: right[2] - _moved(*a)[3],
         "picture, kernels and output are moved as before; add them": lambda right, *a: 2 * _moved(*a)[3],
         "these are numbers; each of them has `size` bytes": lambda right, *a: right[2] / a[8]},
    ]  # fmt: skip
    for place, what in enumerate(("operations", "bytes", "bytes with the whole matrix")):
        _table(
            student, ("N", "H", "W", "C", "P", "Q", "F", "stride", "size"),
            {f"{what}, {property}": sizes for property, sizes in cases.items()},
            lambda *a, place=place: _layer_counts(*a)[place], dict.fromkeys((f"{what}, {p}" for p in cases), hints[place]),
            {why: lambda *a, wrong=wrong: wrong(_layer_counts(*a), *a) for why, wrong in mistakes[place].items()},
            pick=lambda got, place=place: _several(got, 3, "the layer", "operations, bytes, bytes with the whole matrix")[place],
        )  # fmt: skip


def _moved(N, H, W, C, P, Q, F, stride, size):
    """Bytes of the picture, the kernels, the output, and the matrix of windows."""
    places = N * ((H - P) // stride + 1) * ((W - Q) // stride + 1)
    return size * N * H * W * C, size * P * Q * C * F, size * places * F, size * places * P * Q * C


def _layer_counts(*sizes):
    picture, kernels, output, matrix = _moved(*sizes)
    N, H, W, C, P, Q, F, stride, size = sizes
    return 2 * output // size * P * Q * C, picture + kernels + output, picture + kernels + output + 2 * matrix


def shortest_time(student):
    """Assignment: `student(operations, moved, peak, bandwidth)` returns the milliseconds that a computation takes at least."""
    draws = rng(703)
    near, far = draws.uniform(0.05, 0.5, 4), draws.uniform(2, 30, 4)  # as shares of the intensity where the roof bends
    cases = {
        "two computations, one under each part of the roof": [(6e9, 1e8, 200.0, 20.0), (1e8, 7e8, 200.0, 20.0)],
        "under the flat part of the roof": [(1e9, 1e8 / g, 50.0, 5.0) for g in far],
        "under the slanted part of the roof": [(g * 1e8, 8e8, 200.0, 20.0) for g in near],
        "where the two parts meet": [(2e9, 2e8, 200.0, 20.0)],
        "a slow machine": [(3e6, 1e6, 0.5, 2.0), (float(near[0]) * 1e6, 8e6, 0.5, 0.25)],
    }
    hints = {
        "two computations, one under each part of the roof": "how long does the arithmetic take alone, how long the memory alone",
        "under the flat part of the roof": "how long do the operations take, at the peak rate, when memory costs nothing",
        "under the slanted part of the roof": "how long do the bytes take, when the arithmetic costs nothing",
    }
    mistakes = {
        "the slower of the two decides, not the faster": lambda o, m, p, b: min(o / p, m / b) / 1e6,
        "both can go on at the same time; do not add them": lambda o, m, p, b: (o / p + m / b) / 1e6,
        "this is in seconds; milliseconds are asked": lambda o, m, p, b: max(o / p, m / b) / 1e9,
        "this is a rate in GFLOP/s; a time is asked": lambda o, m, p, b: min(p, o / m * b),
        "G means a thousand million": lambda o, m, p, b: max(o / p, m / b),
        "only the arithmetic is counted; the bytes take their time, too": lambda o, m, p, b: o / p / 1e6,
        "only the bytes are counted; the arithmetic takes its time, too": lambda o, m, p, b: m / b / 1e6,
    }
    names = ("operations", "bytes", "peak", "bandwidth")
    _table(student, names, cases, lambda o, m, p, b: max(o / p, m / b) / 1e6, hints, mistakes)


def _table(student, names, cases, right, hints, mistakes, pick=lambda got: got):
    """Demand right(*case) for every case of {property: cases}, each property in a part of its own."""
    for property, some in cases.items():
        with part():
            results = [numbers(pick(call(student, *case)), property) for case in some]
            for case, got in zip(some, results, strict=True):
                if got.shape != ():
                    fail(f"{property}: the result has shape {got.shape}", "one number is asked")
                if not close(got, right(*case), 1e-9):
                    for diagnosis, wrong in mistakes.items():
                        if close(results, [wrong(*case) for case in some], 1e-9):
                            fail(f"{property}: not yet", diagnosis)
                    named = ", ".join(f"{name} {value:.6g}" for name, value in zip(names, case, strict=True))
                    fail(f"{property}: for {named} you have {got:.10g}", hints.get(property, "work a small case out by hand"))
            ok(property)


def unfold_strided(student):
    """Assignment: `student(x, P, Q, stride, padding)` returns the windows of x (N, H, W, C) as rows."""
    draws = rng(704)
    picture = np.array([[1.0, 2, 4, 4], [1, 1, 3, 4], [1, 2, 1, 3]])[None, :, :, None]
    cases = {
        "the six windows of the opening clip": (picture, 2, 2, 1, 0),
        "a window that is not square": (draws.normal(size=(1, 6, 7, 1)), 2, 4, 1, 0),
        "channels and pictures": (draws.normal(size=(3, 4, 5, 2)), 2, 2, 1, 0),
        "a stride that fits": (draws.normal(size=(1, 7, 9, 1)), 3, 3, 2, 0),
        "a stride whose last step does not fit": (draws.normal(size=(1, 9, 12, 1)), 2, 2, 3, 0),
        "padding": (draws.normal(size=(1, 4, 5, 1)), 3, 3, 1, 2),
        "everything together": (draws.normal(size=(2, 8, 9, 3)), 4, 2, 3, 1),
    }
    hints = {
        "a stride that fits": "window (i, j) starts at row i · stride, column j · stride",
        "a stride whose last step does not fit": "count the windows first; a slice must not run one step too far",
        "padding": "zeros on all four sides, before anything is counted",
        "everything together": "pad, count the windows, then take one slice with a step for each place (p, q)",
    }
    for property, (x, P, Q, stride, padding) in cases.items():
        right, axes = _windows(x, P, Q, stride, padding)
        mistakes = {
            "these are the windows as columns; here they are rows": right.T,
            "within a row channels come last: the order is p, q, c": axes.transpose(0, 1, 2, 5, 3, 4).reshape(right.shape),
            "within a row p comes before q": axes.transpose(0, 1, 2, 4, 3, 5).reshape(right.shape),
            "the windows of a picture follow row by row: i before j": axes.transpose(0, 2, 1, 3, 4, 5).reshape(right.shape),
            "all windows of picture 0 come first, then those of picture 1": axes.transpose(1, 2, 0, 3, 4, 5).reshape(right.shape),
            "the windows move by one row and one column only": _windows(x, P, Q, 1, padding)[0],
            "the zeros around the picture are missing": _windows(x, P, Q, stride)[0] if padding else right,
        }
        look = hints.get(property, "which pixels do all windows see at their place (p, q)")
        with part():
            same(call(student, x, P, Q, stride, padding), right, property, look, mistakes=mistakes)
    x, k = draws.normal(size=(2, 9, 8, 3)).astype("float32"), draws.normal(size=(3, 2, 3, 4)).astype("float32")
    with part():
        y = numbers(call(student, x, 3, 2, 2, 1), "float32") @ k.reshape(-1, 4)
        right = formulas.conv2d(x, k, np.zeros(4), (2, 2), ((1, 1), (1, 1))).reshape(-1, 4)
        same(y, right, "times the kernels it is the convolution", "compare the order within a row with that of k")
    x = draws.normal(size=(1, 240, 240, 1)).astype("float32")
    with part():
        right = _windows(x, 2, 2, 2)[0]
        if not close(numbers(call(student, x, 2, 2, 2, 0), "speed"), right):
            fail("speed: the time of a wrong answer does not count", "first make the answer right")
        loops = min(repeat(lambda: _windows(x, 2, 2, 2), number=1, repeat=3))
        yours = min(repeat(lambda: call(student, x, 2, 2, 2, 0), number=1, repeat=5))
        one = x.reshape(1, 2, 2, -1)  # as many numbers in a single window: what calling costs
        yours -= min(repeat(lambda: call(student, one, 2, 2, 2, 0), number=1, repeat=5))
        if yours > loops / 3:
            fail(f"speed: only {loops / yours:.1f} times as fast as a Python loop over all windows",
                 "loop over the few places (p, q) of a window, not over the many windows")  # fmt: skip
        ok("no loop over the windows, by the time it takes")


def fold_strided(student):
    """Assignment: `student(rows, shape, P, Q, stride)` adds every number of the rows onto the pixel it was copied from."""
    draws = rng(705)
    cases = {
        "all ones: how often each pixel was copied": ((1, 3, 4, 1), 2, 2, 1),
        "all ones, stride 2": ((1, 5, 7, 1), 3, 3, 2),
        "all ones, windows with gaps between them": ((1, 8, 8, 1), 2, 2, 3),
        "a window that is not square": ((1, 5, 6, 1), 2, 3, 1),
        "channels and pictures": ((3, 5, 4, 2), 3, 2, 1),
        "a stride": ((1, 7, 9, 1), 3, 3, 2),
        "a stride whose last step does not fit": ((1, 9, 8, 1), 2, 3, 3),
        "everything together": ((2, 10, 9, 3), 3, 2, 2),
    }
    hints = {
        "all ones: how often each pixel was copied": "how many windows see the pixel in the corner, and in the middle?",
        "all ones, windows with gaps between them": "a pixel that no window sees receives 0",
        "a stride": "unfold copied pixel (i · stride + p, j · stride + q) into window (i, j)",
        "a stride whose last step does not fit": "the last rows and columns may be seen by no window; they are part of the shape",
    }
    for property, (shape, P, Q, stride) in cases.items():
        windows, axes = _windows(np.arange(np.prod(shape)).reshape(shape), P, Q, stride)
        rows = np.ones(windows.shape) if property.startswith("all ones") else draws.normal(size=windows.shape)
        right = _fold(windows, rows, shape)
        copied = np.zeros(np.prod(shape))
        copied[windows.ravel()] = rows.ravel()
        mistakes = {
            "a pixel that was copied several times receives several numbers: add them": copied.reshape(shape),
            "this is the mean of what a pixel receives; gradients add up": right / np.maximum(_fold(windows, rows**0, shape), 1),
            "each row holds p, q, c in this order": _fold(axes.transpose(0, 1, 2, 5, 3, 4), rows, shape),
            "in a row p comes before q": _fold(axes.transpose(0, 1, 2, 4, 3, 5), rows, shape),
            "the rows follow n, i, j: picture by picture, row by row": _fold(axes.transpose(0, 2, 1, 3, 4, 5), rows, shape),
        }
        look = hints.get(property, "the rows in the order n, i, j; within a row p, q, c")
        with part():
            same(call(student, rows, shape, P, Q, stride), right, property, look, mistakes=mistakes)
    x, shape = draws.normal(size=(2, 8, 9, 2)).astype("float32"), (2, 8, 9, 2)
    windows = _windows(x, 3, 3, 2)[0]
    rows = draws.normal(size=windows.shape).astype("float32")
    with part():
        got = numbers(call(student, rows, shape, 3, 3, 2), "⟨unfold(x), r⟩ = ⟨x, fold(r)⟩")
        if got.shape != shape:
            fail(f"float32: the result has shape {got.shape}, it should have {shape}", "the shape is given")
        same((x * got).sum(), (windows * rows).sum(), "⟨unfold(x), r⟩ = ⟨x, fold(r)⟩, float32",
             "fold must use the same places as unfold, and no others", 1e-4)  # fmt: skip


def _fold(places, rows, shape):
    return np.bincount(places.ravel(), rows.ravel(), np.prod(shape)).reshape(shape)


def in_blocks(student):
    """Assignment: `student(x, k, most, product)` convolves with products of matrices of at most `most` numbers."""
    draws = rng(706)
    #                                       N, H, W, C, P, Q, F, rows of windows that there is room for
    cases = {
        "one picture in one block": (1, 5, 6, 1, 2, 2, 1, 4),
        "one picture in two equal blocks": (1, 7, 5, 1, 2, 3, 1, 3),
        "a last block that is smaller": (1, 8, 5, 1, 3, 3, 2, 4),
        "one row of windows at a time": (1, 6, 6, 2, 3, 2, 3, 1),
        "several pictures": (3, 6, 5, 2, 2, 2, 2, 3),
        "everything together": (4, 9, 8, 3, 3, 2, 5, 2.5),
    }
    made = []
    for property, (N, H, W, C, P, Q, F, room) in cases.items():
        x, k, scale = draws.normal(size=(N, H, W, C)), draws.normal(size=(P, Q, C, F)), float(draws.uniform(2, 3))
        most = int(room * (W - Q + 1) * P * Q * C)
        made.append((x, k, most, scale))
        with part():
            right = scale * formulas.conv2d(x, k, np.zeros(F))
            mistakes = {"use what `product` returns; this check gives it a factor of its own": right / scale}
            same(call(student, x, k, most, _Product(scale)), right, property,
                 "block by block: which rows of the output does this product give", mistakes=mistakes)  # fmt: skip
    for property, look in (
        ("no block is larger than it may be", "how many rows of windows fit into `most` numbers? round down"),
        ("no block is smaller than it need be", "take as many rows of windows of a picture as there is room for"),
    ):
        with part(2):
            for x, k, most, scale in made:
                product = _Product(scale)
                call(student, x, k, most, product)
                (N, H, W, C), (P, Q, _, F) = x.shape, k.shape
                wide = (W - Q + 1) * P * Q * C
                if sum(product.sizes) != N * (H - P + 1) * wide:
                    fail(f"{property}: `product` was given {sum(product.sizes)} numbers of windows in all, there are "
                         f"{N * (H - P + 1) * wide}", "every window passes through `product`, once")  # fmt: skip
                if property.startswith("no block is larger") and max(product.sizes) > most:
                    fail(f"{property}: a block of {max(product.sizes)} numbers, most = {most}", look)
                blocks = N * -(-(H - P + 1) // (most // wide))
                if property.startswith("no block is smaller") and len(product.sizes) > blocks:
                    fail(f"{property}: {len(product.sizes)} blocks where {blocks} are enough", look)
            ok(property)


class _Product:
    """A matrix product that notes the sizes of its blocks. Its factor shows whether the results were used."""

    def __repr__(self):
        return "product"

    def __init__(self, scale):
        self.scale, self.sizes = scale, []

    def __call__(self, rows, columns):
        rows, columns = np.asarray(rows), np.asarray(columns)
        if rows.ndim != 2 or columns.ndim != 2 or rows.shape[1] != columns.shape[0]:
            raise ValueError(f"product: matrices of shapes {rows.shape} and {columns.shape} do not fit")
        self.sizes.append(rows.size)
        return self.scale * (rows @ columns)


def row_outputs(student):
    """Assignment: `student(x, k, times)` gives the outputs of a row of pixels (W, C) and three weights (3, C), by F(2, 3)."""
    draws = rng(707)
    cases = {"the example worked by hand": (np.array([[1.0], [3], [2], [4]]), np.array([[1.0], [2], [3]]), np.eye(1))}
    for property, W, C in (
        ("four other pixels", 4, 1), ("a row of ten pixels", 10, 1), ("several channels", 8, 3),
        ("an odd number of outputs", 9, 1), ("three pixels, a single output", 3, 2), ("a long row", 41, 3),
    ):  # fmt: skip
        cases[property] = draws.normal(size=(W, C)), draws.normal(size=(3, C)), draws.normal(size=(C, C))
    hints = {
        "the example worked by hand": "compute m0 to m3 by hand and compare each",
        "a row of ten pixels": "the next two outputs start two pixels further on",
        "several channels": "a pixel is now a list of C numbers: add and subtract whole pixels",
        "an odd number of outputs": "the last tile sticks out by one pixel: let it see a zero, and drop its second output",
        "three pixels, a single output": "a row of a single output is a tile that sticks out",
    }
    for property, (x, k, form) in cases.items():
        with part():
            right = _correlated(x, k, form)
            mistakes = {
                "use `times` for every product; this check gives it a meaning of its own": _correlated(x, k, np.eye(len(form))),
                "the kernel seems to be turned · the formula uses it as it stands": _correlated(x, k[::-1], form),
                "the two outputs of each tile have changed places":
                    right.reshape(-1, 2)[:, ::-1].ravel() if len(right) % 2 == 0 else right,
            }  # fmt: skip
            same(call(student, x, k, _Times(form)), right, property, hints.get(property, "compute m0 to m3 by hand"),
                 mistakes={why: wrong for why, wrong in mistakes.items() if not close(wrong, right)})  # fmt: skip
    for property, W in (("four products for two outputs", 4), ("twenty for ten outputs", 12), ("an odd row: round up", 15)):
        x, k, form = draws.normal(size=(W, 2)), draws.normal(size=(3, 2)), draws.normal(size=(2, 2))
        with part(3):
            times, most = _Times(form), 4 * -(-(W - 2) // 2)
            if not close(numbers(call(student, x, k, times), property), _correlated(x, k, form)):
                fail(f"{property}: products of a wrong answer do not count", "first make the answer right")
            if times.count > most:
                fail(f"{property}: you make {times.count} for {W - 2} outputs, {most} are enough",
                     "the formula takes three for each output; m0 to m3 give two outputs with four")  # fmt: skip
            ok(property)


def _correlated(x, k, form):
    return np.array([sum(x[i + p] @ form @ k[p] for p in range(3)) for i in range(len(x) - 2)])


class _Times:
    """A product of a number made of pixels by one made of weights, each of C channels, that counts how often it is made."""

    def __repr__(self):
        return "times"

    def __init__(self, form):
        self.form, self.count = form, 0

    def __call__(self, a, b):
        a, b = np.asarray(a, float), np.asarray(b, float)
        if a.shape != (len(self.form),) or b.shape != a.shape:
            raise ValueError(f"times: one pixel and one weight of {len(self.form)} channels each, not {a.shape} and {b.shape}")
        self.count += 1
        return float(a @ self.form @ b)


def rounds(student):
    """Assignment: `student(slow, fast)` returns the median over rounds of slow / fast, and the share of rounds that fast won."""
    draws = rng(708)
    quiet = draws.uniform(1, 2, 9)
    pace = np.array([1.0, 1, 1, 1, 3, 3, 3, 3, 3])  # the machine became slower in the middle
    slow, fast = draws.uniform(4, 9, 10), draws.uniform(3, 8, 10)
    disturbed = np.where(np.arange(9) == draws.integers(9), 50.0, 1)
    cases = {
        "every round the same": (np.full(5, 6.0), np.full(5, 2.0)),
        "a round that was disturbed": (quiet * 3 * disturbed, quiet),
        "a machine that becomes slower": (pace * draws.uniform(4, 9, 9), pace * draws.uniform(3, 8, 9)),
        "an even number of rounds": (slow, fast),
        "the fast one is slower": (fast[:9] / 2, slow[:9]),
        "a tie is not won": (np.array([3.0, 2, 5, 4, 4]), np.array([3.0, 1, 5, 2, 8])),
    }
    for place, what in enumerate(("ratio", "share of rounds won")):
        for property, (one, other) in cases.items():
            right = np.median(one / other), (other < one).mean()
            mistakes = [
                {"this is the ratio of two medians; take the ratio within each round first": np.median(one) / np.median(other),
                 "a single disturbed round moves the mean; take the median": (one / other).mean(),
                 "this is the ratio of two means; take the ratio within each round first": one.mean() / other.mean(),
                 "this is the ratio of the best times, which may come from different rounds": one.min() / other.min(),
                 "how many times as fast: the slow time divided by the fast one": np.median(other / one)},
                {"this is a number of rounds; divide by how many there were": (other < one).sum(),
                 "this is the share that slow won": (other > one).mean(),
                 "only a smaller time wins; a tie does not": (other <= one).mean(),
                 "compare within each round, not with another round's time": (other < np.median(one)).mean()},
            ][place]  # fmt: skip
            with part():
                got = _several(call(student, one, other), 2, property, "return the ratio, then the share")[place]
                same(got, right[place], f"{what}, {property}", "write the rounds into a table, one line for each", 1e-9,
                     {why: wrong for why, wrong in mistakes.items() if abs(wrong - right[place]) > 1e-6})  # fmt: skip
    with part():
        got = _several(call(student, [4.0, 6.0, 9.0], [2.0, 2.0, 2.0]), 2, "lists", "return the ratio, then the share")
        same(got, [3.0, 1.0], "lists instead of arrays", "np.asarray turns a list into an array")


def _several(got, count, property, look):
    """Return `got` if it is so many things, or raise CheckFailed."""
    if not isinstance(got, tuple | list | np.ndarray) or not getattr(got, "ndim", 1) or len(got) != count:
        fail(f"{property}: expected {('one', 'two', 'three')[count - 1]} numbers, got {got!r}", look)
    return got
