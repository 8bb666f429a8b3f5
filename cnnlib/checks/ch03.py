"""Checks for chapter 03: pooling, its gradient, and the receptive field."""

import numpy as np

from .. import formulas
from .common import call, fail, numbers, ok, same

HAND = np.array([[1.0, 3.0, 2.0, 0.0], [4.0, 6.0, 5.0, 1.0], [7.0, 2.0, 9.0, 8.0], [0.0, 1.0, 3.0, 4.0]])


def max_pool2d(function):
    """Check `max_pool2d(x, window, stride)` for one grey picture (H, W), square window, no padding."""
    same(call(function, HAND, 2, 2), [[6, 5], [7, 9]], "window 2, stride 2, by hand",
         "draw the four windows into the 4 × 4 picture",
         mistakes={"this is the mean of each window": _pool(formulas.avg_pool2d, HAND, 2, 2),
                   "this is the smallest of each window": -_pool(formulas.max_pool2d, -HAND, 2, 2),
                   "this keeps the first pixel of each window": HAND[::2, ::2]})
    same(call(function, HAND, 2, 1), [[6, 6, 5], [7, 9, 9], [7, 9, 9]], "window 2, stride 1, by hand",
         "stride 1 moves the window one pixel at a time, so windows overlap")
    below = -HAND - 1
    same(call(function, below, 2, 2), [[-2, -1], [-1, -4]], "a picture of negative numbers",
         "what did the running maximum start from?",
         mistakes={"a 0 came in from nowhere: start the maximum from a pixel of the window": np.zeros((2, 2))})
    rng = np.random.default_rng(1)
    x = rng.normal(size=(7, 10))
    for window, stride in ((3, 2), (2, 3), (3, 1)):
        same(call(function, x, window, stride), _pool(formulas.max_pool2d, x, window, stride),
             f"H=7, W=10, window {window}, stride {stride}",
             "there are (H − window) // stride + 1 rows of windows; window (i, j) begins at pixel (i·stride, j·stride)")
    same(call(function, x, 1, 1), x, "window 1 changes nothing", "the largest of one number is that number")
    single = call(function, x.astype(np.float32), 2, 2)
    same(single, _pool(formulas.max_pool2d, x.astype(np.float32), 2, 2), "float32 pictures", "")


def avg_pool2d(function):
    """Check `avg_pool2d(x, window, stride, pad)`: the mean over the pixels that lie inside the picture."""
    same(call(function, HAND, 2, 2, 0), [[3.5, 2.0], [2.5, 6.0]], "window 2, stride 2, no padding, by hand",
         "add the four numbers of each window and divide by 4",
         mistakes={"this is the sum of each window": 4 * np.array([[3.5, 2.0], [2.5, 6.0]]),
                   "this is the largest of each window": np.array([[6.0, 5.0], [7.0, 9.0]])})
    ones = np.ones((4, 5))
    counted = _pool(formulas.avg_pool2d, np.pad(ones, 1), 3, 1)
    same(call(function, ones, 3, 1, 1), ones, "a picture of ones stays a picture of ones, also at the border",
         "the mean of pixels that are all 1 is 1",
         mistakes={"the border came out too small: places outside the picture were counted as pixels of value 0": counted})
    rng = np.random.default_rng(2)
    x = rng.normal(size=(7, 10))
    for window, stride, pad in ((3, 2, 1), (2, 2, 1), (3, 1, 2), (2, 3, 0)):
        padding = ((pad, pad), (pad, pad))
        same(call(function, x, window, stride, pad), _pool(formulas.avg_pool2d, x, window, stride, padding),
             f"H=7, W=10, window {window}, stride {stride}, pad {pad}",
             "how many pixels of each window lie inside the picture? Corners have fewest",
             mistakes={"places outside the picture were counted as pixels of value 0":
                       _pool(formulas.avg_pool2d, np.pad(x, pad), window, stride)})


