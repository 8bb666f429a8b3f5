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
TestAnswers = demands(RIGHT, WRONG, lines=5)


def test_two_softmaxes_cannot_get_below_their_floor():
    """The mistake of the chapter: with a softmax before the loss's own, even perfect answers cost log(1 + 9 / e)."""
    perfect = np.eye(10)
    assert formulas.cross_entropy(perfect, np.arange(10)) == pytest.approx(np.log(1 + 9 / np.e))
    unsure = formulas.softmax(np.random.default_rng(0).normal(0, 3, (200, 10)))
    labels = np.random.default_rng(1).integers(0, 10, 200)
    assert formulas.cross_entropy(unsure, labels) > np.log(1 + 9 / np.e)
    assert formulas.softmax(unsure).max() < np.e / (np.e + 9)
