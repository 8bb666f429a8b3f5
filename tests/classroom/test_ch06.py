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
# The assignment goes on where the chapter ends: shares among the answers.


def precision(counts):
    answered = counts.sum(axis=0)
    return np.divide(np.diag(counts), answered, out=np.zeros(len(counts)), where=answered > 0)


def precision_by_class(table):
    shares = []
    for c in range(len(table)):
        answered = sum(int(table[i, c]) for i in range(len(table)))
        shares.append(table[c, c] / answered if answered else 0)
    return shares


def precision_in_small_numbers(counts):
    answered = counts[0]
    for row in counts[1:]:
        answered = answered + row
    return np.diag(counts) / np.maximum(answered, 1)


def precision_in_place(counts):
    result = precision(counts)
    counts[:] = 0
    return result


PRECISION = {
    "shares of the rows": (lambda n: np.diag(n) / n.sum(1), "these are the shares of the true classes"),
    "shares of all": (lambda n: np.diag(n) / n.sum(), "these are shares of all answers"),
    "counts": (lambda n: np.diag(n), "these are counts"),
    "wrong answers": (lambda n: 1 - precision(n), "this is the share of wrong answers"),
    "right to wrong": (lambda n: np.diag(n) / (n.sum(0) - np.diag(n)).clip(1), "other cells of the column only"),
    "0 / 0": (lambda n: np.diag(n) / n.sum(0), "a class that was never answered .* you have nan", 8.33),
    "1 for 0 / 0": (lambda n: np.where(n.sum(0), precision(n), 1), "a class that was never answered .* you have 1 ", 8.33),
    "one number for all": (lambda n: np.trace(n) / n.sum(), r"has shape \(\), it should have \(3,\)", 0),
    "a table": (lambda n: n / n.sum(0).clip(1), r"has shape \(3, 3\)", 0),
    "small numbers": (precision_in_small_numbers, "uint8 holds nothing beyond 255", 8.33),
    "rounded": (lambda n: np.round(precision(n), 1), "three classes by hand: 1 of 3"),
    "empties the table": (precision_in_place, "changed its argument number 1", 0),
}

# No small batch at the end.


