"""The assignment on clips: a slice that walks, PSNR, slow motion, cuts."""

import numpy as np

from cnnlib.checks.common import call, close, fail, numbers, ok, same
from cnnlib.checks.points import part, rng

from .pixels import _apart, _nearest, _pixels


def walking_slice(function):
    """Check walking_slice(clip, column, speed): s(y, t) = clip(t, y, column + speed · t), black outside the picture."""

    def right(clip, column, speed):
        s = np.zeros((clip.shape[1], len(clip), *clip.shape[3:]), clip.dtype)
        for t, frame in enumerate(clip):
            if 0 <= column + speed * t < clip.shape[2]:
                s[:, t] = frame[:, column + speed * t]
        return s

    draws = rng(11)
    grey = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)
    pixels = [draws.integers(1, 256, shape, dtype=np.uint8) for shape in ((5, 4, 12), (5, 6, 13), (6, 5, 8), (4, 3, 11, 3))]
    tall, wide, narrow, colour = pixels
    cases = {
        "two small frames, by hand": (grey, 1, 2, "column 1 of frame 0, then column 3 of frame 1"),
        "speed 0 stands still": (tall, 7, 0, "with speed 0 the column stays where it is"),
        "walking to the right": (tall, 1, 2, "each frame moves the column by `speed`; the first one not at all"),
        "walking to the left": (wide, 11, -2, "a negative speed makes the column smaller"),
        "black where the column has left the picture": (narrow, 3, 2, "columns count from 0 to W − 1; beyond them is 0"),
        "black to the left of the picture, too": (narrow, 4, -2, "a negative column is outside, not counted from the end"),
        "a colour clip": (colour, 0, 3, "three channels stay the last axis"),
    }
    for property, (clip, column, speed, look) in cases.items():
        true, ahead = right(clip, column, speed), column + speed * np.arange(len(clip))
        mistakes = {
            "time runs downwards here; the slice wants height down and time to the right": true.swapaxes(0, 1),
            "the column stands still · it moves by `speed` from frame to frame": right(clip, column, 0),
            "the column walks the other way": right(clip, column, -speed),
            "the column has moved before the first frame already": right(clip, column + speed, speed),
            "what leaves the picture comes in again on the other side · it should be black":
                np.stack([clip[t, :, x % clip.shape[2]] for t, x in enumerate(ahead)], axis=1),
            "the column stops at the edge of the picture · beyond it is black":
                np.stack([clip[t, :, x] for t, x in enumerate(ahead.clip(0, clip.shape[2] - 1))], axis=1),
        }  # fmt: skip
        with part():
            same(call(function, clip, column, speed), true, property, look, mistakes=mistakes)
    with part():
        _pixels(call(function, colour, 2, 1), right(colour, 2, 1), "the pixels keep their type uint8")


