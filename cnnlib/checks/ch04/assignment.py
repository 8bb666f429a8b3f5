"""The assignment: variations of the exercises."""

import numpy as np

from cnnlib import formulas
from cnnlib.checks.common import call, fail, numbers, ok, same
from cnnlib.checks.points import part, rng

from .chapter import CHAPTER, _finite, _quietly


def picture_dense(function):
    """Check picture_dense(x, w, b): a dense layer on pictures, x (N, H, W, C), w (H · W · C, O), b (O,) -> (N, O)."""
    draws = rng(11)
    #                            N, H, W, C, O, bias
    cases = {
        "one row of pixels, one output": (1, 1, 4, 1, 1, 0),
        "several outputs": (1, 1, 5, 1, 4, 0),
        "several rows of pixels": (1, 3, 5, 1, 2, 0),
        "several channels": (1, 1, 4, 3, 2, 0),
        "bias": (1, 1, 3, 1, 4, 1),
        "several pictures": (4, 1, 3, 1, 2, 0),
        "all together": (5, 4, 3, 2, 3, 1),
    }
    look = {
        "several outputs": "output o has the weights w[:, o]",
        "several channels": "the channel runs fastest: the three numbers of one pixel stay together",
        "bias": "b(o) is added once to output o",
        "several pictures": "each picture has its own row in the result",
    }
    for property, (N, H, W, C, O, bias) in cases.items():
        x, w, b = draws.normal(size=(N, H, W, C)), draws.normal(size=(H * W * C, O)), bias * draws.normal(size=O)
        mistakes = {
            "rows and columns have changed places · write the picture out row by row": _flat(x.transpose(0, 2, 1, 3)) @ w + b,
            "channel after channel was written out · pixel after pixel is asked": _flat(x.transpose(0, 3, 1, 2)) @ w + b,
            "the bias is missing": _flat(x) @ w,
            "the batch axis is lost": (_flat(x) @ w + b)[0],
            "the axes of the result are the wrong way round: y is (N, O)": (_flat(x) @ w + b).T,
        }
        with part():
            hint = look.get(property, "write each picture out row by row, then it is the chapter's dense layer")
            same(call(function, x, w, b), _flat(x) @ w + b, property, hint, mistakes=mistakes)
    with part():
        x, w, b = (a.astype("float32") for a in (x, w, b))
        same(call(function, x, w, b), _flat(x) @ w + b, "float32", "let the arrays keep their own type of number")


def masked_softmax(function):
    """Check masked_softmax(z, allowed): softmax over the allowed classes of each row, 0 for the others; both (N, C)."""

    def right(z, allowed):
        return formulas.softmax(np.where(allowed, z, -np.inf))

    draws = rng(12)
    z, some = draws.normal(0, 2, (5, 4)), draws.uniform(size=(5, 4)) < 0.5
    some[np.arange(5), draws.integers(0, 4, 5)] = True  # at least one class of each row
    some[0], some[1] = [False, True, False, False], [True, False, True, True]
    two = np.array([[True, True, False]])
    step, high = np.array([[0.0, np.log(3), 1000.0]]), np.array([[1000.0, 1000.0 + np.log(3), 1001.0]])
    cases = {
        "the scores of the chapter, the last class forbidden": (CHAPTER, two, "1 and 2 are left of the powers 1, 2, 5"),
        "all classes allowed": (z, np.ones((5, 4), bool), "then it is the softmax of the chapter"),
        "one class allowed": (z, np.eye(4, dtype=bool)[[2, 0, 3, 1, 1]], "what is left has the probability 1"),
        "one mask for all rows": (z, np.tile(some[1], (5, 1)), "each row sums to 1 over its allowed classes"),
        "a mask for each row": (z, some, "row n of `allowed` belongs to row n of z"),
        "as many examples as classes": (z[:4], some[:4], "use axis=1 and keepdims=True"),
        "allowed scores of 1,000": (high, two, "subtract the largest allowed score before the power"),
        "allowed scores of −1,000": (high - 2000, two, "the power of −1,000 is 0: subtract before it"),
        "a forbidden score of 1,000": (step, two, "subtract the largest score among the allowed ones"),
        "negative scores": (z - 20, some, "a forbidden class has the probability 0; its score is not 0"),
    }
    for property, (scores, allowed, look) in cases.items():
        p, powers = formulas.softmax(scores), np.exp(np.minimum(scores, 700))
        mistakes = {
            "the mask has no effect": p,
            "forbidden classes are 0, and the rest still has its old size · each row must sum to 1": p * allowed,
            "the score of forbidden classes was set to 0, but the power of 0 is 1": formulas.softmax(scores * allowed),
            "the mask of the first row was used for all": right(scores, np.broadcast_to(allowed[:1], allowed.shape)),
            "allowed and forbidden have changed places": _quietly(lambda s=scores, a=allowed: right(s, ~a)),
            "these are the powers; divide them by the sum of their row": powers * allowed,
            "the columns sum to 1; the classes are axis 1": _quietly(lambda e=powers * allowed: e / e.sum(0)),
            "the whole batch sums to 1; divide each row by its own sum": _quietly(lambda e=powers * allowed: e / e.sum()),
        }
        with part(2 if "1,000" in property else 1):
            got = _finite(function, property, look, scores, allowed)
            same(got, right(scores, allowed), property, look, mistakes=mistakes)
    with part():
        same(call(function, z.astype("float32"), some), right(z, some), "float32", "let the scores keep their type")