def receptive_field(function):
    """Check `receptive_field(layers)`: layers is a list of (window, stride); the result is (size, jump) in pixels."""
    cases = [
        ("no layer at all: a pixel sees itself", [], (1, 1), "begin with size 1 and jump 1"),
        ("one layer, window 3, stride 1", [(3, 1)], (3, 1), "three pixels, and neighbours are one pixel apart"),
        ("one layer, window 2, stride 2", [(2, 2)], (2, 2), "two pixels, and neighbours are two pixels apart"),
        ("two layers, window 3", [(3, 1), (3, 1)], (5, 1), "the second layer adds window − 1 = 2 pixels"),
        ("pool, then convolution", [(2, 2), (3, 1)], (6, 2),
         "behind the pool one step is two pixels wide, so the window of 3 adds 2 · 2"),
        ("convolution, then pool", [(3, 1), (2, 2)], (4, 2), "in front of the pool one step is still one pixel"),
        ("the ten-line network", [(3, 1), (2, 2), (3, 1), (2, 2)], (10, 4), "write size and jump down layer by layer"),
        ("three strided layers", [(5, 2), (3, 3), (2, 2)], (15, 12), "jumps multiply"),
    ]
    for text, layers, expected, look in cases:
        got = numbers(call(function, list(layers)), text)
        if got.shape != (2,):
            fail(f"{text}: the result has shape {got.shape}, it should be two numbers", "return size, jump")
        if tuple(got) != expected:
            pair = ", ".join(f"{value:g}" for value in got)
            fail(f"{text}: you have (size, jump) = ({pair})", look)
        ok(text)


def max_pool2d_backward(function):
    """Check `max_pool2d_backward(dy, x, window, stride)` for one picture: dy (H', W'), x (H, W) -> dx (H, W)."""
    dy = np.array([[10.0, 20.0], [30.0, 40.0]])
    same(call(function, dy, HAND, 2, 2), [[0, 0, 0, 0], [0, 10, 20, 0], [30, 0, 40, 0], [0, 0, 0, 0]],
         "window 2, stride 2, by hand", "mark the winner of each window; each dy goes there and nowhere else",
         mistakes={"dy went to all pixels of the window: that is the gradient of a sum": np.kron(dy, np.ones((2, 2))),
                   "dy was shared: that is the gradient of the average": np.kron(dy, np.ones((2, 2))) / 4})
    overlap = np.array([[1.0, 9.0, 2.0]])
    same(call(function, np.array([[5.0, 7.0]]), np.vstack([overlap, overlap - 10]), 2, 1), [[0, 12, 0], [0, 0, 0]],
         "overlapping windows with one winner", "a pixel that wins twice receives two gradients",
         mistakes={"only the last of the two gradients is left: add, do not assign": np.array([[0, 7.0, 0], [0, 0, 0]])})
    flat = call(function, dy, np.zeros((4, 4)), 2, 2)
    first = np.zeros((4, 4))
    first[::2, ::2] = dy
    same(flat, first, "equal pixels: the first of the window wins, in reading order",
         "four pixels tie; the whole dy goes to exactly one of them",
         mistakes={"every tied pixel received the whole dy, so the gradient grew fourfold": np.kron(dy, np.ones((2, 2)))})
    rng = np.random.default_rng(3)
    x = rng.normal(size=(7, 10))
    for window, stride in ((2, 2), (3, 2), (3, 1), (2, 3)):
        y = _pool(formulas.max_pool2d, x, window, stride)
        dy = rng.normal(size=y.shape)
        sizes = (window, window), (stride, stride)
        true = formulas.max_pool2d_backward(dy[None, ..., None], x[None, ..., None], *sizes)[0, :, :, 0]
        same(call(function, dy, x, window, stride), true, f"H=7, W=10, window {window}, stride {stride}",
             "the place of a winner counts from the corner of the picture, not of the window")


def _pool(formula, x, window, stride, padding=((0, 0), (0, 0))):
    """One grey picture through a pooling formula of the book."""
    return formula(x[None, ..., None], (window, window), (stride, stride), padding)[0, :, :, 0]