def clip_psnr(function):
    """Check clip_psnr(a, b): for each frame of two clips the PSNR in dB; uint8 has the peak 255, float the peak 1."""

    def right(a, b, peak, kind=float):
        error = ((a.astype(kind) - b.astype(kind)) ** 2).reshape(len(a), -1).mean(axis=1)
        with np.errstate(divide="ignore"):
            return 10 * np.log10(peak**2 / error)

    draws = rng(13)
    a, b = draws.integers(0, 256, (2, 4, 6, 5, 3), dtype=np.uint8)
    near = np.clip(a.astype(int) + draws.integers(-9, 10, a.shape), 0, 255).astype(np.uint8)
    dim, fine = a // 2, draws.uniform(size=(2, 3, 7, 4))
    by_hand = np.array([[[50, 51]], [[200, 0]]], np.uint8), np.array([[[101, 0]], [[200, 51]]], np.uint8)
    partly = np.concatenate([a[:1], near[1:]])
    black = np.zeros((1, 4, 4, 3), np.uint8)
    cases = {
        "black against white is 0 dB": (black, black + 255, 255, "the largest error there is is 255 in every pixel"),
        "two small frames, by hand": (*by_hand, 255, "MSE of frame 0: 51² and 51², so 51²; of frame 1: 0 and 51²"),
        "two clips without likeness": (a, b, 255, "one number for each frame: the mean runs over all axes but the first"),
        "brighter by 16 everywhere": (dim, dim + np.uint8(16), 255, "16 · 16 = 256 is 0 in uint8: convert, then compute"),
        "two clips nearly alike": (a, near, 255, "a − b and b − a have the same square"),
        "one frame equal, so infinite": (a, partly, 255, "an MSE of 0 gives np.inf for that frame"),
        "floats from 0 to 1": (*fine, 1, "the largest value that a float pixel can have here is 1"),
        "dark floats": (*(fine / 4), 1, "the peak is the largest possible value, not the largest that occurs"),
        "float32 clips": (*fine.astype("float32"), 1, "float32 has the same peak as float64"),
    }
    for property, (one, other, peak, look) in cases.items():
        true = right(one, other, peak)
        mistakes = {
            "frames that differ count as more alike than they are: the pixels wrapped around in uint8":
                right(one, other, peak, one.dtype),
            "this is 20 times the logarithm of peak² / MSE": 2 * true,
            "the sign is turned round · more is better": -true,
            "this is the natural logarithm · decibels take log10": true * np.log(10),
            "the peak of uint8 is 255, of floats 1": right(one, other, 256 - peak),
        }
        with part():
            same(call(function, one, other), true, property, look, tolerance=1e-4, mistakes=mistakes)


