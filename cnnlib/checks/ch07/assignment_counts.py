"""The assignment on counts and times: products, bytes, the shortest time, rounds won."""

import numpy as np

from cnnlib.checks.common import call, close, fail, numbers, ok, same
from cnnlib.checks.points import part, rng

from .chapter import _several


def products(student):
    """Assignment: `student(N, H, W, C, P, F, m)` returns how many products a convolution with tiles of m × m outputs makes."""
    n, h, w, c, f = (int(number) for number in rng(701).integers(3, 40, 5))
    cases = {
        "tiles of one output are the formula": [(1, 4, 4, 1, 3, 1, 1), (1, 2 + h, 2 + w, 1, 3, 1, 1), (1, 9, 8, 1, 5, 1, 1)],
        "several pictures, channels and kernels": [(n, 4, 4, c, 3, f, 1), (3, 4, 4, 2, 3, 5, 1)],
        "tiles of 2 × 2 that fit": [(1, 4, 4, 1, 3, 1, 2), (1, 2 * h + 2, 2 * w + 2, 1, 3, 1, 2)],
        "tiles of 2 × 2 that stick out": [(1, 5, 7, 1, 3, 1, 2), (1, 2 * h + 3, 2 * w + 5, 1, 3, 1, 2)],
        "tiles of 4 × 4": [(1, 6, 6, 1, 3, 1, 4), (1, 13, 28, 1, 3, 1, 4), (1, h + 9, w + 6, 1, 3, 1, 4)],
        "kernels of 5 × 5 and of 1 × 1": [(1, 6, 8, 1, 5, 1, 2), (1, h + 5, w + 5, 1, 5, 1, 2), (1, 5, 5, 1, 1, 1, 2)],
        "the layer of the chapter, and everything together": [(128, 13, 13, 32, 3, 64, 2), (n, h + 6, w + 5, c, 5, f, 3)],
    }
    hints = {
        "several pictures, channels and kernels": "in every picture each pair of a channel and a kernel has products of its own",
        "tiles of 2 × 2 that fit": "how many tiles cover the output, and how many products does one of them take",
        "tiles of 2 × 2 that stick out": "a tile that sticks out of the output is computed whole",
        "tiles of 4 × 4": "a tile of m × m outputs looks at m + P − 1 rows and columns",
        "kernels of 5 × 5 and of 1 × 1": "a tile of m × m outputs looks at m + P − 1 rows and columns",
    }
    mistakes = {
        "additions are counted too; here only multiplications": lambda *a: 2 * _products(*a),
        "the output is smaller than the picture: count the places where the kernel fits":
            lambda N, H, W, C, P, F, m: _products(N, H + P - 1, W + P - 1, C, P, F, m),
        "a tile that sticks out is computed whole: round up": lambda *a: _products(*a, up=0),
        "half a tile is not possible: round up rows and columns before you multiply":
            lambda N, H, W, C, P, F, m: N * (H - P + 1) * (W - P + 1) * (m + P - 1) ** 2 * C * F / m**2,
        "this is what the formula makes; one tile gives m × m outputs": lambda *a: _products(*a[:6], 1),
    }  # fmt: skip
    _table(student, "NHWCPFm", cases, _products, hints, mistakes)
    with part():
        if numbers(call(student, 1, 5, 7, 1, 3, 1, 2), "a whole number").dtype.kind not in "iu":
            fail("a whole number: the result has a decimal point", "−(−a // b) divides and rounds up")
        ok("a whole number")


