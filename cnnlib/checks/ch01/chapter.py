"""The exercises of chapter 01: brighter pixels, a space-time slice, differences of frames, a fade."""

import numpy as np

from cnnlib.checks.common import call, fail, numbers, ok, same
from cnnlib.checks.points import part, rng

from .pixels import _apart, _nearest, _pixels


def brighten(function):
    """Check brighten(picture, amount): uint8 pixels plus a whole number, held between 0 and 255, Exercise 1.1."""
    hand = np.array([[0, 100, 250], [255, 10, 128]], np.uint8)
    true = np.array([[40, 140, 255], [255, 50, 168]])
    with part(2):
        same(call(function, hand, 40), true, "brighter by 40, small numbers",
             "work out each of the six pixels by hand; white stays white",
             mistakes={"bright pixels came out dark: the sum ran past 255 and began again at 0; "
                       "add in a wider type, then limit": hand + np.uint8(40)})  # fmt: skip
    darker = np.array([[0, 60, 210], [215, 0, 88]])
    with part(2):
        same(call(function, hand, -40), darker, "darker by 40, small numbers",
             "a negative amount darkens; black stays black",
             mistakes={"dark pixels came out bright: the difference ran below 0 and began again at 255; "
                       "subtract in a signed type, then limit": hand - np.uint8(40)})  # fmt: skip
    with part():
        _pixels(call(function, hand, 40), true, "the result is uint8 again")
    draws = rng(1)
    for shape, text in (((5, 7, 3), "a colour picture"), ((2, 4, 6, 3), "a whole clip")):
        x = draws.integers(0, 256, shape, dtype=np.uint8)
        with part():
            same(call(function, x, 90), np.minimum(x.astype(int) + 90, 255), text, "treat every axis alike")
    x = draws.integers(0, 256, (6, 5), dtype=np.uint8)
    with part():
        same(call(function, x, 300), np.full(x.shape, 255), "an amount larger than 255 makes everything white",
             "300 does not fit into uint8 either; choose a type that holds the sum")  # fmt: skip
    with part():
        same(call(function, x, 0), x, "amount 0 changes nothing", "a picture plus nothing is the same picture")


def space_time_slice(function):
    """Check space_time_slice(clip, column): one column of every frame, height down and time to the right, Exercise 1.2."""
    down = "time runs downwards here; the slice wants height down and time to the right"
    clip = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)
    with part():
        same(call(function, clip, 1), np.array([[1, 13], [5, 17], [9, 21]]), "a grey clip of two small frames",
             "write down column 1 of frame 0 and of frame 1, then stand them side by side",
             mistakes={down: clip[:, :, 1], "this is a row of each frame, not a column": clip[:, 1].T})  # fmt: skip
    colour = rng(2).integers(0, 256, (6, 5, 7, 3), dtype=np.uint8)
    true = np.stack([colour[t, :, 4] for t in range(6)], axis=1)
    with part():
        same(call(function, colour, 4), true, "a colour clip (T=6,H=5,W=7,C=3) gives (H=5,T=6,C=3)",
             "three channels stay the last axis; only time and height change places",
             mistakes={down: colour[:, :, 4]})  # fmt: skip
    with part():
        same(call(function, colour, 0), colour[:, :, 0].swapaxes(0, 1), "the first column", "columns count from 0")
    with part():
        same(call(function, colour, 6), colour[:, :, 6].swapaxes(0, 1), "the last column", "columns count from 0 to W − 1")
    with part():
        same(call(function, colour[:1], 2), colour[:1, :, 2].swapaxes(0, 1), "a clip of one frame",
             "one frame gives a slice one pixel wide: keep the axis")  # fmt: skip
    with part():
        _pixels(call(function, colour, 4), true, "the pixels keep their type uint8")


def frame_differences(function):
    """Check frame_differences(clip): for each pair of neighbouring frames the mean absolute difference, Exercise 1.3."""
    clip = np.array([[[10, 20]], [[13, 16]], [[13, 16]]], np.uint8)
    with part():
        same(call(function, clip), [3.5, 0.0], "two pixels, three frames, by hand",
             "from frame 0 to 1 one pixel rises by 3 and one falls by 4",
             mistakes={"a fall of 4 became a rise of 252: subtract in a signed type": np.diff(clip, axis=0).mean((1, 2)),
                       "rise and fall cancel: take the absolute value before the mean": np.array([-0.5, 0.0]),
                       "this is the squared difference; the mean absolute difference is asked": np.array([12.5, 0.0]),
                       "this is the sum over the pixels; the mean is asked": np.array([7.0, 0.0]),
                       "this is also divided by 255; the answer is in grey levels": np.array([3.5, 0.0]) / 255})  # fmt: skip
    x = rng(3).integers(0, 256, (7, 5, 6, 3), dtype=np.uint8)
    true = np.array([_apart(x[t], x[t + 1]) for t in range(6)])
    with part():
        same(call(function, x), true, "a random colour clip: T=7 frames give 6 numbers",
             "take the mean over height, width and channels, not over time")  # fmt: skip
    with part():
        same(call(function, x[::-1]), true[::-1], "the clip played backwards gives the same numbers backwards",
             "a difference and its opposite have the same size")  # fmt: skip
    with part():
        same(call(function, np.repeat(x[:1], 4, axis=0)), np.zeros(3), "a still clip gives zeros", "nothing changes in it")
    black_white = np.stack([np.zeros((4, 4, 3), np.uint8), np.full((4, 4, 3), 255, np.uint8)])
    with part():
        same(call(function, black_white), [255.0], "black to white is 255, the largest there is",
             "the difference of 0 and 255 is 255 grey levels, in either direction")  # fmt: skip


def fade(function):
    """Check fade(a, b, steps): a clip that begins as picture a and ends as picture b, Exercise 1.4."""
    a, b = np.array([[0, 200]], np.uint8), np.array([[100, 0]], np.uint8)
    hand = np.array([[[0, 200]], [[25, 150]], [[50, 100]], [[75, 50]], [[100, 0]]])
    with part():
        same(call(function, a, b, 5), hand, "five steps between two pixels, by hand",
             "step t has the share t / (steps − 1) of b; write the five numbers of each pixel down",
             mistakes={"the clip runs from b to a": hand[::-1],
                       "the last frame is not b: five frames have four gaps between them":
                           np.stack([a + (b.astype(float) - a) * t / 5 for t in range(5)]).round()})  # fmt: skip
    a, b = rng(4).integers(0, 256, (2, 6, 8, 3), dtype=np.uint8)
    shares = np.linspace(0, 1, 9).reshape(9, 1, 1, 1)
    true = (1 - shares) * a + shares * b

    def clip():
        got = numbers(call(function, a, b, 9), "a colour fade")
        if got.shape != (9, 6, 8, 3):
            fail(f"a colour fade: the clip has shape {got.shape}, it should have (9, 6, 8, 3)", "time is the first axis")
        return got

    with part():
        same(clip()[0], a, "the first frame is a", "at t=0 the share of b is 0")
    with part():
        same(clip()[-1], b, "the last frame is b", "at t = steps − 1 the share of b is 1")
    with part():
        _nearest(clip(), true, "a colour fade", "frame t holds the share t / (steps − 1) of b")
        ok("every frame in between is the nearest whole mixture")
    with part():
        _pixels(clip(), true, "the clip is uint8", 0.51)
