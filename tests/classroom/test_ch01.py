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


# The assignment.


def contrast(picture, factor):
    return np.clip(np.rint(128 + factor * (picture.astype(float) - 128)), 0, 255).astype(np.uint8)


def contrast_by_table(picture, factor):
    table = [min(max(int(np.floor(128.5 + factor * (value - 128))), 0), 255) for value in range(256)]
    return np.array(table, np.uint8)[picture]


def limited_too_early(picture, factor):
    return np.rint(128 + (factor * (picture.astype(float) - 128)).clip(-100, 100)).astype(np.uint8)


def contrast_in_place(picture, factor):
    picture[:] = contrast(picture, factor)
    return picture


def walking_slice(clip, column, speed):
    s = np.zeros((clip.shape[1], len(clip), *clip.shape[3:]), np.uint8)
    for t, frame in enumerate(clip):
        if 0 <= (x := column + speed * t) < clip.shape[2]:
            s[:, t] = frame[:, x]
    return s


def walking_slice_padded(clip, column, speed):
    far = abs(column) + abs(speed) * len(clip)
    wide = np.pad(clip, [(0, 0), (0, 0), (far, far)] + [(0, 0)] * (clip.ndim - 3))
    x = far + column + speed * np.arange(len(clip))
    return wide[np.arange(len(clip)), :, x].swapaxes(0, 1)


def walking_by(pick):
    """A slice whose columns come from pick(columns, W); nothing is black."""

    def answer(clip, column, speed):
        x = pick(column + speed * np.arange(len(clip)), clip.shape[2])
        return np.stack([frame[:, at] for frame, at in zip(clip, x, strict=True)], axis=1)

    return answer


def only_to_the_right(clip, column, speed):
    return walking_slice(clip, column, abs(speed))


def from_the_end(clip, column, speed):
    s = np.zeros((clip.shape[1], len(clip), *clip.shape[3:]), np.uint8)
    for t, frame in enumerate(clip):
        if column + speed * t < clip.shape[2]:
            s[:, t] = frame[:, column + speed * t]
    return s


def over(background, sprite, top, left):
    (H, W), (h, w) = background.shape[:2], sprite.shape[:2]
    rows, columns = (np.arange(n) for n in (h, w))
    rows, columns = rows[(rows + top >= 0) & (rows + top < H)], columns[(columns + left >= 0) & (columns + left < W)]
    seen, place = sprite[np.ix_(rows, columns)], np.ix_(rows + top, columns + left)
    out, a = background.astype(float), seen[..., 3:] / 255
    out[place] = np.round(a * seen[..., :3] + (1 - a) * out[place])
    return out.astype(np.uint8)


def over_on_a_large_stage(background, sprite, top, left):
    (H, W), (h, w) = background.shape[:2], sprite.shape[:2]
    stage = np.zeros((H + 2 * h + 2 * abs(top), W + 2 * w + 2 * abs(left), 3), int)
    y, x = h + abs(top), w + abs(left)
    stage[y : y + H, x : x + W] = background
    under, a = stage[y + top : y + top + h, x + left : x + left + w], sprite[..., 3:].astype(int)
    under[:] = (2 * (a * sprite[..., :3] + (255 - a) * under) + 255) // 510
    return stage[y : y + H, x : x + W].astype(np.uint8)


def wholly_inside(background, sprite, top, left, mix=lambda s, a, b: np.round(a * s + (1 - a) * b)):
    """The chapter's paste: right as long as the sprite lies inside."""
    out, (h, w) = background.copy(), sprite.shape[:2]
    under = out[top : top + h, left : left + w]
    under[:] = mix(sprite[..., :3], sprite[..., 3:] / 255, under)
    return out


def mixed(mix):
    """Right at every edge, with another mixture."""

    def answer(background, sprite, top, left):
        (H, W), y, x = background.shape[:2], max(top, 0), max(left, 0)
        seen = sprite[y - top : max(H - top, 0), x - left : max(W - left, 0)]
        out = background.copy()
        under = out[y : y + seen.shape[0], x : x + seen.shape[1]] if seen.size else out[:0, :0]
        under[:] = mix(seen[..., :3], seen[..., 3:] / 255, under) if seen.size else 0
        return out

    return answer


def moved_inside(background, sprite, top, left):
    (H, W), (h, w) = background.shape[:2], sprite.shape[:2]
    return over(background, sprite, min(max(top, 0), H - h), min(max(left, 0), W - w))


def in_place_over(background, sprite, top, left):
    background[:] = over(background, sprite, top, left)
    return background


def clip_psnr(a, b):
    peak = 255.0 if a.dtype == np.uint8 else 1.0
    error = np.square(a.astype(float) - b.astype(float)).mean(axis=tuple(range(1, a.ndim)))
    with np.errstate(divide="ignore"):
        return 10 * np.log10(peak**2 / error)


