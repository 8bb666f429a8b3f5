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
    "divided by 4h": (lambda f, a, h: slopes_nudge(f, a, h) / 2, "half the slope arrives; divide"),
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

# The assignment: a ReLU that leaks


def leaky(dy, x, slope):
    return np.where(x > 0, dy, slope * dy)


def leaky_masked(upstream, inputs, left):
    dx = left * upstream
    dx[inputs > 0] = upstream[inputs > 0]
    return dx


def leaky_in_place(dy, x, slope):
    dy[x <= 0] *= slope
    return dy


def leaky_last_wrong(dy, x, slope):
    dx = leaky(dy, x, slope)
    dx.flat[-1] += 1
    return dx


LEAKY = {
    "plain ReLU": (lambda dy, x, a: dy * (x > 0), "this is the plain ReLU"),
    "sides exchanged": (lambda dy, x, a: np.where(x > 0, a * dy, dy), "two sides have changed places"),
    "no upstream": (lambda dy, x, a: np.where(x > 0, 1.0, a), "upstream gradient is missing"),
    "sign of dy": (lambda dy, x, a: np.where(dy > 0, dy, a * dy), "sign of dy decides"),
    "from the output": (lambda dy, x, a: np.where(x * np.where(x > 0, 1, a) >= 0, dy, a * dy), "0 counts as the right", 6.67),
    "nothing at 0": (lambda dy, x, a: leaky(dy, x, a) * (x != 0), "the place 0 itself.*at 0 the slope counts"),
    "a slope of its own": (lambda dy, x, a: leaky(dy, x, 0.1), "a batch of pictures"),
    "a standard slope": (lambda dy, x, a: leaky(dy, x, a or 0.01), "a slope of 0 gives the plain ReLU"),
    "the larger of two": (lambda dy, x, a: np.where(x > a * x, dy, a * dy), "a slope larger than 1: .*not which of two", 8.33),
    "flat": (lambda dy, x, a: leaky(dy, x, a).ravel(), "batch of pictures: the result has shape"),
    "one wrong": (leaky_last_wrong, "1 of 4 numbers are wrong"),
    "changes dy": (leaky_in_place, "changed its argument number 1"),
}

# Shared by the window


def shared(dy, x, window, stride):
    dx = np.zeros(x.shape)
    for i, j in np.ndindex(dy.shape):
        row, column = i * stride[0], j * stride[1]
        dx[row : row + window[0], column : column + window[1]] += dy[i, j] / (window[0] * window[1])
    return dx


def shared_by_places(upstream, picture, size, steps):
    (P, Q), (s, t), (rows, columns) = size, steps, upstream.shape
    dx = np.zeros_like(picture)
    for p, q in np.ndindex(P, Q):
        dx[p : p + rows * s : s, q : q + columns * t : t][:rows, :columns] += upstream / P / Q
    return dx


def shared_last(dy, x, window, stride):
    dx, (P, Q), (s, t) = np.zeros(x.shape), window, stride
    for i, j in np.ndindex(dy.shape):
        dx[i * s : i * s + P, j * t : j * t + Q] = dy[i, j] / (P * Q)
    return dx


def shared_mean(dy, x, window, stride):
    return shared(dy, x, window, stride) / shared(np.ones_like(dy), x, window, stride).clip(1e-9) / np.prod(window)


def shared_cut(dy, x, window, stride):
    read = [(n - 1) * s + P for n, s, P in zip(dy.shape, stride, window, strict=True)]
    return shared(dy, x, window, stride)[: read[0], : read[1]]


def shared_in_x(dy, x, window, stride):
    x[:] = shared(dy, x, window, stride)
    return x


def to_the_largest(dy, x, window, stride):
    return formulas.max_pool2d_backward(dy[None, :, :, None], x[None, :, :, None], window, stride)[0, :, :, 0]


