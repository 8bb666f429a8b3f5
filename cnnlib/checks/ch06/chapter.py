"""The exercises of chapter 06: answers counted, batches, steps with momentum and with Adam."""

import numpy as np

from ..common import call, fail, numbers, same
from ..points import part, rng
from .order import _batches, _each_once, _random_order


def confusion_counts(function):
    """Check `confusion_counts(true, predicted, classes)`: row = true class, column = predicted class."""
    true, predicted = np.array([0, 0, 1, 2, 2, 2]), np.array([0, 2, 1, 2, 0, 0])
    hand = np.array([[1, 0, 1], [0, 1, 0], [2, 0, 1]])
    with part():
        same(call(function, true, predicted, 3), hand, "six answers, three classes, by hand",
             "each pair (true, predicted) adds 1 to one cell",
             mistakes={"rows and columns are exchanged: the true class chooses the row": hand.T,
                       "a cell that is met twice counts only once; indexing with += forgets repeated cells": (hand > 0) * 1,
                       "these are shares of each row; counts are asked": hand / hand.sum(1, keepdims=True),
                       "only the right answers are counted": np.diag(np.diag(hand))})
    with part():
        same(call(function, true, predicted, 5), np.pad(hand, ((0, 2), (0, 2))),
             "classes that never occur keep their row and column",
             "the size of the table comes from `classes`, not from the labels")
    draws = rng(1)
    true, predicted = draws.integers(0, 10, (2, 700))
    with part():
        counts = numbers(call(function, true, predicted, 10), "700 random answers")
        same(counts.sum(), len(true), "the counts sum to the number of answers", "every answer belongs into exactly one cell")
    with part():
        counts = numbers(call(function, true, predicted, 10), "700 random answers")
        same(np.diag(counts).sum(), (true == predicted).sum(), "the diagonal holds the right answers",
             "cell (c, c) counts true class c predicted as c")
    expected = _counted(true, predicted, 10)
    with part():
        same(call(function, true, predicted, 10), expected, "700 random answers, all 100 cells",
             "rows are true classes, columns predicted ones",
             mistakes={"rows and columns are exchanged: the true class chooses the row": expected.T})
    true, predicted = draws.integers(0, 20, (2, 900), dtype=np.uint8)
    with part():
        same(call(function, true, predicted, 20), _counted(true, predicted, 20),
             "twenty classes, labels of type uint8 as in MNIST",
             "uint8 holds nothing beyond 255: convert before you multiply labels")


def batches(function):
    """Check `batches(count, batch_size, rng)`: a list of index arrays that visit 0 … count − 1 once, in random order."""
    with part():
        sizes = [len(batch) for batch in _batches(function, 10, 4, 0)]
        if sizes == [4, 4]:
            fail("10 examples in batches of 4: the last two examples are never seen", "the last batch may be smaller")
        same(sizes, [4, 4, 2], "10 examples in batches of 4 have sizes 4, 4, 2",
             "cut every batch_size indices; the last is smaller")
    with part():
        _each_once(function)
    with part():
        same([len(batch) for batch in _batches(function, 12, 4, 0)], [4, 4, 4],
             "12 examples in batches of 4 leave no empty batch", "count the batches when count divides evenly")
    with part():
        same([len(batch) for batch in _batches(function, 3, 8, 0)], [3], "a batch larger than the data holds all of it",
             "the only batch has 3 indices")
    _random_order(function)


def momentum_step(function):
    """Check `momentum_step(w, v, g, learning_rate, momentum)` → (w, v) after one step."""
    w, v = "weight", "velocity"
    _step(function, (w, v), _row(1.0, 0.0, 2.0), (0.1, 0.9), {
        v: ([-0.2], "first step, velocity, by hand", "v starts at 0: only −η · g is left",
            {"the velocity points uphill: mind the sign of η · g": [0.2], "the learning rate is missing in v": [-2.0]}),
        w: ([0.8], "first step, weight, by hand", "add the new velocity to the weight",
            {"the weight did not move: add the new velocity, not the old one": [1.0], "the weight went uphill": [1.2]}),
    })  # fmt: skip
    _step(function, (w, v), _row(0.8, -0.2, 1.0), (0.1, 0.9), {
        v: ([-0.28], "second step, velocity, by hand", "keep the share μ of the old velocity, then add −η · g",
            {"the old velocity is kept whole: multiply it by μ": [-0.3], "the old velocity is lost": [-0.1],
             "the gradient is weighted by 1 − μ; here it is not": [-0.19],
             "μ also shrinks the new gradient: multiply only the old velocity": [-0.27]}),
        w: ([0.52], "second step, weight, by hand", "add the new velocity to the weight",
            {"the old velocity was added to the weight: use the new one": [0.6],
             "this is the look-ahead (Nesterov) step; the plain one is asked": [0.8 - 0.9 * 0.28 - 0.1]}),
    })  # fmt: skip
    arrays = rng(2).normal(size=(3, 4, 5))
    old, velocity, g = arrays
    new = old + 0.7 * velocity - 0.03 * g
    _step(function, (w, v), arrays, (0.03, 0.7), {
        v: (0.7 * velocity - 0.03 * g, "a whole array of velocities", "every number has its own velocity", {}),
        w: (new, "a whole array of weights", "every weight moves by its own velocity", {}),
    })  # fmt: skip
    _step(function, (w, v), arrays, (0.03, 0.0), {
        w: (old - 0.03 * g, "momentum 0 is plain gradient descent", "with μ = 0 nothing is left of the old velocity", {})})
    _step(function, (w, v), arrays.astype(np.float32), (0.03, 0.7), {w: (new, "float32 weights", "the same formula", {})})


