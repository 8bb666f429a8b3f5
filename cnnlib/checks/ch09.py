"""Checks of chapter 09: what layers cost and what they see, the Pareto front, the cheapest good point, a network of one's own."""

import contextlib
import io

import numpy as np

from cnnlib import grid, networks
from cnnlib.checks.common import call, fail, numbers, ok, same
from cnnlib.checks.points import draw, part, rng


def stack_cost(function):
    """Check stack_cost(height, width, channels, filters, sizes) → (parameters, FLOP), Exercise 9.1."""
    draws = rng(91)
    height, width, channels, filters = (int(n) for n in draws.integers(6, 40, 4))
    cases = {
        "one layer on a grey picture": [(28, 28, 1, 8, [3]), (height, height, 1, filters, [5])],
        "several channels": [(28, 28, 16, 16, [5]), (height, height, channels, channels, [3])],
        "two layers that keep the channels": [(14, 14, 16, 16, [3, 3]), (height, height, filters, filters, [3, 5])],
        "two layers, the first on one channel": [(28, 28, 1, 8, [3, 3]), (height, height, 1, filters, [5, 3])],
        "kernels of different sizes": [(10, 10, 4, 4, [5, 1, 3]), (height, height, 7, 7, [7, 3, 1])],
        "height and width differ": [(9, 14, 3, 3, [3]), (height, width + 40, 5, 5, [5])],
        "all together": [(20, 11, 3, 5, [7, 1, 3, 3]), (height, width, channels, filters, [3, 9, 5])],
    }
    look = {
        "several channels": "a kernel has one weight for each of its places and each channel",
        "two layers that keep the channels": "add the layers up",
        "two layers, the first on one channel": "how many channels does the second layer get?",
        "kernels of different sizes": "sizes lists the layers from first to last",
        "height and width differ": "with padding 'same' an output has the height and the width of the picture",
    }
    for place, name in enumerate(("parameters", "FLOP")):
        for property, arguments in cases.items():
            with part():
                for case in arguments:
                    right = _stack(*case)[place]
                    mistakes = {
                        "parameters and FLOP have changed places: parameters first": _stack(*case)[1 - place],
                        "the biases are missing: one for each kernel": _stack(*case, bias=0)[place],
                        "multiplications alone were counted: each has its addition": right / 2 if place else right,
                        "these layers pad: the picture does not shrink": _stack(*case, lost=1)[place],
                    }
                    got = _two(call(function, *case[:4], list(case[4])))[place]
                    _alike(got, right, f"{name}, {property}", look.get(property, "count one kernel, then all of them"), 1e-9,
                         {why: wrong for why, wrong in mistakes.items() if wrong != right})
                ok(f"{name}, {property}")


def receptive_field(function):
    """Check receptive_field(layers), layers a list of (size, stride), Exercise 9.2."""
    draws = rng(92)
    a, b, c = (int(n) for n in draws.integers(4, 12, 3))
    cases = {
        "one convolution": [[(3, 1)], [(a, 1)]],
        "two convolutions, 5 × 5 and 3 × 3": [[(5, 1), (3, 1)], [(a, 1), (3, 1)]],
        "a row of convolutions": [[(5, 1), (3, 1), (7, 1)], [(a, 1), (b, 1), (c, 1), (3, 1)]],
        "one pooling": [[(2, 2)], [(a, a)]],
        "a convolution behind a pooling": [[(2, 2), (3, 1)], [(a, 1), (2, 2), (b, 1)]],
        "a pooling behind a convolution": [[(3, 1), (2, 2)], [(a, 1), (3, 3)]],
        "two poolings and what follows": [[(3, 1), (2, 2), (3, 1), (2, 2), (3, 1)], [(a, 1), (2, 2), (b, 1), (3, 3), (c, 1)]],
        "a stride smaller than its window": [[(3, 2), (3, 1)], [(a, 3), (b, 2), (c, 1)]],
    }
    look = {
        "one convolution": "an output number of the first layer sees its window",
        "two convolutions, 5 × 5 and 3 × 3": "draw a row of squared paper: which pixels reach the middle window?",
        "a row of convolutions": "each layer adds its size less one",
        "one pooling": "one output number of a pooling sees its window",
        "a convolution behind a pooling": "behind a stride of 2, neighbours lie two pixels apart",
        "a pooling behind a convolution": "its own stride counts for the layers that follow, not for itself",
        "two poolings and what follows": "strides multiply",
        "a stride smaller than its window": "the distance of neighbours grows by the stride, not by the window",
    }
    for property, lists in cases.items():
        with part():
            for layers in lists:
                right = _sees(layers)
                mistakes = {
                    "the windows overlap: two of 3 side by side reach over 5 pixels, not 6": sum(size for size, _ in layers),
                    "neighbours lie further apart behind a stride": 1 + sum(size - 1 for size, _ in layers),
                    "one pixel is missing: a single pixel sees itself": right - 1,
                    "a layer's own stride moves only the layers behind it": _sees(layers, early=True),
                    "neighbours move apart by the stride, not by the window": _sees([(size, size) for size, _ in layers]),
                }
                got = call(function, [tuple(layer) for layer in layers])
                _alike(got, right, property, look[property], 1e-9,
                       {why: wrong for why, wrong in mistakes.items() if wrong != right})
            ok(property)
    with part():
        same(call(function, []), 1, "no layer at all", "a pixel sees itself")


