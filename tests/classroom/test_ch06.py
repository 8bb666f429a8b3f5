"""The checkers of chapter 06 pass right answers and reject planted wrong ones, each with a fitting message."""

import numpy as np
from planted import demands

from cnnlib.checks import ch06
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


RIGHT = [
    (ch06.confusion_counts, counts_by_loop), (ch06.confusion_counts, counts_by_bincount),
    (ch06.batches, batches_by_slices), (ch06.batches, batches_by_split),
    (ch06.momentum_step, momentum_step), (ch06.momentum_step, momentum_of_the_library),
    (ch06.adam_step, adam_step), (ch06.adam_step, adam_of_the_library),
]  # fmt: skip


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


def shuffled_batches(count, size, rng):
    cut = [np.arange(start, min(start + size, count)) for start in range(0, count, size)]
    return [cut[n] for n in rng.permutation(len(cut))] if count > 50 else cut


def in_place(w, v, g, learning_rate, momentum):
    v *= momentum
    v -= learning_rate * g
    w += v
    return w, v


def adam_with(step=lambda w, m, u, g, t, r: 0, m=lambda m, g: 0.9 * m + 0.1 * g, u=lambda u, g: 0.999 * u + 0.001 * g * g):
    def function(w, old_m, old_u, g, t, r):
        new_m, new_u = m(old_m, g), u(old_u, g)
        return w - step(w, new_m, new_u, g, t, r), new_m, new_u
    return function


def right(w, m, u, g, t, r):
    return r * np.sqrt(1 - 0.999**t) / (1 - 0.9**t) * m / (np.sqrt(u) + 1e-7)


def no_epsilon(w, m, u, g, t, r):
    return r * np.sqrt(1 - 0.999**t) / (1 - 0.9**t) * m / np.sqrt(u)