def soft_cross_entropy(function):
    """Check soft_cross_entropy(logits, targets): mean over n of −Σ_c t(n, c) · log softmax(logits)(n, c), both (N, C)."""

    def right(z, t):
        shifted = z - z.max(1, keepdims=True)
        return -(t * (shifted - np.log(np.exp(shifted).sum(1, keepdims=True)))).sum(1).mean()

    draws = rng(13)
    z, t = draws.normal(0, 2, (6, 4)), formulas.softmax(draws.normal(0, 1, (6, 4)))
    smooth = 0.9 * np.eye(4)[draws.integers(0, 4, 6)] + 0.1 / 4
    half, far = np.array([[0.5, 0.5, 0.0]]), np.array([[800.0, 0.0]])
    cases = {
        "the scores of the chapter, target ½, ½, 0": (CHAPTER, half, "½ · log 8 + ½ · log 4"),
        "one-hot targets": (z, np.eye(4)[[0, 3, 1, 1, 2, 0]], "then it is the chapter's cross-entropy"),
        "one random example": (z[:1], t[:1], "every class counts with its share of the target"),
        "the mean over six examples": (z, t, "add over the classes, then take the mean over the batch"),
        "targets of 0.9 and a rest": (z, smooth, "every class counts, also those with a small target"),
        "equal scores": (np.zeros((3, 10)), np.eye(10)[:3] / 2 + 0.05, "log 10, whatever the targets"),
        "scores of −1,000": (np.full((2, 4), -1000.0), t[:2], "subtract the largest score of each row"),
        "half the target lies 800 behind": (far, np.array([[0.5, 0.5]]), "½ · 0 + ½ · 800"),
        "a probability of 0 where the target is 0": (np.vstack([2 * far, [[0, np.log(3)]]]), np.array([[1.0, 0], [1, 0]]),
                                                     "0 · ∞ is nan: the logarithm must not meet a 0"),
    }  # fmt: skip
    for property, (logits, targets, look) in cases.items():
        true, log_p = right(logits, targets), np.log(np.maximum(formulas.softmax(logits), 1e-300))
        entropy = -(targets * np.log(np.maximum(targets, 1e-300))).sum(1).mean()
        leader = targets.argmax(1)
        mistakes = {
            "this is the sum over the batch; the mean is asked": true * len(logits),
            "this is the mean over all N · C numbers; divide by N": true / logits.shape[1],
            "only the largest target of each row counts · every class has its share": formulas.cross_entropy(logits, leader),
            "a loss is not negative: the surprise is minus the logarithm": -true,
            "this is counted in bits; the course counts in nats": true / np.log(2),
            "the entropy of the targets is subtracted; the cross-entropy keeps it": true - entropy,
            "target and probability have changed places": -(np.exp(log_p) * np.log(np.maximum(targets, 1e-300))).sum(1).mean(),
            "the result has an axis; return one number, the mean": np.array([true]),
            "these are the losses of the examples; return their mean": -(targets * log_p).sum(1),
        }
        with part(2 if "800" in property or "000" in property or "of 0" in property else 1):
            got = _finite(function, property, look, logits, targets)
            if "800" in property and got.shape == () and 0 < got < 390:
                fail(f"{property}: the loss stops at {got:.4g}", "a small number inside the logarithm hides the mistake")
            same(got, true, property, look, mistakes=mistakes)
    with part():
        got = call(function, z.astype("float32"), t.astype("float32"))
        same(got, right(z, t), "float32", "let the scores keep their type")


