"""The exercises of chapter 03: max and average pooling, the receptive field, the gradient of max pooling."""

import numpy as np

from cnnlib import formulas
from cnnlib.checks.common import call, fail, numbers, ok, same
from cnnlib.checks.points import part, rng

from .grey import HAND, _back, _pool


def max_pool2d(function):
    """Check max_pool2d(x, window, stride) for one grey picture (H, W), square window, no padding, Exercise 3.1."""
    with part():
        same(call(function, HAND, 2, 2), [[6, 5], [7, 9]], "window 2, stride 2, by hand",
             "draw the four windows into the 4 × 4 picture",
             mistakes={"this is the mean of each window": _pool(formulas.avg_pool2d, HAND, 2, 2),
                       "this is the smallest of each window": -_pool(formulas.max_pool2d, -HAND, 2, 2),
                       "this keeps the first pixel of each window": HAND[::2, ::2]})  # fmt: skip
    with part():
        same(call(function, HAND, 2, 1), [[6, 6, 5], [7, 9, 9], [7, 9, 9]], "window 2, stride 1, by hand",
             "stride 1 moves the window one pixel at a time, so windows overlap")  # fmt: skip
    with part():
        same(call(function, -HAND - 1, 2, 2), [[-2, -1], [-1, -4]], "a picture of negative numbers",
             "what did the running maximum start from?",
             mistakes={"a 0 came in from nowhere: start the maximum from a pixel of the window": np.zeros((2, 2))})  # fmt: skip
    x = rng(1).normal(size=(7, 10))
    for window, stride in ((3, 2), (2, 3), (3, 1)):
        with part():
            same(call(function, x, window, stride), _pool(formulas.max_pool2d, x, window, stride),
                 f"H=7, W=10, window {window}, stride {stride}",
                 "there are (H − window) // stride + 1 rows of windows; window (i, j) begins at pixel (i·stride, j·stride)")
    with part():
        same(call(function, x, 1, 1), x, "window 1 changes nothing", "the largest of one number is that number")
    with part():
        single = x.astype(np.float32)
        same(call(function, single, 2, 2), _pool(formulas.max_pool2d, single, 2, 2), "float32 pictures",
             "let the pixels keep their own type of number")  # fmt: skip


def avg_pool2d(function):
    """Check avg_pool2d(x, window, stride, pad): the mean over the pixels that lie inside the picture, Exercise 3.3."""
    with part():
        same(call(function, HAND, 2, 2, 0), [[3.5, 2.0], [2.5, 6.0]], "window 2, stride 2, no padding, by hand",
             "add the four numbers of each window and divide by 4",
             mistakes={"this is the sum of each window": 4 * np.array([[3.5, 2.0], [2.5, 6.0]]),
                       "this is the largest of each window": np.array([[6.0, 5.0], [7.0, 9.0]])})  # fmt: skip
    ones, zeros = np.ones((4, 5)), "places outside the picture were counted as pixels of value 0"
    with part():
        same(call(function, ones, 3, 1, 1), ones, "a picture of ones stays a picture of ones, also at the border",
             "the mean of pixels that are all 1 is 1",
             mistakes={f"the border came out too small: {zeros}": _pool(formulas.avg_pool2d, np.pad(ones, 1), 3, 1)})  # fmt: skip
    x = rng(2).normal(size=(7, 10))
    for window, stride, pad in ((3, 2, 1), (2, 2, 1), (3, 1, 2), (2, 3, 0)):
        with part():
            same(call(function, x, window, stride, pad), _pool(formulas.avg_pool2d, x, window, stride, ((pad, pad), (pad, pad))),
                 f"H=7, W=10, window {window}, stride {stride}, pad {pad}",
                 "how many pixels of each window lie inside the picture? Corners have fewest",
                 mistakes={zeros: _pool(formulas.avg_pool2d, np.pad(x, pad), window, stride)})  # fmt: skip


