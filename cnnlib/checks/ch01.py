"""Checks of chapter 01: pictures and clips as arrays, and the exercises of its assignment."""

import numpy as np

from cnnlib.checks.common import call, close, fail, numbers, ok, same
from cnnlib.checks.points import part, rng


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


# The assignment: variations of the exercises.


def contrast(function):
    """Check contrast(picture, factor): 128 + factor · (pixel − 128), rounded, held between 0 and 255, uint8."""

    def right(x, factor):
        return (128 + factor * (x.astype(float) - 128)).clip(0, 255)

    draws = rng(10)
    hand = np.array([[128, 138, 118], [200, 20, 0]], np.uint8)
    grey, colour = draws.integers(0, 256, (6, 7), dtype=np.uint8), draws.integers(0, 256, (5, 4, 3), dtype=np.uint8)
    clip = draws.integers(0, 256, (3, 4, 5, 3), dtype=np.uint8)
    cases = {
        "factor 2, six pixels by hand": (hand, 2, "138 lies 10 above the middle; twice as far is 148"),
        "factor 0.5, six pixels by hand": (hand, 0.5, "138 lies 10 above the middle; half as far is 133"),
        "factor −1 turns dark and bright round": (grey, -1, "what lay 10 above the middle lies 10 below it"),
        "factor 0 leaves one grey": (colour, 0, "the middle is 128, whatever the picture holds"),
        "a colour picture": (colour, 1.6, "each channel is treated alike; the results are limited, not the pixels"),
        "a whole clip": (clip, 0.3, "each frame is treated alike"),
        "a factor of 1,000": (grey, 1000, "choose a type that holds the products, then limit"),
    }
    for property, (x, factor, look) in cases.items():
        true = right(x, factor)
        mistakes = {
            "this is factor · pixel · the distance from the middle grey 128 is stretched": (x * float(factor)).clip(0, 255),
            "the distance is taken from the mean of the picture, not from 128":
                (x.mean() + factor * (x - x.mean())).clip(0, 255),
            "bright pixels came out dark or dark ones bright: the numbers ran past 255 and began again at 0":
                (128 + factor * (x.astype(float) - 128)) % 256,
            "dark pixels count as bright ones: pixel − 128 ran below 0 in uint8":
                (128.0 + float(factor) * (x - np.uint8(128))).clip(0, 255),
        }  # fmt: skip
        with part():
            got = numbers(call(function, x, factor), property)
            if got.shape != x.shape:
                fail(f"{property}: the result has shape {got.shape}, it should have {x.shape}", "a picture keeps its shape")
            for diagnosis, wrong in mistakes.items():
                if np.abs(got - wrong).max() <= 1 < np.abs(got - true).max():
                    fail(f"{property}: not yet", diagnosis)
            _nearest(got, true, property, look, 0.5 if np.array_equal(true, true.round()) else 1)
            ok(property)
    with part():
        got, text = numbers(call(function, colour, 0.7), "rounding"), "every pixel is the nearest whole number"
        if got.shape != colour.shape:
            fail(f"{text}: the result has shape {got.shape}", "a picture keeps its shape")
        _nearest(got, right(colour, 0.7), text, "first make the numbers right")
        ok(text)
    with part():
        _pixels(call(function, grey, 1.2), right(grey, 1.2), "the result is uint8", 0.51)


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