def _products(N, H, W, C, P, F, m, up=1):
    down, across = (-(-(size - P + 1) // m) if up else (size - P + 1) // m for size in (H, W))
    return N * down * across * (m + P - 1) ** 2 * C * F


def layer_counts(student):
    """Assignment: `student(N, H, W, C, P, Q, F, stride, size)` returns operations, bytes moved once, bytes with im2col whole."""
    n, h, w, c, f, s = (int(number) for number in rng(702).integers(3, 12, 6))
    cases = {
        "the layer of the chapter": [(128, 13, 13, 32, 3, 3, 64, 1, 4)],
        "height, width and kernel differ": [(2, 6, 9, 3, 2, 3, 5, 1, 4), (n, h + 4, w + 3, c, 5, 2, f, 1, 4)],
        "a stride whose last step does not fit": [(1, 10, 7, 1, 3, 3, 1, 2, 4), (n, 3 * h + 5, 3 * w + 4, c, 3, 3, f, 3, 4)],
        "numbers of eight bytes": [(1, 5, 5, 1, 3, 3, 1, 1, 8), (n, h + s, w + s, c, 3, 2, f, 1, 8)],
    }
    hints = [
        "one multiplication and one addition for every number that every output looks at",
        "the picture, the kernels and the output, each once",
        "the matrix of all windows is written once and read once, besides what is moved anyway",
    ]
    mistakes = [
        {"these are the multiplications alone; an operation is a multiplication or an addition": lambda right, *a: right[0] / 2,
         "every kernel looks at all channels": lambda right, N, H, W, C, *a: right[0] / C,
         "the kernel moves by `stride` rows and columns": lambda right, *a: _layer_counts(*a[:7], 1, a[8])[0]},
        {"these are numbers; each of them has `size` bytes": lambda right, *a: right[1] / a[8],
         "the output is written, too": lambda right, *a: right[1] - _moved(*a)[2],
         "the kernels are read, too": lambda right, *a: right[1] - _moved(*a)[1]},
        {"the matrix is written and then read: twice its bytes": lambda right, *a: right[2] - _moved(*a)[3],
         "picture, kernels and output are moved as before; add them": lambda right, *a: 2 * _moved(*a)[3],
         "these are numbers; each of them has `size` bytes": lambda right, *a: right[2] / a[8]},
    ]  # fmt: skip
    for place, what in enumerate(("operations", "bytes", "bytes with the whole matrix")):
        _table(
            student, ("N", "H", "W", "C", "P", "Q", "F", "stride", "size"),
            {f"{what}, {property}": sizes for property, sizes in cases.items()},
            lambda *a, place=place: _layer_counts(*a)[place], dict.fromkeys((f"{what}, {p}" for p in cases), hints[place]),
            {why: lambda *a, wrong=wrong: wrong(_layer_counts(*a), *a) for why, wrong in mistakes[place].items()},
            pick=lambda got, place=place: _several(got, 3, "the layer", "operations, bytes, bytes with the whole matrix")[place],
        )  # fmt: skip


def _moved(N, H, W, C, P, Q, F, stride, size):
    """Bytes of the picture, the kernels, the output, and the matrix of windows."""
    places = N * ((H - P) // stride + 1) * ((W - Q) // stride + 1)
    return size * N * H * W * C, size * P * Q * C * F, size * places * F, size * places * P * Q * C


def _layer_counts(*sizes):
    picture, kernels, output, matrix = _moved(*sizes)
    N, H, W, C, P, Q, F, stride, size = sizes
    return 2 * output // size * P * Q * C, picture + kernels + output, picture + kernels + output + 2 * matrix


def shortest_time(student):
    """Assignment: `student(operations, moved, peak, bandwidth)` returns the milliseconds that a computation takes at least."""
    draws = rng(703)
    near, far = draws.uniform(0.05, 0.5, 4), draws.uniform(2, 30, 4)  # as shares of the intensity where the roof bends
    cases = {
        "two computations, one under each part of the roof": [(6e9, 1e8, 200.0, 20.0), (1e8, 7e8, 200.0, 20.0)],
        "under the flat part of the roof": [(1e9, 1e8 / g, 50.0, 5.0) for g in far],
        "under the slanted part of the roof": [(g * 1e8, 8e8, 200.0, 20.0) for g in near],
        "where the two parts meet": [(2e9, 2e8, 200.0, 20.0)],
        "a slow machine": [(3e6, 1e6, 0.5, 2.0), (float(near[0]) * 1e6, 8e6, 0.5, 0.25)],
    }
    hints = {
        "two computations, one under each part of the roof": "how long does the arithmetic take alone, how long the memory alone",
        "under the flat part of the roof": "how long do the operations take, at the peak rate, when memory costs nothing",
        "under the slanted part of the roof": "how long do the bytes take, when the arithmetic costs nothing",
    }
    mistakes = {
        "the slower of the two decides, not the faster": lambda o, m, p, b: min(o / p, m / b) / 1e6,
        "both can go on at the same time; do not add them": lambda o, m, p, b: (o / p + m / b) / 1e6,
        "this is in seconds; milliseconds are asked": lambda o, m, p, b: max(o / p, m / b) / 1e9,
        "this is a rate in GFLOP/s; a time is asked": lambda o, m, p, b: min(p, o / m * b),
        "G means a thousand million": lambda o, m, p, b: max(o / p, m / b),
        "only the arithmetic is counted; the bytes take their time, too": lambda o, m, p, b: o / p / 1e6,
        "only the bytes are counted; the arithmetic takes its time, too": lambda o, m, p, b: m / b / 1e6,
    }
    names = ("operations", "bytes", "peak", "bandwidth")
    _table(student, names, cases, lambda o, m, p, b: max(o / p, m / b) / 1e6, hints, mistakes)


def _table(student, names, cases, right, hints, mistakes, pick=lambda got: got):
    """Demand right(*case) for every case of {property: cases}, each property in a part of its own."""
    for property, some in cases.items():
        with part():
            results = [numbers(pick(call(student, *case)), property) for case in some]
            for case, got in zip(some, results, strict=True):
                if got.shape != ():
                    fail(f"{property}: the result has shape {got.shape}", "one number is asked")
                if not close(got, right(*case), 1e-9):
                    for diagnosis, wrong in mistakes.items():
                        if close(results, [wrong(*case) for case in some], 1e-9):
                            fail(f"{property}: not yet", diagnosis)
                    named = ", ".join(f"{name} {value:.6g}" for name, value in zip(names, case, strict=True))
                    fail(f"{property}: for {named} you have {got:.10g}", hints.get(property, "work a small case out by hand"))
            ok(property)


def rounds(student):
    """Assignment: `student(slow, fast)` returns the median over rounds of slow / fast, and the share of rounds that fast won."""
    draws = rng(708)
    quiet = draws.uniform(1, 2, 9)
    pace = np.array([1.0, 1, 1, 1, 3, 3, 3, 3, 3])  # the machine became slower in the middle
    slow, fast = draws.uniform(4, 9, 10), draws.uniform(3, 8, 10)
    disturbed = np.where(np.arange(9) == draws.integers(9), 50.0, 1)
    cases = {
        "every round the same": (np.full(5, 6.0), np.full(5, 2.0)),
        "a round that was disturbed": (quiet * 3 * disturbed, quiet),
        "a machine that becomes slower": (pace * draws.uniform(4, 9, 9), pace * draws.uniform(3, 8, 9)),
        "an even number of rounds": (slow, fast),
        "the fast one is slower": (fast[:9] / 2, slow[:9]),
        "a tie is not won": (np.array([3.0, 2, 5, 4, 4]), np.array([3.0, 1, 5, 2, 8])),
    }
    for place, what in enumerate(("ratio", "share of rounds won")):
        for property, (one, other) in cases.items():
            right = np.median(one / other), (other < one).mean()
            mistakes = [
                {"this is the ratio of two medians; take the ratio within each round first": np.median(one) / np.median(other),
                 "a single disturbed round moves the mean; take the median": (one / other).mean(),
                 "this is the ratio of two means; take the ratio within each round first": one.mean() / other.mean(),
                 "this is the ratio of the best times, which may come from different rounds": one.min() / other.min(),
                 "how many times as fast: the slow time divided by the fast one": np.median(other / one)},
                {"this is a number of rounds; divide by how many there were": (other < one).sum(),
                 "this is the share that slow won": (other > one).mean(),
                 "only a smaller time wins; a tie does not": (other <= one).mean(),
                 "compare within each round, not with another round's time": (other < np.median(one)).mean()},
            ][place]  # fmt: skip
            with part():
                got = _several(call(student, one, other), 2, property, "return the ratio, then the share")[place]
                same(got, right[place], f"{what}, {property}", "write the rounds into a table, one line for each", 1e-9,
                     {why: wrong for why, wrong in mistakes.items() if abs(wrong - right[place]) > 1e-6})  # fmt: skip
    with part():
        got = _several(call(student, [4.0, 6.0, 9.0], [2.0, 2.0, 2.0]), 2, "lists", "return the ratio, then the share")
        same(got, [3.0, 1.0], "lists instead of arrays", "np.asarray turns a list into an array")
