"""The exercises of chapter 07: multiplications, windows unfolded and folded, two outputs with four products."""

import inspect

import numpy as np

from cnnlib import formulas
from cnnlib.checks.common import call, close, fail, ok, same
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
    with part():
        got = call(student, np.ones((6, 4)), (1, 3, 4, 1), 2, 2)
        same(got, np.array(counts, float)[None, :, :, None], "all ones: how often each pixel was copied",
             "how many windows see the pixel in the corner, and in the middle?",
             mistakes={_not_added(student, (1, 3, 4, 1), 2, 2): np.ones((1, 3, 4, 1))})  # fmt: skip
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


def _not_added(student, shape, P, Q, *stride):
    """What to say when a pixel seen by several windows receives 1 from rows of ones: a mean, or only one of the numbers?"""
    places, _ = _windows(np.arange(np.prod(shape)).reshape(shape), P, Q, *stride)
    rows = np.arange(places.size, dtype=float).reshape(places.shape)
    means = np.bincount(places.ravel(), rows.ravel()) / np.bincount(places.ravel())
    if close(call(student, rows, shape, P, Q, *stride), means.reshape(shape)):
        return "this is the mean of what a pixel receives; gradients add up"
    return "a pixel that was copied several times receives several numbers: add them"


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


def _several(got, count, property, look):
    """Return `got` if it is so many things, or raise CheckFailed."""
    if not isinstance(got, tuple | list | np.ndarray) or not getattr(got, "ndim", 1) or len(got) != count:
        fail(f"{property}: expected {('one', 'two', 'three')[count - 1]} numbers, got {got!r}", look)
    return got
