"""The checkers of chapter 08 pass right answers and reject planted wrong ones, each with a fitting message."""

import os
import re

import numpy as np
import pytest
from PIL import Image
from planted import demands

from cnnlib import data
from cnnlib import layers as L
from cnnlib.checks import ch08
from cnnlib.checks.points import points
from cnnlib.classroom.session import Limits, Session
from cnnlib.errors import CheckFailed
from cnnlib.keras_bridge import quiet_start
from cnnlib.model import Sequential


def network_parameters(height, width, channels, filters, units, classes):
    total = 0
    for count in filters:
        total += (9 * channels + 1) * count
        height, width, channels = (height - 2) // 2, (width - 2) // 2, count
    return total + (height * width * channels + 1) * units + (units + 1) * classes


def parameters_of_shapes(height, width, channels, filters, units, classes):
    depths = [channels, *filters]
    shapes = [(3, 3, a, b) for a, b in zip(depths[:-1], depths[1:], strict=True)]
    for _ in filters:
        height, width = height // 2 - 1, width // 2 - 1
    widths = [height * width * depths[-1], units, classes]
    shapes += list(zip(widths[:-1], widths[1:], strict=True))
    return np.sum([np.prod(shape) + shape[-1] for shape in shapes])


def score(probabilities, labels):
    p = probabilities[np.arange(len(labels)), labels]
    return -np.log(np.maximum(p, 1e-7)).mean(), (probabilities.argmax(1) == labels).mean()


def score_by_loop(probabilities, labels):
    loss = right = 0
    for row, label in zip(probabilities.tolist(), labels.tolist(), strict=True):
        loss -= np.log(max(row[label], 1e-7))
        right += row.index(max(row)) == label
    return [loss / len(labels), right / len(labels)]


def centre(picture):
    ink = picture.astype(float)
    if ink.sum() == 0:
        return picture.copy()
    down = round(14 - float(np.arange(28) @ ink.sum(1) / ink.sum()))
    right = round(14 - float(np.arange(28) @ ink.sum(0) / ink.sum()))
    return np.pad(picture, 28)[28 - down:56 - down, 28 - right:56 - right]


def centre_by_loop(picture):
    moved, weight = np.zeros((28, 28)), picture.sum(dtype=float)
    if weight:
        places = [(i, j) for i in range(28) for j in range(28)]
        down = int(np.floor(14.5 - sum(i * float(picture[i, j]) for i, j in places) / weight))
        right = int(np.floor(14.5 - sum(j * float(picture[i, j]) for i, j in places) / weight))
        for i, j in places:
            if 0 <= i + down < 28 and 0 <= j + right < 28:
                moved[i + down, j + right] = picture[i, j]
    return moved


RIGHT = [
    (ch08.network_parameters, network_parameters), (ch08.network_parameters, parameters_of_shapes),
    (ch08.score, score), (ch08.score, score_by_loop), (ch08.centre, centre), (ch08.centre, centre_by_loop),
]  # fmt: skip


def count(bias=1, lost=2, pool=2, channels_stay=False, float_sizes=False, square=False):
    def wrong(height, width, channels, filters, units, classes):
        width, total = height if square else width, 0
        for f in filters:
            total += (9 * channels + bias) * f
            height, width = (height - lost) / pool, (width - lost) / pool
            if not float_sizes:
                height, width = int(height), int(width)
            channels = channels if channels_stay else f
        return total + (height * width * channels + bias) * units + (units + bias) * classes
    return wrong


def scored(loss="true", axis=1, percent=1, order=1, floor=1e-7, sign=-1, log=np.log, mean=np.mean, both=True):
    def wrong(p, labels):
        safe = np.maximum(p, floor) if floor else p
        picked = safe[np.arange(len(labels)), labels] if loss == "true" else safe
        with np.errstate(divide="ignore"):
            value = sign * mean(log(picked))
        right = (p.argmax(axis)[:len(labels)] == labels[:p.shape[1 - axis]]).mean() * percent
        return (value, right)[::order] if both else value
    return wrong


def moved(place=ch08.mass, goal=14, sign=1, flip=False, roll=False, mutate=False):
    def wrong(picture):
        if not picture.any():
            return picture.copy()
        shift = [int(np.round(sign * (goal - float(a)))) for a in place(picture)]
        down, right = shift[::-1] if flip else shift
        if mutate:
            picture[:] = centre(picture)
            return picture
        if roll:
            return np.roll(picture, (down, right), (0, 1))
        return np.pad(picture, 56)[56 - down:84 - down, 56 - right:84 - right]
    return wrong