def clip_psnr_by_loop(a, b):
    found = []
    for one, other in zip(a, b, strict=True):
        if a.dtype == np.uint8:
            one, other = one / 255, other / 255
        error = np.mean((one - other) ** 2)
        found.append(-10 * np.log10(error) if error else np.inf)
    return found


def psnr_with(peak, kind=float):
    def answer(a, b):
        error = ((a.astype(kind) - b.astype(kind)) ** 2).reshape(len(a), -1).mean(axis=1)
        return 10 * np.log10(peak(a) ** 2 / error)

    return answer


def right_peak(a):
    return 255.0 if a.dtype == np.uint8 else 1.0


def slow_motion(clip, factor):
    frames = [clip[:1].astype(float)]
    for a, b in zip(clip[:-1].astype(float), clip[1:], strict=True):
        frames += [np.round(a + (b - a) * step / factor)[None] for step in range(1, factor + 1)]
    return np.concatenate(frames).astype(np.uint8)


def slow_motion_by_time(clip, factor):
    times = np.linspace(0, len(clip) - 1, (len(clip) - 1) * factor + 1)
    flat = clip.reshape(len(clip), -1)
    lines = [np.interp(times, np.arange(len(clip)), pixel) for pixel in flat.T]
    return np.floor(np.stack(lines, axis=1).reshape(-1, *clip.shape[1:]) + 0.5).astype(np.uint8)


def doubled(clip, factor):
    gaps = [np.linspace(a, b, factor + 1) for a, b in zip(clip[:-1].astype(float), clip[1:].astype(float), strict=True)]
    return np.rint(np.concatenate(gaps)).astype(np.uint8) if gaps else clip


def without_the_last(clip, factor):
    return slow_motion(clip, factor)[:-1]


def slow_and_cut_off(clip, factor):
    gaps = [a + (b - a) * t / factor for a, b in zip(clip[:-1].astype(float), clip[1:], strict=True) for t in range(factor)]
    return np.stack([*gaps, clip[-1]]).astype(np.uint8)


def slow_and_wrapped(clip, factor):
    gaps = [np.rint(a + (b - a) * (t / factor)) for a, b in zip(clip[:-1], clip[1:], strict=True) for t in range(factor)]
    return np.stack([*gaps, clip[-1]])


def one_mixture_only(clip, factor):
    middle = [np.rint((clip[:-1].astype(float) + clip[1:]) / 2)] * (factor - 1)
    return np.concatenate([np.stack([clip[:-1], *middle], axis=1).reshape(-1, *clip.shape[1:]), clip[-1:]]).astype(np.uint8)


def apart(a, b, kind=float):
    return np.abs(a.astype(kind) - b.astype(kind)).mean()


def cuts(clip, threshold):
    found = []
    for t in range(2, len(clip) - 1):
        if all(apart(clip[t - a], clip[t + b]) > threshold for a in (1, 2) for b in (0, 1)):
            found.append(t)
    return found


def cuts_by_table(clip, threshold):
    flat = clip.reshape(len(clip), -1).astype(np.int16)
    table = np.abs(flat[:, None] - flat[None]).mean(axis=2) > threshold
    t = np.arange(2, max(len(clip) - 1, 2))
    return t[table[t - 1, t] & table[t - 2, t] & table[t - 1, t + 1] & table[t - 2, t + 1]]


def cuts_if(rule, first=2, last=1, move=0):
    """A rule on the four differences [[(t−1,t), (t−1,t+1)], [(t−2,t), (t−2,t+1)]], for the frames t it looks at."""

    def answer(clip, threshold):
        T, found = len(clip), []
        for t in range(first, T - last):
            four = np.array([[apart(clip[t - a], clip[min(t + b, T - 1)]) for b in (0, 1)] for a in (1, 2)])
            if rule(four, threshold):
                found.append(t + move)
        return found

    return answer


def wrapped_cuts(clip, threshold):
    return [t for t in range(2, len(clip) - 1)
            if all((clip[t - a] - clip[t + b]).mean() > threshold for a in (1, 2) for b in (0, 1))]  # fmt: skip


def as_mask(clip, threshold):
    return np.isin(np.arange(len(clip)), cuts(clip, threshold))


