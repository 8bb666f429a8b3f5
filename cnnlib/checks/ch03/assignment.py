"""The assignment: variations of the exercises."""

import numpy as np

from cnnlib import formulas
from cnnlib.checks.common import call, fail, numbers, same
from cnnlib.checks.points import part, rng

from .chapter import _see
from .grey import HAND, _back, _pool


def dilated_field(function):
    """Check receptive_field(layers) with dilation: a list of (window, stride, dilation) -> (size, jump) in pixels."""
    draws = rng(11)
    w, v, s, d, e = (int(n) for n in draws.integers(2, 9, 5))  # a table of answers does not know these layers
    mixed = [tuple(int(n) for n in draws.integers(1, 6, 3)) for _ in range(6)]
    cases = {
        "no layer at all: a pixel sees itself": ([[]], "begin with size 1 and jump 1"),
        "one window": ([[(3, 1, 1)], [(w, 1, 1)]], "a window of P pixels sees P pixels"),
        "one stride": ([[(2, 2, 1)], [(w, s, 1)]], "the stride of a layer sets how far its outputs are apart"),
        "layers without dilation": ([[(3, 1, 1), (2, 2, 1), (3, 1, 1)], [(w, s, 1), (v, 2, 1)]], "this is the chapter's formula"),
        "one dilated window": ([[(3, 1, 2)], [(w, 1, d)]], "P taps have P − 1 gaps between them, each as wide as the dilation"),
        "dilations that double": ([[(3, 1, 1), (3, 1, 2), (3, 1, 4)], [(v, 1, e), (w, 1, d)]], "dilation leaves the jump alone"),
        "dilation behind a stride": ([[(2, 2, 1), (3, 1, 2)], [(2, s, 1), (w, 1, d)]], "a gap is counted in steps of one jump"),
        "stride and dilation in one layer":
            ([[(3, 2, 2), (2, 1, 1)], [(w, s, d), (v, 1, 1)]], "the layer's own stride counts only for the layers behind it"),
        "all together": ([mixed[:4], mixed[3:]], "write size and jump down layer by layer"),
    }  # fmt: skip
    for property, (tried, look) in cases.items():
        with part(2 if any(dilation > 1 for layers in tried for *_, dilation in layers) else 1):
            _see(function, property, tried, look)


def pool_layer(function):
    """Check pool_layer(x, window, stride): max pooling of x (N, H, W, C), window (P, Q), stride (down, right)."""
    look = {
        "one picture, one channel": "the largest of each window, as on one grey picture",
        "negative numbers": "nothing but pixels of the window takes part in the maximum",
        "several channels": "each channel is pooled by itself",
        "several pictures": "the pictures of a batch do not see one another",
        "a wide window": "the window has P rows and Q columns",
        "a tall window": "the window has P rows and Q columns",
        "two strides": "window (i, j) begins at row i · down, column j · right",
        "a last window that does not fit": "there are (H − P) // down + 1 rows of windows",
        "all together": "go through the four axes one by one",
    }
    #                             N, H, W, C, window, stride
    cases = {
        "one picture, one channel": (1, 6, 6, 1, (2, 2), (2, 2)),
        "negative numbers": (1, 6, 6, 1, (3, 3), (3, 3)),
        "several channels": (1, 4, 4, 3, (2, 2), (2, 2)),
        "several pictures": (3, 4, 4, 1, (2, 2), (2, 2)),
        "a wide window": (1, 6, 6, 1, (2, 3), (1, 1)),
        "a tall window": (1, 6, 6, 1, (4, 2), (1, 1)),
        "two strides": (1, 7, 7, 1, (3, 3), (1, 2)),
        "a last window that does not fit": (1, 8, 9, 1, (2, 2), (3, 3)),
        "all together": (2, 9, 11, 3, (3, 2), (2, 3)),
    }
    draws = rng(12)
    for property, (N, H, W, C, window, stride) in cases.items():
        x = draws.normal(size=(N, H, W, C)) - (9 if property == "negative numbers" else 0)
        right = formulas.max_pool2d(x, window, stride)
        mistakes = {
            "rows and columns of the window have changed places": formulas.max_pool2d(x, window[::-1], stride),
            "the steps down and to the right have changed places": formulas.max_pool2d(x, window, stride[::-1]),
            "a 0 came in from nowhere": np.maximum(right, 0),
            "this is the mean of each window": formulas.avg_pool2d(x, window, stride),
            "the channels were mixed: the largest of all channels stands in each": np.broadcast_to(
                right.max(axis=3, keepdims=True), right.shape),
            "the pictures were mixed: the largest of all pictures stands in each": np.broadcast_to(
                right.max(axis=0, keepdims=True), right.shape),
        }  # fmt: skip
        with part():
            same(call(function, x, window, stride), right, property, look[property], mistakes=mistakes)
    with part():
        right = formulas.max_pool2d(x.astype("float32"), (2, 2), (2, 2))
        same(call(function, x.astype("float32"), (2, 2), (2, 2)), right, "float32", "do not round to whole numbers on the way")