def box(picture):
    rows, columns = np.flatnonzero(picture.any(1)), np.flatnonzero(picture.any(0))
    return (rows[0] + rows[-1]) / 2, (columns[0] + columns[-1]) / 2


def threshold_mass(picture):
    return ch08.mass(picture > 0)


def small_sums(picture):
    total = max(int(picture.sum(dtype=picture.dtype)), 1) if picture.dtype == np.uint8 else picture.sum()
    places = np.arange(28, dtype=picture.dtype)
    return [min(max((picture.sum(axis, dtype=picture.dtype) * places).sum() / total, 0), 27) for axis in (1, 0)]


WRONG = {
    "parameters without biases": (ch08.network_parameters, count(bias=0), "biases are missing"),
    "parameters same padding": (ch08.network_parameters, count(lost=0), "loses two rows"),
    "parameters no pooling": (ch08.network_parameters, count(pool=1), "pooling halves"),
    "parameters channels stay": (ch08.network_parameters, count(channels_stay=True), "225,034"),
    "parameters fractions of pixels": (ch08.network_parameters, count(float_sizes=True), "write the shape down"),
    "parameters square only": (ch08.network_parameters, count(square=True), "height and width differ.*rows and columns"),
    "parameters with a point": (
        ch08.network_parameters, lambda *a: float(network_parameters(*a)), "decimal point"),
    "parameters learned by heart": (ch08.network_parameters, lambda *a: 225_034, "another number of classes"),
    "score sum": (ch08.score, scored(mean=np.sum), "mean is asked"),
    "score sign": (ch08.score, scored(sign=1), "never negative"),
    "score log2": (ch08.score, scored(log=np.log2), "natural logarithm"),
    "score all classes": (ch08.score, scored(loss="all"), "only the true class"),
    "score log of the mean": (
        ch08.score, lambda p, t: (-np.log(p[np.arange(len(t)), t].mean()), score(p, t)[1]), "logarithm first"),
    "score per cent": (ch08.score, scored(percent=100), "percentage"),
    "score wrong axis": (ch08.score, scored(axis=0), "three of the four"),
    "score exchanged": (ch08.score, scored(order=-1), "three of the four"),
    "score loss only": (ch08.score, scored(both=False), "two are asked"),
    "score infinite": (ch08.score, scored(floor=0), "infinite loss"),
    "score floor too high": (ch08.score, scored(floor=1e-3), "below 1e-7"),
    "score one loss for each": (
        ch08.score, lambda p, t: (-np.log(p[np.arange(len(t)), t]), 1.0), "single numbers"),
    "centre does nothing": (ch08.centre, lambda picture: picture.copy(), "nothing has moved"),
    "centre wrong way": (ch08.centre, moved(sign=-1), "the wrong way"),
    "centre exchanged": (ch08.centre, moved(flip=True), "rows and columns are exchanged"),
    "centre of the box": (ch08.centre, moved(place=box), "bounding box"),
    "centre at 13": (ch08.centre, moved(goal=13), "one bright pixel"),
    "centre ignores grey": (ch08.centre, moved(place=threshold_mass), "by their weight"),
    "centre rolls": (ch08.centre, moved(roll=True), "came back on the other"),
    "centre in place": (ch08.centre, moved(mutate=True), "changed its argument"),
    "centre blank fails": (ch08.centre, lambda x: np.pad(x, 28)[
        28 - round(14 - float(ch08.mass(x)[0])):, :][:28, 28 - round(14 - float(ch08.mass(x)[1])):][:, :28], "NaN"),
    "centre rescales": (ch08.centre, lambda x: centre(x) / max(x.max(), 1e-9) if x.max() else x.copy(), "loses ink|whole pixels"),
    "centre sums in uint8": (ch08.centre, moved(place=small_sums), "uint8"),
}

# The assignment: a summary by hand