def receptive_field(function):
    """Check receptive_field(layers): a list of (window, stride); the result is (size, jump) in pixels, Exercise 3.2."""
    cases = {
        "no layer at all: a pixel sees itself": ([], "begin with size 1 and jump 1"),
        "one layer, window 3, stride 1": ([(3, 1)], "three pixels, and neighbours are one pixel apart"),
        "one layer, window 2, stride 2": ([(2, 2)], "two pixels, and neighbours are two pixels apart"),
        "two layers, window 3": ([(3, 1), (3, 1)], "the second layer adds window − 1 = 2 pixels"),
        "pool, then convolution":
            ([(2, 2), (3, 1)], "behind the pool one step is two pixels wide, so the window of 3 adds 2 · 2"),
        "convolution, then pool": ([(3, 1), (2, 2)], "in front of the pool one step is still one pixel"),
        "the ten-line network": ([(3, 1), (2, 2), (3, 1), (2, 2)], "write size and jump down layer by layer"),
        "three strided layers": ([(5, 2), (3, 3), (2, 2)], "jumps multiply"),
    }  # fmt: skip
    for text, (layers, look) in cases.items():
        with part():
            _see(function, text, [layers], look)


def max_pool2d_backward(function):
    """Check max_pool2d_backward(dy, x, window, stride), one picture: dy (H', W'), x (H, W) -> dx (H, W), Exercise 3.4."""
    dy = np.array([[10.0, 20.0], [30.0, 40.0]])
    everywhere = np.kron(dy, np.ones((2, 2)))
    with part():
        same(call(function, dy, HAND, 2, 2), [[0, 0, 0, 0], [0, 10, 20, 0], [30, 0, 40, 0], [0, 0, 0, 0]],
             "window 2, stride 2, by hand", "mark the winner of each window; each dy goes there and nowhere else",
             mistakes={"dy went to all pixels of the window: that is the gradient of a sum": everywhere,
                       "dy was shared: that is the gradient of the average": everywhere / 4})  # fmt: skip
    overlap = np.array([[1.0, 9.0, 2.0]])
    with part():
        same(call(function, np.array([[5.0, 7.0]]), np.vstack([overlap, overlap - 10]), 2, 1), [[0, 12, 0], [0, 0, 0]],
             "overlapping windows with one winner", "a pixel that wins twice receives two gradients",
             mistakes={"only the last of the two gradients is left: add, do not assign": np.array([[0, 7.0, 0], [0, 0, 0]])})
    first = np.zeros((4, 4))
    first[::2, ::2] = dy
    with part():
        same(call(function, dy, np.zeros((4, 4)), 2, 2), first, "equal pixels: the first of the window wins, in reading order",
             "four pixels tie; the whole dy goes to exactly one of them",
             mistakes={"every tied pixel received the whole dy, so the gradient grew fourfold": everywhere})  # fmt: skip
    draws = rng(3)
    x = draws.normal(size=(7, 10))
    for window, stride in ((2, 2), (3, 2), (3, 1), (2, 3)):
        dy = draws.normal(size=_pool(formulas.max_pool2d, x, window, stride).shape)
        true = _back(formulas.max_pool2d_backward, dy, x, window, stride)
        with part():
            same(call(function, dy, x, window, stride), true, f"H=7, W=10, window {window}, stride {stride}",
                 "the place of a winner counts from the corner of the picture, not of the window")  # fmt: skip


def _see(function, property, tried, look):
    """Demand the right (size, jump) for each list of layers (window, stride) or (window, stride, dilation)."""

    def answer(layers):
        got = numbers(call(function, list(layers)), property)
        if got.shape != (2,):
            fail(f"{property}: the result has shape {got.shape}, it should be two numbers", "return size, jump")
        return tuple(got)

    for layers in tried:
        got = answer(layers)
        if got != _field(layers):
            two = [(2, 2, *layers[-1][2:]), (3, 2, *layers[-1][2:])] if layers else []
            if got == _field(layers[::-1]) and answer(two) == _field(two[::-1]) != _field(two):
                look = "the layers seem to be read from the last to the first"
            pair, given = ", ".join(f"{value:g}" for value in got), f" for {layers}" if len(tried) > 1 else ""
            fail(f"{property}:{given} you have (size, jump) = ({pair})", look)
    ok(property)


def _field(layers):
    size, jump = 1, 1
    for window, stride, *dilation in layers:
        size, jump = size + (window - 1) * jump * (dilation or [1])[0], jump * stride
    return size, jump