RIGHT += [
    (ch01.contrast, contrast), (ch01.contrast, contrast_by_table),
    (ch01.walking_slice, walking_slice), (ch01.walking_slice, walking_slice_padded),
    (ch01.over, over), (ch01.over, over_on_a_large_stage),
    (ch01.clip_psnr, clip_psnr), (ch01.clip_psnr, clip_psnr_by_loop),
    (ch01.slow_motion, slow_motion), (ch01.slow_motion, slow_motion_by_time),
    (ch01.cuts, cuts), (ch01.cuts, cuts_by_table),
]  # fmt: skip
WRONG |= {
    "contrast: of the pixel": (
        ch01.contrast, lambda x, f: np.rint((x * float(f)).clip(0, 255)).astype(np.uint8), "this is factor · pixel", 0),
    "contrast: from the mean": (
        ch01.contrast,
        lambda x, f: np.rint((x.mean() + f * (x - x.mean())).clip(0, 255)).astype(np.uint8), "mean of the picture", 0),
    "contrast: wraps": (
        ch01.contrast,
        lambda x, f: np.rint(128 + f * (x.astype(float) - 128)).astype(int).astype(np.uint8), "ran past 255", 5.56),
    "contrast: wraps below": (
        ch01.contrast,
        lambda x, f: np.rint(128 + float(f) * (x - np.uint8(128))).clip(0, 255).astype("uint8"), "ran below 0", 1.11),
    "contrast: cut off": (
        ch01.contrast, lambda x, f: (128 + f * (x.astype(float) - 128)).clip(0, 255).astype(np.uint8), "astype cuts off", 7.78),
    "contrast: float": (ch01.contrast, lambda x, f: contrast(x, f) / 1.0, "uint8: it is float64", 8.89),
    "contrast: limited too early": (ch01.contrast, limited_too_early, "by hand: a pixel is off by 28 ", 4.44),
    "contrast: around 127": (
        ch01.contrast,
        lambda x, f: np.clip(np.rint(127 + f * (x.astype(float) - 127)), 0, 255).astype("uint8"), "a pixel is off by 1.00", 2.22),
    "contrast: whole factors": (ch01.contrast, lambda x, f: contrast(x, int(f)), "factor 0.5, .* half as far", 4.44),
    "contrast: in place": (ch01.contrast, contrast_in_place, "changed its argument number 1", 0),
    "contrast: as it came": (ch01.contrast, lambda x, f: x, "by hand: a pixel is off by 55 ", 0),
    "walk: time down": (ch01.walking_slice, lambda c, x, v: walking_slice(c, x, v).swapaxes(0, 1), "time runs downwards", 0),
    "walk: stands": (ch01.walking_slice, lambda c, x, v: walking_slice(c, x, 0), "the column stands still", 1.25),
    "walk: other way": (ch01.walking_slice, lambda c, x, v: walking_slice(c, x, -v), "the other way", 1.25),
    "walk: too early": (ch01.walking_slice, lambda c, x, v: walking_slice(c, x + v, v), "before the first frame", 1.25),
    "walk: comes in again": (ch01.walking_slice, walking_by(lambda x, W: x % W), "comes in again", 7.5),
    "walk: stops at the edge": (ch01.walking_slice, walking_by(lambda x, W: x.clip(0, W - 1)), "stops at the edge", 7.5),
    "walk: counts from the end": (ch01.walking_slice, from_the_end, "black to the left .* comes in again", 8.75),
    "walk: to the right only": (ch01.walking_slice, only_to_the_right, "walking to the left: .* the other way", 7.5),
    "walk: crashes outside": (ch01.walking_slice, walking_by(lambda x, W: x), "stopped with IndexError", 7.5),
    "walk: float": (ch01.walking_slice, lambda c, x, v: walking_slice(c, x, v) / 1.0, "keep their type .* float64", 8.75),
    "over: solid": (ch01.over, mixed(lambda s, a, b: s), "opacity has no effect", 2),
    "over: turned round": (ch01.over, mixed(lambda s, a, b: np.round((1 - a) * s + a * b)), "taken for clearness", 1),
    "over: cut off": (ch01.over, mixed(lambda s, a, b: a * s + (1 - a) * b), "the mixture is cut off", 5),
    "over: all or nothing": (ch01.over, mixed(lambda s, a, b: np.where(a > 0.5, s, b)), "by hand: .* where you have 100", 4),
    "over: adds": (ch01.over, mixed(lambda s, a, b: np.clip(np.round(a * s) + b, 0, 255)), "by hand: .* where you have 140", 1),
    "over: rows for columns": (ch01.over, lambda b, s, y, x: over(b, s, x, y), "rows and columns have changed", 2),
    "over: the chapter's": (ch01.over, wholly_inside, "lower right corner|stopped with ValueError", 6),
    "over: moved inside": (ch01.over, moved_inside, "how many rows and columns of the sprite are inside", 6),
    "over: in place": (ch01.over, in_place_over, "changed its argument number 1", 1),
    "over: float": (ch01.over, lambda *given: over(*given).astype(float), "is uint8: it is float64", 9),
    "psnr: in uint8": (
        ch01.clip_psnr, lambda a, b: psnr_with(right_peak, a.dtype)(a, b), "wrapped around in uint8", 5.56),
    "psnr: one number": (ch01.clip_psnr, lambda a, b: clip_psnr(a[None], b[None])[0], "has shape", 0),
    "psnr: twice": (ch01.clip_psnr, lambda a, b: 2 * clip_psnr(a, b), "20 times the logarithm", 1.11),
    "psnr: sign": (ch01.clip_psnr, lambda a, b: -clip_psnr(a, b), "sign is turned round", 1.11),
    "psnr: natural": (ch01.clip_psnr, lambda a, b: clip_psnr(a, b) * np.log(10), "decibels take log10", 1.11),
    "psnr: 255 for all": (ch01.clip_psnr, psnr_with(lambda a: 255.0), "floats from 0 to 1: .* of floats 1", 6.67),
    "psnr: 1 for all": (ch01.clip_psnr, psnr_with(lambda a: 1.0), "black against white .* of floats 1", 3.33),
    "psnr: the largest that occurs": (ch01.clip_psnr, psnr_with(lambda a: float(a.max()) or 255.0), "numbers are wrong", 4.44),
    "psnr: finite": (ch01.clip_psnr, lambda a, b: np.minimum(clip_psnr(a, b), 100), "an MSE of 0 gives np.inf", 8.89),
    "slow: doubled": (ch01.slow_motion, doubled, "every frame on a joint came twice", 1.54),
    "slow: no last": (ch01.slow_motion, without_the_last, "the last frame is missing", 0),
    "slow: repeated": (
        ch01.slow_motion, lambda c, f: c[np.arange((len(c) - 1) * f + 1) // f], "repeated, not mixed", 1.54),
    "slow: cut off": (ch01.slow_motion, slow_and_cut_off, "astype cuts off", 7.69),
    "slow: wraps": (ch01.slow_motion, slow_and_wrapped, "uint8 sums wrap around", 1.54),
    "slow: one mixture": (ch01.slow_motion, one_mixture_only, "by hand: a pixel is off by 50", 1.54),
    "slow: backwards": (ch01.slow_motion, lambda c, f: slow_motion(c, f)[::-1], "by hand: .* runs backwards", 0),
    "slow: float": (ch01.slow_motion, lambda c, f: slow_motion(c, f).astype(float), "the clip is uint8: it is float64", 9.23),
    "slow: time last": (ch01.slow_motion, lambda c, f: np.moveaxis(slow_motion(c, f), 0, -1), "has shape", 0),
    "slow: as it came": (ch01.slow_motion, lambda c, f: c, "by hand: the clip has shape", 0.77),
    "cuts: neighbours": (ch01.cuts, cuts_if(lambda four, h: four[0, 0] > h, 1, 0), "a flash fools it", 4.62),
    "cuts: looks ahead only": (ch01.cuts, cuts_if(lambda four, h: four[0].min() > h), "in front of a cut: .* shape", 5.38),
    "cuts: some pair": (ch01.cuts, cuts_if(lambda four, h: four.max() > h), "one pair of frames", 0),
    "cuts: the mean of four": (ch01.cuts, cuts_if(lambda four, h: four.mean() > h), "equal to the threshold .* one pair", 0.77),
    "cuts: not less": (ch01.cuts, cuts_if(lambda four, h: four.min() >= h), "equal to the threshold", 9.23),
    "cuts: squares": (ch01.cuts, cuts_if(lambda four, h: (four**2).min() > h), "differences are squared", 7.69),
    "cuts: last of the old": (ch01.cuts, cuts_if(lambda four, h: four.min() > h, move=-1), "first of the new", 0),
    "cuts: none": (ch01.cuts, lambda clip, threshold: [], "by hand: the result has shape", 0),
    "cuts: in uint8": (ch01.cuts, wrapped_cuts, "a small rise counts as a large one", 0),
    "cuts: mask": (ch01.cuts, as_mask, "array of True and False", 0),
    "cuts: over the ends": (ch01.cuts, cuts_if(lambda four, h: four.min() > h, 1, 0), "too near to the ends", 9.23),
}
HANDED_IN = {
    "contrast": ("contrast = lambda x, f: np.uint8((128 + f * (x - 128.0)).clip(0, 255))", 1.56),
    "walking_slice": (from_the_end, 2.62),
    "over": (wholly_inside, 2.4),
    "clip_psnr": ("clip_psnr = lambda a, b: 10 * np.log10(255**2 / ((1.0 * a - b) ** 2).reshape(len(a), -1).mean(1))", 2),
    "slow_motion": (doubled, 0.62),
    "cuts": ("cuts = lambda clip, h: [t for t in range(1, len(clip)) if abs(clip[t] - 1.0 * clip[t - 1]).mean() > h]", 1.85),
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
