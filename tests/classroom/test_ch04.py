"""The checkers of chapter 04 pass right answers and reject planted wrong ones, each with a fitting message."""

import numpy as np
import pytest

from cnnlib import formulas
from cnnlib.checks import ch04
from cnnlib.errors import CheckFailed


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


def stub(*arguments):
    ...


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


@pytest.mark.parametrize("check, answer", [
    (ch04.dense, dense), (ch04.dense, dense_by_loops), (ch04.softmax, softmax), (ch04.softmax, softmax_by_differences),
    (ch04.cross_entropy, cross_entropy), (ch04.cross_entropy, cross_entropy_by_logaddexp),
], ids=lambda value: value.__name__)
def test_right_answers_pass(check, answer, capsys):
    check(answer)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) >= 5 and all(line.startswith("ok  ") for line in lines)


@pytest.mark.parametrize("check", [ch04.dense, ch04.softmax, ch04.cross_entropy], ids=lambda check: check.__name__)
def test_the_stub_fails(check):
    with pytest.raises(CheckFailed, match="returns nothing"):
        check(stub)


@pytest.mark.parametrize("wrong, message", [
    (lambda x, w, b: x @ w, "bias is missing"),
    (lambda x, w, b: x @ w - b, "bias is subtracted"),
    (lambda x, w, b: (x @ w + b)[0], "batch axis is lost"),
    (lambda x, w, b: (x @ w + b).T, "wrong way round"),
    (lambda x, w, b: np.maximum(x @ w + b, 0), "1 of 2 numbers are wrong"),
    (lambda x, w, b: np.repeat(x[:1] @ w + b, len(x), axis=0), "first example"),
    (lambda x, w, b: x @ (w.T if w.shape[0] == w.shape[1] else w) + b, "wrong way round"),
    (one_loop_too_short, "by hand"),
    (in_place_dense, "changed its argument"),
    (printing_dense, "it prints"),
    (lambda x, w: x @ w, "stopped with TypeError"),
    (lambda x, w, b: x @ w + b.sum() / len(b), "by hand"),
], ids=["no bias", "bias subtracted", "no batch axis", "transposed", "relu", "first row", "w transposed", "short loop",
        "in place", "prints", "two arguments", "mean bias"])
def test_wrong_dense(wrong, message):
    with pytest.raises(CheckFailed, match=message):
        ch04.dense(wrong)


@pytest.mark.parametrize("wrong, message", [
    (lambda z, temperature=1.0: np.exp(z), "divide them by their sum"),
    (lambda z, temperature=1.0: np.exp(z) / np.exp(z).sum(), "whole batch sums to 1"),
    (lambda z, temperature=1.0: softmax(z.T).T if len(z) > 1 else softmax(z), "columns sum to 1"),
    (lambda z, temperature=1.0: np.log(softmax(z)), "logarithm of the softmax"),
    (transposed_sum, "keepdims"),
    (naive_softmax, "1,000: the result holds nan"),
    (batch_maximum, "holds nan · subtract the largest score of the row"),
    (lambda z, temperature=1.0: softmax(z), "has no effect"),
    (lambda z, temperature=1.0: softmax(z * temperature), "multiplied; divide"),
    (late_temperature, "no longer sum to 1"),
    (lambda z, temperature=1.0: softmax(z.clip(-50, 50), temperature), "scores of 1,000"),
], ids=["powers", "whole batch", "columns", "log", "no keepdims", "naive", "maximum of the batch", "no temperature",
        "times temperature", "late temperature", "clipped"])
def test_wrong_softmax(wrong, message):
    with pytest.raises(CheckFailed, match=message):
        ch04.softmax(wrong)


@pytest.mark.parametrize("wrong, message", [
    (lambda z, labels: -cross_entropy(z, labels), "not negative"),
    (lambda z, labels: cross_entropy(z, labels) / np.log(2), "2 bits"),
    (lambda z, labels: cross_entropy(softmax(z), labels), "softmax is applied twice"),
    (lambda z, labels: cross_entropy(z, labels) * len(z), "sum over the batch"),
    (lambda z, labels: cross_entropy(z, labels) if len(z) == 1 else cross_entropy(z, labels) / z.shape[1], "divide by N"),
    (lambda z, labels: cross_entropy(z, z.argmax(1)) if len(z) > 1 else cross_entropy(z, labels), "most probable class"),
    (lambda z, labels: -np.log(softmax(z))[:, labels].mean(), "one logit per row"),
    (lambda z, labels: -np.log(z[np.arange(len(z)), labels]).mean(), "need a softmax first"),
    (lambda z, labels: ((softmax(z) - np.eye(z.shape[1])[labels]) ** 2).mean(), "squared error"),
    (lambda z, labels: cross_entropy(z, labels)[np.newaxis], "one number"),
    (log_of_softmax, "behind: the result holds inf"),
    (with_epsilon, "stops at 27"),
    (unstable, "the result holds inf"),
], ids=["sign", "bits", "two softmaxes", "sum", "mean of all", "argmax", "crossed", "no softmax", "squared error", "axis",
        "log of softmax", "epsilon", "no maximum"])
def test_wrong_cross_entropy(wrong, message):
    with pytest.raises(CheckFailed, match=message):
        ch04.cross_entropy(wrong)


def test_two_softmaxes_cannot_get_below_their_floor():
    """The mistake of the chapter: with a softmax before the loss's own, even perfect answers cost log(1 + 9 / e)."""
    perfect = np.eye(10)
    assert formulas.cross_entropy(perfect, np.arange(10)) == pytest.approx(np.log(1 + 9 / np.e))
    unsure = formulas.softmax(np.random.default_rng(0).normal(0, 3, (200, 10)))
    labels = np.random.default_rng(1).integers(0, 10, 200)
    assert formulas.cross_entropy(unsure, labels) > np.log(1 + 9 / np.e)
    assert formulas.softmax(unsure).max() < np.e / (np.e + 9)
