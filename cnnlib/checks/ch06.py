"""Checks for chapter 06, Training from scratch: four exercises of the chapter, then those of its assignment alone."""

import numpy as np

from .common import call, fail, numbers, ok, same
from .points import part, rng


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


# The assignment goes on where the chapter ends.


def precision(function):
    """Check `precision(counts)`: of all answers c, the share that is right; 0 for a class that was never answered."""
    draws = rng(6)
    hand = np.array([[6, 0, 4], [1, 8, 1], [3, 0, 7]])
    wide = draws.integers(1, 90, (10, 10)) + np.diag(draws.integers(200, 900, 10))
    unheard = np.array([[4, 0, 1], [2, 0, 3], [0, 0, 5]])
    cases = {
        "three classes by hand": (hand, "of ten answers 0, how many belong to a true 0"),
        "ten classes": (wide, "each class has a share of its own"),
        "no answer is wrong": (np.diag(draws.integers(1, 50, 4)), "then every share is 1"),
        "every answer is wrong": (np.roll(np.diag([3, 1, 2]), 1, 0), "then every share is 0"),
        "a class that was never answered has the share 0": (unheard, "0 / 0 is not a number; look before you divide"),
        "counts of type uint8": (np.array([[200, 100], [100, 200]], np.uint8), "uint8 holds nothing beyond 255"),
    }
    for property, (counts, look) in cases.items():
        many, right = counts.astype(float), np.diag(counts).astype(float)
        mistakes = {
            "these are the shares of the true classes, as in the chapter; ask about the answers": right / many.sum(1).clip(1),
            "these are shares of all answers; each class has its own number of answers": right / many.sum(),
            "these are counts; a share lies between 0 and 1": right,
            "this is the share of wrong answers": 1 - right / many.sum(0).clip(1),
            "the diagonal is compared with the other cells of the column only": right / (many.sum(0) - right).clip(1),
        }
        with part(), np.errstate(all="ignore"):
            same(call(function, counts), right / many.sum(0).clip(1), property, look, mistakes=mistakes)