def over(function):
    """Check over(background, sprite, top, left): (H, W, 3) under (h, w, 4), which may hang over the edge."""

    def right(background, sprite, top, left, rounded=np.rint):
        out = background.astype(float)
        for (i, j), alpha in np.ndenumerate(sprite[..., 3] / 255):
            if 0 <= top + i < out.shape[0] and 0 <= left + j < out.shape[1]:
                out[top + i, left + j] = rounded(alpha * sprite[i, j, :3] + (1 - alpha) * out[top + i, left + j])
        return out

    draws = rng(12)
    room = draws.integers(0, 256, (9, 12, 3), dtype=np.uint8)
    sprite = draws.integers(0, 256, (4, 5, 4), dtype=np.uint8)
    solid, clear, partly = (np.dstack([sprite[..., :3], np.full((4, 5), a, np.uint8)]) for a in (255, 0, 100))
    cut_out = np.dstack([sprite[..., :3], 255 * draws.integers(0, 2, (4, 5), dtype=np.uint8)])
    wall, glass = np.full((3, 4, 3), 100, np.uint8), np.array([[[200, 0, 100, 51]]], np.uint8)
    cases = {
        "one pixel of opacity 51, by hand": (wall, glass, 1, 2, "51 / 255 is one fifth; 0.2 · 200 + 0.8 · 100 = 120"),
        "a solid sprite": (room, solid, 3, 5, "the sprite's upper left corner is row `top`, column `left`"),
        "a cut-out sprite": (room, cut_out, 2, 6, "where the sprite is clear, the background shows"),
        "one opacity for all": (room, partly, 1, 4, "each channel is a · sprite + (1 − a) · background, computed in float"),
        "every opacity": (room, sprite, 4, 2, "each pixel has an opacity of its own"),
        "hanging over the lower right corner": (room, sprite, 7, 9, "how many rows and columns of the sprite are inside"),
        "hanging over the upper left corner": (room, sprite, -2, -3, "a negative start of a slice counts from the end"),
        "hanging over one edge only": (room, sprite, -1, 8, "rows and columns are cut off each for itself"),
        "wholly outside": (room, solid, 20, -9, "then the background stays as it is"),
    }
    for property, (background, sprite, top, left, look) in cases.items():
        true, opaque = right(background, sprite, top, left), np.dstack([sprite[..., :3], np.full(sprite.shape[:2], 255)])
        turned = np.dstack([sprite[..., :3], 255 - sprite[..., 3]])
        mistakes = {
            "the opacity has no effect: clear pixels cover the background": right(background, opaque, top, left),
            "opacity is taken for clearness: 255 is solid, 0 is clear": right(background, turned, top, left),
            "rows and columns have changed places · `top` counts rows": right(background, sprite, left, top),
            "the mixture is cut off · round to the nearest whole number first": right(background, sprite, top, left, np.floor),
        }
        with part():
            same(call(function, background, sprite, top, left), true, property, look, mistakes=mistakes)
    with part():
        got = call(function, room, clear, 2, 2), call(function, room, solid, 2, 2)
        if not (close(numbers(got[0], "type"), room) and close(numbers(got[1], "type"), right(room, solid, 2, 2))):
            fail("clear glass leaves the background, and the result is uint8: not yet", "first make the mixture right")
        _pixels(got[1], right(room, solid, 2, 2), "clear glass leaves the background, and the result is uint8")


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


def _apart(a, b):
    """Mean absolute difference of two pictures, in grey levels."""
    return np.abs(a.astype(float) - b).mean()


def _wrapped(a, b):
    """The same where uint8 runs below 0 and begins again at 255."""
    return (b - a).mean()


def _nearest(got, exact, property, look, room=0.5):
    """Demand the nearest whole number to each exact mixture; of two equally near ones either will do."""
    off = np.abs(got - exact).max()
    if not off <= 128:
        fail(f"{property}: a pixel is off by {off:.0f} grey levels", "mix in float; uint8 sums wrap around")
    if off > 1:
        fail(f"{property}: a pixel is off by {off:.0f} grey levels", look)
    if off > room + 1e-6:
        fail(f"{property}: a pixel is off by {off:.2f} grey levels, at most 0.5 is left by rounding",
             "round to the nearest whole number before you turn the mixture into uint8; astype cuts off")  # fmt: skip


def _pixels(got, true, property, room=0.01):
    """Demand uint8, of a result that is right."""
    array = numbers(got, property)
    if array.shape != np.shape(true) or not (np.abs(array - np.asarray(true, float)) <= room).all():
        fail(f"{property}: the type of a wrong answer does not count", "first make the numbers right")
    if array.dtype != np.uint8:
        fail(f"{property}: it is {array.dtype}", "end with .astype(np.uint8)")
    ok(property)