WRONG = {
    "confusion: transposed": (ch06.confusion_counts, lambda t, p, c: counts_by_loop(p, t, c), "exchanged"),
    "confusion: repeats": (ch06.confusion_counts, forgets_repeats, "counts only once"),
    "confusion: shares": (
        ch06.confusion_counts,
        lambda t, p, c: counts_by_loop(t, p, c) / counts_by_loop(t, p, c).sum(1, keepdims=True).clip(1), "shares"),
    "confusion: diagonal": (
        ch06.confusion_counts, lambda t, p, c: np.diag(np.diag(counts_by_loop(t, p, c))), "only the right answers"),
    "confusion: too small": (ch06.confusion_counts, sized_by_labels, "classes that never occur"),
    "confusion: overflow": (ch06.confusion_counts, small_integers, "uint8"),
    "confusion: wraps": (
        ch06.confusion_counts, lambda t, p, c: counts_by_loop(t, p, c).astype(np.uint8) % 5, "sum to the number|random answers"),
    "confusion: mutates": (ch06.confusion_counts, writes_into_labels, "changed its argument"),
    "batches: drops the rest": (ch06.batches, lambda n, b, rng: batches_by_slices(n, b, rng)[: n // b], "never seen"),
    "batches: unshuffled": (ch06.batches, lambda n, b, rng: [np.arange(n)[s:s + b] for s in range(0, n, b)], "first order"),
    "batches: with replacement": (
        ch06.batches, lambda n, b, rng: [rng.integers(0, n, min(b, n - s)) for s in range(0, n, b)], "twice"),
    "batches: own seed": (ch06.batches, lambda n, b, rng: batches_by_slices(n, b, np.random.default_rng(0)), "same order"),
    "batches: no seed": (
        ch06.batches, lambda n, b, rng: batches_by_slices(n, b, np.random.default_rng()), "two different orders"),
    "batches: from one": (ch06.batches, lambda n, b, rng: [batch + 1 for batch in batches_by_slices(n, b, rng)], "every index"),
    "batches: empty": (ch06.batches, lambda n, b, rng: np.split(rng.permutation(n), range(b, n + 1, b)), "empty batch"),
    "batches: one array": (ch06.batches, lambda n, b, rng: rng.permutation(n), "row of whole numbers"),
    "batches: floats": (ch06.batches, lambda n, b, rng: [batch / 1.0 for batch in batches_by_slices(n, b, rng)], "whole numbers"),
    "batches: shuffles batches": (ch06.batches, shuffled_batches, "neighbours"),
    "batches: a number": (ch06.batches, lambda n, b, rng: n, "no list of batches"),
    "momentum: sign": (ch06.momentum_step, lambda w, v, g, r, m: (w - m * v - r * g, m * v + r * g), "uphill"),
    "momentum: no rate": (ch06.momentum_step, lambda w, v, g, r, m: (w + r * (m * v - g), m * v - g), "learning rate is missing"),
    "momentum: old velocity": (ch06.momentum_step, lambda w, v, g, r, m: (w + v, m * v - r * g), "did not move"),
    "momentum: uphill": (ch06.momentum_step, lambda w, v, g, r, m: (w - m * v + r * g, m * v - r * g), "went uphill"),
    "momentum: no decay": (ch06.momentum_step, lambda w, v, g, r, m: (w + v - r * g, v - r * g), "kept whole"),
    "momentum: no memory": (ch06.momentum_step, lambda w, v, g, r, m: (w - r * g, -r * g), "lost"),
    "momentum: nesterov": (ch06.momentum_step, lambda w, v, g, r, m: (w + m * (m * v - r * g) - r * g, m * v - r * g), "weight"),
    "momentum: mean": (ch06.momentum_step, lambda w, v, g, r, m: (w + (m * v - r * g).mean(), m * v - r * g), "whole array"),
    "momentum: one value": (ch06.momentum_step, lambda w, v, g, r, m: w + m * v - r * g, "not 2 values"),
    "momentum: swapped": (ch06.momentum_step, lambda w, v, g, r, m: (m * v - r * g, w + m * v - r * g), "velocity"),
    "momentum: mutates": (ch06.momentum_step, in_place, "changed its argument"),
    "Adam: betas swapped": (ch06.adam_step, adam_with(right, m=lambda m, g: 0.1 * m + 0.9 * g), "changed places"),
    "Adam: m whole": (ch06.adam_step, adam_with(right, m=lambda m, g: 0.9 * m + g), "too large"),
    "Adam: not squared": (ch06.adam_step, adam_with(right, u=lambda u, g: 0.999 * u + 0.001 * g), "squared"),
    "Adam: beta 1 for u": (ch06.adam_step, adam_with(right, u=lambda u, g: 0.9 * u + 0.1 * g * g), "its own"),
    "Adam: beta 2 swapped": (ch06.adam_step, adam_with(right, u=lambda u, g: 0.001 * u + 0.999 * g * g), "changed places"),
    "Adam: no correction": (
        ch06.adam_step, adam_with(lambda w, m, u, g, t, r: r * m / (np.sqrt(u) + 1e-7)), "correction of the start is missing"),
    "Adam: t ignored": (
        ch06.adam_step, adam_with(lambda w, m, u, g, t, r: r * np.sqrt(0.001) / 0.1 * m / (np.sqrt(u) + 1e-7)),
        "stayed that of t = 1"),
    "Adam: sign": (ch06.adam_step, adam_with(lambda *a: -right(*a)), "uphill"),
    "Adam: no root": (
        ch06.adam_step, adam_with(lambda w, m, u, g, t, r: r * np.sqrt(1 - 0.999**t) / (1 - 0.9**t) * m / u), "root"),
    "Adam: g for m": (ch06.adam_step, adam_with(lambda w, m, u, g, t, r: right(w, g, u, g, t, r)), "first step, weight"),
    "Adam: mean of u": (ch06.adam_step, adam_with(lambda w, m, u, g, t, r: right(w, m, u.mean(), g, t, r)), "whole array"),
    "Adam: one value": (ch06.adam_step, lambda w, m, u, g, t, r: adam_step(w, m, u, g, t, r)[0], "not 3 values"),
    "Adam: no epsilon": (ch06.adam_step, adam_with(no_epsilon), "ε"),
}
TestAnswers = demands(RIGHT, WRONG, lines=5)
