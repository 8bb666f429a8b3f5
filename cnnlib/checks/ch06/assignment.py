"""The assignment goes on where the chapter ends."""

import numpy as np

from ..common import call, fail, numbers, ok, same
from ..points import part, rng
from .chapter import _results, _row
from .order import _batches, _each_once, _random_order


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