SHARED = {
    "not shared": (lambda dy, x, w, s: shared(dy, x, w, s) * w[0] * w[1], "each pixel got the whole number"),
    "max pooling": (to_the_largest, "all went to the largest pixel"),
    "assigns": (shared_last, "only the last one is left", 5.71),
    "all-ones upstream": (lambda dy, x, w, s: shared(np.ones_like(dy), x, w, s), "seems to be all ones"),
    "side by side only": (lambda dy, x, w, s: np.kron(dy, np.ones(w)) / np.prod(w), "windows that overlap: the result has shape"),
    "mean of the shares": (shared_mean, "windows that overlap: 21 of 25 numbers"),
    "window turned": (lambda dy, x, w, s: shared(dy, x, w[::-1], s), "a window that is not square"),
    "stride turned": (lambda dy, x, w, s: shared(dy, x, w, s[::-1]), "other steps down than to the right"),
    "stride is the window": (lambda dy, x, w, s: shared(dy, x, w, w), "windows that overlap: 24 of 25 numbers"),
    "cut at the end": (shared_cut, r"no window reads: the result has shape \(6, 4\)"),
    "squares of the window": (lambda dy, x, w, s: shared(dy, x, w, s) * w[1] / w[0], "a window that is not square: .* first at"),
    "transposed": (lambda dy, x, w, s: shared(dy, x, w, s).T, "four windows side by side: 8 of 16 numbers"),
    "shape of the upstream": (lambda dy, x, w, s: dy / (w[0] * w[1]), r"has shape \(2, 2\), it should have \(4, 4\)"),
    "writes into x": (shared_in_x, "changed its argument number 2"),
}

# One row, with a stride


def row(dy, x, k, stride):
    dx, dk = np.zeros(x.shape), np.zeros(k.shape)
    for i in range(len(dy)):
        for q in range(len(k)):
            dx[i * stride + q] += dy[i] * k[q]
            dk[q] += dy[i] * x[i * stride + q]
    return dx, dk


def row_matrix(upstream, pixels, weights, steps):
    table = np.zeros((len(upstream), len(pixels)))  # y = table @ pixels
    for i in range(len(upstream)):
        table[i, i * steps : i * steps + len(weights)] = weights
    windows = np.lib.stride_tricks.sliding_window_view(pixels, len(weights))[::steps]
    return [upstream @ table, windows.T @ upstream]


def row_last(dy, x, k, stride):
    dx = np.zeros(x.shape)
    for i in range(len(dy)):
        dx[i * stride : i * stride + len(k)] = dy[i] * k
    return dx, row(dy, x, k, stride)[1]


def row_cut(dy, x, k, stride):
    dx, dk = row(dy, x, k, stride)
    return dx[: (len(dy) - 1) * stride + len(k)], dk


def row_in_place(dy, x, k, stride):
    result = row(dy, x, k, stride)
    k /= 2
    return result


def of_dx(change):
    return lambda dy, x, k, s: (change(dy, x, k, s), row(dy, x, k, s)[1])


def of_dk(change):
    return lambda dy, x, k, s: (row(dy, x, k, s)[0], change(dy, x, k, s))


ROW = {
    "stride missing in dx": (of_dx(lambda dy, x, k, s: row(dy, x, k, 1)[0]), "the stamps lie one pixel apart"),
    "stride missing in dk": (of_dk(lambda dy, x, k, s: row(dy, x, k, 1)[1]), "output i has read from pixel", 6.25),
    "kernel turned": (of_dx(lambda dy, x, k, s: row(dy, x, k[::-1], s)[0]), "a stamp uses it as it stands"),
    "dk turned": (of_dk(lambda dy, x, k, s: row(dy, x, k, s)[1][::-1]), "dk comes out turned round"),
    "dy turned": (of_dk(lambda dy, x, k, s: row(dy[::-1], x, k, s)[1]), "dy is turned round"),
    "dk is a mean": (of_dk(lambda dy, x, k, s: row(dy, x, k, s)[1] / len(dy)), "this is the mean over the outputs"),
    "assigns": (row_last, "dx with stride 1: not yet.* only the last one is left"),
    "cut at the end": (row_cut, "pixels at the end that were not read are missing"),
    "all-ones upstream": (of_dk(lambda dy, x, k, s: row(np.ones_like(dy), x, k, s)[1]), "dk of two outputs .* 1 of 2"),
    "dk in dx's place": (lambda dy, x, k, s: row(dy, x, k, s)[::-1], "you return dk first"),
    "only dx": (lambda dy, x, k, s: row(dy, x, k, s)[0], "expected 2 results, got one thing", 0),
    "last output forgotten": (lambda dy, x, k, s: row(dy[:-1], x, k, s), "dx of two outputs .* 2 of 5 numbers"),
    "stride 2 always": (lambda dy, x, k, s: row(dy, x, k, min(2, s)), "where the last pixels are not read"),
    "halves the kernel": (row_in_place, "changed its argument number 3", 0),
}