def shared_backward(function):
    """Check shared_backward(dy, x, window, stride): max pooling backward where pixels that tie share dy equally."""

    def right(dy, x, window, stride, whole=False):
        dx = np.zeros_like(x)
        for (i, j), d in np.ndenumerate(dy):
            place = np.s_[i * stride : i * stride + window, j * stride : j * stride + window]
            winners = x[place] == x[place].max()
            dx[place] += winners * d / (1 if whole else winners.sum())
        return dx

    draws = rng(13)
    dy = np.array([[12.0, 24.0], [36.0, 48.0]])
    pairs = np.array([[5.0, 5, 1, 0], [2, 1, 7, 7], [3, 4, 8, 2], [4, 4, 1, 8]])
    levels, smooth = draws.integers(0, 3, (8, 9)).astype(float), draws.normal(size=(7, 10))
    cases = {
        "one winner in each window, by hand": (dy, HAND, 2, 2, "one winner takes the whole dy"),
        "two or three pixels tie, by hand": (dy, pairs, 2, 2, f"find the winners of each window of {pairs.tolist()}"),
        "all pixels of a window tie": (dy, np.zeros((4, 4)), 2, 2, "four pixels share one dy"),
        "windows overlap": (dy[:1], np.array([[1.0, 9, 2], [0, 3, 4]]), 2, 1, "a pixel that wins twice receives two gradients"),
        "negative pixels tie": (dy, pairs - 20, 2, 2, "only winners count, whatever their size"),
        "many ties, windows apart": (draws.normal(size=(4, 4)), levels, 2, 2, "how many pixels reach the maximum of the window"),
        "many ties, windows that overlap":
            (draws.normal(size=(6, 7)), levels, 3, 1, "each window counts its own winners and adds its own share"),
        "pixels in no window": (draws.normal(size=(2, 3)), smooth, 2, 3, "dx has the shape of x; a pixel in no window gets 0"),
        "H=7, W=10, window 3, stride 2":
            (draws.normal(size=(3, 4)), smooth, 3, 2, "window (i, j) begins at pixel (i·stride, j·stride)"),
    }  # fmt: skip
    for property, (dy, x, window, stride, look) in cases.items():
        true = right(dy, x, window, stride)
        mistakes = {
            "only the first of the equal pixels gets something · here all of them share":
                _back(formulas.max_pool2d_backward, dy, x, window, stride),
            "each of the equal pixels gets the whole dy, so that the gradient grows": right(dy, x, window, stride, whole=True),
            "all pixels of the window share dy: that is the gradient of the average":
                _back(formulas.avg_pool2d_backward, dy, x, window, stride),
            "the sign is turned round": -true,
        }  # fmt: skip
        with part(2 if "tie" in property else 1):
            same(call(function, dy, x, window, stride), true, property, look, mistakes=mistakes)
    dy = draws.normal(size=(4, 4))
    with part():
        got = numbers(call(function, dy, levels, 2, 2), "what goes in comes out")
        if got.shape != levels.shape or not np.isclose(got.sum(), dy.sum()):
            fail(f"what goes in comes out: dy adds up to {dy.sum():.4g}, dx to {got.sum():.4g}", "the shares make one dy")
        same(got, right(dy, levels, 2, 2), "what goes in comes out", "each winner gets an equal share")


def avg_pool2d_backward(function):
    """Check avg_pool2d_backward(dy, size, window, stride, pad): each dy to the m pixels inside, dy / m; size (H, W)."""
    draws = rng(14)
    hand = np.array([[10.0, 20.0], [30.0, 40.0]])
    cases = {
        "window 2, stride 2, by hand": (hand, (4, 4), 2, 2, 0, "four pixels share each dy"),
        "windows overlap": (hand, (3, 3), 2, 1, 0, "a pixel adds what it gets from all windows it lies in"),
        "pixels in no window": (hand, (5, 7), 2, 3, 0, "dx has the given size; a pixel in no window gets 0"),
        "a window of 3": (draws.normal(size=(3, 4)), (7, 9), 3, 2, 0, "nine pixels share each dy"),
        "a border, windows apart": (draws.normal(size=(3, 3)), (4, 4), 2, 2, 1, "a corner window has one pixel inside"),
        "a border, windows that overlap": (draws.normal(size=(5, 6)), (5, 6), 3, 1, 1, "how many pixels of a window are inside"),
        "a wide border": (draws.normal(size=(5, 4)), (8, 6), 3, 2, 2, "row i · stride − pad may be negative; limit it to 0"),
    }
    for property, (dy, size, window, stride, pad, look) in cases.items():
        (H, W), x, border = size, np.zeros(size), ((pad, pad), (pad, pad))
        true = _back(formulas.avg_pool2d_backward, dy, x, window, stride, border)
        counted = _back(formulas.avg_pool2d_backward, dy, np.pad(x, pad), window, stride)[pad : pad + H, pad : pad + W]
        mistakes = {
            "every pixel gets the whole dy: that is the gradient of a sum": counted * window**2,
            "each dy is divided by window² · at the border fewer pixels share it": counted,
            "the border is still there, or it is cut off on one side only":
                _back(formulas.avg_pool2d_backward, dy, np.pad(x, pad), window, stride)[:H, :W],
            "the sign is turned round": -true,
        }  # fmt: skip
        with part():
            same(call(function, dy, size, window, stride, pad), true, property, look, mistakes=mistakes)

    # The definition of a derivative: moving a pixel by a little moves Σ dy · y by dx · little; the mean is linear.
    H, W, window, stride, pad = 6, 5, 3, 2, 1
    dy, slope = draws.normal(size=(3, 3)), np.zeros((H, W))
    for place in np.ndindex(H, W):
        x = np.zeros((H, W))
        x[place] = 1
        slope[place] = np.sum(dy * _pool(formulas.avg_pool2d, x, window, stride, ((pad, pad), (pad, pad))))
    with part():
        same(call(function, dy, (H, W), window, stride, pad), slope, "equal to the slope measured by moving each pixel",
             "which outputs does a pixel take part in, and with which share")  # fmt: skip
