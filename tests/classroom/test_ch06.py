"""The checkers of chapter 06 pass right answers and reject planted wrong ones, each with a fitting message."""

import numpy as np
import pytest

from cnnlib.checks import ch06
from cnnlib.errors import CheckFailed
from cnnlib.optimizers import SGD, Adam


def counts_by_loop(true, predicted, classes):
    counts = np.zeros((classes, classes), int)
    for i, j in zip(true, predicted, strict=True):
        counts[i, j] += 1
    return counts


def counts_by_bincount(true, predicted, classes):
    return np.bincount(true.astype(int) * classes + predicted, minlength=classes**2).reshape(classes, classes)


def batches_by_slices(count, batch_size, rng):
    order = rng.permutation(count)
    return [order[start:start + batch_size] for start in range(0, count, batch_size)]


def batches_by_split(count, batch_size, rng):
    order = np.arange(count)
    rng.shuffle(order)
    return np.split(order, range(batch_size, count, batch_size))


def momentum_step(w, v, g, learning_rate, momentum):
    v = momentum * v - learning_rate * g
    return w + v, v


def momentum_of_the_library(w, v, g, learning_rate, momentum):
    optimizer, w = SGD(learning_rate, momentum), w.copy()
    optimizer.velocities = [v.copy()]
    optimizer.update([(w, g)])
    return [w, optimizer.velocities[0] if momentum else -learning_rate * g]


def adam_step(w, m, u, g, t, learning_rate, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
    m, u = beta_1 * m + (1 - beta_1) * g, beta_2 * u + (1 - beta_2) * g**2
    correction = np.sqrt(1 - beta_2**t) / (1 - beta_1**t)
    return w - learning_rate * correction * m / (np.sqrt(u) + epsilon), m, u


def adam_of_the_library(w, m, u, g, t, learning_rate):
    optimizer, w = Adam(learning_rate), w.copy()
    optimizer.steps, optimizer.means, optimizer.squares = t - 1, [m.copy()], [u.copy()]
    optimizer.update([(w, g)])
    return w, optimizer.means[0], optimizer.squares[0]


@pytest.mark.parametrize("check, answer", [
    (ch06.confusion_counts, counts_by_loop), (ch06.confusion_counts, counts_by_bincount),
    (ch06.batches, batches_by_slices), (ch06.batches, batches_by_split),
    (ch06.momentum_step, momentum_step), (ch06.momentum_step, momentum_of_the_library),
    (ch06.adam_step, adam_step), (ch06.adam_step, adam_of_the_library),
])
def test_right_answers_pass(check, answer, capsys):
    check(answer)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) >= 5 and all(line.startswith("ok") for line in lines)


@pytest.mark.parametrize("check", [ch06.confusion_counts, ch06.batches, ch06.momentum_step, ch06.adam_step])
@pytest.mark.parametrize("stub", [lambda *_: None, lambda *_: ...], ids=["None", "ellipsis"])
def test_stubs_are_told_to_return(check, stub):
    with pytest.raises(CheckFailed, match="return"):
        check(stub)


def forgets_repeats(true, predicted, classes):
    counts = np.zeros((classes, classes), int)
    counts[true, predicted] += 1
    return counts


def sized_by_labels(true, predicted, classes):
    return counts_by_loop(true, predicted, max(true.max(), predicted.max()) + 1)


def small_integers(true, predicted, classes):
    flat = (true * np.asarray(classes, true.dtype) + predicted).astype(true.dtype)
    return np.bincount(flat, minlength=classes**2)[:classes**2].reshape(classes, classes)


def writes_into_labels(true, predicted, classes):
    result = counts_by_loop(true, predicted, classes)
    true[:] = 0
    return result


@pytest.mark.parametrize("wrong, says", [
    (lambda t, p, c: counts_by_loop(p, t, c), "exchanged"),
    (forgets_repeats, "counts only once"),
    (lambda t, p, c: counts_by_loop(t, p, c) / counts_by_loop(t, p, c).sum(1, keepdims=True).clip(1), "shares"),
    (lambda t, p, c: np.diag(np.diag(counts_by_loop(t, p, c))), "only the right answers"),
    (sized_by_labels, "classes that never occur"),
    (small_integers, "uint8"),
    (lambda t, p, c: counts_by_loop(t, p, c).astype(np.uint8) % 5, "sum to the number|random answers"),
    (writes_into_labels, "changed its argument"),
], ids=["transposed", "repeats", "shares", "diagonal", "too small", "overflow", "wraps", "mutates"])
def test_wrong_confusion_counts(wrong, says):
    with pytest.raises(CheckFailed, match=says):
        ch06.confusion_counts(wrong)


def shuffled_batches(count, size, rng):
    cut = [np.arange(start, min(start + size, count)) for start in range(0, count, size)]
    return [cut[n] for n in rng.permutation(len(cut))] if count > 50 else cut


