"""The checkers of chapter 05: right answers pass, wrong ones fail with a message that fits the fault."""

import numpy as np
from planted import demands

from cnnlib import formulas
from cnnlib.checks import ch05

# Exercise 5.1


def dense_matrices(dy, x, w):
    return dy @ w.T, x.T @ dy, dy.sum(0)


def dense_loops(upstream, inputs, weights):
    dx, dw, db = np.zeros_like(inputs), np.zeros_like(weights), np.zeros_like(upstream[0])
    for n in range(len(inputs)):
        dx[n] = weights @ upstream[n]
        dw += np.outer(inputs[n], upstream[n])
        db += upstream[n]
    return [dx, dw, db]


def dense_prints(dy, x, w):
    print(dy @ w.T)


def dense_mutates(dy, x, w):
    dx, dw = dy @ w.T, x.T @ dy
    x *= 0
    return dx, dw, dy.sum(0)


def dense_first_element_only(dy, x, w):
    dx, dw, db = dense_matrices(dy, x, w)
    dx[-1, -1] += 1
    return dx, dw, db


DENSE = {
    "returns nothing": (dense_prints, "returns"),
    "mean over the batch": (lambda dy, x, w: (dy @ w.T, x.T @ dy / len(x), dy.sum(0)), "yours is their mean"),
    "bias mean over the batch": (lambda dy, x, w: (dy @ w.T, x.T @ dy, dy.mean(0)), "yours is their mean"),
    "weight not transposed": (lambda dy, x, w: (dy @ w, x.T @ dy, dy.sum(0)), "dx of the example"),
    "dw transposed": (lambda dy, x, w: (dy @ w.T, dy.T @ x, dy.sum(0)), "this is dw transposed"),
    "bias forgotten": (lambda dy, x, w: (dy @ w.T, x.T @ dy), "expected 3 results, got 2"),
    "wrong order": (lambda dy, x, w: (x.T @ dy, dy @ w.T, dy.sum(0)), "you return dw first"),
    "upstream flipped": (lambda dy, x, w: (dy @ w.T, x.T @ dy[::-1], dy.sum(0)), "dw for four pictures"),
    "one number wrong": (dense_first_element_only, "1 of 2 numbers"),
    "changes x": (dense_mutates, "changed its argument"),
    "bias summed to one number": (lambda dy, x, w: (dy @ w.T, x.T @ dy, dy.sum()), "db of the example"),
}

# Exercise 5.2


def slopes_nudge(function, a, step=1e-6):
    found = np.zeros(a.shape)
    for place in np.ndindex(a.shape):
        nudge = np.zeros(a.shape)
        nudge[place] = step
        found[place] = (function(a + nudge) - function(a - nudge)) / (2 * step)
    return found


def slopes_flat(f, values, h):
    work, found = values.copy().ravel(), []
    for n in range(work.size):
        kept = work[n]
        work[n] = kept + h
        above = f(work.reshape(values.shape))
        work[n] = kept - h
        found.append((above - f(work.reshape(values.shape))) / (2 * h))
        work[n] = kept
    return np.array(found).reshape(values.shape)


def slopes_one_side(f, a, h):
    return np.array([(f(a + h * e.reshape(a.shape)) - f(a)) / h for e in np.eye(a.size)]).reshape(a.shape)


def slopes_never_put_back(f, a, h):
    work, found = a.copy(), np.zeros(a.shape)
    for place in np.ndindex(a.shape):
        work[place] += h
        above = f(work)
        work[place] -= 2 * h
        found[place] = (above - f(work)) / (2 * h)
    return found


def slopes_undo(f, a, h):
    work, found = a.copy(), np.zeros(a.shape)
    for place in np.ndindex(a.shape):
        work[place] += h
        above = f(work)
        work[place] -= h
        found[place] = (above - f(work)) / (2 * h)
    return found


def slopes_all_at_once(f, a, h):
    return np.full(a.shape, (f(a + h) - f(a - h)) / (2 * h))


def slopes_in_place(f, a, h):
    found = slopes_nudge(f, a, h)
    a += h
    return found


def slopes_two_axes(f, a, h):
    found = np.zeros(a.shape)
    for i in range(a.shape[0]):
        nudge = np.zeros(a.shape)
        nudge[i] = h
        found[i] = (f(a + nudge) - f(a - nudge)) / (2 * h)
    return found


SLOPES = {
    "divided by h": (lambda f, a, h: 2 * slopes_nudge(f, a, h), "two steps apart"),
    "divided by 4h": (lambda f, a, h: slopes_nudge(f, a, h) / 2, "half the slope"),
    "one side": (slopes_one_side, "one side"),
    "own step": (lambda f, a, h: slopes_nudge(f, a, 1e-6), "use the step that is given"),
    "rows at once": (slopes_two_axes, "large step|three axes|cubes"),
    "entries not put back": (slopes_never_put_back, "one entry at a time|cubes|three axes"),
    "changes a": (slopes_in_place, "changed its argument"),
    "flat result": (lambda f, a, h: slopes_nudge(f, a, h).ravel(), "shape"),
    "second step undoes the first": (slopes_undo, "only undo the first"),
    "all entries at once": (slopes_all_at_once, "one entry at a time"),
    "sign": (lambda f, a, h: -slopes_nudge(f, a, h), "sum of squares"),
    "crashes": (lambda f, a, h: f(a, h), "stopped with TypeError"),
}

# Exercise 5.3


def correlate_backward(dy, x, k):
    P, Q = k.shape
    around = np.pad(dy, ((P - 1, P - 1), (Q - 1, Q - 1)))
    return formulas.correlate(around, k[::-1, ::-1]), formulas.correlate(x, dy)


