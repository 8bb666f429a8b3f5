"""The assignment on windows: im2col with a stride and its transpose, convolution in blocks, fewer products."""

from timeit import repeat

import numpy as np

from cnnlib import formulas
from cnnlib.checks.common import call, close, fail, numbers, ok, same
from cnnlib.checks.points import part, rng

from .chapter import _not_added, _windows


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
            got = call(student, rows, shape, P, Q, stride)
            if property.startswith("all ones"):  # where copied numbers and means look the same
                mistakes = {_not_added(student, (1, 3, 4, 1), 2, 2, 1): copied.reshape(shape)}
            same(got, right, property, look, mistakes=mistakes)
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
