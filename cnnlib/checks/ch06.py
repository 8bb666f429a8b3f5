"""Checks for chapter 06: counting answers, drawing batches, and the steps of two optimisers."""

import numpy as np

from .common import call, fail, numbers, ok, same


def confusion_counts(function):
    """Check `confusion_counts(true, predicted, classes)`: row = true class, column = predicted class."""
    true, predicted = np.array([0, 0, 1, 2, 2, 2]), np.array([0, 2, 1, 2, 0, 0])
    hand = np.array([[1, 0, 1], [0, 1, 0], [2, 0, 1]])
    same(call(function, true, predicted, 3), hand, "six answers, three classes, by hand",
         "each pair (true, predicted) adds 1 to one cell",
         mistakes={"rows and columns are exchanged: the true class chooses the row": hand.T,
                   "a cell that is met twice counts only once; indexing with += forgets repeated cells": (hand > 0) * 1,
                   "these are shares of each row; counts are asked": hand / hand.sum(1, keepdims=True),
                   "only the right answers are counted": np.diag(np.diag(hand))})
    same(call(function, true, predicted, 5), np.pad(hand, ((0, 2), (0, 2))), "classes that never occur keep their row and column",
         "the size of the table comes from `classes`, not from the labels")
    rng = np.random.default_rng(1)
    true, predicted = rng.integers(0, 10, (2, 700))
    counts = numbers(call(function, true, predicted, 10), "700 random answers")
    same(counts.sum(), len(true), "the counts sum to the number of answers", "every answer belongs into exactly one cell")
    same(np.diag(counts).sum(), (true == predicted).sum(), "the diagonal holds the right answers",
         "cell (c, c) counts true class c predicted as c")
    expected = np.array([[((true == i) & (predicted == j)).sum() for j in range(10)] for i in range(10)])
    same(counts, expected, "700 random answers, all 100 cells", "rows are true classes, columns predicted ones",
         mistakes={"rows and columns are exchanged: the true class chooses the row": expected.T})
    true, predicted = rng.integers(0, 20, (2, 900), dtype=np.uint8)
    expected = np.array([[((true == i) & (predicted == j)).sum() for j in range(20)] for i in range(20)])
    same(call(function, true, predicted, 20), expected, "twenty classes, labels of type uint8 as in MNIST",
         "uint8 holds nothing beyond 255: convert before you multiply labels")


def batches(function):
    """Check `batches(count, batch_size, rng)`: a list of index arrays that visit 0 … count − 1 once, in random order."""
    got = _batches(function, 10, 4, 0)
    sizes = [len(batch) for batch in got]
    if sizes == [4, 4]:
        fail("10 examples in batches of 4: the last two examples are never seen", "the last batch may be smaller")
    same(sizes, [4, 4, 2], "10 examples in batches of 4 have sizes 4, 4, 2", "cut every batch_size indices; the last is smaller")
    drawn = np.concatenate(got)
    if len(set(drawn.tolist())) < 10:
        fail("within one epoch an example comes twice and another never", "put all indices into one random order, then cut it")
    same(np.sort(drawn), np.arange(10), "every index from 0 to 9 comes exactly once", "indices count from 0 to count − 1")
    same([len(batch) for batch in _batches(function, 12, 4, 0)], [4, 4, 4], "12 examples in batches of 4 leave no empty batch",
         "count the batches when count divides evenly")
    same([len(batch) for batch in _batches(function, 3, 8, 0)], [3], "a batch larger than the data holds all of it",
         "the only batch has 3 indices")
    long = [np.concatenate(_batches(function, 200, 32, seed)) for seed in (1, 1, 2)]
    if np.array_equal(long[0], np.arange(200)):
        fail("200 indices came back in their first order", "shuffle: rng.permutation")
    gaps = [np.ptp(batch) for batch in _batches(function, 200, 32, 3)]
    if max(gaps) < 40:
        fail("each batch holds neighbours: whole batches were shuffled, not the examples", "shuffle before you cut")
    ok("the order is shuffled, example by example")
    if not np.array_equal(long[0], long[1]):
        fail("the same seed gave two different orders", "draw from the rng you are given, from no other source")
    ok("the same seed gives the same order")
    rng = np.random.default_rng(4)
    first, second = (np.concatenate(list(call(function, 200, 32, rng))) for _ in range(2))
    if np.array_equal(long[0], long[2]) or np.array_equal(first, second):
        fail("two epochs, or two seeds, gave the same order", "draw from the rng you are given instead of making a new one")
    ok("the next epoch has another order")


