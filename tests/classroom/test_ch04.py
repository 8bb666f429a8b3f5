"""The checkers of chapter 04 pass right answers and reject planted wrong ones, each with a fitting message."""

import numpy as np
import pytest
from planted import demands

from cnnlib import formulas
from cnnlib.checks import ch04


def dense(x, w, b):
    return x @ w + b


def dense_by_loops(x, w, b):
    return [[sum(x[n, i] * w[i, o] for i in range(len(w))) + b[o] for o in range(w.shape[1])] for n in range(len(x))]


def softmax(z, temperature=1.0):
    e = np.exp((z - z.max(1, keepdims=True)) / temperature)
    return e / e.sum(1, keepdims=True)


def softmax_by_differences(z, temperature=1.0):
    """1 / Σ e^(z' − z): no maximum is subtracted, and yet every row is right."""
    with np.errstate(over="ignore"):
        return 1 / np.exp((z[:, None, :] - z[:, :, None]) / temperature).sum(2)


def cross_entropy(logits, labels):
    shifted = logits - logits.max(1, keepdims=True)
    return (np.log(np.exp(shifted).sum(1)) - shifted[np.arange(len(labels)), labels]).mean()


def cross_entropy_by_logaddexp(logits, labels):
    return sum(np.logaddexp.reduce(row) - row[label] for row, label in zip(logits, labels, strict=True)) / len(labels)


def in_place_dense(x, w, b):
    w *= 2
    return x @ w / 2 + b


def printing_dense(x, w, b):
    print(x @ w + b)


def one_loop_too_short(x, w, b):
    return x[:, :-1] @ w[:-1] + b


def naive_softmax(z, temperature=1.0):
    e = np.exp(z / temperature)
    return e / e.sum(1, keepdims=True)


def batch_maximum(z, temperature=1.0):
    e = np.exp((z - z.max()) / temperature)
    return e / e.sum(1, keepdims=True)


def transposed_sum(z, temperature=1.0):
    e = np.exp((z - z.max(1, keepdims=True)) / temperature)
    return e / e.sum(1) if len(z) == z.shape[1] else e / e.sum(1, keepdims=True)


def late_temperature(z, temperature=1.0):
    return softmax(z) / temperature


def log_of_softmax(logits, labels):
    return -np.log(softmax(logits)[np.arange(len(labels)), labels]).mean()


def with_epsilon(logits, labels):
    return -np.log(softmax(logits)[np.arange(len(labels)), labels] + 1e-12).mean()


def unstable(logits, labels):
    return (np.log(np.exp(logits).sum(1)) - logits[np.arange(len(labels)), labels]).mean()