def pareto(function):
    """Check pareto(costs, scores), True for each point on the front, Exercise 9.3."""
    draws = rng(93)
    steps = np.cumsum(draws.uniform(0.5, 2, 9))  # costs and scores that rise together
    mixed, order = draws.permutation(9), draws.permutation(9)
    many = draws.uniform(0, 1, (2, 40))
    ties = draws.integers(0, 6, (2, 60)).astype(float)
    cases = {
        "five points by hand": [([1.0, 2, 3, 3.5, 4], [0.90, 0.95, 0.94, 0.97, 0.85])],
        "who pays more gets more: all are on it": [(steps, steps / 30)],
        "one point is cheapest and best": [(1 + mixed, 0.9 - mixed / 50)],
        "points in any order": [(steps[order], steps[order] / 30 - 0.1 * (order % 2))],
        "equal costs": [([2.0, 2, 2], [0.91, 0.93, 0.92]), (np.full(9, 3.0), 0.8 + mixed / 50)],
        "equal scores": [([3.0, 1, 2], [0.9, 0.9, 0.9]), (steps[mixed], np.full(9, 0.8))],
        "two equal points are both on it": [([1.0, 2, 2, 3], [0.90, 0.95, 0.95, 0.93])],
        "40 points": [tuple(many)],
        "60 points, many of them equal": [tuple(ties)],
    }
    look = {
        "who pays more gets more: all are on it": "nobody beats a point that is cheaper than all better ones",
        "one point is cheapest and best": "that point beats all others in both",
        "points in any order": "the points are not sorted by cost, and your answer keeps their order",
        "equal costs": "of equal costs only the best score is left",
        "equal scores": "of equal scores only the cheapest is left",
        "two equal points are both on it": "a point is beaten only by one that is truly better in cost or score",
    }
    for property, given in cases.items():
        with part():
            for costs, scores in given:
                costs, scores = np.array(costs, float), np.array(scores, float)
                right = grid.front(costs, scores)
                mistakes = {
                    "two equal points do not beat each other": _front(costs, scores, equal_beats=True),
                    "who is equal in one and better in the other beats": _front(costs, scores, both=True),
                    "these are the cheapest; a dearer point may be worth its price": costs == costs.min(),
                    "these are the best; a cheaper point may be worth having": scores == scores.max(),
                    "a low cost is good, a high score is good": grid.front(-costs, scores),
                    "a high score is good here": grid.front(costs, -scores),
                    "this marks the beaten points; the others are asked": ~right,
                    "the places of the points came back; True or False for each point is asked": np.flatnonzero(right),
                }
                got = numbers(call(function, costs, scores), property)
                got = got.astype(int) if got.dtype.kind == "b" else got
                _alike(got, right.astype(int), property, look.get(property, "compare a point with each other one"), 1e-9,
                     {why: wrong.astype(int) for why, wrong in mistakes.items() if not np.array_equal(wrong, right)})
            ok(property)