@pytest.mark.parametrize("wrong, says", [
    (lambda n, b, rng: batches_by_slices(n, b, rng)[: n // b], "never seen"),
    (lambda n, b, rng: [np.arange(n)[s:s + b] for s in range(0, n, b)], "first order"),
    (lambda n, b, rng: [rng.integers(0, n, min(b, n - s)) for s in range(0, n, b)], "twice"),
    (lambda n, b, rng: batches_by_slices(n, b, np.random.default_rng(0)), "same order"),
    (lambda n, b, rng: batches_by_slices(n, b, np.random.default_rng()), "two different orders"),
    (lambda n, b, rng: [batch + 1 for batch in batches_by_slices(n, b, rng)], "every index"),
    (lambda n, b, rng: np.split(rng.permutation(n), range(b, n + 1, b)), "empty batch"),
    (lambda n, b, rng: rng.permutation(n), "row of whole numbers"),
    (lambda n, b, rng: [batch / 1.0 for batch in batches_by_slices(n, b, rng)], "whole numbers"),
    (shuffled_batches, "neighbours"),
    (lambda n, b, rng: n, "no list of batches"),
], ids=["drops the rest", "unshuffled", "with replacement", "own seed", "no seed", "from one", "empty", "one array", "floats",
        "shuffles batches", "a number"])
def test_wrong_batches(wrong, says):
    with pytest.raises(CheckFailed, match=says):
        ch06.batches(wrong)


def in_place(w, v, g, learning_rate, momentum):
    v *= momentum
    v -= learning_rate * g
    w += v
    return w, v


@pytest.mark.parametrize("wrong, says", [
    (lambda w, v, g, r, m: (w - m * v - r * g, m * v + r * g), "uphill"),
    (lambda w, v, g, r, m: (w + r * (m * v - g), m * v - g), "learning rate is missing"),
    (lambda w, v, g, r, m: (w + v, m * v - r * g), "did not move"),
    (lambda w, v, g, r, m: (w - m * v + r * g, m * v - r * g), "went uphill"),
    (lambda w, v, g, r, m: (w + v - r * g, v - r * g), "kept whole"),
    (lambda w, v, g, r, m: (w - r * g, -r * g), "lost"),
    (lambda w, v, g, r, m: (w + m * (m * v - r * g) - r * g, m * v - r * g), "weight"),
    (lambda w, v, g, r, m: (w + (m * v - r * g).mean(), m * v - r * g), "whole array"),
    (lambda w, v, g, r, m: w + m * v - r * g, "not 2 values"),
    (lambda w, v, g, r, m: (m * v - r * g, w + m * v - r * g), "velocity"),
    (in_place, "changed its argument"),
], ids=["sign", "no rate", "old velocity", "uphill", "no decay", "no memory", "nesterov", "mean", "one value", "swapped",
        "mutates"])
def test_wrong_momentum(wrong, says):
    with pytest.raises(CheckFailed, match=says):
        ch06.momentum_step(wrong)


def adam_with(step=lambda w, m, u, g, t, r: 0, m=lambda m, g: 0.9 * m + 0.1 * g, u=lambda u, g: 0.999 * u + 0.001 * g * g):
    def function(w, old_m, old_u, g, t, r):
        new_m, new_u = m(old_m, g), u(old_u, g)
        return w - step(w, new_m, new_u, g, t, r), new_m, new_u
    return function


def right(w, m, u, g, t, r):
    return r * np.sqrt(1 - 0.999**t) / (1 - 0.9**t) * m / (np.sqrt(u) + 1e-7)


@pytest.mark.parametrize("wrong, says", [
    (adam_with(right, m=lambda m, g: 0.1 * m + 0.9 * g), "changed places"),
    (adam_with(right, m=lambda m, g: 0.9 * m + g), "too large"),
    (adam_with(right, u=lambda u, g: 0.999 * u + 0.001 * g), "squared"),
    (adam_with(right, u=lambda u, g: 0.9 * u + 0.1 * g * g), "its own"),
    (adam_with(right, u=lambda u, g: 0.001 * u + 0.999 * g * g), "changed places"),
    (adam_with(lambda w, m, u, g, t, r: r * m / (np.sqrt(u) + 1e-7)), "correction of the start is missing"),
    (adam_with(lambda w, m, u, g, t, r: r * np.sqrt(0.001) / 0.1 * m / (np.sqrt(u) + 1e-7)), "stayed that of t = 1"),
    (adam_with(lambda *a: -right(*a)), "uphill"),
    (adam_with(lambda w, m, u, g, t, r: r * np.sqrt(1 - 0.999**t) / (1 - 0.9**t) * m / u), "root"),
    (adam_with(lambda w, m, u, g, t, r: right(w, g, u, g, t, r)), "first step, weight"),
    (adam_with(lambda w, m, u, g, t, r: right(w, m, u.mean(), g, t, r)), "whole array"),
    (lambda w, m, u, g, t, r: adam_step(w, m, u, g, t, r)[0], "not 3 values"),
], ids=["betas swapped", "m whole", "not squared", "beta 1 for u", "beta 2 swapped", "no correction", "t ignored", "sign",
        "no root", "g for m", "mean of u", "one value"])
def test_wrong_adam(wrong, says):
    with pytest.raises(CheckFailed, match=says):
        ch06.adam_step(wrong)


@pytest.mark.filterwarnings("ignore:invalid value")
def test_adam_without_epsilon_divides_zero_by_zero():
    no_epsilon = adam_with(lambda w, m, u, g, t, r: r * np.sqrt(1 - 0.999**t) / (1 - 0.9**t) * m / np.sqrt(u))
    with pytest.raises(CheckFailed, match="ε"):
        ch06.adam_step(no_epsilon)
