"""The checkers of chapter 01 pass right answers and reject planted wrong ones, each with a fitting message."""

import numpy as np
from planted import demands

from cnnlib.checks import ch01


def brighten(picture, amount):
    return np.clip(picture.astype(np.int16) + amount, 0, 255).astype(np.uint8)


def brighten_by_table(picture, amount):
    table = np.array([min(max(value + amount, 0), 255) for value in range(256)], np.uint8)
    return table[picture]


def space_time_slice(clip, column):
    return clip[:, :, column].swapaxes(0, 1)


def slice_by_stack(clip, column):
    return np.stack([frame[:, column] for frame in clip], axis=1)


def frame_differences(clip):
    x = clip.astype(float)
    return np.abs(x[1:] - x[:-1]).reshape(len(x) - 1, -1).mean(1)


def differences_by_loop(clip):
    return [float(np.mean(np.maximum(a, b) - np.minimum(a, b))) for a, b in zip(clip[:-1], clip[1:], strict=True)]


def fade(a, b, steps):
    shares = np.linspace(0, 1, steps)
    return np.stack([np.rint((1 - s) * a + s * b) for s in shares]).astype(np.uint8)


def fade_by_integers(a, b, steps):
    a, b, last = a.astype(int), b.astype(int), steps - 1
    return np.stack([(2 * ((last - t) * a + t * b) + last) // (2 * last) for t in range(steps)]).astype(np.uint8)


RIGHT = [
    (ch01.brighten, brighten), (ch01.brighten, brighten_by_table),
    (ch01.space_time_slice, space_time_slice), (ch01.space_time_slice, slice_by_stack),
    (ch01.frame_differences, frame_differences), (ch01.frame_differences, differences_by_loop),
    (ch01.fade, fade), (ch01.fade, fade_by_integers),
]  # fmt: skip


def in_place(picture, amount):
    picture[:] = np.clip(picture.astype(int) + amount, 0, 255)
    return picture


WRONG = {
    "brighten wraps": (ch01.brighten, lambda x, a: (x.astype(int) + a).astype(np.uint8), "began again at 0"),
    "brighten wraps below": (
        ch01.brighten, lambda x, a: np.minimum(x.astype(int) + a, 255).astype(np.uint8), "began again at 255"),
    "brighten float": (ch01.brighten, lambda x, a: np.clip(x.astype(float) + a, 0, 255), "uint8 again: it is float64"),
    "brighten 0 to 1": (ch01.brighten, lambda x, a: np.clip(x / 255 + a, 0, 1), "small numbers"),
    "brighten in place": (ch01.brighten, in_place, "changed its argument"),
    "brighten multiplies": (
        ch01.brighten, lambda x, a: np.clip(x * (1 + a / 255), 0, 255).astype(np.uint8), "by hand"),
    "brighten amount wraps": (
        ch01.brighten,
        lambda x, a: np.clip(x.astype(int) + (a if a < 256 else a - 256), 0, 255).astype(np.uint8), "300 does not fit"),
    "slice time down": (ch01.space_time_slice, lambda c, j: c[:, :, j], "time runs downwards"),
    "slice row": (ch01.space_time_slice, lambda c, j: c[:, j].swapaxes(0, 1), "a row of each frame"),
    "slice transposes channels": (ch01.space_time_slice, lambda c, j: c[:, :, j].T, "three channels stay"),
    "slice off by one": (ch01.space_time_slice, lambda c, j: c[:, :, j - 1].swapaxes(0, 1), "side by side"),
    "slice float": (ch01.space_time_slice, lambda c, j: c[:, :, j].swapaxes(0, 1) / 1.0, "keep their type"),
    "slice squeezes": (ch01.space_time_slice, lambda c, j: c[:, :, j].swapaxes(0, 1).squeeze(), "keep the axis"),
    "slice reshapes": (
        ch01.space_time_slice, lambda c, j: c[:, :, j].reshape(c.shape[1], c.shape[0], *c.shape[3:]), "side by side"),
    "difference wraps": (
        ch01.frame_differences, lambda c: np.abs(c[1:] - c[:-1]).reshape(len(c) - 1, -1).mean(1), "in a signed"),
    "difference cancels": (
        ch01.frame_differences, lambda c: np.diff(c.astype(float), axis=0).reshape(len(c) - 1, -1).mean(1), "cancel"),
    "difference squared": (
        ch01.frame_differences,
        lambda c: (np.diff(c.astype(float), axis=0) ** 2).reshape(len(c) - 1, -1).mean(1), "squared"),
    "difference sums": (
        ch01.frame_differences, lambda c: np.abs(np.diff(c.astype(float), axis=0)).reshape(len(c) - 1, -1).sum(1),
        "sum"),
    "difference to first": (
        ch01.frame_differences, lambda c: np.abs(c[1:] - c[:1].astype(float)).reshape(len(c) - 1, -1).mean(1), "rises"),
    "difference one number": (ch01.frame_differences, lambda c: frame_differences(c).mean(), "shape"),
    "difference scaled": (ch01.frame_differences, lambda c: frame_differences(c) / 255, "divided by 255"),
    "difference keeps first": (ch01.frame_differences, lambda c: np.r_[0, frame_differences(c)], "shape"),
    "fade reversed": (ch01.fade, lambda a, b, n: fade(a, b, n)[::-1], "from b to a"),
    "fade never arrives": (
        ch01.fade, lambda a, b, n: np.stack([np.rint(a + (b.astype(float) - a) * t / n) for t in range(n)]),
        "four gaps"),
    "fade cuts off": (
        ch01.fade, lambda a, b, n: np.stack([(1 - s) * a + s * b for s in np.linspace(0, 1, n)]).astype(np.uint8),
        "round to the nearest"),
    "fade float": (
        ch01.fade, lambda a, b, n: np.stack([np.rint((1 - s) * a + s * b) for s in np.linspace(0, 1, n)]), "float64"),
    "fade wraps": (
        ch01.fade, lambda a, b, n: np.stack([np.rint(a + (b - a) * s) for s in np.linspace(0, 1, n)]), "by hand"),
    "fade time last": (ch01.fade, lambda a, b, n: np.moveaxis(fade(a, b, n), 0, -1), "shape"),
    "fade too long": (ch01.fade, lambda a, b, n: fade(a, b, n + 1), "shape"),
}
TestAnswers = demands(RIGHT, WRONG, lines=5)


def test_squared_error_in_uint8_flatters():
    """In uint8 two frames 16 grey levels apart have error 0, and no mean squared error passes 255."""
    rng = np.random.default_rng(0)
    a = rng.integers(0, 240, (40, 40), dtype=np.uint8)
    assert np.mean((a - (a + np.uint8(16))) ** 2) == 0
    b = rng.integers(0, 256, (40, 40), dtype=np.uint8)
    wrong, true = np.mean((a - b) ** 2), np.mean((a.astype(float) - b) ** 2)
    assert wrong <= 255 < true
