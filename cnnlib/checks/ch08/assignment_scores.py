"""The assignment on scores: soft labels and their loss, accuracies, the margin between two networks."""

import numpy as np

from cnnlib.checks.common import call, close, fail, numbers, ok, same
from cnnlib.checks.points import part, rng

from .chapter import _two


def soft_labels(function):
    """Assignment: `function(labels, classes, smoothing)` returns one-hot rows with a share of 1 spread over all classes."""
    draws = rng(802)
    labels = draws.integers(0, 10, 12)
    s = float(draws.uniform(0.1, 0.4))
    cases = {
        "one-hot, by hand": (np.array([2, 0, 3]), 4, 0.0),
        "smoothing 0.2, by hand": (np.array([2, 0, 3]), 4, 0.2),
        "smoothing 1: nothing is known": (np.array([1, 0]), 5, 1.0),
        "ten classes": (labels, 10, 0.0),
        "ten classes, smoothed": (labels, 10, s),
        "a class that does not occur": (np.array([0, 1, 1]), 6, s),
        "labels uint8": (labels.astype("uint8"), 37, s),
    }
    for property, (labels, classes, s) in cases.items():
        hot = np.eye(classes)[labels]
        others = (1 - s) * hot + s * (1 - hot) / (classes - 1)
        mistakes = {
            "the share is spread over all classes, the true one included": others,
            "what is spread is taken from the 1: each row adds up to 1": hot + s / classes,
            "the smoothing is missing": hot,
            "labels count from 0": (1 - s) * np.roll(hot, -1, 1) + s / classes,
            "one row for each label, one column for each class": ((1 - s) * hot + s / classes).T,
        }
        with part():
            same(call(function, labels, classes, s), (1 - s) * hot + s / classes, property, "work one row out by hand",
                 mistakes={why: wrong for why, wrong in mistakes.items() if wrong.shape != hot.shape or not close(
                     wrong, (1 - s) * hot + s / classes)})  # fmt: skip


def soft_loss(function):
    """Assignment: `function(logits, targets)` returns the mean cross-entropy of logits (N, C) with rows of probabilities."""
    draws = rng(803)
    soft = draws.dirichlet(np.ones(5), 8)
    cases = {
        "equal logits, one-hot targets": (np.zeros((2, 4)), np.eye(4)[[1, 3]]),
        "equal logits, soft targets": (np.full((3, 4), 7.0), np.full((3, 4), 0.25)),
        "two rows by hand": (np.log([[1.0, 2, 5], [4, 2, 2]]), np.array([[0.0, 0, 1], [0.5, 0.5, 0]])),
        "one-hot targets": (draws.normal(size=(6, 10)) * 2, np.eye(10)[draws.integers(0, 10, 6)]),
        "soft targets": (draws.normal(size=(8, 5)) * 2, soft),
        "a single row": (draws.normal(size=(1, 7)), draws.dirichlet(np.ones(7), 1)),
        "float32": (draws.normal(size=(9, 4)).astype("float32"), draws.dirichlet(np.ones(4), 9).astype("float32")),
        "large logits": (1000 * draws.normal(size=(4, 5)), soft[:4]),
    }
    hints = {
        "equal logits, one-hot targets": "a network that knows nothing of C classes has the loss log C",
        "equal logits, soft targets": "a network that knows nothing of C classes has the loss log C",
        "two rows by hand": "the softmax of the logarithms of 1, 2, 5 is 1/8, 2/8, 5/8",
        "large logits": "subtract the largest logit of each row before you take e to their power",
    }
    for property, (logits, targets) in cases.items():
        z = logits.astype(float)

        def log_softmax(axis, z=z):
            z = z - z.max(axis, keepdims=True)
            return z - np.log(np.exp(z).sum(axis, keepdims=True))

        terms = targets * log_softmax(1)
        right = -terms.sum(1).mean()
        mistakes = {
            "this is the sum over the examples; the mean is asked": -terms.sum(),
            "add over the classes, take the mean over the examples only": -terms.mean(),
            "the sign: a cross-entropy is never negative": -right,
            "log is the natural logarithm, np.log": right / np.log(2),
            "each class counts by its target, not the likeliest alone":
                -log_softmax(1)[np.arange(len(z)), targets.argmax(1)].mean(),
            "the softmax goes over the classes of a row": -(targets * log_softmax(0)).sum(1).mean(),
            "each row has a loss; the mean of all is asked": -terms.sum(1),
        }  # fmt: skip
        with part():
            got = numbers(call(function, logits, targets), property)
            if got.shape == () and not np.isfinite(got):
                fail(f"{property}: the loss is {got}", hints.get(property, "where does it divide, or take a logarithm of 0"))
            same(got, right, property, hints.get(property, "−Σ target · log softmax, then the mean"),
                 mistakes={why: wrong for why, wrong in mistakes.items() if np.size(wrong) > 1 or abs(wrong - right) > 1e-4})