def even(count, batch_size, rng):
    return np.array_split(rng.permutation(count), -(-count // batch_size))


def even_by_turns(count, batch_size, rng):
    order, fewest = list(range(count)), (count + batch_size - 1) // batch_size
    rng.shuffle(order)
    return [np.array(order[first::fewest]) for first in range(fewest)]


def even_unless_full(count, size, rng):
    return np.array_split(rng.permutation(count), count // size + 1)


def even_neighbours(count, size, rng):
    cut = np.array_split(np.arange(count), -(-count // size))
    return [cut[n] for n in rng.permutation(len(cut))]


EVEN = {
    "as in the chapter": (batches_by_slices, "10 examples, .*the smallest batch has 2, the largest 4", 5),
    "drops the rest": (lambda n, b, rng: batches_by_slices(n, b, rng)[: max(n // b, 1)], "2 of 10 examples are in no batch"),
    "too few batches": (lambda n, b, rng: np.array_split(rng.permutation(n), max(n // b, 1)), "one batch has 5 examples"),
    "one batch too many": (even_unless_full, "12 examples, .*you have 4 batches, 3 hold all"),
    "batches of one": (lambda n, b, rng: np.array_split(rng.permutation(n), n), "10 examples, .*you have 10 batches"),
    "unshuffled": (lambda n, b, rng: np.array_split(np.arange(n), -(-n // b)), "first order"),
    "with replacement": (lambda n, b, rng: np.array_split(rng.integers(0, n, n), -(-n // b)), "comes twice", 8.33),
    "own seed": (lambda n, b, rng: even(n, b, np.random.default_rng(0)), "two epochs, or two seeds, gave the same order"),
    "no seed": (lambda n, b, rng: even(n, b, np.random.default_rng()), "two different orders"),
    "from one": (lambda n, b, rng: [batch + 1 for batch in even(n, b, rng)], "indices count from 0"),
    "shuffles batches": (even_neighbours, "neighbours: whole batches were shuffled"),
    "an empty batch": (lambda n, b, rng: [*even(n, b, rng), np.array([], int)], "there is an empty batch", 0),
    "no batch": (lambda n, b, rng: [], "there is no batch", 0),
    "floats": (lambda n, b, rng: [batch / 1.0 for batch in even(n, b, rng)], "and type float64", 0),
}

# A step with momentum and penalties.


def penalised(w, v, g, eta, mu, l1, l2):
    v = mu * v - eta * (g + l1 * np.sign(w) + 2 * l2 * w)
    return w + v, v


def penalised_by_hand(weights, velocity, gradient, rate, share, lambda_1, lambda_2):
    step = share * velocity - rate * gradient - rate * 2 * lambda_2 * weights
    step[weights > 0] -= rate * lambda_1
    step[weights < 0] += rate * lambda_1
    return [weights + step, step]


def pushed(push):
    """A step with another push than that of the penalties."""

    def answer(w, v, g, eta, mu, l1, l2):
        v = mu * v - eta * (g + push(w, l1, l2))
        return w + v, v

    return answer


def weight_decay(w, v, g, eta, mu, l1, l2):
    v = mu * v - eta * g
    return w + v - eta * (l1 * np.sign(w) + 2 * l2 * w), v


def penalised_once(w, v, g, eta, mu, l1, l2):
    fresh = -eta * (g + l1 * np.sign(w) + 2 * l2 * w)
    return w + mu * v + fresh, fresh


def penalised_in_place(w, v, g, eta, mu, l1, l2):
    g += l1 * np.sign(w) + 2 * l2 * w
    return penalised(w, v, g, eta, mu, 0, 0)


PENALISED = {
    "no penalties": (pushed(lambda w, a, b: 0), "the penalties are missing"),
    "half of L2": (pushed(lambda w, a, b: a * np.sign(w) + b * w), "half the push of L2 is missing"),
    "sign": (pushed(lambda w, a, b: -a * np.sign(w) - 2 * b * w), "the penalties make the weights grow"),
    "L1 downwards only": (pushed(lambda w, a, b: a + 2 * b * w), "L1 pushes negative weights the wrong way"),
    "L1 like L2": (pushed(lambda w, a, b: a * w + 2 * b * w), "its slope has one size"),
    "the loss, not its slope": (pushed(lambda w, a, b: a * np.abs(w) + b * w**2), "the penalties joined the loss"),
    "weight decay": (weight_decay, "L2 on one weight by hand: velocity: .*do not reach the velocity"),
    "no rate": (lambda w, v, g, r, m, a, b: penalised(w, v, g, r, m, a / r, b / r), "learning rate does not reach"),
    "0 pushed upwards": (pushed(lambda w, a, b: a * np.where(w > 0, 1, -1) + 2 * b * w), "where some weights are 0: weights: "),
    "divides by the size": (pushed(lambda w, a, b: a * w / np.abs(w) + 2 * b * w), "some weights are 0: .* you have nan", 8.75),
    "only one penalty": (pushed(lambda w, a, b: 2 * b * w if b else a * np.sign(w)), "penalties with momentum"),
    "the velocity forgets": (penalised_once, "momentum as in the chapter: velocity"),
    "velocity first": (lambda *a: penalised(*a)[::-1], "momentum as in the chapter: weights"),
    "one value": (lambda *a: penalised(*a)[0], "not 2 values · return 2 arrays", 0),
    "changes the gradient": (penalised_in_place, "changed its argument number 3"),
}

# First up, then down.


def rate(step, steps, warm, highest):
    if step <= warm:
        return highest * step / warm
    return highest * np.cos(np.pi / 2 * (step - warm) / (steps - warm)) ** 2


def rate_listed(number, total, gentle, top):
    up = [top * n / gentle for n in range(1, gentle + 1)]
    down = [top / 2 * (1 + np.cos(angle)) for angle in np.linspace(0, np.pi, total - gentle + 1)[1:]]
    return np.array(up + down)[number - 1]


def falls(shape):
    """A rate that falls along another shape, a function from 0 … 1 to 1 … 0."""

    def answer(step, steps, warm, highest):
        return highest * step / warm if step <= warm else highest * shape((step - warm) / (steps - warm))

    return answer


def half_cosine(share):
    return (1 + np.cos(np.pi * share)) / 2


RATE = {
    "never rises": (lambda n, T, W, top: top * half_cosine(n / T), "steps 1 to 4 of 4 warm ones: for step 1 .* you have 0.795"),
    "highest from the start": (lambda n, T, W, top: rate(max(n, W) if W else n, T, W, top), "for step 1 of 20.* you have 0.8 "),
    "counts from 0": (lambda n, T, W, top: rate(n - 1, T, max(W, 1), top), "for step 1 of 20.* you have 0 "),
    "rises along a cosine": (
        lambda n, T, W, top: top * (1 - half_cosine(n / W)) if n <= W else rate(n, T, W, top), "you have 0.117157"),
    "no half": (falls(lambda s: 1 + np.cos(np.pi * s)), "a quarter and three quarters down: .* you have 1.36569"),
    "straight": (falls(lambda s: 1 - s), "a quarter and three quarters down: .* you have 0.6 ", 5.71),
    "degrees": (falls(lambda s: (1 + np.cos(180 * s)) / 2), "a quarter and three quarters down: for step 8 of 20"),
    "a quarter of a cosine": (falls(lambda s: np.cos(np.pi / 2 * s)), "a quarter .* you have 0.739104"),
    "over all steps": (
        lambda n, T, W, top: top * n / W if n <= W else top * half_cosine((n - W) / T), "a quarter .* you have 0.723607"),
    "never quite 0": (falls(lambda s: 0.01 + 0.99 * half_cosine(s)), "a quarter .* you have 0.684014"),
    "constant after the rise": (falls(lambda s: 1), "a quarter .* you have 0.8 "),
    "always a warm step": (lambda n, T, W, top: rate(n, T, max(W, 1), top), "no warm step: for step 1 of 10"),
    "rises too short": (
        lambda n, T, W, top: top * n / W if n < W else top * half_cosine((n - W) / (T - W)), "ZeroDivisionError", 8.57),
    "highest of 1": (lambda n, T, W, top: rate(n, T, W, 1), "for step 1 of 20.* you have 0.25 "),
    "both ends": (lambda n, T, W, top: (0, rate(n, T, W, top)), r"has shape \(2,\) · return one number", 0),
}

# When to stop.


def stop(losses, patience):
    best = 0
    for last, loss in enumerate(losses):
        if loss < losses[best]:
            best = last
        if last - best >= patience:
            return best, last
    return best, len(losses) - 1


def stop_by_lowest(values, waits):
    lowest = np.minimum.accumulate(values)
    bests = [int(np.argmax(values == low)) for low in lowest]
    ends = [n for n, best in enumerate(bests) if n - best == waits] or [len(values) - 1]
    return np.array([bests[ends[0]], ends[0]])


def stop_counting(losses, patience, better=lambda losses, n, best: losses[n] < losses[best], begin_again=True, more=0):
    best, waited = 0, 0
    for n in range(1, len(losses)):
        if better(losses, n, best):
            best, waited = n, 0 if begin_again else waited
        else:
            waited += 1
        if waited == patience + more:
            return best, n
    return best, len(losses) - 1


STOP = {
    "lowest of all": (lambda x, p: (int(np.argmin(x)), stop(x, p)[1]), r"never seen: .* = \(4, 3\)", 7.5),
    "never stops": (lambda x, p: (int(np.argmin(x)), len(x) - 1), r"only rises: .* = \(0, 4\)"),
    "one epoch late": (lambda x, p: stop_counting(x, p, more=1), r"only rises: .* = \(0, 3\)"),
    "one epoch early": (lambda x, p: stop_counting(x, max(p - 1, 1)), r"only rises: .* = \(0, 1\)"),
    "counts from 1": (lambda x, p: tuple(n + 1 for n in stop(x, p)), r"falls to the end: .* = \(4, 4\)", 0),
    "compares with the last": (
        lambda x, p: stop_counting(x, p, better=lambda x, n, best: x[n] < x[n - 1]), "compare with the lowest so far"),
    "not in a row": (lambda x, p: stop_counting(x, p, begin_again=False), "a new lowest loss in time"),
    "equal is better": (
        lambda x, p: stop_counting(x, p, better=lambda x, n, best: x[n] <= x[best]), r"an equal loss .* = \(3, 4\)"),
    "the last of equals": (
        lambda x, p: (len(x[: stop(x, p)[1] + 1]) - 1 - int(np.argmin(x[: stop(x, p)[1] + 1][::-1])), stop(x, p)[1]),
        r"an equal loss .* = \(3, 3\)"),
    "last and best": (lambda x, p: stop(x, p)[::-1], r"only rises: .* = \(2, 0\)"),
    "the loss itself": (lambda x, p: (x.min(), stop(x, p)[1]), r"falls to the end: .* = \(0.2, 3\)"),
    "behind the end": (lambda x, p: (stop(x, p)[0], stop(x, p)[1] + 1), r"falls to the end: .* = \(3, 4\)"),
    "only the end": (lambda x, p: stop(x, p)[1], "return two whole numbers, best and last", 0),
    "patience 2 always": (lambda x, p: stop(x, 2), r"patience 1: .* = \(1, 3\)"),
}

# Train a classifier, from nothing.


def train(x, y, classes, epochs, batch_size, eta, rng, *, total=0, sign=1, biased=1, stable=1, order=None, of=0, drop=0):
    w, b = np.zeros((x.shape[1], classes)), np.zeros(classes)
    for _ in range(epochs):
        places = rng.permutation(len(x)) if order is None else order(len(x))
        for start in range(0, len(x) - (len(x) % batch_size if drop else 0), batch_size):
            batch = places[start : start + batch_size]
            z = x[batch] @ w + b
            e = np.exp(z - z.max(axis=1, keepdims=True)) if stable else np.exp(z)
            dz = e / e.sum(axis=1, keepdims=True) - np.eye(classes)[y[batch]]
            dz = sign * dz / (1 if total else of or len(batch))
            w, b = w - eta * x[batch].T @ dz, b - eta * dz.sum(axis=0) * biased
    return w, b


def train_joined(pictures, labels, classes, epochs, size, rate, generator):
    """Weights and biases in one matrix, one-hot labels, a logarithm in place of the quotient."""
    inputs = np.hstack([pictures.astype("float64"), np.ones((len(pictures), 1))])
    table, wanted = np.zeros((inputs.shape[1], classes)), np.equal.outer(labels, np.arange(classes))
    for _ in range(epochs):
        places = np.arange(len(inputs))
        generator.shuffle(places)
        for batch in np.split(places, range(size, len(places), size)):
            z = inputs[batch] @ table
            z -= z.max(1)[:, None]
            p = np.exp(z - np.log(np.exp(z).sum(1))[:, None])
            table -= rate * np.einsum("ni,nc->ic", inputs[batch], p - wanted[batch]) / len(batch)
    return [table[:-1], table[-1]]


def train_with(**how):
    return lambda *arguments: train(*arguments, **how)


def train_once_shuffled(x, y, classes, epochs, size, eta, rng):
    places = rng.permutation(len(x))
    return train(x, y, classes, epochs, size, eta, rng, order=lambda n: places)


def train_on_what_occurs(x, y, classes, *how):
    return train(x, y, y.max() + 1, *how)


def train_from_noise(x, y, classes, epochs, size, eta, rng):
    w, b = train(x, y, classes, epochs, size, eta, rng)
    return w + 0.01 * rng.normal(size=w.shape), b


def train_centred(x, *how):
    x -= x.mean(axis=0)
    return train(x, *how)


TRAIN = {
    "sum": (train_with(total=1), "one step with all examples: w: .* this is the sum over the batch"),
    "uphill": (train_with(sign=-1), "the loss rises: mind the sign"),
    "no bias": (train_with(biased=0), "one step with all examples: b: .* nothing was learned"),
    "nothing learned": (train_with(sign=0), "one step with all examples: w: .* nothing was learned"),
    "one epoch": (lambda x, y, c, n, *how: train(x, y, c, 1, *how), "this is the result of one epoch"),
    "whole epoch at once": (lambda x, y, c, n, size, *how: train(x, y, c, n, len(x), *how), "all examples went into each step"),
    "last batch dropped": (train_with(drop=1), "the last batch of an epoch is missing"),
    "divided by all": (lambda *how: train(*how, of=len(how[0])), "divided by the number of all examples"),
    "overflow": (train_with(stable=0), "a softmax subtracts the largest logit"),
    "sorted": (train_with(order=np.arange), "300 examples sorted by class, one epoch: only"),
    "own seed": (lambda *how: train(*how[:-1], np.random.default_rng(0)), "two different rngs gave the same result"),
    "no seed": (lambda *how: train(*how[:-1], np.random.default_rng()), "the same rng gave two different results"),
    "shuffled once": (train_once_shuffled, "the second epoch drew nothing from rng"),
    "classes that occur": (train_on_what_occurs, r"w: the result has shape \(3, 3\), it should have \(3, 4\)"),
    "random start": (train_from_noise, "one step with all examples: w: 12 of 12 numbers"),
    "only the weights": (lambda *how: train(*how)[0], "not 2 values"),
    "transposed": (lambda *how: (train(*how)[0].T, train(*how)[1]), r"w: the result has shape \(4, 3\)"),
    "centres the pictures": (train_centred, "changed its argument number 1", 0),
}

for check, right_answers, faults in (
    (ch06.precision, [precision, precision_by_class], PRECISION),
    (ch06.even_batches, [even, even_by_turns], EVEN),
    (ch06.penalised_step, [penalised, penalised_by_hand], PENALISED),
    (ch06.learning_rate, [rate, rate_listed], RATE),
    (ch06.early_stopping, [stop, stop_by_lowest], STOP),
    (ch06.train_softmax, [train, train_joined], TRAIN),
):
    RIGHT += [(check, answer) for answer in right_answers]
    WRONG.update({f"{check.__name__}: {name}": (check, *planted) for name, planted in faults.items()})

TestAnswers = demands(RIGHT, WRONG, lines=5)