def slow_motion(function):
    """Check slow_motion(clip, factor): factor − 1 mixtures between each two frames, (T − 1) · factor + 1 frames in all."""

    def right(clip, factor):
        times = np.arange((len(clip) - 1) * factor + 1)
        before, share = times // factor, (times % factor / factor).reshape(-1, *[1] * (clip.ndim - 1))
        after = np.minimum(before + 1, len(clip) - 1)
        return (1 - share) * clip[before] + share * clip[after]

    draws = rng(14)
    hand = np.array([[[0, 200]], [[100, 0]], [[100, 40]]], np.uint8)
    colour, grey = draws.integers(0, 256, (5, 4, 6, 3), dtype=np.uint8), draws.integers(0, 256, (4, 5, 7), dtype=np.uint8)
    cases = {
        "three frames of two pixels, by hand": (hand, 4, "write the nine values of each pixel down: 0, 25, 50 …"),
        "a colour clip three times as slow": (colour, 3, "frame t lies between frames t // factor and t // factor + 1"),
        "a grey clip five times as slow": (grey, 5, "time is the first axis; leave the others alone"),
        "two frames only": (colour[:2], 7, "one gap, seven steps"),
    }
    for property, (clip, factor, look) in cases.items():
        exact = right(clip, factor)
        with part(2):
            got = numbers(call(function, clip, factor), property)
            if got.shape != exact.shape:
                frames = {(len(clip) - 1) * (factor + 1): "every frame on a joint came twice",
                          len(exact) - 1: "the last frame is missing"}  # fmt: skip
                more = frames.get(got.shape[0] if got.ndim else 0, look)
                fail(f"{property}: the clip has shape {got.shape}, it should have {exact.shape}", more)
            if close(got, clip[np.arange(len(exact)) // factor]):
                fail(f"{property}: frames are repeated, not mixed", look)
            if close(got, exact[::-1], 0.01) and not close(got, exact, 0.01):
                fail(f"{property}: not yet", "the clip runs backwards")
            _nearest(got, exact, property, look, 1)
            ok(property)
    with part():
        same(call(function, grey, 1), grey, "factor 1 changes nothing", "no frame comes between")
        same(call(function, colour[:1], 6), colour[:1], "one frame stays one frame", "there is no gap to fill")
    with part(2):
        got, text = numbers(call(function, colour, 3), "rounding"), "every mixture is the nearest whole number"
        if got.shape != right(colour, 3).shape:
            fail(f"{text}: the clip has shape {got.shape}", "first make the number of frames right")
        _nearest(got, right(colour, 3), text, "first make the mixtures right")
        ok(text)
    with part():
        got = numbers(call(function, grey, 4), "the frames of the clip")
        if got.shape[:1] != (13,):
            fail(f"the frames of the clip are kept: the clip has shape {got.shape}", "3 gaps of 4 steps, and the last frame")
        same(got[::4], grey, "the frames of the clip are kept", "frame t · factor of the result is frame t of the clip")
    with part():
        _pixels(call(function, grey, 4), right(grey, 4), "the clip is uint8", 0.51)


def cuts(function):
    """Check cuts(clip, threshold): each t at which frames t − 2, t − 1 all differ from t, t + 1 by more than the threshold."""
    draws = rng(15)

    def story(letters):
        scenes = {"A": (20, 60), "B": (110, 150), "C": (190, 220), "W": (250, 252)}
        pictures = {name: draws.integers(*levels, (5, 6, 3)) for name, levels in scenes.items()}
        return np.stack([pictures[name] + draws.integers(-3, 4, (5, 6, 3)) for name in letters]).astype(np.uint8)

    def right(clip, threshold, apart=_apart, rule=min):
        return [t for t in range(2, len(clip) - 1)
                if rule(apart(clip[t - a], clip[t + b]) for a in (1, 2) for b in (0, 1)) > threshold]  # fmt: skip

    steps = np.array([10, 10, 10, 13, 13, 13, 19, 19, 19, 49, 49, 49], np.uint8).reshape(12, 1, 1)
    slow = (np.arange(12, dtype=np.uint8) * 20).reshape(12, 1, 1, 1) + np.zeros((4, 4, 3), np.uint8)
    slow[10:] = 20  # brighter and brighter, then a cut
    cases = {  # a cut in every one, so that an empty list earns nothing
        "twelve frames of one pixel, by hand": (steps, 20, "the pixel rises by 3, by 6 and by 30; only the last is a cut"),
        "a difference equal to the threshold is no cut": (steps, 6, "more than the threshold is asked"),
        "scenes with a little noise": (story("AAAAABBBBB"), 40, "a fall by 3 grey levels is small, and so is a rise"),
        "a cut from bright to dark": (story("CCCAAAA"), 40, "a fall counts like a rise"),
        "two cuts": (story("AAABBBBCCC"), 30, "list every cut, the earlier one first"),
        "a flash in front of a cut": (story("AAAAWAAABBB"), 40, "the frames before and behind the flash are alike"),
        "a flash behind a cut": (story("AAAABBBWBBB"), 40, "all four pairs of frames must differ, not some"),
        "too near to the ends to tell": (story("ABBBCCCCA"), 40, "t runs from 2 to T − 2, where all four frames exist"),
        "slow brightening is no cut": (slow, 45, "compare two frames before with two behind, no more"),
    }
    for property, (clip, threshold, look) in cases.items():
        true = right(clip, threshold)
        mistakes = {
            "these are the last frames of the old scenes · give the first of the new": np.array(true) - 1,
            "the differences are squared · their mean size is asked":
                right(clip, threshold, lambda a, b: ((a.astype(float) - b) ** 2).mean()),
            "a small fall counts as a large one: the pixels wrapped around in uint8": right(clip, threshold, _wrapped),
            "a small rise counts as a large one: the pixels wrapped around in uint8":
                right(clip, threshold, lambda a, b: _wrapped(b, a)),
            "one pair of frames that differ is enough here · all four pairs must": right(clip, threshold, rule=max),
        }  # fmt: skip
        if "flash" in property:
            neighbours = [t + 1 for t in range(len(clip) - 1) if _apart(clip[t], clip[t + 1]) > threshold]
            mistakes["this compares neighbouring frames only · a flash fools it"] = neighbours
        with part(3 if "flash" in property else 1):
            got = call(function, clip, threshold)
            if isinstance(got, np.ndarray) and got.dtype == bool:
                fail(f"{property}: the result is an array of True and False", "give the numbers of the frames; np.flatnonzero")
            same(got, true, property, look, mistakes=mistakes)


def _wrapped(a, b):
    """The same where uint8 runs below 0 and begins again at 255."""
    return (b - a).mean()