def adam_step(function):
    """Check `adam_step(w, m, u, g, t, learning_rate)` → (w, m, u), with β₁ = 0.9, β₂ = 0.999, ε = 1e-7."""
    names = ("w", "m", "u")
    raw = 1 - 0.1 * 0.2 / np.sqrt(0.004)
    _step(function, names, _row(1.0, 0.0, 0.0, 2.0), (1, 0.1), {
        "m": ([0.2], "first step, mean of the gradient, by hand", "m starts at 0; put β₁ and g into its formula",
              {"β₁ and 1 − β₁ have changed places": [1.8],
               "m is too large: weigh g by 1 − β₁, and return m as its own formula says": [2.0]}),
        "u": ([0.004], "first step, mean of the square, by hand", "u starts at 0; put β₂ and g into its formula",
              {"the gradient must be squared": [0.002], "β₂ and 1 − β₂ have changed places": [3.996],
               "β₁ is used for u; it has its own β₂": [0.4]}),
        "w": ([0.9], "first step, weight: its length is the learning rate", "work out each factor of the formula for t = 1",
              {"the correction of the start is missing: m and u began at 0 and are still too small": [raw],
               "u is not under a root": [1 - 0.1 * np.sqrt(0.001) / 0.1 * 0.2 / 0.004],
               "the step went uphill": [1.1]}),
    })  # fmt: skip
    first = np.sqrt(0.001) / 0.1
    right = 0.9 - 0.1 * np.sqrt(1 - 0.999**2) / (1 - 0.9**2) * 0.28 / np.sqrt(0.004996)
    _step(function, names, _row(0.9, 0.2, 0.004, 1.0), (2, 0.1), {
        "m": ([0.28], "second step, mean of the gradient", "keep the share β₁ of the old mean", {}),
        "u": ([0.004996], "second step, mean of the square", "keep the share β₂ of the old mean", {}),
        "w": ([right], "second step, weight", "put t = 2 into both powers",
              {"the correction stayed that of t = 1": [0.9 - 0.1 * first * 0.28 / np.sqrt(0.004996)]}),
    })  # fmt: skip
    draws = rng(3)
    w, m, g = draws.normal(size=(3, 4, 5))
    u = draws.random((4, 5)) + 0.1
    true_m, true_u = 0.9 * m + 0.1 * g, 0.999 * u + 0.001 * g * g
    true_w = w - 0.02 * np.sqrt(1 - 0.999**7) / (1 - 0.9**7) * true_m / (np.sqrt(true_u) + 1e-7)
    text, look = "step 7 of a whole array:", "each number has its own m and u; t is the number of the step"
    _step(function, names, (w, m, u, g), (7, 0.02), {
        "w": (true_w, f"{text} weights", look, {}),
        "m": (true_m, f"{text} means", look, {}),
        "u": (true_u, f"{text} squares", look, {}),
    })  # fmt: skip
    _step(function, names, np.zeros((4, 3)), (1, 0.1), {
        "w": (np.zeros(3), "a gradient of 0 moves nothing", "ε keeps 0 / 0 away: add it outside the root", {})})
    singles = [a.astype(np.float32) for a in (w, m, u, g)]
    _step(function, names, singles, (7, 0.02), {"w": (true_w, "float32 weights", "the same formula", {})})


def _row(*values):
    return [np.array([value]) for value in values]


def _counted(true, predicted, classes):
    return np.array([[((true == i) & (predicted == j)).sum() for j in range(classes)] for i in range(classes)])


def _step(function, names, arrays, settings, expected):
    """Check the results of one step, each in a part of its own: {name: (right, property, look, mistakes)}."""
    for name, (right, property, look, mistakes) in expected.items():
        with part():
            got = _results(function, len(names), *arrays, *settings)[names.index(name)]
            same(got, right, property, look, mistakes=mistakes)


def _results(function, count, *arguments):
    """Call and demand a tuple of `count` results."""
    got = call(function, *arguments)
    if not isinstance(got, tuple | list) or len(got) != count:
        fail(f"the function returns {type(got).__name__}, not {count} values", f"return {count} arrays, separated by commas")
    return got