RIGHT = [
    (ch04.dense, dense), (ch04.dense, dense_by_loops), (ch04.softmax, softmax), (ch04.softmax, softmax_by_differences),
    (ch04.cross_entropy, cross_entropy), (ch04.cross_entropy, cross_entropy_by_logaddexp),
]  # fmt: skip
WRONG = {
    "dense: no bias": (ch04.dense, lambda x, w, b: x @ w, "bias is missing"),
    "dense: bias subtracted": (ch04.dense, lambda x, w, b: x @ w - b, "bias is subtracted"),
    "dense: no batch axis": (ch04.dense, lambda x, w, b: (x @ w + b)[0], "batch axis is lost"),
    "dense: transposed": (ch04.dense, lambda x, w, b: (x @ w + b).T, "wrong way round"),
    "dense: relu": (ch04.dense, lambda x, w, b: np.maximum(x @ w + b, 0), "1 of 2 numbers are wrong"),
    "dense: first row": (ch04.dense, lambda x, w, b: np.repeat(x[:1] @ w + b, len(x), axis=0), "first example"),
    "dense: w transposed": (ch04.dense, lambda x, w, b: x @ (w.T if w.shape[0] == w.shape[1] else w) + b, "wrong way round"),
    "dense: short loop": (ch04.dense, one_loop_too_short, "by hand"),
    "dense: in place": (ch04.dense, in_place_dense, "changed its argument"),
    "dense: prints": (ch04.dense, printing_dense, "it prints"),
    "dense: two arguments": (ch04.dense, lambda x, w: x @ w, "stopped with TypeError"),
    "dense: mean bias": (ch04.dense, lambda x, w, b: x @ w + b.sum() / len(b), "by hand"),
    "softmax: powers": (ch04.softmax, lambda z, temperature=1.0: np.exp(z), "divide them by their sum"),
    "softmax: whole batch": (ch04.softmax, lambda z, temperature=1.0: np.exp(z) / np.exp(z).sum(), "whole batch sums to 1"),
    "softmax: columns": (
        ch04.softmax, lambda z, temperature=1.0: softmax(z.T).T if len(z) > 1 else softmax(z), "columns sum to 1"),
    "softmax: log": (ch04.softmax, lambda z, temperature=1.0: np.log(softmax(z)), "logarithm of the softmax"),
    "softmax: no keepdims": (ch04.softmax, transposed_sum, "keepdims"),
    "softmax: naive": (ch04.softmax, naive_softmax, "1,000: the result holds nan"),
    "softmax: maximum of the batch": (ch04.softmax, batch_maximum, "holds nan · subtract the largest score of the row"),
    "softmax: no temperature": (ch04.softmax, lambda z, temperature=1.0: softmax(z), "has no effect"),
    "softmax: times temperature": (ch04.softmax, lambda z, temperature=1.0: softmax(z * temperature), "multiplied; divide"),
    "softmax: late temperature": (ch04.softmax, late_temperature, "no longer sum to 1"),
    "softmax: clipped": (ch04.softmax, lambda z, temperature=1.0: softmax(z.clip(-50, 50), temperature), "scores of 1,000"),
    "cross-entropy: sign": (ch04.cross_entropy, lambda z, labels: -cross_entropy(z, labels), "not negative"),
    "cross-entropy: bits": (ch04.cross_entropy, lambda z, labels: cross_entropy(z, labels) / np.log(2), "2 bits"),
    "cross-entropy: two softmaxes": (
        ch04.cross_entropy, lambda z, labels: cross_entropy(softmax(z), labels), "softmax is applied twice"),
    "cross-entropy: sum": (ch04.cross_entropy, lambda z, labels: cross_entropy(z, labels) * len(z), "sum over the batch"),
    "cross-entropy: mean of all": (
        ch04.cross_entropy,
        lambda z, labels: cross_entropy(z, labels) if len(z) == 1 else cross_entropy(z, labels) / z.shape[1], "divide by N"),
    "cross-entropy: argmax": (
        ch04.cross_entropy,
        lambda z, labels: cross_entropy(z, z.argmax(1)) if len(z) > 1 else cross_entropy(z, labels), "most probable class"),
    "cross-entropy: crossed": (ch04.cross_entropy, lambda z, labels: -np.log(softmax(z))[:, labels].mean(), "one logit per row"),
    "cross-entropy: no softmax": (
        ch04.cross_entropy, lambda z, labels: -np.log(z[np.arange(len(z)), labels]).mean(), "need a softmax first"),
    "cross-entropy: squared error": (
        ch04.cross_entropy, lambda z, labels: ((softmax(z) - np.eye(z.shape[1])[labels]) ** 2).mean(), "squared error"),
    "cross-entropy: axis": (ch04.cross_entropy, lambda z, labels: cross_entropy(z, labels)[np.newaxis], "one number"),
    "cross-entropy: log of softmax": (ch04.cross_entropy, log_of_softmax, "holds inf · never take the logarithm"),
    "cross-entropy: epsilon": (ch04.cross_entropy, with_epsilon, "stops at 27"),
    "cross-entropy: no maximum": (ch04.cross_entropy, unstable, "holds inf · e to the power of 800"),
}


# The assignment.


def picture_dense(x, w, b):
    return np.stack([picture.ravel() @ w for picture in x]) + b


def picture_dense_by_pixels(x, w, b):
    (_, H, W, C), O = x.shape, len(b)
    return np.einsum("nhwc,hwco->no", x, w.reshape(H, W, C, O)) + b[np.newaxis]


def flattened(axes):
    def answer(x, w, b):
        return x.transpose(axes).reshape(len(x), -1) @ w + b

    return answer


def batch_and_all(x, w, b):
    """The list of a picture begins in another picture."""
    return x.reshape(-1, len(x)).T @ w + b


