"""The checkers of chapter 08 pass right answers and reject planted wrong ones, each with a fitting message."""

import os

import numpy as np
import pytest
from planted import demands

from cnnlib.checks import ch08
from cnnlib.keras_bridge import quiet_start


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
    down, right = (round(14 - float(place)) for place in ch08.mass(ink))
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
TestAnswers = demands(RIGHT, WRONG, lines=7)


def test_only_the_start_is_quiet_and_errors_pass_through(capfd):
    with quiet_start():
        os.write(2, b"greeting\n")
    with pytest.raises(ImportError), quiet_start():
        raise ImportError
    os.write(2, b"real message\n")
    assert capfd.readouterr().err == "real message\n"