# A judge for every backward function


def judge(forward, backward, x, rng, share=np.max, upstream=None):
    dy = (upstream or rng.normal)(size=np.shape(forward(x)))
    computed = backward(dy, x)
    measured = slopes_nudge(lambda a: np.sum(dy * forward(a)), x)
    largest = max(share(np.abs(computed)), share(np.abs(measured)))
    return share(np.abs(computed - measured)) / largest if largest > 0 else 0


def judge_flat(f, f_backward, values, generator):
    dy = generator.uniform(-1, 1, f(values).shape)
    given, found = f_backward(dy, values).ravel(), []
    for n in range(values.size):
        nudge = np.eye(1, values.size, n).reshape(values.shape) * 1e-6
        found.append(((dy * f(values + nudge)).sum() - (dy * f(values - nudge)).sum()) / 2e-6)
    both = np.abs(np.stack([given, found])).max()
    return np.array(0.0 if both == 0 else np.abs(given - found).max() / both)


def judged(rule):
    """A judge with another rule in place of the relative error."""

    def answer(forward, backward, x, rng):
        dy = rng.normal(size=forward(x).shape)
        return rule(backward(dy, x), slopes_nudge(lambda a: np.sum(dy * forward(a)), x))

    return answer


def largest(a):
    return np.abs(a).max()


def careful(a, b):
    return a / b if b else 0.0


def judge_one_side(forward, backward, x, rng):
    dy = rng.normal(size=forward(x).shape)
    measured = slopes_one_side(lambda a: np.sum(dy * forward(a)), x, 1e-4)
    return careful(largest(backward(dy, x) - measured), max(largest(measured), largest(backward(dy, x))))


def judge_by_shape_of_x(forward, backward, x, rng):
    dy = rng.normal(size=x.shape)
    measured = slopes_nudge(lambda a: np.sum(dy * forward(a)), x)
    return careful(largest(backward(dy, x) - measured), max(largest(measured), largest(backward(dy, x))))


def with_upstream(draw):
    return lambda forward, backward, x, rng: judge(forward, backward, x, rng, upstream=lambda size: draw(rng, size))


JUDGE = {
    "never says no": (lambda f, b, x, rng: 0.0, "twice as much: the wrong gradient has an error of 0 ", 0),
    "always says no": (lambda f, b, x, rng: 1.0, "twice as much: the right gradient has an error of 1 ", 0),
    "all-ones upstream": (with_upstream(lambda rng, size: np.ones(size)), "ignores dy.*draw dy from rng", 5.62),
    "one number for dy": (with_upstream(lambda rng, size: np.full(size, 0.7)), "upside down.*draw dy from rng", 6.88),
    "one number for each row": (
        with_upstream(lambda rng, size: rng.normal(size=(*size[:-1], 1)) * np.ones(size)), "a value of its own"),
    "not relative": (judged(lambda c, m: largest(c - m)), "large gradients: the right"),
    "over the measured one": (judged(lambda c, m: careful(largest(c - m), largest(m))), "you divide by the measured gradient"),
    "over the sum": (judged(lambda c, m: careful(largest(c - m), largest(c) + largest(m))), "a quarter: .* you have 0.125"),
    "no absolute values": (judged(lambda c, m: careful((c - m).max(), max(c.max(), m.max()))), "a quarter: .* you have -5 "),
    "no absolute difference": (judged(lambda c, m: careful((c - m).max(), max(largest(c), largest(m)))), "a half: .* have 0.411"),
    "sizes compared": (
        judged(lambda c, m: careful(largest(np.abs(c) - np.abs(m)), max(largest(c), largest(m)))), "the sizes are compared"),
    "means": (lambda f, b, x, rng: judge(f, b, x, rng, share=np.mean), "these are means over the array"),
    "entry by entry": (
        judged(lambda c, m: (np.abs(c - m) / np.maximum(np.maximum(np.abs(c), np.abs(m)), 1e-6)).max()),
        "each entry is divided by its own size"),
    "only the largest": (
        judged(lambda c, m: careful(abs(largest(c) - largest(m)), max(largest(c), largest(m)))), "largest entries are compared"),
    "last entry forgotten": (
        judged(lambda c, m: careful(largest((c - m).flat[:-1]), max(largest(c), largest(m)))), "a single wrong number at the"),
    "0 / 0": (judged(lambda c, m: np.float64(largest(c - m)) / max(largest(c), largest(m))), "look before you divide", 9.38),
    "a large step to one side": (judge_one_side, "twice as much: the right gradient has an error of .*e-05"),
    "upstream of the shape of x": (judge_by_shape_of_x, "stopped with ValueError"),
    "an array": (judged(lambda c, m: np.abs(c - m)), r"has shape \(4, 5\) · return one number", 0),
}