def momentum_step(function):
    """Check `momentum_step(w, v, g, learning_rate, momentum)` → (w, v) after one step."""
    one = lambda *values: [np.array([value]) for value in values]  # noqa: E731
    w, v = _results(function, 2, *one(1.0, 0.0, 2.0), 0.1, 0.9)
    same(v, [-0.2], "first step, velocity, by hand", "v starts at 0: only −η · g is left",
         mistakes={"the velocity points uphill: mind the sign of η · g": [0.2], "the learning rate is missing in v": [-2.0]})
    same(w, [0.8], "first step, weight, by hand", "add the new velocity to the weight",
         mistakes={"the weight did not move: add the new velocity, not the old one": [1.0], "the weight went uphill": [1.2]})
    w, v = _results(function, 2, *one(0.8, -0.2, 1.0), 0.1, 0.9)
    same(v, [-0.28], "second step, velocity, by hand", "keep the share μ of the old velocity, then add −η · g",
         mistakes={"the old velocity is kept whole: multiply it by μ": [-0.3], "the old velocity is lost": [-0.1],
                   "the gradient is weighted by 1 − μ; here it is not": [-0.19],
                   "μ also shrinks the new gradient: multiply only the old velocity": [-0.27]})
    same(w, [0.52], "second step, weight, by hand", "add the new velocity to the weight",
         mistakes={"the old velocity was added to the weight: use the new one": [0.6],
                   "this is the look-ahead (Nesterov) step; the plain one is asked": [0.8 - 0.9 * 0.28 - 0.1]})
    rng = np.random.default_rng(2)
    w, v, g = rng.normal(size=(3, 4, 5))
    new_w, new_v = _results(function, 2, w, v, g, 0.03, 0.7)
    same(new_v, 0.7 * v - 0.03 * g, "a whole array of velocities", "every number has its own velocity")
    same(new_w, w + 0.7 * v - 0.03 * g, "a whole array of weights", "every weight moves by its own velocity")
    new_w, _ = _results(function, 2, w, v, g, 0.03, 0.0)
    same(new_w, w - 0.03 * g, "momentum 0 is plain gradient descent", "with μ = 0 nothing is left of the old velocity")
    new_w, _ = _results(function, 2, *(a.astype(np.float32) for a in (w, v, g)), 0.03, 0.7)
    same(new_w, w + 0.7 * v - 0.03 * g, "float32 weights", "the same formula")


def adam_step(function):
    """Check `adam_step(w, m, u, g, t, learning_rate)` → (w, m, u), with β₁ = 0.9, β₂ = 0.999, ε = 1e-7."""
    one = lambda *values: [np.array([value]) for value in values]  # noqa: E731
    w, m, u = _results(function, 3, *one(1.0, 0.0, 0.0, 2.0), 1, 0.1)
    same(m, [0.2], "first step, mean of the gradient, by hand", "m starts at 0; put β₁ and g into its formula",
         mistakes={"β₁ and 1 − β₁ have changed places": [1.8],
                   "m is too large: weigh g by 1 − β₁, and return m as its own formula says": [2.0]})
    same(u, [0.004], "first step, mean of the square, by hand", "u starts at 0; put β₂ and g into its formula",
         mistakes={"the gradient must be squared": [0.002], "β₂ and 1 − β₂ have changed places": [3.996],
                   "β₁ is used for u; it has its own β₂": [0.4]})
    raw = 1 - 0.1 * 0.2 / np.sqrt(0.004)
    same(w, [0.9], "first step, weight: its length is the learning rate", "work out each factor of the formula for t = 1",
         tolerance=1e-5, mistakes={
             "the correction of the start is missing: m and u began at 0 and are still too small": [raw],
             "u is not under a root": [1 - 0.1 * np.sqrt(0.001) / 0.1 * 0.2 / 0.004],
             "the step went uphill": [1.1]})
    w, m, u = _results(function, 3, *one(0.9, 0.2, 0.004, 1.0), 2, 0.1)
    same(m, [0.28], "second step, mean of the gradient", "keep the share β₁ of the old mean")
    same(u, [0.004996], "second step, mean of the square", "keep the share β₂ of the old mean")
    first = np.sqrt(0.001) / 0.1
    right = 0.9 - 0.1 * np.sqrt(1 - 0.999**2) / (1 - 0.9**2) * 0.28 / np.sqrt(0.004996)
    same(w, [right], "second step, weight", "put t = 2 into both powers",
         mistakes={"the correction stayed that of t = 1": [0.9 - 0.1 * first * 0.28 / np.sqrt(0.004996)]})
    rng = np.random.default_rng(3)
    w, m, g = rng.normal(size=(3, 4, 5))
    u = rng.random((4, 5)) + 0.1
    got = _results(function, 3, w, m, u, g, 7, 0.02)
    true_m, true_u = 0.9 * m + 0.1 * g, 0.999 * u + 0.001 * g * g
    true_w = w - 0.02 * np.sqrt(1 - 0.999**7) / (1 - 0.9**7) * true_m / (np.sqrt(true_u) + 1e-7)
    for name, result, true in zip(("weights", "means", "squares"), got, (true_w, true_m, true_u), strict=True):
        same(result, true, f"step 7 of a whole array: {name}", "each number has its own m and u; t is the number of the step")
    quiet = _results(function, 3, *(np.zeros(3) for _ in range(4)), 1, 0.1)[0]
    same(quiet, np.zeros(3), "a gradient of 0 moves nothing", "ε keeps 0 / 0 away: add it outside the root")
    got = _results(function, 3, *(a.astype(np.float32) for a in (w, m, u, g)), 7, 0.02)[0]
    same(got, true_w, "float32 weights", "the same formula")


def _batches(function, count, size, seed):
    """The batches for one seed as a list of index arrays."""
    got = call(function, count, size, np.random.default_rng(seed))
    try:
        got = [numbers(batch, "the batches") for batch in got]
    except TypeError:
        fail("the result is no list of batches", "return a list of arrays of indices")
    for batch in got:
        if batch.ndim != 1 or batch.dtype.kind not in "iu":
            fail(f"a batch has shape {batch.shape} and type {batch.dtype}", "a batch is a row of whole numbers, the indices")
    if any(len(batch) == 0 for batch in got):
        fail("there is an empty batch", "stop when all indices are used")
    return got


def _results(function, count, *arguments):
    """Call and demand a tuple of `count` results."""
    got = call(function, *arguments)
    if not isinstance(got, tuple | list) or len(got) != count:
        fail(f"the function returns {type(got).__name__}, not {count} values", f"return {count} arrays, separated by commas")
    return got