def correlate_backward_stamps(dy, picture, kernel):
    dx, dk = np.zeros_like(picture), np.zeros_like(kernel)
    P, Q = kernel.shape
    for i, j in np.ndindex(dy.shape):
        dx[i : i + P, j : j + Q] += dy[i, j] * kernel
        dk += dy[i, j] * picture[i : i + P, j : j + Q]
    return dx, dk


def not_turned(dy, x, k):
    P, Q = k.shape
    return formulas.correlate(np.pad(dy, ((P - 1,) * 2, (Q - 1,) * 2)), k), formulas.correlate(x, dy)


def transposed_kernel(dy, x, k):
    return correlate_backward(dy, x, k.T)[0], formulas.correlate(x, dy)


def square_only(dy, x, k):
    P = k.shape[0]
    return formulas.correlate(np.pad(dy, P - 1), k[::-1, ::-1]), formulas.correlate(x, dy)


def padding_of_one(dy, x, k):
    return formulas.correlate(np.pad(dy, 1), k[::-1, ::-1]), formulas.correlate(x, dy)


def one_flip(dy, x, k):
    P, Q = k.shape
    return formulas.correlate(np.pad(dy, ((P - 1,) * 2, (Q - 1,) * 2)), k[::-1]), formulas.correlate(x, dy)


CORRELATE = {
    "kernel not turned": (not_turned, "same way round"),
    "kernel transposed": (transposed_kernel, "dx of the example"),
    "kernel turned along one axis": (one_flip, "dx of the example"),
    "dy turned in dk": (
        lambda dy, x, k: (correlate_backward(dy, x, k)[0], formulas.correlate(x, dy[::-1, ::-1])),
        "upstream gradient is turned",
    ),
    "dk turned": (
        lambda dy, x, k: (correlate_backward(dy, x, k)[0], formulas.correlate(x, dy)[::-1, ::-1]),
        "comes out turned",
    ),
    "padding of one": (padding_of_one, "how far does the kernel hang over"),
    "only square kernels": (square_only, "not square"),
    "no padding": (lambda dy, x, k: (formulas.correlate(dy, k), formulas.correlate(x, dy)), "shape"),
    "swapped": (lambda dy, x, k: correlate_backward(dy, x, k)[::-1], "you return dk first"),
    "only dx": (lambda dy, x, k: correlate_backward(dy, x, k)[0], "expected 2 results, got one thing"),
}

# Exercise 5.4


def cross_entropy_backward(logits, labels):
    e = np.exp(logits - logits.max(1, keepdims=True))
    p = e / e.sum(1, keepdims=True)
    p[np.arange(len(labels)), labels] -= 1
    return p / len(labels)


def cross_entropy_backward_rows(z, classes):
    rows = []
    for row, c in zip(z, classes, strict=True):
        row = row - row.max()
        rows.append(np.exp(row - np.log(np.exp(row).sum())) - np.eye(len(row), dtype=z.dtype)[c])
    return np.stack(rows) / len(z)


def overflowing(z, labels):
    e = np.exp(z)
    return (e / e.sum(1, keepdims=True) - np.eye(z.shape[1])[labels]) / len(z)


def one_softmax_for_all(z, labels):
    e = np.exp(z - z.max())
    return (e / e.sum() - np.eye(z.shape[1])[labels]) / len(z)


def largest_of_the_batch(z, labels):
    e = np.exp(z - z.max())
    return (e / e.sum(1, keepdims=True) - np.eye(z.shape[1])[labels]) / len(z)


def in_place(z, labels):
    z -= z.max(1, keepdims=True)
    return cross_entropy_backward(z, labels)


CROSS_ENTROPY = {
    "probabilities only": (lambda z, t: formulas.softmax(z) / len(z), "nothing has been subtracted"),
    "sign turned": (lambda z, t: -cross_entropy_backward(z, t), "sign is turned"),
    "sum, not mean": (lambda z, t: cross_entropy_backward(z, t) * len(z), "gradient of the sum"),
    "mean over classes too": (
        lambda z, t: cross_entropy_backward(z, t) / z.shape[1],
        "worked by hand|not over the classes",
    ),
    "overflow": (overflowing, "1,000"),
    "largest logit of the whole batch": (largest_of_the_batch, "its own largest logit"),
    "one softmax for the batch": (one_softmax_for_all, "batch of six"),
    "all labels on each row": (
        lambda z, t: (formulas.softmax(z) - np.eye(z.shape[1])[t].sum(0)) / len(z),
        "batch of six",
    ),
    "changes the logits": (in_place, "changed its argument"),
    "one column too few": (lambda z, t: cross_entropy_backward(z, t)[:, 1:], "shape"),
}

EXERCISES = {
    "dense_backward": ([dense_matrices, dense_loops], DENSE),
    "slopes": ([slopes_nudge, slopes_flat], SLOPES),
    "correlate_backward": ([correlate_backward_stamps, correlate_backward], CORRELATE),
    "cross_entropy_backward": ([cross_entropy_backward, cross_entropy_backward_rows], CROSS_ENTROPY),
}
RIGHT = [(getattr(ch05, check), answer) for check, (answers, _) in EXERCISES.items() for answer in answers]
WRONG = {
    f"{check}: {name}": (getattr(ch05, check), *planted)
    for check, (_, faults) in EXERCISES.items()
    for name, planted in faults.items()
}
ALIKE = {"slopes: divided by 4h", "slopes: second step undoes the first"}
TestAnswers = demands(RIGHT, WRONG, alike=[ALIKE])