def accuracies(function):
    """Assignment: `function(probabilities, labels)` returns the accuracy and the binary accuracy."""
    draws = rng(804)
    hand = np.array([[0.7, 0.2, 0.1], [0.3, 0.1, 0.6], [0.2, 0.6, 0.2], [0.45, 0.3, 0.25]])
    sharp, labels = draws.dirichlet(np.full(10, 0.1), 200), draws.integers(0, 10, 200)
    flat = draws.dirichlet(np.full(10, 50.0), 100)
    cases = {
        "four answers by hand": (hand, np.array([0, 1, 0, 0])),
        "a network that knows nothing": (flat, labels[:100]),
        "a network that is sure": (sharp, labels),
        "sure and right": (np.where(draws.uniform(size=(200, 1)) < 0.8, np.eye(10)[labels], sharp), labels),
    }
    for place, what in enumerate(("accuracy", "binary accuracy")):
        for property, (p, labels) in cases.items():
            hot, answers = np.eye(p.shape[1])[labels], np.eye(p.shape[1])[p.argmax(1)]
            right = (p.argmax(1) == labels).mean(), ((p > 0.5) == hot).mean()
            mistakes = {
                "this is a percentage; a share between 0 and 1 is asked": 100 * right[place],
                "this is the binary accuracy; return the accuracy first": right[1],
                "this is a number of answers; divide by how many there were": (p.argmax(1) == labels).sum(),
                "an answer counts by its likeliest class, above 0.5 or not": ((p > 0.5) & (hot == 1)).any(1).mean(),
            } if place == 0 else {
                "this is a percentage; a share between 0 and 1 is asked": 100 * right[place],
                "this is the accuracy; now each of the N · C outputs counts on its own": right[0],
                "an output lies on the right side of 0.5, whichever is the largest": (answers == hot).mean(),
                "the outputs of the other classes count, too": ((p > 0.5) & (hot == 1)).any(1).mean(),
                "this is a number of outputs; divide by how many there were": ((p > 0.5) == hot).sum(),
            }  # fmt: skip
            with part():
                same(_two(call(function, p, labels))[place], right[place], f"{what}, {property}", "count a row by hand",
                     mistakes={why: wrong for why, wrong in mistakes.items() if abs(wrong - right[place]) > 1e-4})  # fmt: skip


def margin(function):
    """Assignment: `function(first, second)` returns the difference of two accuracies on the same pictures, its standard error."""
    draws = rng(807)
    hard = draws.uniform(size=(2000, 1)) < 0.04  # pictures that both find hard
    near = np.ones((2, 1), bool)
    while near[0].sum() == near[1].sum():
        near = np.where(hard, draws.uniform(size=(2000, 2)) < 0.5, draws.uniform(size=(2000, 2)) < 0.995).T
    apart = draws.uniform(size=(2, 500)) < np.array([[0.9], [0.7]])
    half = draws.uniform(size=301) < 0.5
    cases = {
        "eight pictures by hand": (np.array([1, 1, 1, 1, 1, 1, 0, 0], bool), np.array([1, 1, 1, 0, 0, 1, 1, 0], bool)),
        "the same answers": (half, half),
        "always the opposite": (half, ~half),
        "two good networks": (near[0], near[1]),
        "a good and a poor one": (apart[0], apart[1]),
        "the second one is better": (apart[1], apart[0]),
        "0 and 1 as whole numbers": (near[1].astype("uint8"), near[0].astype("uint8")),
    }
    for place, what in enumerate(("difference", "standard error")):
        for property, (one, other) in cases.items():
            n, a, b, d = len(one), one.mean(), other.mean(), one.astype(float) - other
            alone, together = np.sqrt(a * (1 - a) / n), np.sqrt((a * (1 - a) + b * (1 - b)) / n)
            rights = [d.mean()] if place == 0 else [d.std() / np.sqrt(n), d.std(ddof=1) / np.sqrt(n)]  # either is in use
            mistakes = [
                {"this is a percentage; a share is asked": 100 * d.mean(),
                 "first minus second; the sign says which is better": -d.mean(),
                 "this is a number of pictures; divide by how many there were": d.sum(),
                 "how many are better, less how many are worse": np.abs(d).mean()},
                {"the two saw the same pictures: take the differences picture by picture": together,
                 "this is the standard error of one accuracy": alone,
                 "this is how single pictures scatter; the mean of n of them scatters less": d.std(),
                 "this is a variance; take its root": d.var() / n,
                 "divide by the root of n, not by n": d.std() / n},
            ][place]  # fmt: skip
            with part():
                got = _two(call(function, one, other))[place]
                if not any(close(got, right, 1e-6) for right in rights):
                    for diagnosis, wrong in mistakes.items():
                        if close(got, wrong, 1e-6):
                            fail(f"{what}, {property}: not yet", diagnosis)
                    fail(f"{what}, {property}: you have {got:.6g}", "write first − second under each picture: 1, 0 or −1")
                ok(f"{what}, {property}")
