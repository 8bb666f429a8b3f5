"""Who is beaten, and which point is the cheapest good one: exercises 9.3 and 9.4."""

import numpy as np

from cnnlib import grid
from cnnlib.checks.ch09.results import alike
from cnnlib.checks.common import call, fail, numbers, ok, same
from cnnlib.checks.points import part, rng


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
                alike(got, right.astype(int), property, look.get(property, "compare a point with each other one"), 1e-9,
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
                alike(got, grid.choose(costs, scores), property, "work it out on paper, step by step; places count from 0", 1e-9,
                      {look: slip(costs, scores) for look, slip in slips})
            ok(property)
    with part():
        if numbers(call(function, *hand), "a whole number").dtype.kind not in "iu":
            fail("a whole number: a place in the list is asked", "return the place, not the cost or the score")
        same(call(function, *hand), 1, "a whole number", "work it out on paper, step by step; places count from 0")


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


def _front(costs, scores, equal_beats=False, both=False):
    """The front with a mistake in the rule of who beats whom."""
    cheaper, better = costs[None] < costs[:, None], scores[None] > scores[:, None]
    if both:
        return ~(cheaper & better).any(axis=1)
    no_worse = (costs[None] <= costs[:, None]) & (scores[None] >= scores[:, None])
    return ~(no_worse & ~np.eye(len(costs), dtype=bool) if equal_beats else no_worse & (cheaper | better)).any(axis=1)
