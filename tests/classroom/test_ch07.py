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
    "mean": (fold_mean, "this is the mean"),
    "channels first in a row": (fold_order((0, 1, 2, 5, 3, 4)), "unfold"),
    "columns first in a row": (fold_order((0, 1, 2, 4, 3, 5)), "goes home"),
    "windows by columns": (fold_order((0, 2, 1, 3, 4, 5)), "goes home|unfold"),
    "pictures last": (fold_order((1, 2, 0, 3, 4, 5)), "goes home"),
    "turned": (fold_turned, "goes home"),
    "one pixel wrong": (fold_one_place_only, "1 of 12"),
    "flat": (lambda r, shape, P, Q: fold(r, shape, P, Q).ravel(), "shape"),
    "twice": (lambda r, shape, P, Q: 2 * fold(r, shape, P, Q), "how often each pixel was copied"),
    "square windows only": (lambda r, shape, P, Q: fold(r, shape, Q, Q), "stopped with"),
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

# The assignment: tiles of any size


def tiles(N, H, W, C, P, F, m):
    return N * -(-(H - P + 1) // m) * -(-(W - P + 1) // m) * (m + P - 1) ** 2 * C * F


def tiles_listed(N, H, W, C, P, F, m):
    corners = [(i, j) for i in range(0, H - P + 1, m) for j in range(0, W - P + 1, m)]
    return sum((m + P - 1) ** 2 for _ in range(N) for _ in corners) * C * F


PRODUCTS = {
    "m ignored": (lambda N, H, W, C, P, F, m: tiles(N, H, W, C, P, F, 1), "this is what the formula makes", 3.75),
    "rounded down": (lambda N, H, W, C, P, F, m: N * ((H - P + 1) // m) * ((W - P + 1) // m) * (m + P - 1) ** 2 * C * F,
                     "stick out: not yet · .* round up"),
    "rounded at the end": (
        lambda N, H, W, C, P, F, m: -(-N * (H - P + 1) * (W - P + 1) * (m + P - 1) ** 2 * C * F // m**2), "half a tile"),
    "the chapter's tiles": (lambda N, H, W, C, P, F, m: tiles(N, H, W, C, P, F, m) * (16 if m > 1 else P * P) // (m + P - 1) ** 2,
                            "tiles of 4 × 4: .* m . P − 1 rows"),
    "every pixel": (lambda N, H, W, C, P, F, m: tiles(N, H + P - 1, W + P - 1, C, P, F, m), "where the kernel fits"),
    "additions too": (lambda *a: 2 * tiles(*a), "only multiplications"),
    "one channel": (lambda N, H, W, C, P, F, m: tiles(N, H, W, 1, P, F, m), "products of its own", 7.5),
    "square pictures": (lambda N, H, W, C, P, F, m: tiles(N, H, H, C, P, F, m), "formula: for N 1"),
    "decimal point": (lambda *a: float(tiles(*a)), "rounds up", 8.75),
}

# The assignment: operations and bytes


def counts(N, H, W, C, P, Q, F, stride, size):
    outputs = N * ((H - P) // stride + 1) * ((W - Q) // stride + 1)
    once = N * H * W * C + P * Q * C * F + outputs * F
    return 2 * outputs * F * P * Q * C, size * once, size * (once + 2 * outputs * P * Q * C)


def counts_of_arrays(N, H, W, C, P, Q, F, stride, size):
    x, k, one = np.empty((N, H, W, C), f"V{size}"), np.empty((P, Q, C, F), f"V{size}"), np.empty(0, f"V{size}")
    windows = sliding_window_view(x, (P, Q), (1, 2))[:, ::stride, ::stride]
    y = windows[..., 0, 0, 0].size * F
    moved = x.nbytes + k.nbytes + y * one.itemsize
    return [y * windows[0, 0, 0].size * 2, moved, moved + windows.size * size + windows.size * size]


def counting(place, change):
    def wrong(*sizes):
        right = list(counts(*sizes))
        right[place] = change(right, *sizes)
        return right

    return wrong


COUNTS = {
    "one number": (lambda *a: counts(*a)[0], "expected three numbers", 0),
    "multiplications alone": (counting(0, lambda right, *a: right[0] // 2), "a multiplication or an addition", 6.67),
    "one channel": (counting(0, lambda right, N, H, W, C, *a: right[0] // C), "looks at all channels"),
    "no stride": (lambda *a: counts(*a[:7], 1, a[8]), "moves by `stride`", 7.5),
    "every pixel": (lambda N, H, W, C, P, Q, *a: counts(N, H + P - 1, W + Q - 1, C, P, Q, *a), "layer .* for N 128"),
    "square kernels": (lambda N, H, W, C, P, Q, *a: counts(N, H, W, C, P, P, *a), "operations, height, width and kernel differ"),
    "numbers, not bytes": (lambda *a: counts(*a[:8], 1), "bytes, the layer .* `size` bytes", 3.33),
    "four bytes always": (lambda *a: counts(*a[:8], 4), "bytes, numbers of eight bytes"),
    "output forgotten": (counting(1, lambda right, N, H, W, C, P, Q, F, s, b: b * C * (N * H * W + P * Q * F)), "is written"),
    "kernels forgotten": (counting(1, lambda right, N, H, W, C, P, Q, F, s, b: right[1] - b * P * Q * C * F), "kernels are read"),
    "matrix written only": (counting(2, lambda right, *a: (right[1] + right[2]) // 2), "written and then read", 6.67),
    "matrix alone": (counting(2, lambda right, *a: right[2] - right[1]), "moved as before; add them"),
}  # fmt: skip

# The assignment: under the roof


def shortest(operations, moved, peak, bandwidth):
    return max(operations / peak, moved / bandwidth) / 1e6


def shortest_by_intensity(operations, moved, peak, bandwidth):
    return operations / min(peak, operations / moved * bandwidth) / 1e6


TIME = {
    "the faster": (lambda o, m, p, b: min(o / p, m / b) / 1e6, "the slower of the two", 2),
    "added": (lambda o, m, p, b: (o / p + m / b) / 1e6, "do not add"),
    "seconds": (lambda *a: shortest(*a) / 1000, "milliseconds are asked"),
    "a rate": (lambda o, m, p, b: min(p, o / m * b), "a time is asked"),
    "no giga": (lambda *a: shortest(*a) * 1e6, "thousand million"),
    "arithmetic only": (lambda o, m, p, b: o / p / 1e6, "only the arithmetic", 4),
    "memory only": (lambda o, m, p, b: m / b / 1e6, "only the bytes", 4),
    "upside down": (lambda o, m, p, b: max(o / b, m / p) / 1e6, "arithmetic take alone"),
}

# The assignment: im2col with stride and padding


def unfold_steps(x, P, Q, stride, padding):
    x = np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    rows, columns = (x.shape[1] - P) // stride + 1, (x.shape[2] - Q) // stride + 1
    windows = [x[:, p::stride, q::stride][:, :rows, :columns] for p in range(P) for q in range(Q)]
    return np.stack(windows, 3).reshape(-1, P * Q * x.shape[3])


def unfold_strided_view(x, P, Q, stride, padding):
    wide = np.zeros((len(x), x.shape[1] + 2 * padding, x.shape[2] + 2 * padding, x.shape[3]))
    wide[:, padding:padding + x.shape[1], padding:padding + x.shape[2]] = x
    return unfold_by_view(wide, P, Q).reshape(len(x), wide.shape[1] - P + 1, wide.shape[2] - Q + 1, -1)[
        :, ::stride, ::stride].reshape(-1, P * Q * x.shape[3])  # fmt: skip


def ordered(order):
    def wrong(x, P, Q, stride, padding):
        rows = unfold_steps(x, P, Q, stride, padding)
        down, across = ((size + 2 * padding - window) // stride + 1 for size, window in zip(x.shape[1:3], (P, Q), strict=True))
        return rows.reshape(len(x), down, across, P, Q, x.shape[3]).transpose(order).reshape(rows.shape)

    return wrong


def bordered(before, after, value=0):
    def wrong(x, P, Q, stride, p):
        sides = (p * before, p * after)
        return unfold_steps(np.pad(x, ((0, 0), sides, sides, (0, 0)), constant_values=value), P, Q, stride, 0)

    return wrong


def by_windows(x, P, Q, stride, padding):
    x = np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    starts = [range(0, size - window + 1, stride) for size, window in zip(x.shape[1:3], (P, Q), strict=True)]
    return np.array([picture[i:i + P, j:j + Q].ravel() for picture in x for i in starts[0] for j in starts[1]])


def unfold_rounding_up(x, P, Q, stride, padding):
    more = [(-(size + 2 * padding - window)) % stride for size, window in zip(x.shape[1:3], (P, Q), strict=True)]
    return unfold_steps(np.pad(x, ((0, 0), (0, more[0]), (0, more[1]), (0, 0))), P, Q, stride, padding)


UNFOLD_STRIDED = {
    "channels first": (ordered((0, 1, 2, 5, 3, 4)), "channels come last"),
    "columns first in a row": (ordered((0, 1, 2, 4, 3, 5)), "p comes before q"),
    "windows by columns": (ordered((0, 2, 1, 3, 4, 5)), "i before j"),
    "pictures last": (ordered((1, 2, 0, 3, 4, 5)), "picture 0 come first", 6.67),
    "transposed": (lambda *a: unfold_steps(*a).T, "windows as columns", 0),
    "no stride": (lambda x, P, Q, s, p: unfold_steps(x, P, Q, 1, p), "one row and one column only", 4.44),
    "no padding": (lambda x, P, Q, s, p: unfold_steps(x, P, Q, s, 0), "zeros around the picture", 6.67),
    "padding on one side": (bordered(0, 1), "padding: the result has shape .* four sides"),
    "ones around": (bordered(1, 1, value=1), "padding: .* numbers are wrong, .* zeros on all four sides"),
    "one window too many": (unfold_rounding_up, "one step too far"),
    "square windows": (lambda x, P, Q, s, p: unfold_steps(x, P, P, s, p), "not square"),
    "first picture only": (lambda x, *a: unfold_steps(x[:1], *a), "channels and pictures: the result has shape"),
    "a loop over windows": (by_windows, "speed: only", 8.89),
    "fast and wrong": (lambda x, P, Q, s, p: 0 * unfold_steps(x, P, Q, s, p), "six windows .* numbers are wrong", 0),
    "changes x": (lambda x, *a: (unfold_steps(x, *a), x.fill(0))[0], "changed its argument"),
}  # fmt: skip

# The assignment: the way back with a stride


def fold_steps(rows, shape, P, Q, stride):
    N, H, W, C = shape
    down, across = (H - P) // stride + 1, (W - Q) // stride + 1
    windows, x = rows.reshape(N, down, across, P, Q, C), np.zeros(shape)
    for p, q in np.ndindex(P, Q):
        x[:, p:p + down * stride:stride, q:q + across * stride:stride] += windows[:, :, :, p, q]
    return x


def fold_strided_by_places(rows, shape, P, Q, stride):
    x, places = np.zeros(np.prod(shape)), unfold_steps(np.arange(np.prod(shape)).reshape(shape), P, Q, stride, 0)
    np.add.at(x, places, rows)
    return x.reshape(shape).tolist()


def folded(order):
    def wrong(rows, shape, P, Q, stride):
        N, H, W, C = shape
        sizes = np.array([N, (H - P) // stride + 1, (W - Q) // stride + 1, P, Q, C])
        windows = rows.reshape(sizes[list(order)]).transpose(np.argsort(order))
        return fold_steps(windows.reshape(rows.shape), shape, P, Q, stride)

    return wrong


def fold_last(rows, shape, P, Q, stride):
    x, places = np.zeros(np.prod(shape)), unfold_steps(np.arange(np.prod(shape)).reshape(shape), P, Q, stride, 0)
    x[places.ravel()] = rows.ravel()
    return x.reshape(shape)


def fold_mean_strided(rows, *where):
    return fold_steps(rows, *where) / np.maximum(fold_steps(np.ones_like(rows), *where), 1)


def fold_cut(rows, shape, P, Q, stride):
    down, across = (shape[1] - P) // stride * stride + P, (shape[2] - Q) // stride * stride + Q
    return fold_steps(rows, shape, P, Q, stride)[:, :down, :across]


FOLD_STRIDED = {
    "copied, not added": (fold_last, "receives several numbers: add them", 2.22),
    "mean": (fold_mean_strided, "this is the mean"),
    "no stride": (lambda rows, shape, P, Q, s: fold_steps(rows, shape, P, Q, 1), "all ones, stride 2|stopped with"),
    "channels first": (folded((0, 1, 2, 5, 3, 4)), "p, q, c in this order"),
    "columns first in a row": (folded((0, 1, 2, 4, 3, 5)), "p comes before q"),
    "windows by columns": (folded((0, 2, 1, 3, 4, 5)), "row by row"),
    "turned": (lambda rows, *a: fold_steps(rows[:, ::-1], *a), "not square: .* numbers are wrong"),
    "cut off": (fold_cut, "may be seen by no window"),
    "flat": (lambda *a: np.ravel(fold_steps(*a)), r"shape \(12,\)", 0),
    "unseen pixels are 1": (lambda rows, *a: np.maximum(fold_steps(rows, *a), fold_steps(np.ones_like(rows), *a) == 0),
                            "no window sees receives 0"),
}  # fmt: skip

# The assignment: in blocks


def blocks(x, k, most, product, room=lambda rows: rows, use=lambda answer, rows, columns: answer):
    (N, H, W, C), (P, Q, _, F) = x.shape, k.shape
    y = np.zeros((N, H - P + 1, W - Q + 1, F))
    step, columns = room(most // (y.shape[2] * P * Q * C)), k.reshape(-1, F)
    for n, i in np.ndindex(N, -(-y.shape[1] // step)):
        rows = unfold(x[n:n + 1, i * step:(i + 1) * step + P - 1], P, Q)
        here = y[n, i * step:(i + 1) * step]
        here[:] = use(product(rows, columns), rows, columns).reshape(here.shape)
    return y


def blocks_joined(x, k, most, product):
    (N, H, W, C), (P, Q, _, F) = x.shape, k.shape
    rows, wide = unfold_by_view(x, P, Q), (W - Q + 1) * P * Q * C
    parts = []
    for picture in rows.reshape(N, H - P + 1, wide):
        cuts = range(most // wide, H - P + 1, most // wide)
        parts += [product(part.reshape(-1, P * Q * C), k.reshape(-1, F)) for part in np.split(picture, cuts)]
    return np.concatenate(parts).reshape(N, H - P + 1, W - Q + 1, F)


def without_the_last_block(x, k, most, product):
    y = blocks(x, k, most, product)
    step = most // (y.shape[2] * k[..., 0].size)
    y[:, y.shape[1] // step * step:] = 0
    return y


BLOCKS = {
    "whole at once": (lambda x, k, most, product: blocks(x, k, most, product, lambda rows: 99), "a block of", 8),
    "one row too many": (lambda x, k, most, product: blocks(x, k, most, product, lambda rows: rows + 1), "round down"),
    "one row at a time": (lambda x, k, most, product: blocks(x, k, most, product, lambda rows: 1), "as there is room for", 8),
    "product for show": (lambda x, k, most, product: blocks(x, k, most, product, use=lambda _, rows, columns: rows @ columns),
                         "use what `product` returns"),
    "product not called": (lambda x, k, most, product: blocks(x, k, most, lambda rows, columns: 2.5 * rows @ columns),
                           "one block: .* numbers are wrong"),
    "last block missing": (without_the_last_block, "a last block that is smaller: .* wrong"),
    "first picture only": (lambda x, k, *a: blocks(x[:1] + 0 * x, k, *a), "several pictures: .* wrong"),
    "kernel turned": (lambda x, k, *a: blocks(x, k[::-1, ::-1], *a), "one block: .* wrong, .* have [-0-9]"),
    "rows as columns": (lambda x, k, most, product: product(unfold(x, *k.shape[:2]).T, k.reshape(-1, k.shape[3])),
                        "do not fit", 0),
    "a matrix": (lambda x, k, *a: blocks(x, k, *a).reshape(-1, k.shape[3]), r"shape \(20, 1\)"),
}  # fmt: skip

# The assignment: a row by Winograd's identity


def row(x, k, times, tail=True, halves=0.5, sign=-1, start=2):
    count = len(x) - 2
    x, y = np.concatenate([x, 0 * x[:1]]), []
    for i in range(0, count, 2):
        m0 = times(x[i] - x[i + 2], k[0])
        m1 = times(x[i + 1] + x[i + 2], (k[0] + k[1] + k[2]) * halves)
        m2 = times(x[i + 2] - x[i + 1], (k[0] - k[1] + k[2]) * halves)
        m3 = times(x[i + 1] - x[i + 3], k[2])
        y += [m0 + m1 + m2, m1 - m2 + sign * m3]
    return np.array(y[:count] if tail else y)


def row_with_a_direct_end(x, k, times):
    y, ends, middle = [], (k[2] + k[0]) / 2, k[1] / 2
    for a, b, c, d in zip(x[:-3:2], x[1:-2:2], x[2:-1:2], x[3::2], strict=True):
        first, second = times(b + c, ends + middle), times(c - b, ends - middle)
        y += [first + second - times(c - a, k[0]), first - second + times(d - b, k[2])]
    if len(x) % 2:
        y.append(sum(times(pixel, weight) for pixel, weight in zip(x[-3:], k, strict=True)))
    return y


def row_direct(x, k, times):
    return [sum(times(x[i + p], k[p]) for p in range(3)) for i in range(len(x) - 2)]


ROW = {
    "three for each output": (row_direct, "you make 6 for 2 outputs", 4.38),
    "products of its own": (lambda x, k, times: row(x, k, lambda a, b: float(a @ b)), "a meaning of its own", 0.62),
    "products for show": (lambda x, k, times: [float(a @ b) + 0 * times(a, b) for a, b in zip(x[:-2], k[:1].repeat(len(x) - 2, 0),
                                                                                            strict=True)], "by hand"),
    "halves forgotten": (lambda x, k, times: row(x, k, times, halves=1), "worked by hand: 2 of 2 .* you have 27"),
    "sign of m3": (lambda x, k, times: row(x, k, times, sign=1), r"1 of 2 numbers are wrong, the first at \(1,\)"),
    "kernel turned": (lambda x, k, times: row(x, k[::-1], times), "seems to be turned"),
    "outputs exchanged": (lambda x, k, times: row(x, k, times).reshape(-1, 2)[:, ::-1].ravel() if len(x) % 2 == 0 else
                          row(x, k, times), "have changed places"),
    "two outputs only": (lambda x, k, times: row(x[:4], k, times), r"ten pixels: the result has shape \(2,\)"),
    "the last one too many": (lambda x, k, times: row(x, k, times, tail=False), r"odd number .* shape \(8,\)"),
    "the last one missing": (lambda x, k, times: row(x[:len(x) // 2 * 2], k, times), r"odd number .* shape \(6,\)"),
    "first channel only": (lambda x, k, times: row(x * (np.arange(x.shape[1]) == 0), k, times), "add and subtract whole pixels"),
}  # fmt: skip

# The assignment: rounds


def ratio(slow, fast):
    slow, fast = np.array(slow), np.array(fast)
    return np.median(slow / fast), np.mean(slow > fast)


def ratio_of_lists(slow, fast):
    pairs = [(float(a), float(b)) for a, b in zip(slow, fast, strict=True)]
    ratios, middle = sorted(a / b for a, b in pairs), len(pairs) // 2
    return [(ratios[middle] + ratios[-middle - 1]) / 2, sum(b < a for a, b in pairs) / len(pairs)]


def rated(change, place=0):
    def wrong(slow, fast):
        right = list(ratio(slow, fast))
        right[place] = change(np.array(slow), np.array(fast))
        return right

    return wrong


ROUNDS = {
    "ratio of medians": (rated(lambda a, b: np.median(a) / np.median(b)), "ratio of two medians"),
    "mean of ratios": (rated(lambda a, b: (a / b).mean()), "take the median"),
    "ratio of means": (rated(lambda a, b: a.mean() / b.mean()), "ratio of two means"),
    "ratio of the best": (rated(lambda a, b: a.min() / b.min()), "best times"),
    "upside down": (rated(lambda a, b: np.median(b / a)), "divided by the fast one", 5.38),
    "upper median": (rated(lambda a, b: np.sort(a / b)[len(a) // 2]), "ratio, an even number of rounds"),
    "a count": (rated(lambda a, b: (b < a).sum(), 1), "divide by how many", 5.38),
    "slow wins": (rated(lambda a, b: (b > a).mean(), 1), "the share that slow won"),
    "ties won": (rated(lambda a, b: (b <= a).mean(), 1), "a tie does not", 9.23),
    "one number": (lambda *a: ratio(*a)[0], "expected two numbers", 0),
    "arrays only": (lambda a, b: (np.median(a / b), (b < a).mean()), "stopped with TypeError", 9.23),
}

EXERCISES = {
    "multiplications": ([count, count_in_another_way], COUNT),
    "unfold": ([unfold, unfold_by_view], UNFOLD),
    "fold": ([fold, fold_by_places], FOLD),
    "four_products": ([four_products, four_products_halved_late], FOUR),
    "products": ([tiles, tiles_listed], PRODUCTS),
    "layer_counts": ([counts, counts_of_arrays], COUNTS),
    "shortest_time": ([shortest, shortest_by_intensity], TIME),
    "unfold_strided": ([unfold_steps, unfold_strided_view], UNFOLD_STRIDED),
    "fold_strided": ([fold_steps, fold_strided_by_places], FOLD_STRIDED),
    "in_blocks": ([blocks, blocks_joined], BLOCKS),
    "row_outputs": ([row, row_with_a_direct_end], ROW),
    "rounds": ([ratio, ratio_of_lists], ROUNDS),
}
RIGHT = [(getattr(ch07, check), answer) for check, (answers, _) in EXERCISES.items() for answer in answers]
WRONG = {
    f"{check}: {name}": (getattr(ch07, check), *planted)
    for check, (_, faults) in EXERCISES.items()
    for name, planted in faults.items()
}
TestAnswers = demands(RIGHT, WRONG)

HANDED_IN = {
    "products": ("products = lambda N, H, W, C, P, F, m: N * (H - P + 1) * (W - P + 1) * P * P * C * F", 0.75),
    "counts": ("def layer_counts(N, H, W, C, P, Q, F, s, size):\n    places = N * ((H - P) // s + 1) * ((W - Q) // s + 1)\n"
               "    once = size * (N * H * W * C + P * Q * C * F + places * F)\n"
               "    return places * F * P * Q * C, once, once + 2 * size * places * P * Q * C", 2),
    "time": ("shortest_time = lambda operations, moved, peak, bandwidth: operations / peak / 1e6", 0.8),
    "unfold": (by_windows, 3.56),
    "blocks": ("def in_blocks(x, k, most, product):\n    y = product(unfold(x, *k.shape[:2], 1, 0), k.reshape(-1, k.shape[3]))\n"
               "    return y.reshape(len(x), x.shape[1] - len(k) + 1, -1, k.shape[3])", 2.4),
    "row": (row_direct, 1.75),
    "rounds": ("rounds = lambda slow, fast: (np.median(np.divide(slow, fast)), np.less(fast, slow).sum())", 1.08),
}  # fmt: skip