def masked_softmax(z, allowed):
    z = np.where(allowed, z, -np.inf)
    e = np.exp(z - z.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def masked_softmax_by_rows(z, allowed):
    p = np.zeros(z.shape)
    for row, scores, may in zip(p, z, allowed, strict=True):
        e = np.exp(scores[may] - scores[may].max())
        row[may] = e / e.sum()
    return p


def highest_of_all(z, allowed):
    e = np.exp(z - z.max(1, keepdims=True)) * allowed
    return e / e.sum(1, keepdims=True)


def highest_of_the_batch(z, allowed):
    z = np.where(allowed, z, -np.inf)
    e = np.exp(z - z.max() if len(z) > 1 else z - z.max(1, keepdims=True))
    return e / (e.sum(1) if len(z) == z.shape[1] else e.sum(1, keepdims=True))


def unstable_mask(z, allowed):
    e = np.exp(z) * allowed
    return e / e.sum(1, keepdims=True)


def far_below(z, allowed):
    return softmax(np.where(allowed, z, -100.0))


def soft_cross_entropy(logits, targets):
    shifted = logits - logits.max(1, keepdims=True)
    return (np.log(np.exp(shifted).sum(1)) - (targets * shifted).sum(1)).mean()


def soft_cross_entropy_by_logaddexp(logits, targets):
    rows = zip(logits, targets, strict=True)
    return float(np.mean([sum(t * (np.logaddexp.reduce(z) - score) for t, score in zip(ts, z, strict=True)) for z, ts in rows]))


def soft_log_of_softmax(logits, targets):
    return -(targets * np.log(softmax(logits))).sum(1).mean()


def soft_with_epsilon(logits, targets):
    return -(targets * np.log(softmax(logits) + 1e-12)).sum(1).mean()


def soft_unstable(logits, targets):
    return -(targets * (logits - np.log(np.exp(logits).sum(1, keepdims=True)))).sum(1).mean()


def baseline(train, test, classes):
    shares = (np.bincount(train, minlength=classes) + 1) / (len(train) + classes)
    return shares, -np.log(shares[test]).mean()


def baseline_by_counting(train, test, classes):
    labels = [*range(classes), *train.tolist()]
    shares = [labels.count(c) / len(labels) for c in range(classes)]
    return [shares, sum(np.log(1 / shares[c]) for c in test.tolist()) / len(test)]


def baseline_with(shares=None, loss=None):
    """The right pair with one of the two made another way."""

    def answer(train, test, classes):
        mine = baseline(train, test, classes)[0] if shares is None else shares(train, test, classes)
        return mine, (-np.log(mine[test]).mean() if loss is None else loss(mine, train, test))

    return answer


def as_many_as_occur(train, test, classes):
    counts = np.bincount(train) + 1
    return counts / counts.sum()


def surest(z, temperature):
    return 1 / np.exp((z - z.max()) / temperature).sum()


def temperature_for(z, target):
    low, high = -50.0, 50.0  # logarithms
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if surest(z, np.exp(middle)) > target else (low, middle)
    return np.exp(low)


def temperature_by_newton(z, target):
    """Newton's method for s = 1 / τ on log Σ e^(s · (z − max)) = −log target, which is convex and falls."""
    behind, s = z - z.max(), 0.0
    for _ in range(200):
        e = np.exp(s * behind)
        s += (np.log(e.sum()) + np.log(target)) / -(e @ behind / e.sum())
    return 1 / s


def temperature_on_a_grid(z, target):
    tried = np.linspace(0.01, 10, 20000)
    return tried[np.argmin([abs(surest(z, t) - target) for t in tried])]


def temperature_from_one(z, target):
    """Only colder is tried."""
    low, high = 1e-9, 1.0
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if surest(z, middle) > target else (low, middle)
    return low


def of_two_classes(z, target):
    first, second = np.sort(z)[:-3:-1]
    return (first - second) / np.log(target / (1 - target))


def temperature_unstable(z, target):
    low, high = 1e-3, 1e6
    for _ in range(100):
        middle = (low + high) / 2
        e = np.exp(z / middle)
        low, high = (middle, high) if (e / e.sum()).max() > target else (low, middle)
    return low


RIGHT += [
    (ch04.picture_dense, picture_dense), (ch04.picture_dense, picture_dense_by_pixels),
    (ch04.masked_softmax, masked_softmax), (ch04.masked_softmax, masked_softmax_by_rows),
    (ch04.soft_cross_entropy, soft_cross_entropy), (ch04.soft_cross_entropy, soft_cross_entropy_by_logaddexp),
    (ch04.baseline, baseline), (ch04.baseline, baseline_by_counting),
    (ch04.temperature_for, temperature_for), (ch04.temperature_for, temperature_by_newton),
]  # fmt: skip
WRONG |= {
    "pictures: columns first": (ch04.picture_dense, flattened((0, 2, 1, 3)), "rows and columns have changed places", 6.25),
    "pictures: channels first": (ch04.picture_dense, flattened((0, 3, 1, 2)), "channel after channel", 6.25),
    "pictures: no bias": (ch04.picture_dense, lambda x, w, b: picture_dense(x, w, 0 * b), "bias is missing", 6.25),
    "pictures: no batch axis": (ch04.picture_dense, lambda x, w, b: picture_dense(x, w, b)[0], "batch axis is lost", 0),
    "pictures: turned": (
        ch04.picture_dense, lambda x, w, b: picture_dense(x, w, b).T, "several outputs: .* wrong way round", 1.25),
    "pictures: first picture": (ch04.picture_dense, lambda x, w, b: picture_dense(0 * x + x[:1], w, b), "its own row", 6.25),
    "pictures: through the batch": (ch04.picture_dense, batch_and_all, r"several pictures: \d of 8", 6.25),
    "pictures: mean": (ch04.picture_dense, lambda x, w, b: picture_dense(x, w / len(w), b), "one output: 1 of 1 numbers", 0),
    "pictures: ReLU": (ch04.picture_dense, lambda x, w, b: np.maximum(picture_dense(x, w, b), 0), "numbers are wrong", 0),
    "masked: no mask": (ch04.masked_softmax, lambda z, may: softmax(z), "the mask has no effect", 0.71),
    "masked: old size": (ch04.masked_softmax, lambda z, may: softmax(z) * may, "each row must sum to 1", 0.71),
    "masked: score 0": (ch04.masked_softmax, lambda z, may: softmax(z * may), "the power of 0 is 1", 2.14),
    "masked: turned round": (ch04.masked_softmax, lambda z, may: masked_softmax(z, ~may), "changed places", 0),
    "masked: powers": (ch04.masked_softmax, lambda z, may: np.exp(z) * may, "these are the powers", 0),
    "masked: columns": (
        ch04.masked_softmax,
        lambda z, may: masked_softmax(z.T, may.T).T if len(z) > 1 else masked_softmax(z, may), "columns sum", 5),
    "masked: first mask": (
        ch04.masked_softmax, lambda z, may: masked_softmax(z, np.tile(may[:1], (len(z), 1))), "mask of the first row", 6.43),
    "masked: highest of all": (ch04.masked_softmax, highest_of_all, "a forbidden score of 1,000: the result holds nan", 8.57),
    "masked: of the batch, no keepdims": (ch04.masked_softmax, highest_of_the_batch, "keepdims", 9.29),
    "masked: unstable": (ch04.masked_softmax, unstable_mask, "allowed scores of 1,000: the result holds nan", 5.71),
    "masked: far below": (ch04.masked_softmax, far_below, "allowed scores of −1,000", 8.57),
    "soft: sum": (ch04.soft_cross_entropy, lambda z, t: soft_cross_entropy(z, t) * len(z), "sum over the batch", 2.86),
    "soft: mean of all": (ch04.soft_cross_entropy, lambda z, t: soft_cross_entropy(z, t) / z.shape[1], "divide by N", 0),
    "soft: largest only": (ch04.soft_cross_entropy, lambda z, t: cross_entropy(z, t.argmax(1)), "only the largest target", 4.29),
    "soft: sign": (ch04.soft_cross_entropy, lambda z, t: -soft_cross_entropy(z, t), "not negative", 0),
    "soft: bits": (ch04.soft_cross_entropy, lambda z, t: soft_cross_entropy(z, t) / np.log(2), "counted in bits", 0),
    "soft: divergence": (
        ch04.soft_cross_entropy,
        lambda z, t: soft_cross_entropy(z, t) + (t * np.log(np.maximum(t, 1e-300))).sum(1).mean(), "entropy of the target", 2.14),
    "soft: changed places": (
        ch04.soft_cross_entropy,
        lambda z, t: -(softmax(z) * np.log(np.maximum(t, 1e-300))).sum(1).mean(), "have changed places", 0),
    "soft: each example": (ch04.soft_cross_entropy, lambda z, t: -(t * np.log(softmax(z))).sum(1), "return one number", 0),
    "soft: log of softmax": (ch04.soft_cross_entropy, soft_log_of_softmax, "800 behind: the result holds inf", 7.14),
    "soft: epsilon": (ch04.soft_cross_entropy, soft_with_epsilon, "stops at 13.8", 8.57),
    "soft: unstable": (ch04.soft_cross_entropy, soft_unstable, "scores of −1,000: the result holds", 5.71),
    "soft: two softmaxes": (ch04.soft_cross_entropy, lambda z, t: soft_cross_entropy(softmax(z), t), "½ · log 8", 2.14),
    "baseline: counts": (
        ch04.baseline, baseline_with(lambda train, test, C: np.bincount(train, minlength=C) + 1.0), "these are counts", 0),
    "baseline: nothing imagined": (
        ch04.baseline,
        baseline_with(lambda train, test, C: np.bincount(train, minlength=C) / len(train)), "examples are miss", 1.67),
    "baseline: too small an N": (
        ch04.baseline,
        baseline_with(lambda train, test, C: (np.bincount(train, minlength=C) + 1) / len(train)), "more than 1", 0),
    "baseline: shares of test": (
        ch04.baseline, baseline_with(lambda train, test, C: baseline(test, test, C)[0]), "not look there", 0),
    "baseline: as many as occur": (ch04.baseline, baseline_with(as_many_as_occur), "by hand: the result has shape|stopped", 6.67),
    "baseline: equal shares": (ch04.baseline, baseline_with(lambda train, test, C: np.full(C, 1 / C)), "each plus 1", 1.67),
    "baseline: loss on train": (
        ch04.baseline, baseline_with(loss=lambda p, train, test: -np.log(p[train]).mean()), "honest", 5.83),
    "baseline: sum": (
        ch04.baseline, baseline_with(loss=lambda p, train, test: -np.log(p[test]).sum()), "sum over the test labels", 5),
    "baseline: bits": (ch04.baseline, baseline_with(loss=lambda p, train, test: -np.log2(p[test]).mean()), "in bits", 5),
    "baseline: entropy": (
        ch04.baseline, baseline_with(loss=lambda p, train, test: -(p * np.log(p)).sum()), "this is the entropy", 5.83),
    "baseline: sign": (ch04.baseline, baseline_with(loss=lambda p, train, test: np.log(p[test]).mean()), "not negative", 5),
    "baseline: classes alike": (
        ch04.baseline, baseline_with(loss=lambda p, train, test: -np.log(p).mean()), "all classes count", 6.67),
    "baseline: shares only": (ch04.baseline, lambda *given: baseline(*given)[0], "expected two results", 0),
    "temperature: turned round": (ch04.temperature_for, lambda z, p: 1 / temperature_for(z, p), "this is 1 / τ", 0),
    "temperature: by heart": (ch04.temperature_for, lambda z, p: 2.0, "by hand: at your temperature .* not 0.90000", 0),
    "temperature: grid": (ch04.temperature_for, temperature_on_a_grid, "at your temperature", 2.22),
    "temperature: colder only": (ch04.temperature_for, temperature_from_one, "at your temperature", 3.33),
    "temperature: of two classes": (ch04.temperature_for, of_two_classes, "surer: at your temperature", 2.22),
    "temperature: unstable": (ch04.temperature_for, temperature_unstable, "scores of 100,000: ", 8.89),
    "temperature: with the probability": (
        ch04.temperature_for, lambda z, p: [temperature_for(z, p), p], "return one temperature", 0),
    "temperature: negative": (ch04.temperature_for, lambda z, p: -temperature_for(z, p), "not a number above 0", 0),
}
HANDED_IN = {
    "picture_dense": ("picture_dense = lambda x, w, b: x.transpose(0, 3, 1, 2).reshape(len(x), -1) @ w + b", 1.25),
    "masked_softmax": (highest_of_all, 3.43),
    "soft_cross_entropy": (soft_unstable, 2.29),
    "floor": ("floor = 1.461", 0),
    "baseline": ("def baseline(train, test, classes):\n    p = np.bincount(train, minlength=classes) / len(train)\n"
                 "    return p, -np.log(p[test]).mean()", 0.5),
    "temperature": ("temperature_for = lambda z, target: 2.0", 0),
}  # fmt: skip

TestAnswers = demands(RIGHT, WRONG, lines=5)


def test_two_softmaxes_cannot_get_below_their_floor():
    """The mistake of the chapter: with a softmax before the loss's own, even perfect answers cost log(1 + 9 / e)."""
    perfect = np.eye(10)
    assert formulas.cross_entropy(perfect, np.arange(10)) == pytest.approx(np.log(1 + 9 / np.e))
    unsure = formulas.softmax(np.random.default_rng(0).normal(0, 3, (200, 10)))
    labels = np.random.default_rng(1).integers(0, 10, 200)
    assert formulas.cross_entropy(unsure, labels) > np.log(1 + 9 / np.e)
    assert formulas.softmax(unsure).max() < np.e / (np.e + 9)
