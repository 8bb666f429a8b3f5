"""The assignment on pictures: contrast, and a sprite over a background."""

import numpy as np

from cnnlib.checks.common import call, close, fail, numbers, ok, same
from cnnlib.checks.points import part, rng

from .pixels import _nearest, _pixels


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