def even_batches(function):
    """Check `even_batches(count, batch_size, rng)`: as many batches as `batches`, of sizes that differ by 1 at most."""
    n = 32 * int(rng(7).integers(12, 28)) + 5
    cases = {  # count, batch size, share of the points
        "10 examples, batches of at most 4": (10, 4, 3, "three batches are needed; share 10 among them"),
        "12 examples, batches of at most 4": (12, 4, 1, "here all batches are full"),
        "101 examples, batches of at most 50": (101, 50, 3, "a last batch of one would be rough: share it"),
        "3 examples, batches of at most 8": (3, 8, 1, "one batch is enough"),
        "a single example": (1, 1, 1, "one batch with one index"),
        "a number not known before": (n, 32, 3, "the fewest batches that hold all examples"),
    }
    for property, (count, size, share, look) in cases.items():
        with part(share):
            sizes, fewest = sorted(len(batch) for batch in _batches(function, count, size, 0)), -(-count // size)
            if sum(sizes) < count:
                fail(f"{property}: {count - sum(sizes)} of {count} examples are in no batch", "every example comes once")
            if max(sizes) > size:
                fail(f"{property}: one batch has {max(sizes)} examples", "no batch is larger than batch_size")
            if len(sizes) != fewest:
                fail(f"{property}: you have {len(sizes)} batches, {fewest} hold all", look)
            if sizes[-1] - sizes[0] > 1:
                fail(f"{property}: the smallest batch has {sizes[0]}, the largest {sizes[-1]}", "sizes differ by 1 at most")
            ok(f"{property}: {fewest}, of nearly the same size")
    with part(3):
        _each_once(function)
    _random_order(function)


def penalised_step(function):
    """Check `penalised_step(w, v, g, learning_rate, momentum, l1, l2)` → (w, v): penalties join the gradient, then momentum."""
    draws = rng(8)
    w, v, g = draws.normal(size=(3, 4, 5))
    holes = w * (draws.random(w.shape) > 0.4)  # weights of 0 get no push from either penalty
    eta, mu, l1, l2 = draws.uniform([0.02, 0.5, 0.1, 0.1], [0.2, 0.9, 0.9, 0.9])
    cases = {  # w, v, g, learning rate, momentum, l1, l2
        "no penalty: momentum as in the chapter": (w, v, g, eta, mu, 0.0, 0.0, "v keeps the share μ of itself"),
        "L2 on one weight by hand": (*_row(3.0, 0.0, 1.0), 0.1, 0.9, 0.0, 0.5, "the slope of 0.5 · w² at 3 joins the gradient"),
        "L1 on a negative weight by hand": (*_row(-3.0, 0.0, 1.0), 0.1, 0.9, 0.5, 0.0, "towards 0 means upwards here"),
        "L2 on an array": (w, 0 * v, g, eta, mu, 0.0, l2, "every weight has its own penalty"),
        "L1 on an array": (w, 0 * v, g, eta, mu, l1, 0.0, "the push is as strong for all weights"),
        "L1 where some weights are 0": (holes, 0 * v, g, eta, mu, l1, 0.0, "at 0 the push is 0"),
        "penalties with momentum": (w, v, g, eta, mu, l1, l2, "the velocity takes in the penalties too"),
        "penalties without momentum": (w, v, g, eta, 0.0, l1, l2, "both penalties at once"),
    }
    for property, (w, v, g, eta, mu, l1, l2, look) in cases.items():
        push = l1 * np.sign(w) + 2 * l2 * w

        def step(push, w=w, v=v, g=g, eta=eta, mu=mu):
            velocity = mu * v - eta * (g + push)
            return [w + velocity, velocity]

        bare = step(0)[1]
        slips = {
            "the penalties do not reach the velocity": [w + bare - eta * push, bare],
            "the penalties are missing": step(0),
            "half the push of L2 is missing: what is the slope of w²": step(l1 * np.sign(w) + l2 * w),
            "L1 pushes negative weights the wrong way": step(l1 + 2 * l2 * w),
            "the penalties make the weights grow: mind their sign": step(-push),
            "L1 pushes large weights more than small ones; its slope has one size": step(l1 * w + 2 * l2 * w),
            "the penalties joined the loss, not its slope": step(l1 * np.abs(w) + l2 * w**2),
            "the learning rate does not reach the penalties": step(push / eta),
        }
        for n, name in enumerate(("weights", "velocity")):
            with part():
                mistakes = {diagnosis: wrong[n] for diagnosis, wrong in slips.items()}
                same(_results(function, 2, w, v, g, eta, mu, l1, l2)[n], step(push)[n], f"{property}: {name}", look,
                     mistakes=mistakes)


def learning_rate(function):
    """Check `learning_rate(step, steps, warm, highest)`: rises for `warm` steps, then falls along half a cosine to 0."""

    def right(step, steps, warm, highest):
        if step <= warm:
            return highest * step / warm
        return highest * (1 + np.cos(np.pi * (step - warm) / (steps - warm))) / 2

    draws = rng(9)
    steps, warm = (int(n) for n in draws.integers((300, 20), (900, 90)))
    highest = float(draws.uniform(0.001, 0.4))
    cases = {
        "steps 1 to 4 of 4 warm ones": ([(n, 20, 4, 0.8) for n in (1, 2, 3, 4)], "the rate grows by equal amounts"),
        "a quarter and three quarters down": ([(8, 20, 4, 0.8), (16, 20, 4, 0.8)], "slow, fast, slow: no straight line"),
        "halfway down": ([(12, 20, 4, 0.8), (25, 30, 20, 0.1)], "half a cosine has lost half of its height there"),
        "the last step has the rate 0": ([(20, 20, 4, 0.8), (steps, steps, warm, highest)], "the angle goes from 0 to π"),
        "no warm step": ([(1, 10, 0, 1.0), (15, 30, 0, 0.1)], "with warm = 0 the fall begins at once"),
        "nothing but warm steps": ([(n, 5, 5, 0.5) for n in (1, 4, 5)], "the last step has the highest rate"),
        "a whole run": ([(n, steps, warm, highest) for n in range(1, steps + 1, 23)], "compare with the other lines first"),
    }
    for property, (arguments, look) in cases.items():
        with part():
            for case in arguments:
                got = numbers(call(function, *case), property)
                if got.shape != ():
                    fail(f"{property}: the result has shape {got.shape}", "return one number")
                if not abs(got - right(*case)) < 1e-6 * case[3]:
                    step, steps_, warm_, highest_ = case
                    named = f"step {step} of {steps_}, {warm_} warm, highest {highest_:.4g}"
                    fail(f"{property}: for {named} you have {got:.6g}", look)
            ok(property)


def early_stopping(function):
    """Check `early_stopping(losses, patience)` → (best, last): the best epoch, and the epoch after which training ends."""

    def right(losses, patience):
        best = last = 0
        for last, loss in enumerate(losses):
            best = last if loss < losses[best] else best
            if last - best == patience:
                break
        return best, last

    draws = rng(10)
    runs = [np.abs(draws.normal(size=25).cumsum()).round(2) for _ in range(12)]
    cases = {  # losses, patience
        "a loss that falls to the end": ([([0.9, 0.5, 0.4, 0.2], 2), ([0.5, 0.4], 5)], "nothing stops it before the last epoch"),
        "a loss that only rises": ([([0.1, 0.2, 0.3, 0.4, 0.5], 2)], "epochs count from 0; write the losses under their numbers"),
        "patience 1": ([([0.5, 0.4, 0.6, 0.5], 1)], "the first epoch without a new lowest loss ends it"),
        "a lower loss behind the end is never seen": ([([0.5, 0.3, 0.4, 0.6, 0.1], 2)], "who has stopped sees no more losses"),
        "a new lowest loss in time": ([([0.5, 0.6, 0.4, 0.5, 0.3, 0.4, 0.4], 2)], "each new lowest loss begins the count again"),
        "better than before is not a new lowest": ([([0.2, 0.9, 0.8, 0.7, 0.6], 3)], "compare with the lowest so far"),
        "an equal loss is no new lowest": ([([0.5, 0.3, 0.3, 0.3, 0.4], 2)], "the first of two equal epochs is the best"),
        "twelve runs": ([(run, n) for n, run in enumerate(runs, 1)], "follow one run with a pencil"),
    }
    for property, (arguments, look) in cases.items():
        with part():
            for losses, patience in arguments:
                got = numbers(call(function, np.array(losses), patience), property)
                if got.shape != (2,):
                    fail(f"{property}: the result has shape {got.shape}", "return two whole numbers, best and last")
                if tuple(got) != right(losses, patience):
                    shown = ", ".join(f"{loss:g}" for loss in losses[:8]) + (", …" if len(losses) > 8 else "")
                    pair = f"({got[0]:g}, {got[1]:g})"
                    fail(f"{property}: for losses {shown} and patience {patience} you have (best, last) = {pair}", look)
            ok(property)


def train_softmax(function):
    """Check `train_softmax(x, y, classes, epochs, batch_size, learning_rate, rng)` → w, b: a linear classifier, trained."""
    draws = rng(11)
    x, y = draws.normal(size=(12, 3)), draws.permutation(12) % 3  # the fourth class never occurs
    alike, ones = np.tile(draws.normal(size=(1, 3)), (10, 1)), np.ones(10, int)
    seeds = [int(seed) for seed in draws.integers(2**31, size=2)]
    cases = {  # x, y, epochs, batch size, learning rate
        "one step with all examples": (x, y, 1, 12, 0.5, "at first all probabilities are equal; then the five steps"),
        "four epochs of one step each": (x, y, 4, 12, 0.5, "each step begins where the last one ended"),
        "batches of 4 from 10 equal examples": (alike, ones, 2, 4, 0.5, "three steps per epoch, of 4, 4 and 2"),
        "pixels from 0 to 10,000 are not too large": (1e4 * np.abs(x), y, 3, 12, 0.5, "a softmax subtracts the largest logit"),
        "float32 pictures": (x.astype("float32"), y, 2, 12, 0.5, "the same formulas must do for both dtypes"),
    }
    for property, (x, y, epochs, size, eta, look) in cases.items():
        right = _trained(x, y, 4, epochs, size, eta)
        slips = {
            "this is the sum over the batch; a step takes the mean": _trained(x, y, 4, epochs, size, eta * min(size, len(x))),
            "the loss rises: mind the sign of the step": _trained(x, y, 4, epochs, size, -eta),
            "nothing was learned: weights and biases are still 0": (0 * right[0], 0 * right[1]),
            "this is the result of one epoch": _trained(x, y, 4, 1, size, eta),
            "the last batch of an epoch is missing": _trained(x[: len(x) // size * size], y, 4, epochs, size, eta),
            "all examples went into each step: cut the order into batches": _trained(x, y, 4, epochs, len(x), eta),
            "the gradient is divided by the number of all examples, not by those of the batch":
                _trained(x, y, 4, epochs, size, eta, of=len(x)),
        }
        for n, name in enumerate(("w", "b")):
            with part(1 if size == 12 else 2), np.errstate(all="ignore"):
                got = _results(function, 2, x, y, 4, epochs, size, eta, np.random.default_rng(seeds[0]))[n]
                same(got, right[n], f"{property}: {name}", look, mistakes={text: wrong[n] for text, wrong in slips.items()})
    centres = 2 + 3 * np.linalg.qr(draws.normal(size=(8, 8)))[0][:5]  # five heaps, sorted as on a disk
    y = np.repeat(np.arange(5), 60)
    x = centres[y] + draws.normal(size=(300, 8)) / 2

    def run(seed):
        w, b = _results(function, 2, x, y, 5, 1, 10, 0.1, np.random.default_rng(seed))
        w, b = numbers(w, "sorted examples"), numbers(b, "sorted examples")
        if w.shape != (8, 5) or b.shape != (5,):
            fail(f"sorted examples: w has shape {w.shape} and b {b.shape}", "w is (inputs, classes), b is (classes,)")
        return w, np.mean((x @ w + b).argmax(1) == y)

    with part(2):
        share = run(seeds[0])[1]
        if not share > 0.75:
            fail(f"300 examples sorted by class, one epoch: only {share:.0%} are right", "a new random order for each epoch")
        ok("300 examples sorted by class: more than 75 % are right after one epoch")
    with part():
        (first, _), (again, _), (other, _) = run(seeds[0]), run(seeds[0]), run(seeds[1])
        if not np.array_equal(first, again):
            fail("the same rng gave two different results", "draw the order from the rng you are given, from no other source")
        if np.allclose(first, other) or not np.any(first):
            fail("two different rngs gave the same result", "draw the order from the rng you are given")
        ok("the order comes from rng")
    with part():
        after = []
        for epochs in (1, 2):
            draws = np.random.default_rng(seeds[0])
            _results(function, 2, x, y, 5, epochs, 10, 0.1, draws)
            after.append(draws.bit_generator.state)
        if after[0] == after[1]:
            fail("the second epoch drew nothing from rng", "each epoch has a random order of its own")
        ok("each epoch draws an order of its own")


def _row(*values):
    return [np.array([value]) for value in values]


def _counted(true, predicted, classes):
    return np.array([[((true == i) & (predicted == j)).sum() for j in range(classes)] for i in range(classes)])


def _trained(x, y, classes, epochs, size, eta, of=None):
    """Gradient descent from zeros, in the order of the data; `of` takes the place of the batch size in the mean."""
    w, b, y = np.zeros((x.shape[1], classes)), np.zeros(classes), y[: len(x)]
    for start in list(range(0, len(x), size)) * epochs:
        batch, labels = x[start : start + size].astype(float), y[start : start + size]
        z = batch @ w + b
        p = np.exp(z - z.max(1, keepdims=True))
        dz = (p / p.sum(1, keepdims=True) - np.eye(classes)[labels]) / (of or len(batch))
        w, b = w - eta * batch.T @ dz, b - eta * dz.sum(0)
    return w, b


def _step(function, names, arrays, settings, expected):
    """Check the results of one step, each in a part of its own: {name: (right, property, look, mistakes)}."""
    for name, (right, property, look, mistakes) in expected.items():
        with part():
            got = _results(function, len(names), *arrays, *settings)[names.index(name)]
            same(got, right, property, look, mistakes=mistakes)


def _each_once(function):
    drawn = np.concatenate(_batches(function, 10, 4, 0))
    if len(drawn) == 10 and len(set(drawn.tolist())) < 10:
        fail("within one epoch an example comes twice and another never", "put all indices into one random order, then cut it")
    same(np.sort(drawn), np.arange(10), "every index from 0 to 9 comes exactly once", "indices count from 0 to count − 1")


def _random_order(function):
    """Check that the order is random, comes from the rng, and changes with every epoch."""
    seeds = [int(seed) for seed in rng(4).integers(2**31, size=3)]

    def order(seed):
        drawn = np.concatenate(_batches(function, 200, 32, seed))
        if np.array_equal(drawn, np.arange(200)):
            fail("200 indices came back in their first order", "shuffle: rng.permutation")
        return drawn

    with part():
        order(seeds[0])
        if max(np.ptp(batch) for batch in _batches(function, 200, 32, seeds[2])) < 40:
            fail("each batch holds neighbours: whole batches were shuffled, not the examples", "shuffle before you cut")
        ok("the order is shuffled, example by example")
    with part():
        if not np.array_equal(order(seeds[0]), order(seeds[0])):
            fail("the same seed gave two different orders", "draw from the rng you are given, from no other source")
        ok("the same seed gives the same order")
    with part():
        draws = np.random.default_rng(seeds[2])
        first, second = (np.concatenate(_batches(function, 200, 32, draws)) for _ in range(2))
        if np.array_equal(order(seeds[0]), order(seeds[1])) or np.array_equal(first, second):
            fail("two epochs, or two seeds, gave the same order", "draw from the rng you are given instead of making a new one")
        ok("the next epoch has another order")


def _batches(function, count, size, seed):
    """The batches for one seed (or generator) as a list of index arrays."""
    got = call(function, count, size, np.random.default_rng(seed))
    try:
        got = [numbers(batch, "the batches") for batch in got]
    except TypeError:
        fail("the result is no list of batches", "return a list of arrays of indices")
    if not got:
        fail("there is no batch", "return a list of arrays of indices")
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