def choose(function):
    """Check choose(costs, scores), the place of the cheapest point within one standard error of the best, Exercise 9.4."""
    draws = rng(94)
    hand = np.array([5.0, 20, 10, 30]), np.array([[0.70, 0.72], [0.952, 0.982], [0.80, 0.82], [0.964, 0.974]])
    cases = {"four points by hand": [hand]}
    cases |= {property: [_telling(draws, property) for _ in range(2)] for property in SLIPS}
    for property, given in cases.items():
        slips = [SLIPS[property]] if property in SLIPS else list(SLIPS.values())[:2]
        with part():
            for costs, scores in given:
                got = call(function, costs, scores)
                _alike(got, grid.choose(costs, scores), property, "work it out on paper, step by step", 1e-9,
                       {look: slip(costs, scores) for look, slip in slips})
            ok(property)
    with part():
        if numbers(call(function, *hand), "a whole number").dtype.kind not in "iu":
            fail("a whole number: a place in the list is asked", "return the place, not the cost or the score")
        same(call(function, *hand), 1, "a whole number", "work it out on paper, step by step")


def _cheapest(costs, scores, room):
    means = scores.mean(axis=1)
    return int(np.where(means >= means.max() - room, costs, np.inf).argmin())


# The rules that go wrong: what each case of `choose` looks at, the words, and the rule.
SLIPS = {
    "a better mean is not enough": (
        "a cheaper point within one standard error of the best is preferred",
        lambda c, s: int(s.mean(1).argmax())),
    "the cheapest of all may be too bad": (
        "only points near the best mean may be chosen",
        lambda c, s: int(c.argmin())),
    "the mean of the seeds counts": (
        "one lucky seed does not make a point the best",
        lambda c, s: int(np.where(s.max(1) >= s.max() - grid.standard_error(s), c, np.inf).argmin())),
    "standard error, not standard deviation": (
        "the mean of n seeds scatters less than a single seed, by the root of n",
        lambda c, s: _cheapest(c, s, s.var(1, ddof=1).mean() ** 0.5)),
    "divided by n − 1": (
        "n seeds have n − 1 free differences from their mean",
        lambda c, s: _cheapest(c, s, (s.var(1).mean() / s.shape[1]) ** 0.5)),
    "variances are averaged": (
        "average the variances over the points, and take the root last",
        lambda c, s: _cheapest(c, s, s.std(1, ddof=1).mean() / s.shape[1] ** 0.5)),
    "one scatter for all points": (
        "the seeds of a single point say little about its scatter: average over the points",
        lambda c, s: _cheapest(c, s, s[s.mean(1).argmax()].std(ddof=1) / s.shape[1] ** 0.5)),
    "differences between points are no scatter": (
        "each seed scatters around the mean of its own point",
        lambda c, s: _cheapest(c, s, s.std(ddof=1) / s.shape[1] ** 0.5)),
}


def _telling(draws, property):
    """Draw costs and scores for which this one rule takes a wrong place, and the others, as far as they can, the right one."""
    free = {"the cheapest of all may be too bad", "a better mean is not enough"} - {property}
    rules = [(name == property, slip) for name, (_, slip) in SLIPS.items() if name not in free]
    rules.sort(key=lambda rule: not rule[0])  # the rarest condition first
    while True:
        seeds, slope = int(draws.integers(3, 6)), draws.uniform(0.001, 0.008)
        costs = draws.permutation(np.arange(1.0, 7)) + draws.uniform(0, 0.5, 6)
        scores = 0.9 + slope * costs[:, None] + 0.01 * draws.normal(size=(6, seeds)) * draws.uniform(0.1, 2, (6, 1))
        right = grid.choose(costs, scores)
        if all((slip(costs, scores) != right) == telling for telling, slip in rules):
            return costs, scores


