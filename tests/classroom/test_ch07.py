"""The checkers of chapter 07: right answers pass, wrong ones fail with a message that fits the fault."""

import math

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from planted import demands

from cnnlib.checks import ch07

# Exercise 7.1


def count(N, H, W, C, P, F):
    rows, columns = H - P + 1, W - P + 1
    formula = N * rows * columns * F * P * P * C
    return formula, N * -(-rows // 2) * -(-columns // 2) * 16 * C * F if P == 3 else formula


def count_in_another_way(pictures, height, width, channels, size, kernels):
    places = pictures * (height - size + 1) * (width - size + 1)
    pairs = channels * kernels
    if size != 3:
        return [places * size**2 * pairs] * 2
    tiles = pictures * math.ceil((height - 2) / 2) * math.ceil((width - 2) / 2)
    return [9 * places * pairs, 16 * tiles * pairs]


def rounded_down(N, H, W, C, P, F):
    winograd = N * ((H - 2) // 2) * ((W - 2) // 2) * 16 * C * F
    return count(N, H, W, C, P, F)[0], winograd if P == 3 else count(N, H, W, C, P, F)[1]


def quarter_of_the_places(N, H, W, C, P, F):
    return count(N, H, W, C, P, F)[0], N * (H - P + 1) * (W - P + 1) * 4 * C * F


def tiles_for_all(N, H, W, C, P, F):
    return count(N, H, W, C, P, F)[0], N * -(-(H - P + 1) // 2) * -(-(W - P + 1) // 2) * 16 * C * F


def height_and_width_swapped(N, H, W, C, P, F):
    formula, winograd = count(N, H, H, C, P, F)
    return formula, winograd


COUNT = {
    "one number": (lambda *sizes: count(*sizes)[0], "expected two numbers"),
    "additions too": (lambda *sizes: (2 * count(*sizes)[0], count(*sizes)[1]), "only multiplications"),
    "every pixel": (lambda N, H, W, C, P, F: (N * H * W * F * P * P * C, 0), "where the kernel fits"),
    "one channel": (lambda N, H, W, C, P, F: (count(N, H, W, 1, P, F)[0], count(N, H, W, C, P, F)[1]), "all channels"),
    "rounded down": (rounded_down, "round up"),
    "a quarter of the places": (quarter_of_the_places, "round up"),
    "tiles for every kernel": (tiles_for_all, "3 × 3 only"),
    "only square pictures": (height_and_width_swapped, "tiles stick out"),
    "swapped": (lambda *sizes: count(*sizes)[::-1], "formula"),
    "one picture": (lambda N, *sizes: count(1, *sizes), "three pictures"),
}

# Exercise 7.2


def unfold(x, P, Q):
    N, H, W, C = x.shape
    windows = np.empty((N, H - P + 1, W - Q + 1, P, Q, C), x.dtype)
    for p, q in np.ndindex(P, Q):
        windows[:, :, :, p, q] = x[:, p : p + H - P + 1, q : q + W - Q + 1]
    return windows.reshape(-1, P * Q * C)


def unfold_by_view(pictures, height, width):
    windows = sliding_window_view(pictures, (height, width), (1, 2)).transpose(0, 1, 2, 4, 5, 3)
    return windows.reshape(-1, height * width * pictures.shape[3])


def with_axes(order):
    def unfold_in_another_order(x, P, Q):
        N, H, W, C = x.shape
        rows = unfold(x, P, Q)
        return rows.reshape(N, H - P + 1, W - Q + 1, P, Q, C).transpose(order).reshape(rows.shape)

    return unfold_in_another_order


def last_window_missing(x, P, Q):
    rows = unfold(x, P, Q)
    rows[-1] = 0
    return rows


def square_windows(x, P, Q):
    return unfold(x, P, P)


def apart(x, P, Q):
    N, H, W, C = x.shape
    whole = x[:, : H // P * P, : W // Q * Q].reshape(N, H // P, P, W // Q, Q, C)
    return whole.transpose(0, 1, 3, 2, 4, 5).reshape(-1, P * Q * C)


def unfold_in_place(x, P, Q):
    rows = unfold(x, P, Q)
    x[:] = 0
    return rows


UNFOLD = {
    "channels first": (with_axes((0, 1, 2, 5, 3, 4)), "channels come last"),
    "columns before rows in a window": (with_axes((0, 1, 2, 4, 3, 5)), "p comes before q"),
    "columns before rows of windows": (with_axes((0, 2, 1, 3, 4, 5)), "i before j"),
    "pictures last": (with_axes((1, 2, 0, 3, 4, 5)), "picture 0 come first"),
    "transposed": (lambda x, P, Q: unfold(x, P, Q).T, "as columns|shape"),
    "kernel turned": (lambda x, P, Q: unfold(x[:, ::-1, ::-1], P, Q), "six windows"),
    "square windows only": (square_windows, "not square"),
    "windows that do not overlap": (apart, "shape"),
    "last window missing": (last_window_missing, "six windows"),
    "six axes": (lambda x, P, Q: unfold(x, P, Q).reshape(len(x), -1, P, Q, x.shape[3]), "shape"),
    "changes x": (unfold_in_place, "changed its argument"),
    "only the first picture": (lambda x, P, Q: unfold(x[:1], P, Q), "four pictures"),
}

# Exercise 7.3


def fold(rows, shape, P, Q):
    N, H, W, C = shape
    down, across = H - P + 1, W - Q + 1
    windows, x = rows.reshape(N, down, across, P, Q, C), np.zeros(shape, rows.dtype)
    for p, q in np.ndindex(P, Q):
        x[:, p : p + down, q : q + across] += windows[:, :, :, p, q]
    return x


def fold_by_places(rows, shape, P, Q):
    places = unfold(np.arange(np.prod(shape)).reshape(shape), P, Q)
    return np.bincount(places.ravel(), rows.ravel(), np.prod(shape)).reshape(shape)


def fold_without_adding(rows, shape, P, Q):
    N, H, W, C = shape
    windows, x = rows.reshape(N, H - P + 1, W - Q + 1, P, Q, C), np.zeros(shape)
    for p, q in np.ndindex(P, Q):
        x[:, p : p + H - P + 1, q : q + W - Q + 1] = windows[:, :, :, p, q]
    return x


def fold_mean(rows, shape, P, Q):
    return fold(rows, shape, P, Q) / fold(np.ones_like(rows), shape, P, Q)


def fold_order(order):
    def fold_in_another_order(rows, shape, P, Q):
        N, H, W, C = shape
        sizes = np.array([N, H - P + 1, W - Q + 1, P, Q, C])
        windows = rows.reshape(sizes[list(order)]).transpose(np.argsort(order))
        return fold(windows.reshape(rows.shape), shape, P, Q)

    return fold_in_another_order


def fold_turned(rows, shape, P, Q):
    return fold(rows[:, ::-1], shape, P, Q)


def fold_one_place_only(rows, shape, P, Q):
    return fold(rows, shape, P, Q) + np.pad([[[[1.0]]]], [(n - 1, 0) for n in shape])


FOLD = {
    "copied, not added": (fold_without_adding, "add them"),
    "mean": (fold_mean, "add them|mean"),
    "channels first in a row": (fold_order((0, 1, 2, 5, 3, 4)), "unfold"),
    "columns first in a row": (fold_order((0, 1, 2, 4, 3, 5)), "goes home"),
    "windows by columns": (fold_order((0, 2, 1, 3, 4, 5)), "goes home|unfold"),
    "pictures last": (fold_order((1, 2, 0, 3, 4, 5)), "goes home"),
    "turned": (fold_turned, "goes home"),
    "one pixel wrong": (fold_one_place_only, "1 of 12"),
    "flat": (lambda r, shape, P, Q: fold(r, shape, P, Q).ravel(), "shape"),
    "twice": (lambda r, shape, P, Q: 2 * fold(r, shape, P, Q), "how often each pixel was copied"),
    "square windows only": (lambda r, shape, P, Q: fold(r, shape, P, P), "stopped with"),
}

# Exercise 7.4


def four_products(x, k):
    m0, m3 = (x[0] - x[2]) * k[0], (x[1] - x[3]) * k[2]
    m1 = (x[1] + x[2]) * ((k[0] + k[1] + k[2]) / 2)
    m2 = (x[2] - x[1]) * ((k[0] - k[1] + k[2]) / 2)
    return m0 + m1 + m2, m1 - m2 - m3


def four_products_halved_late(x, k):
    ends = k[0] + k[2]
    first, second = (x[1] + x[2]) * (ends + k[1]) * 0.5, (x[2] - x[1]) * (ends - k[1]) * 0.5
    return [(x[0] - x[2]) * k[0] + first + second, first - second - (x[1] - x[3]) * k[2]]


def six_products(x, k):
    return [sum(x[i + p] * k[p] for p in range(3)) for i in range(2)]


def sign_of_m3(x, k):
    y0, y1 = four_products(x, k)
    return y0, y1 + 2 * ((x[1] - x[3]) * k[2])


def halves_forgotten(x, k):
    m1, m2 = (x[1] + x[2]) * (k[0] + k[1] + k[2]), (x[2] - x[1]) * (k[0] - k[1] + k[2])
    return (x[0] - x[2]) * k[0] + m1 + m2, m1 - m2 - (x[1] - x[3]) * k[2]


def five_products(x, k):
    y0, y1 = four_products(x, k)
    return y0 + 0 * (x[0] * k[0]), y1


def into_arrays(x, k):
    values = [[getattr(number, "value", number) for number in numbers] for numbers in (x, k)]
    return four_products(*values)


FOUR = {
    "six products": (six_products, "you make 6"),
    "five products": (five_products, "you make 5"),
    "sign of m3": (sign_of_m3, "by hand"),
    "halves forgotten": (halves_forgotten, "by hand"),
    "swapped": (lambda x, k: four_products(x, k)[::-1], "changed places"),
    "kernel turned": (lambda x, k: four_products(x, k[::-1]), "by hand"),
    "one output": (lambda x, k: four_products(x, k)[0], "shape"),
    "converted": (into_arrays, "only 0 could be counted"),
}

EXERCISES = {
    "multiplications": ([count, count_in_another_way], COUNT),
    "unfold": ([unfold, unfold_by_view], UNFOLD),
    "fold": ([fold, fold_by_places], FOLD),
    "four_products": ([four_products, four_products_halved_late], FOUR),
}
RIGHT = [(getattr(ch07, check), answer) for check, (answers, _) in EXERCISES.items() for answer in answers]
WRONG = {
    f"{check}: {name}": (getattr(ch07, check), *planted)
    for check, (_, faults) in EXERCISES.items()
    for name, planted in faults.items()
}
ALIKE = [
    {"fold: copied, not added", "fold: mean"},
    {"fold: columns first in a row", "fold: turned"},
    {"fold: windows by columns", "fold: pictures last"},
]
TestAnswers = demands(RIGHT, WRONG, alike=ALIKE)