# Some mistakes cost more


def weighted(logits, labels, weights):
    return weights[labels][:, None] * cross_entropy_backward(logits, labels)


def weighted_rows(z, classes, w):
    rows = []
    for row, c in zip(z, classes, strict=True):
        e = np.exp(row - max(row))
        rows.append(w[c] * (e / sum(e) - np.eye(len(row))[c]))
    return np.array(rows) / len(z)


def weighted_in_place(z, labels, weights):
    result = weighted(z, labels, weights)
    z[:] = 0
    return result


WEIGHTED = {
    "no weights": (lambda z, t, w: cross_entropy_backward(z, t), "the weights are missing"),
    "columns weighed": (lambda z, t, w: cross_entropy_backward(z, t) * w, "each column is weighed by its own class"),
    "over the sum of weights": (lambda z, t, w: weighted(z, t, w) / w[t].mean(), "divided by the sum of the weights"),
    "sum": (lambda z, t, w: weighted(z, t, w) * len(z), "this is the gradient of the sum"),
    "sign turned": (lambda z, t, w: -weighted(z, t, w), "the loss would rise"),
    "overflow": (lambda z, t, w: overflowing(z, t) * w[t][:, None], "logits as large as 1,000"),
    "largest logit of the batch": (lambda z, t, w: largest_of_the_batch(z, t) * w[t][:, None], "its own largest logit"),
    "only examples that weigh": (
        lambda z, t, w: weighted(z, t, w) * len(t) / np.count_nonzero(w[t]), "a class of weight 0: .* count in N all the same"),
    "weighs the right class only": (
        lambda z, t, w: (formulas.softmax(z) - w[t][:, None] * np.eye(z.shape[1])[t]) / len(z), "the example of the chapter"),
    "weights in the order of the rows": (
        lambda z, t, w: cross_entropy_backward(z, t) * w[np.arange(len(z)) % len(w)][:, None], "6 of 6 numbers"),
    "largest weight for all": (lambda z, t, w: cross_entropy_backward(z, t) * w.max(), "3 of 6 numbers"),
    "whole weights": (lambda z, t, w: weighted(z, t, np.round(w)), "seven examples, four weights"),
    "only the label's column": (lambda z, t, w: weighted(z, t, w) * np.eye(z.shape[1])[t], "4 of 6 numbers"),
    "changes the logits": (weighted_in_place, "changed its argument number 1", 0),
}

EXERCISES = {
    "dense_backward": ([dense_matrices, dense_loops], DENSE),
    "slopes": ([slopes_nudge, slopes_flat], SLOPES),
    "correlate_backward": ([correlate_backward_stamps, correlate_backward], CORRELATE),
    "cross_entropy_backward": ([cross_entropy_backward, cross_entropy_backward_rows], CROSS_ENTROPY),
    "leaky_relu_backward": ([leaky, leaky_masked], LEAKY),
    "avg_pool_backward": ([shared, shared_by_places], SHARED),
    "row_backward": ([row, row_matrix], ROW),
    "gradient_error": ([judge, judge_flat], JUDGE),
    "weighted_cross_entropy_backward": ([weighted, weighted_rows], WEIGHTED),
}
RIGHT = [(getattr(ch05, check), answer) for check, (answers, _) in EXERCISES.items() for answer in answers]
WRONG = {
    f"{check}: {name}": (getattr(ch05, check), *planted)
    for check, (_, faults) in EXERCISES.items()
    for name, planted in faults.items()
}
TestAnswers = demands(RIGHT, WRONG)