def describe(shape, layers, bias=1, ceil=True, trace=lambda pairs: pairs):
    pairs = []
    for layer in layers:
        count = 0
        match layer:
            case {"kind": "conv", "filters": F, "size": (P, Q), "stride": s, "padding": padding}:
                H, W, C = shape
                count = (P * Q * C + bias) * F
                H, W = (H, W) if padding == "same" else (H - P + 1, W - Q + 1)
                shape = ((H + s - 1) // s, (W + s - 1) // s, F) if ceil else (H // s, W // s, F)
            case {"kind": "pool", "size": n}:
                shape = (shape[0] // n, shape[1] // n, shape[2])
            case {"kind": "flatten"}:
                shape = (shape[0] * shape[1] * shape[2],)
            case {"units": units}:
                count, shape = (shape[0] + bias) * units, (units,)
        pairs.append((shape, count))
    return trace(pairs)


def described_by_arrays(shape, layers):
    x, found = np.empty(shape, bool), []
    for layer in layers:
        if layer["kind"] == "conv":
            size = layer["size"]
            if layer["padding"] == "same":
                x = np.pad(x, [(0, size[0] - 1), (0, size[1] - 1), (0, 0)])
            windows = np.lib.stride_tricks.sliding_window_view(x, size, (0, 1))[::layer["stride"], ::layer["stride"]]
            count = layer["filters"] * (windows[0, 0].size + 1)
            x = np.empty((*windows.shape[:2], layer["filters"]), bool)
        elif layer["kind"] == "dense":
            count, x = np.empty((len(x) + 1, layer["units"])).size, np.empty(layer["units"], bool)
        else:
            n, count = layer.get("size", 0), np.int64(0)
            x = x.ravel() if not n else x[n - 1::n, n - 1::n]
        found.append([np.array(x.shape), count])
    return found


def changed(**change):
    """Describe the network with other settings in every layer that has them."""

    def wrong(shape, layers):
        return describe(shape, [{**layer, **(change if layer["kind"] == "conv" else {})} for layer in layers])

    return wrong


def exchanged(shape, layers):
    return describe(shape, [{**layer, "size": layer["size"][::-1]} if layer["kind"] == "conv" else layer for layer in layers])


def one_channel(shape, layers):
    pairs, before = describe(shape, layers), [shape] + [pair[0] for pair in describe(shape, layers)]
    return [(s, (c // f["filters"] - 1) // b[2] * f["filters"] + f["filters"]) if f["kind"] == "conv" else (s, c)
            for (s, c), f, b in zip(pairs, layers, before, strict=False)]  # fmt: skip


def pooling_up(shape, layers):
    pairs = []
    for layer in layers:
        odd = [-size % layer["size"] if layer["kind"] == "pool" else 0 for size in shape[:2]]
        shape, count = describe([size + more for size, more in zip(shape, odd, strict=False)] + list(shape[2:])
                                if layer["kind"] == "pool" else shape, [layer])[0]  # fmt: skip
        pairs.append((shape, count))
    return pairs


DESCRIBED = {
    "no biases": (lambda *a: describe(*a, bias=0), "parameters, one convolution: not yet · the biases", 5.5),
    "one channel": (one_channel, "several channels: not yet · each kernel looks at all channels"),
    "no stride": (changed(stride=1), "shapes, a stride: not yet"),
    "always valid": (changed(padding="valid"), "padding same keeps the pixels"),
    "always same": (changed(padding="same"), "loses rows and columns"),
    "strides rounded down": (lambda *a: describe(*a, ceil=False), "shapes, a stride: layer 1, conv, .* last step"),
    "pooling rounded up": (pooling_up, "leaves out a window"),
    "rows and columns exchanged": (exchanged, "rows come before columns"),
    "with the batch": (lambda *a: [((None, *shape), count) for shape, count in describe(*a)], "batch does not appear", 0),
    "last layer only": (lambda *a: describe(*a)[-1:], "expected 2 results", 5),
    "shapes only": (lambda *a: [shape for shape, _ in describe(*a)], "not every entry is a shape and a number"),
    "added up": (lambda *a: describe(*a, trace=lambda pairs: [(s, sum(c for _, c in pairs[:n + 1])) for n, (s, _) in
                                                              enumerate(pairs)]), "parameters, several channels: layer 2"),
}  # fmt: skip

# The assignment: labels and their loss


def soft_labels(labels, classes, smoothing):
    return np.eye(classes)[labels] * (1 - smoothing) + smoothing / classes


def soft_labels_by_loop(labels, classes, smoothing):
    share = smoothing / classes
    return [[share + (1 - smoothing if c == label else 0) for c in range(classes)] for label in labels.tolist()]


LABELS = {
    "others only": (lambda y, C, s: np.where(np.eye(C)[y] == 1, 1 - s, s / (C - 1)), "the true one included", 2.86),
    "not taken away": (lambda y, C, s: np.eye(C)[y] + s / C, "each row adds up to 1"),
    "no smoothing": (lambda y, C, s: np.eye(C)[y], "smoothing is missing", 2.86),
    "from 1": (lambda y, C, s: soft_labels(y.astype(int) - 1, C, s), "labels count from 0", 1.43),
    "transposed": (lambda *a: soft_labels(*a).T, "one row for each label", 0),
    "classes that occur": (lambda y, C, s: soft_labels(y, y.max() + 1, s), "smoothing 1: .* has shape"),
    "ten classes": (lambda y, C, s: soft_labels(y, 10, s), r"one-hot, by hand: the result has shape \(3, 10\)"),
    "rounded": (lambda *a: np.round(soft_labels(*a), 1), "smoothing 0.2, by hand: .* numbers are wrong"),
}


def soft_loss(logits, targets):
    z = logits - logits.max(1, keepdims=True)
    return (np.log(np.exp(z).sum(1)) - (targets * z).sum(1)).mean()


def soft_loss_by_loop(logits, targets):
    total = 0.0
    for z, t in zip(logits.tolist(), targets.tolist(), strict=True):
        whole = np.logaddexp.reduce(z)
        total += sum(share * (whole - logit) for share, logit in zip(t, z, strict=True))
    return np.array(total / len(logits))


def lossy(mean=lambda terms: terms.sum(1).mean(), axis=1, stable=True, log=np.log, sign=-1):
    def wrong(logits, targets):
        z = logits - (logits.max(axis, keepdims=True) if stable else 0)
        with np.errstate(all="ignore"):
            p = np.exp(z) / np.exp(z).sum(axis, keepdims=True)
            return sign * mean(targets * (log(p) if not stable else z - np.log(np.exp(z).sum(axis, keepdims=True))))

    return wrong


LOSS = {
    "sum": (lossy(lambda terms: terms.sum()), "this is the sum", 1.25),
    "mean of all": (lossy(np.mean), "add over the classes"),
    "sign": (lossy(sign=1), "never negative", 0),
    "log2": (lambda *a: soft_loss(*a) / np.log(2), "natural logarithm"),
    "likeliest target": (lambda z, t: soft_loss(z, np.eye(t.shape[1])[t.argmax(1)]), "not the likeliest alone"),
    "wrong axis": (lossy(axis=0), "over the classes of a row"),
    "one for each": (lossy(lambda terms: terms.sum(1)), "the mean of all"),
    "unstable": (lossy(stable=False), "large logits: .* subtract the largest logit", 8.75),
    "softmax forgotten": (lambda z, t: -(t * np.log(np.maximum(z, 1e-7))).sum(1).mean(), "loss log C"),
    "softmax twice": (lambda z, t: soft_loss(np.exp(z - z.max(1, keepdims=True)) / np.exp(z - z.max(1, keepdims=True)).sum(
        1, keepdims=True), t), "logarithms of 1, 2, 5"),
}  # fmt: skip

# The assignment: two accuracies


def accuracies(probabilities, labels):
    hot = np.eye(probabilities.shape[1])[labels]
    return (probabilities.argmax(1) == labels).mean(), ((probabilities > 0.5) == hot).mean()


def accuracies_by_loop(probabilities, labels):
    right = single = 0
    for row, label in zip(probabilities.tolist(), labels.tolist(), strict=True):
        right += max(row) == row[label]
        single += sum((p > 0.5) == (c == label) for c, p in enumerate(row))
    return [right / len(labels), single / probabilities.size]


def accurate(first=None, second=None):
    def wrong(p, labels):
        hot, right = np.eye(p.shape[1])[labels], accuracies(p, labels)
        return first(p, labels, hot) if first else right[0], second(p, labels, hot) if second else right[1]

    return wrong


ACCURACIES = {
    "per cent": (lambda *a: tuple(100 * share for share in accuracies(*a)), "percentage", 0),
    "exchanged": (lambda *a: accuracies(*a)[::-1], "return the accuracy first", 0),
    "counts": (accurate(lambda p, labels, hot: (p.argmax(1) == labels).sum()), "number of answers"),
    "above a half": (accurate(lambda p, labels, hot: ((p > 0.5) & (hot == 1)).any(1).mean()), "above 0.5 or not"),
    "same twice": (lambda *a: (accuracies(*a)[0],) * 2, "each of the N · C outputs", 5),
    "likeliest output": (accurate(second=lambda p, y, hot: (np.eye(p.shape[1])[p.argmax(1)] == hot).mean()), "whichever is the"),
    "true class only": (accurate(second=lambda p, labels, hot: (p[hot == 1] > 0.5).mean()), "outputs of the other classes", 5),
    "one number": (lambda *a: accuracies(*a)[0], "two are asked", 0),
    "two counts": (accurate(second=lambda p, labels, hot: ((p > 0.5) == hot).sum()), "number of outputs", 5),
}  # fmt: skip

# The assignment: from a sheet to a digit


def standardise(paper, invert=None, crop=True, keep=True, side=20, above=50, middle=14, inside=True, empty=True, weigh=True):
    border = np.concatenate([paper[0], paper[-1], paper[:, 0], paper[:, -1]])
    ink = 255 - paper if (border.mean() > 127 if invert is None else invert) else paper
    rows, columns = (np.flatnonzero(ink.max(axis) > above) for axis in (1, 0))
    if empty and not len(rows):
        return np.zeros((28, 28), np.uint8)
    ink = ink[rows[0]:rows[-1] + 1, columns[0]:columns[-1] + 1] if crop else ink
    h, w = (max(1, round(size * side / max(ink.shape))) for size in ink.shape) if keep else (side, side)
    ink = np.asarray(Image.fromarray(ink).resize((w, h), Image.Resampling.BOX))
    weights = ink if weigh else np.ones_like(ink)
    top, left = (round(middle - float(np.arange(len(line)) @ line / weights.sum())) for line in (weights.sum(1), weights.sum(0)))
    if inside:
        top, left = min(max(top, 0), 28 - h), min(max(left, 0), 28 - w)
    return np.pad(np.pad(ink, ((40, 40), (40, 40))), 0)[40 - top:68 - top, 40 - left:68 - left]


def standardise_by_places(paper):
    ink = paper.astype(int)
    if sum(line.sum() / line.size for line in (paper[[0, -1]], paper[:, [0, -1]])) > 255:
        ink = 255 - ink
    picture, places = np.zeros((28, 28)), np.argwhere(ink > 50)
    if len(places):
        (top, left), (bottom, right) = places.min(0), places.max(0) + 1
        longer = max(bottom - top, right - left)
        size = [max(1, round(20 * (right - left) / longer)), max(1, round(20 * (bottom - top) / longer))]
        small = np.asarray(Image.fromarray(np.uint8(ink)).resize(size, Image.Resampling.BOX, (left, top, right, bottom)))
        centre = (np.array(list(np.ndindex(small.shape))) * small.reshape(-1, 1)).sum(0) / small.sum()
        start = [min(max(int(np.rint(14 - c)), 0), 28 - n) for c, n in zip(centre, small.shape, strict=True)]
        for i, j in np.argwhere(small):
            picture[start[0] + i, start[1] + j] = small[i, j]
    return picture.tolist()


STANDARD = {
    "not inverted": (lambda paper: standardise(paper, invert=False), "tall drawing: not yet · ink is bright", 1),
    "always inverted": (lambda paper: standardise(paper, invert=True), "chalk on a blackboard: not yet · ink is bright", 9),
    "not cropped": (lambda paper: standardise(paper, crop=False), "not cropped", 1),
    "squeezed": (lambda paper: standardise(paper, keep=False), "proportions have changed"),
    "the box centred": (lambda paper: standardise(paper, weigh=False), "centre its mass"),
    "middle 13": (lambda paper: standardise(paper, middle=13), "the middle is row 14"),
    "28 pixels": (lambda paper: standardise(paper, side=28), "20 pixels, not 28"),
    "smudges": (lambda paper: standardise(paper, above=0), "smudges are no ink: not yet · only what has more than 50", 9),
    "sticks out": (lambda paper: standardise(paper, inside=False), "heavy at the bottom: .* moved back inside"),
    "blank fails": (lambda paper: standardise(paper, empty=False), "stopped with IndexError", 9),
    "turned": (lambda paper: standardise(paper).T, "a tall drawing: .* numbers are wrong"),
    "0 to 1": (lambda paper: standardise(paper) / 255, "numbers are wrong, .* you have 0", 1),
    "a small one stays small": (lambda paper: standardise(paper, side=min(20, np.ptp(np.argwhere(abs(
        paper.astype(int) - paper[0, -1]) > 50), axis=0).max() + 1) if (paper != paper[0, -1]).any() else 20), "small drawing"),
}  # fmt: skip

# The assignment: another order of axes


def moved_axes(weights, shape):
    behind = False
    for w in weights:
        if w.ndim == 2:
            order = np.arange(len(w)) if behind else np.moveaxis(np.arange(len(w)).reshape(shape), 2, 0).ravel()
            behind = True
            yield w[order].T
        else:
            yield w.T.swapaxes(2, 3) if w.ndim == 4 else w


def channels_first(weights, shape):
    return list(moved_axes(weights, shape))


def channels_first_by_index(weights, shape):
    H, W, C = shape
    made, first = [], True
    for w in weights:
        if w.ndim == 4:
            w = np.einsum("pqcf->fcpq", w)
        elif w.ndim == 2 and first:
            w, first = np.array([w[(h * W + v) * C + c] for c in range(C) for h in range(H) for v in range(W)]).T, False
        elif w.ndim == 2:
            w = w.T
        made.append(w)
    return tuple(made)


def for_each(kernel=None, first=None, later=None, bias=None):
    def wrong(weights, shape):
        made, dense = channels_first(weights, shape), 0
        for n, w in enumerate(weights):
            change = {4: kernel, 1: bias, 2: later if dense else first}[w.ndim]
            made[n] = change(w, shape) if change else made[n]
            dense += w.ndim == 2
        return made

    return wrong


def rearranged(*order):
    return lambda w, shape: w.reshape(*shape, -1).transpose(*order, 3).reshape(w.shape).T


MOVED = {
    "unchanged": (lambda weights, shape: weights, "kernels: array 0 is not yet right · nothing has changed", 1.25),
    "kernels reshaped": (for_each(kernel=lambda w, _: w.reshape(w.shape[3], w.shape[2], *w.shape[:2])), "counts the numbers"),
    "filters and channels": (for_each(kernel=lambda w, _: w.transpose(2, 3, 0, 1)), "wrong way round"),
    "rows and columns": (for_each(kernel=lambda w, _: w.T), "rows and columns have changed places"),
    "dense as it was": (for_each(first=lambda w, shape: rearranged(2, 0, 1)(w, shape).T, later=lambda w, _: w),
                        "single pixel: array 0 is not yet right · nothing has changed"),
    "order forgotten": (for_each(first=lambda w, _: w.T), "stood in the order h, w, c", 6.25),
    "order c, w, h": (for_each(first=rearranged(2, 1, 0)), "new order is c, h, w"),
    "later layers too": (for_each(later=lambda w, shape: np.roll(w, 1, 0).T), "dense layer: array 2 has the right shape"),
    "later layers stay": (for_each(later=lambda w, _: w), "behind a dense layer: array 2 is not yet right"),
    "biases turned": (for_each(bias=lambda w, _: w[::-1]), "biases stay as they are: array 1", 6.25),
    "no biases": (lambda *a: [w for w in channels_first(*a) if w.ndim > 1], "expected 4 results", 0),
    "biases as columns": (for_each(bias=lambda w, _: w[:, None]), r"array 1 has shape \(4, 1\)"),
}  # fmt: skip

# The assignment: is it really better?


def margin(first, second):
    difference = np.where(first, 1, 0) - np.where(second, 1, 0)
    return difference.mean(), difference.std(ddof=1) / len(difference) ** 0.5


def margin_by_counts(first, second):
    pairs, n = list(zip(first.tolist(), second.tolist(), strict=True)), len(first)
    better, worse = (sum(a != b and bool(a) == wins for a, b in pairs) for wins in (True, False))
    d = (better - worse) / n
    return [d, (((better + worse) / n - d * d) / n) ** 0.5]


def apart(change, place=1):
    def wrong(first, second):
        right = list(margin(first, second))
        a, b = (np.where(answers, 1.0, 0.0) for answers in (first, second))
        right[place] = change(a, b, len(a))
        return right

    return wrong


MARGIN = {
    "as if independent": (apart(lambda a, b, n: np.sqrt((a.var() + b.var()) / n)), "saw the same pictures", 5),
    "one accuracy": (apart(lambda a, b, n: np.sqrt(a.var() / n)), "of one accuracy"),
    "scatter of pictures": (apart(lambda a, b, n: (a - b).std()), "how single pictures scatter"),
    "variance": (apart(lambda a, b, n: (a - b).var() / n), "take its root"),
    "divided by n": (apart(lambda a, b, n: (a - b).std() / n), "root of n, not by n"),
    "per cent": (apart(lambda a, b, n: 100 * (a - b).mean(), 0), "percentage", 5.71),
    "second minus first": (apart(lambda a, b, n: (b - a).mean(), 0), "first minus second", 5.71),
    "a count": (apart(lambda a, b, n: (a - b).sum(), 0), "number of pictures"),
    "how many differ": (apart(lambda a, b, n: abs(a - b).mean(), 0), "better, less how many are worse"),
    "uint8 wraps": (apart(lambda a, b, n: (np.uint8(a) - np.uint8(b)).mean(), 0), "eight pictures by hand: you have"),
    "one number": (lambda *a: margin(*a)[0], "two are asked", 0),
}  # fmt: skip

TABLES = {
    ch08.described: ((describe, described_by_arrays), DESCRIBED),
    ch08.soft_labels: ((soft_labels, soft_labels_by_loop), LABELS),
    ch08.soft_loss: ((soft_loss, soft_loss_by_loop), LOSS),
    ch08.accuracies: ((accuracies, accuracies_by_loop), ACCURACIES),
    ch08.standardised: ((standardise, standardise_by_places), STANDARD),
    ch08.channels_first: ((channels_first, channels_first_by_index), MOVED),
    ch08.margin: ((margin, margin_by_counts), MARGIN),
}
RIGHT += [(check, answer) for check, (answers, _) in TABLES.items() for answer in answers]
WRONG |= {f"{check.__name__}: {name}": (check, *row) for check, (_, table) in TABLES.items() for name, row in table.items()}
TestAnswers = demands(RIGHT, WRONG, lines=7)

# The assignment: a network of one's own. What is handed in are weights, not a function.


def shapes(student):
    (f, P, Q), (g, R, S), units = ch08.own._own_numbers(student)
    rows, columns = ((28 - a + 1) // 2 - b + 1 for a, b in ((P, R), (Q, S)))
    return [(P, Q, 1, f), (f,), (R, S, f, g), (g,), (rows // 2 * (columns // 2) * g, units), (units,), (units, 10), (10,)]


@pytest.fixture(scope="module")
def own():
    """The weights of learner's network, trained without Keras."""
    (f, P, Q), (g, R, S), units = ch08.own._own_numbers("learner")
    (x, y), _ = data.load_mnist()
    model = Sequential([L.Conv2D(f, (P, Q)), L.ReLU(), L.MaxPool2D(2), L.Conv2D(g, (R, S)), L.ReLU(), L.MaxPool2D(2),
                        L.Flatten(), L.Dense(units), L.ReLU(), L.Dense(10)], input_shape=(28, 28, 1), seed=0)  # fmt: skip
    model.fit(np.float32(x[:8000, ..., None]) / 255, y[:8000], epochs=2, verbose=False)
    return list(model.parameters.values())


def test_one_s_own_network_wins_all_points(own, capsys):
    assert [w.shape for w in own] == shapes("learner")
    ch08.own_network("learner")(own)
    assert capsys.readouterr().out.count("ok  ") == 6
    assert points(ch08.own_network("learner"), [w.astype(float).tolist() for w in own], 10) == 10
    assert points(ch08.own_network("learner"), tuple(own), 10) == 10


def put(places, change):
    return lambda ws: [change(w) if n in places else w for n, w in enumerate(ws)]


OWN = {
    "nothing": (lambda ws: None, "no list of arrays yet", 0),
    "not trained": (lambda ws: [np.random.default_rng(1).normal(size=w.shape) for w in ws], "is it trained, with pixels", 5),
    "not a number": (put([6], lambda w: w * np.nan), "reads [0-9]+ of 100 digits .* 50 are asked", 5),
    "other labels": (put([6, 7], lambda w: np.roll(w, 1, -1)), "reads [0-9] of 100", 5),
    "half trained": (put([7], lambda b: b - 50 * (np.arange(10) > 7)),
                     "90 are asked · a few more digits", 7.5),
    "columns before rows": (put([0], lambda w: w.swapaxes(0, 1)), "first convolution .* rows come before columns", 3.75),
    "filters before channels": (put([2], lambda w: w.swapaxes(2, 3)), "second convolution .* as Keras has them", 3.75),
    "channels first": (put([0, 2], lambda w: w.transpose(3, 2, 0, 1)), r"shapes \(14, 1, 3, 4\) and \(14,\)", 2.5),
    "padding same": (put([4], lambda w: np.repeat(w, 2, 0)), "how many numbers does Flatten", 3.75),
    "no biases": (lambda ws: ws[::2], "4 arrays came", 0),
    "units": (put([4, 5, 6], lambda w: w[1:] if w.shape[-1] == 10 else w[..., 1:]), "first dense .* layer by layer", 2.5),
    "text": (lambda ws: ["w"] * 8, "not numbers", 0),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(("change", "words", "earned"), OWN.values(), ids=OWN)
def test_a_wrong_network_is_told_why(own, change, words, earned, capsys):
    with pytest.raises(CheckFailed, match=words) as found:
        ch08.own_network("learner")(change(own))
    assert " · " in str(found.value)
    assert points(ch08.own_network("learner"), change(own), 10) == earned
    assert re.search(words, capsys.readouterr().out)


def test_each_name_has_a_network_of_its_own_and_a_classmate_s_wins_next_to_nothing(own):
    names = [f"student{n}" for n in range(200)]
    assert len({ch08.own_words(name).partition("\n")[2] for name in names}) == len(names)
    assert ch08.own_words(" ada ").partition("\n")[2] == ch08.own_words("ada").partition("\n")[2]
    earned = [points(ch08.own_network(name), own, 8) for name in names[:40]]
    assert max(earned) <= 1 and sum(earned) <= 4  # a layer may have the same shapes by chance


HANDED_IN = {
    "describe": ("describe = lambda shape, layers: []", 0),
    "labels": ("soft_labels = lambda labels, classes, s: np.eye(classes)[labels] + s / classes", 0.57),
    "loss": ("def soft_loss(logits, targets):\n    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)\n"
             "    return -(targets * np.log(p)).sum(1).mean()", 2.62),
    "accuracies": ("accuracies = lambda p, labels: [(p.argmax(1) == labels).mean()] * 2", 1),
    "moved": ("channels_first = lambda weights, shape: [w.transpose(3, 2, 0, 1) if w.ndim == 4 else w.T for w in weights]", 2.5),
    "margin": ("def margin(first, second):\n    d = first.astype(int) - second\n    return d.mean(), d.std()", 1.71),
    "own": (f"my_weights = [np.ones(shape) for shape in {shapes('mistaken')}]", 2),
}  # fmt: skip


def test_only_the_start_is_quiet_and_errors_pass_through(capfd):
    with quiet_start():
        os.write(2, b"greeting\n")
    with pytest.raises(ImportError), quiet_start():
        raise ImportError
    os.write(2, b"real message\n")
    assert capfd.readouterr().err == "real message\n"


TRAINING = """
from cnnlib import data
from cnnlib.keras_bridge import quiet_start
with quiet_start():
    import keras
import numpy as np
(x, y), _ = data.load_mnist()
model = keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Conv2D(32, 3), keras.layers.Flatten(), keras.layers.Dense(10)])
model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
model.fit(np.float32(x[:12_000, ..., None]) / 255, y[:12_000], batch_size=128, verbose=0)
for line in open("/proc/self/status"):
    if line.startswith(("Threads", "VmHWM")):
        print(line.split()[1])
"""


@pytest.mark.slow
def test_keras_trains_at_the_desk_within_the_limits_of_everyone(tmp_path):
    for folder in ("files", "desk"):
        (tmp_path / folder).mkdir()
    session = Session(tmp_path / "files", tmp_path / "desk", Limits())
    try:
        printed, error = session.run(TRAINING)
    finally:
        session.close()
    assert error is None
    kilobytes, threads = map(int, printed.split())
    assert kilobytes * 1024 < 0.75 * Limits().memory
    assert threads <= 16  # on every machine, however many cores it has; 64 are allowed