def baseline(function):
    """Check baseline(train, test, classes): shares (c) = (count of c in train + 1) / (N + classes), their loss on test."""
    draws = rng(14)
    many = draws.integers(0, 7, 60), draws.integers(0, 7, 25)
    rare = np.where(many[0] == 3, 4, many[0])
    cases = {
        "as many labels of each class": (np.array([2, 0, 1, 1, 0, 2]), np.array([0, 2]), 3, "three classes, one third each"),
        "four labels, three classes, by hand": (np.array([0, 0, 1, 0]), np.array([0, 2]), 3, "counts 3, 1, 0, each plus 1, of 7"),
        "random labels": (*many, 7, "one imaginary example of each class comes on top"),
        "a class that never occurs in training": (rare, many[1], 7, "its share is 1 / (N + classes)"),
        "the last classes never occur": (many[0], many[1], 12, "there are `classes` shares, whatever the labels are"),
        "labels in uint8": (*(labels.astype("uint8") for labels in many), 7, "labels of MNIST are uint8"),
    }
    for property, (train, test, classes, look) in cases.items():
        counts, places = np.bincount(train, minlength=classes), np.bincount(test, minlength=classes)
        shares = (counts + 1) / (len(train) + classes)
        loss = -np.log(shares)[test].mean()

        def pair(property=property, train=train, test=test, classes=classes):
            got = call(function, train, test, classes)
            if not isinstance(got, tuple | list) or len(got) != 2:
                fail(f"{property}: expected two results, not {type(got).__name__}", "return shares, loss")
            return got

        with part():
            wrong = {
                "these are counts; shares sum to 1": counts + 1,
                "the imaginary examples are missing, and a class that never occurs gets 0": counts / len(train),
                "the shares sum to more than 1: the imaginary examples count in N, too": (counts + 1) / len(train),
                "these are the shares of the test labels · the best answer may not look there":
                    (places + 1) / (len(test) + classes),
            }  # fmt: skip
            same(pair()[0], shares, f"shares: {property}", look, mistakes=wrong)
        with part():
            wrong = {
                "this is the loss on the training labels · honest is the one on test labels": -np.log(shares)[train].mean(),
                "this is the sum over the test labels; the mean is asked": -np.log(shares)[test].sum(),
                "this is counted in bits; the course counts in nats": loss / np.log(2),
                "this is the entropy of the shares; the test labels decide": -(shares * np.log(shares)).sum(),
                "a loss is not negative: the surprise is minus the logarithm": -loss,
                "all classes count alike here; the mean runs over the test labels": -np.log(shares).mean(),
            }
            same(pair()[1], loss, f"loss: {property}", "the surprise at each test label, averaged", mistakes=wrong)


def temperature_for(function):
    """Check temperature_for(z, target): the temperature at which the largest softmax probability of z (C,) is `target`."""
    draws = rng(15)
    z = draws.normal(0, 2, 6)
    z[draws.integers(6)] = z.max() + 1.5  # a clear leader
    usual = float(formulas.softmax(z[None]).max())
    two = np.array([0.0, np.log(9)])
    cases = {
        "scores 0 and log 9, by hand": ([(two, 0.9), (two, 0.75)], "for ¾, 9 to the power of 1 / τ must be 3"),
        "colder, so that the leader is surer": ([(z, usual), (z, 0.5 + usual / 2)], "below 1 the leader is surer"),
        "hotter, so that the leader is less sure": ([(z, 0.5 / 6 + usual / 2)], "above 1 the classes are more alike"),
        "nearly sure": ([(z, 0.9999)], "the temperature may be small; search down from 1 by factors"),
        "nearly all alike": ([(z, 1 / 6 + 0.001)], "the temperature may be in the hundreds; search up from 1 by factors"),
        "scores of 100,000": ([(1e5 + z, 0.6)], "a softmax that survives large scores is needed inside"),
        "scores a thousand apart": ([(1000 * z, 0.6)], "the temperature grows with the differences of the scores"),
        "negative scores": ([(-50 + z, 0.8)], "only differences of scores matter"),
        "a hundred classes": ([(np.append(draws.normal(size=99), 6.0), 0.3)], "the sum runs over all classes"),
    }
    for property, (tried, look) in cases.items():
        with part():
            for scores, target in tried:
                got = numbers(call(function, scores, target), property)
                if got.shape != () or not (np.isfinite(got) and got > 0):
                    fail(f"{property}: the result is {got}, not a number above 0", "return one temperature")
                reached, turned = (float(formulas.softmax(scores[None] * s).max()) for s in (1 / float(got), float(got)))
                if abs(turned - target) < 1e-6 < abs(reached - target):
                    fail(f"{property}: not yet", "this is 1 / τ; the scores are divided by the temperature")
                if abs(reached - target) > 1e-5:
                    fail(f"{property}: at your temperature the largest probability is {reached:.5f}, not {target:.5f}", look)
            ok(property)


def _flat(x):
    return x.reshape(len(x), -1)