def _own_text(student):
    """Return one student's own network: (string, classes)."""
    first, second = draw(student, "first", range(5, 30)), draw(student, "second", range(7, 40))
    sizes = draw(student, "sizes", [(3, 5), (5, 3), (3, 7), (7, 3), (5, 5), (7, 5), (4, 3), (3, 4)])
    pools = draw(student, "pools", [(2, 3), (3, 2)])
    text = f"C{first}-{sizes[0]},P{pools[0]},C{second}-{sizes[1]},P{pools[1]},F,D{draw(student, 'units', range(15, 60))}"
    return text, draw(student, "classes", range(5, 30))


def own_words(student):
    """Return one student's own network in words.

    >>> print(own_words("learner"))
    The network of learner: C19-3,P3,C34-4,P2,F,D27
    It tells 13 classes apart. The convolutions do not pad.
    """
    text, classes = _own_text(student)
    return f"The network of {student}: {text}\nIt tells {classes} classes apart. The convolutions do not pad."


def own_cost(student):
    """Return the check of `own_cost(height, width, channels)` → (parameters, FLOP) for the network of `own_words`."""
    text, classes = _own_text(student)

    def right(height, width, channels, **change):
        return networks.cost(text, (height, width, channels), **{"classes": classes, **change})

    def check(function):
        draws = rng(95)
        height, width, channels = (int(n) for n in draws.integers((50, 90, 2), (80, 120, 9)))
        cases = {
            "a digit of MNIST": (28, 28, 1),
            "a coloured picture": (28, 28, 3),
            "a large picture": (height, height, 1),
            "height and width differ": (height, width, 1),
            "sizes that pooling does not divide": (height + 1, width + 1, channels),
        }
        look = {
            "a digit of MNIST": "write the shape down after every token",
            "a coloured picture": "only the first kernels see the colours",
            "a large picture": "the first dense layer grows with the picture",
            "height and width differ": "follow rows and columns each on their own",
            "sizes that pooling does not divide": "a pooling window that does not fit is left out",
        }
        for place, name in enumerate(("parameters", "FLOP")):
            for property, sizes in cases.items():
                answer = right(*sizes)[place]
                mistakes = {
                    "the convolutions do not pad: the picture shrinks": right(*sizes, padding="same")[place],
                    "this is the network for ten classes": right(*sizes, classes=10)[place],
                    "parameters and FLOP have changed places: parameters first": right(*sizes)[1 - place],
                    "multiplications alone were counted: each has its addition": answer / 2 if place else answer,
                }
                with part():
                    got = _two(call(function, *sizes))[place]
                    same(got, answer, f"{name}, {property}", look[property], 1e-9,
                         {why: wrong for why, wrong in mistakes.items() if wrong != answer})

    return check


def _stack(height, width, channels, filters, sizes, bias=1, lost=0):
    """Count parameters and FLOP of the stack; `bias` and `lost` make the usual mistakes."""
    parameters = flops = 0
    for size in sizes:
        height, width = (max(side - lost * (size - 1), 0) for side in (height, width))
        weights = size * size * channels * filters
        parameters, flops, channels = parameters + weights + bias * filters, flops + 2 * height * width * weights, filters
    return parameters, flops


def _sees(layers, early=False):
    sees = step = 1
    for size, stride in layers:
        sees += (size - 1) * (step * stride if early else step)
        step *= stride
    return sees


def _front(costs, scores, equal_beats=False, both=False):
    """The front with a mistake in the rule of who beats whom."""
    cheaper, better = costs[None] < costs[:, None], scores[None] > scores[:, None]
    if both:
        return ~(cheaper & better).any(axis=1)
    no_worse = (costs[None] <= costs[:, None]) & (scores[None] >= scores[:, None])
    return ~(no_worse & ~np.eye(len(costs), dtype=bool) if equal_beats else no_worse & (cheaper | better)).any(axis=1)


def _two(got):
    if not isinstance(got, tuple | list | np.ndarray) or len(got) != 2:
        fail(f"expected two numbers, got {got!r:.60}", "return the parameters, then the FLOP")
    return got


def _alike(*arguments):
    """`same` without its line, for a property that tries several cases."""
    with contextlib.redirect_stdout(io.StringIO()):
        same(*arguments)
