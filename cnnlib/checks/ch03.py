"""Checks of chapter 03: pooling, its gradients, the receptive field, and a pool of one's own."""

import numpy as np

from cnnlib import formulas
from cnnlib.checks.common import call, close, fail, numbers, ok, same
from cnnlib.checks.points import draw, part, rng

HAND = np.array([[1.0, 3.0, 2.0, 0.0], [4.0, 6.0, 5.0, 1.0], [7.0, 2.0, 9.0, 8.0], [0.0, 1.0, 3.0, 4.0]])
NONE = ((0, 0), (0, 0))


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


# The assignment: variations of the exercises.


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


def _own_numbers(student):
    """Return the numbers of one student's own pool: window, stride, border, and the weights of largest, smallest and mean."""
    window = draw(student, "window", [(2, 3), (3, 2), (2, 4), (4, 2), (3, 4), (4, 3)])
    stride = draw(student, "stride", [(1, 2), (2, 1), (2, 3), (3, 2), (1, 3), (3, 1)])
    border = draw(student, "rows", [(0, 1), (1, 0)]), draw(student, "columns", [(0, 1), (1, 0)])  # lopsided for everyone
    weights = tuple(draw(student, name, range(2, 14)) for name in ("largest", "smallest", "mean"))
    return window, stride, border, weights


def own_words(student):
    """Return one student's own pool in words, to be written as a function.

    >>> print(own_words("learner"))
    The pool of learner:
    Windows of 3 rows and 2 columns. The next window lies 2 down or 1 to the right.
    Empty places around the picture: 1 above, 0 below, 1 on the left, 0 on the right.
    From the pixels of a window that lie inside the picture:
        10 · the largest − 11 · the smallest + 13 · the mean
    """
    (P, Q), (down, right), ((top, bottom), (before, after)), (largest, smallest, mean) = _own_numbers(student)
    return (
        f"The pool of {student}:\n"
        f"Windows of {P} rows and {Q} columns. The next window lies {down} down or {right} to the right.\n"
        f"Empty places around the picture: {top} above, {bottom} below, {before} on the left, {after} on the right.\n"
        f"From the pixels of a window that lie inside the picture:\n"
        f"    {largest} · the largest − {smallest} · the smallest + {mean} · the mean"
    )


def own_pool(student):
    """Return the check of `own_pool(x)` for one student: x (H, W) under the pool of `own_words`."""
    window, stride, border, weights = _own_numbers(student)

    def right(x, window=window, stride=stride, border=border, weights=weights):
        x, settings = x[None, :, :, None], (window, stride, border)
        high, low = formulas.max_pool2d(x, *settings), -formulas.max_pool2d(-x, *settings)
        return (weights[0] * high - weights[1] * low + weights[2] * formulas.avg_pool2d(x, *settings))[0, :, :, 0]

    def size(rows, columns, spare=(0, 0)):
        """Height and width of a picture with so many windows; without spare pixels the last window ends with the border."""
        places = zip((rows, columns), window, stride, border, spare, strict=True)
        return tuple(P + s * (n - 1) - sum(b) + more for n, P, s, b, more in places)

    def check(function):
        draws = rng(15)
        mirror = draws.normal(size=size(3, 4))
        mirror += mirror[::-1] + mirror[:, ::-1] + mirror[::-1, ::-1]
        cases = {
            "a picture that is its own mirror image": (mirror, "window, steps and weights; the place of the border comes next"),
            "a random picture": (draws.normal(size=size(4, 5)), "work out the window in the upper left corner"),
            "a bright picture": (draws.uniform(100, 255, size(5, 3)), "empty places are not black pixels: they do not count"),
            "a dark picture": (draws.uniform(-255, -100, size(3, 4)), "the smallest is subtracted; the largest may be negative"),
            "a picture for four windows": (draws.normal(size=size(2, 2)), "count how often the window fits"),
            "a last window that does not fit":
                (draws.normal(size=size(3, 3, np.array(stride) - 1)), "a last step that does not fit is not made"),
        }  # fmt: skip
        for property, (x, look) in cases.items():
            mistakes = {
                "empty places were counted as pixels of value 0": right(np.pad(x, border), border=NONE),
                "the border is missing": right(x, border=NONE),
                "the borders before and behind have changed places": right(x, border=[side[::-1] for side in border]),
                "the steps down and to the right have changed places": right(x, stride=stride[::-1]),
                "it moves by one pixel only": right(x, stride=(1, 1)),
                "rows and columns of the window have changed places": right(x, window=window[::-1]),
                "largest and smallest have changed places": right(x, weights=(-weights[1], -weights[0], weights[2])),
            }
            with part():
                got, true = numbers(call(function, x), property), right(x)
                mirrored = [true[::v, ::h] for v in (1, -1) for h in (1, -1)] if x is mirror else []  # a border behind turns it
                same(got, next((y for y in mirrored if close(got, y)), true), property, look, mistakes=mistakes)

    return check


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


def _pool(formula, x, window, stride, padding=NONE):
    """One grey picture through a pooling formula of the book."""
    return formula(x[None, ..., None], (window, window), (stride, stride), padding)[0, :, :, 0]


def _back(formula, dy, x, window, stride, padding=NONE):
    """One grey picture through the gradient of a pooling formula."""
    return formula(dy[None, ..., None], x[None, ..., None], (window, window), (stride, stride), padding)[0, :, :, 0]
