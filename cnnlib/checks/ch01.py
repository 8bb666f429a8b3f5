"""Checks for chapter 01: pictures and clips as arrays."""

import numpy as np

from .common import call, fail, numbers, ok, same


def brighten(function):
    """Check `brighten(picture, amount)`: uint8 pixels plus a whole number, held between 0 and 255."""
    hand = np.array([[0, 100, 250], [255, 10, 128]], np.uint8)
    true = np.array([[40, 140, 255], [255, 50, 168]])
    wrapped = hand + np.uint8(40)
    same(call(function, hand, 40), true, "brighter by 40, small numbers",
         "work out each of the six pixels by hand; white stays white",
         mistakes={"bright pixels came out dark: the sum ran past 255 and began again at 0; "
                   "add in a wider type, then limit": wrapped})
    darker = np.array([[0, 60, 210], [215, 0, 88]])
    same(call(function, hand, -40), darker, "darker by 40, small numbers",
         "a negative amount darkens; black stays black",
         mistakes={"dark pixels came out bright: the difference ran below 0 and began again at 255; "
                   "subtract in a signed type, then limit": hand - np.uint8(40)})
    _pixels(call(function, hand, 40), "the result is uint8 again")
    rng = np.random.default_rng(1)
    for shape, text in (((5, 7, 3), "a colour picture"), ((2, 4, 6, 3), "a whole clip")):
        x = rng.integers(0, 256, shape, dtype=np.uint8)
        same(call(function, x, 90), np.minimum(x.astype(int) + 90, 255), text, "treat every axis alike")
    x = rng.integers(0, 256, (6, 5), dtype=np.uint8)
    same(call(function, x, 300), np.full(x.shape, 255), "an amount larger than 255 makes everything white",
         "300 does not fit into uint8 either; choose a type that holds the sum")
    same(call(function, x, 0), x, "amount 0 changes nothing", "a picture plus nothing is the same picture")


def space_time_slice(function):
    """Check `space_time_slice(clip, column)`: one column of every frame, height down and time to the right."""
    clip = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)
    same(call(function, clip, 1), np.array([[1, 13], [5, 17], [9, 21]]), "a grey clip of two small frames",
         "write down column 1 of frame 0 and of frame 1, then stand them side by side",
         mistakes={"time runs downwards here; the slice wants height down and time to the right": clip[:, :, 1],
                   "this is a row of each frame, not a column": clip[:, 1].T})
    rng = np.random.default_rng(2)
    colour = rng.integers(0, 256, (6, 5, 7, 3), dtype=np.uint8)
    true = np.stack([colour[t, :, 4] for t in range(6)], axis=1)
    same(call(function, colour, 4), true, "a colour clip (T=6,H=5,W=7,C=3) gives (H=5,T=6,C=3)",
         "three channels stay the last axis; only time and height change places",
         mistakes={"time runs downwards here; the slice wants height down and time to the right": colour[:, :, 4]})
    same(call(function, colour, 0), colour[:, :, 0].swapaxes(0, 1), "the first column", "columns count from 0")
    same(call(function, colour, 6), colour[:, :, 6].swapaxes(0, 1), "the last column", "columns count from 0 to W − 1")
    same(call(function, colour[:1], 2), colour[:1, :, 2].swapaxes(0, 1), "a clip of one frame",
         "one frame gives a slice one pixel wide: keep the axis")
    _pixels(call(function, colour, 4), "the pixels keep their type uint8")


def frame_differences(function):
    """Check `frame_differences(clip)`: for each pair of neighbouring frames the mean absolute difference."""
    clip = np.array([[[10, 20]], [[13, 16]], [[13, 16]]], np.uint8)
    backward = np.diff(clip, axis=0)
    same(call(function, clip), [3.5, 0.0], "two pixels, three frames, by hand",
         "from frame 0 to 1 one pixel rises by 3 and one falls by 4",
         mistakes={"a fall of 4 became a rise of 252: subtract in a signed type": backward.mean((1, 2)),
                   "rise and fall cancel: take the absolute value before the mean": np.array([-0.5, 0.0]),
                   "this is the squared difference; the mean absolute difference is asked": np.array([12.5, 0.0]),
                   "this is the sum over the pixels; the mean is asked": np.array([7.0, 0.0]),
                   "this is also divided by 255; the answer is in grey levels": np.array([3.5, 0.0]) / 255})
    rng = np.random.default_rng(3)
    x = rng.integers(0, 256, (7, 5, 6, 3), dtype=np.uint8)
    true = np.abs(np.diff(x.astype(float), axis=0)).mean((1, 2, 3))
    same(call(function, x), true, "a random colour clip: T=7 frames give 6 numbers",
         "take the mean over height, width and channels, not over time")
    same(call(function, x[::-1]), true[::-1], "the clip played backwards gives the same numbers backwards",
         "a difference and its opposite have the same size")
    same(call(function, np.repeat(x[:1], 4, axis=0)), np.zeros(3), "a still clip gives zeros", "nothing changes in it")
    black_white = np.stack([np.zeros((4, 4, 3), np.uint8), np.full((4, 4, 3), 255, np.uint8)])
    same(call(function, black_white), [255.0], "black to white is 255, the largest there is",
         "the difference of 0 and 255 is 255 grey levels, in either direction")


def fade(function):
    """Check `fade(a, b, steps)`: a clip that begins as picture a and ends as picture b."""
    a, b = np.array([[0, 200]], np.uint8), np.array([[100, 0]], np.uint8)
    hand = np.array([[[0, 200]], [[25, 150]], [[50, 100]], [[75, 50]], [[100, 0]]])
    same(call(function, a, b, 5), hand, "five steps between two pixels, by hand",
         "step t has the share t / (steps − 1) of b; write the five numbers of each pixel down",
         mistakes={"the clip runs from b to a": hand[::-1],
                   "the last frame is not b: five frames have four gaps between them":
                       np.stack([a + (b.astype(float) - a) * t / 5 for t in range(5)]).round()})
    rng = np.random.default_rng(4)
    a, b = rng.integers(0, 256, (2, 6, 8, 3), dtype=np.uint8)
    clip = numbers(call(function, a, b, 9), "a colour fade")
    if clip.shape != (9, 6, 8, 3):
        fail(f"a colour fade: the clip has shape {clip.shape}, it should have (9, 6, 8, 3)", "time is the first axis")
    same(clip[0], a, "the first frame is a", "at t=0 the share of b is 0")
    same(clip[-1], b, "the last frame is b", "at t = steps − 1 the share of b is 1")
    shares = np.linspace(0, 1, 9).reshape(9, 1, 1, 1)
    exact = (1 - shares) * a + shares * b
    off = np.abs(clip - exact)
    if off.max() > 128:
        fail(f"a colour fade: a pixel is off by {off.max():.0f} grey levels", "mix in float; uint8 sums wrap around")
    if off.max() > 0.5 + 1e-6:
        fail(f"a colour fade: a pixel is off by {off.max():.2f} grey levels, at most 0.5 is left by rounding",
             "round to the nearest whole number before you turn the mixture into uint8; astype cuts off")
    ok("every frame in between is the nearest whole mixture")
    _pixels(clip, "the clip is uint8")


def _pixels(got, property):
    kind = np.asarray(got).dtype
    if kind != np.uint8:
        fail(f"{property}: it is {kind}", "end with .astype(np.uint8)")
    ok(property)
