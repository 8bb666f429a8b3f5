"""The checkers of chapter 03 pass right answers and reject planted wrong ones, each with a fitting message."""

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view
from planted import demands

from cnnlib import formulas
from cnnlib.checks import ch03
from cnnlib.errors import CheckFailed


def max_pool(x, window, stride):
    return sliding_window_view(x, (window, window))[::stride, ::stride].max(axis=(2, 3))


def max_pool_by_loops(x, window, stride, start=-np.inf):
    rows, columns = ((size - window) // stride + 1 for size in x.shape)
    y = np.full((rows, columns), start, float)
    for i in range(rows):
        for j in range(columns):
            for value in x[i * stride : i * stride + window, j * stride : j * stride + window].ravel():
                y[i, j] = max(y[i, j], value)
    return y


def avg_pool(x, window, stride, pad):
    def sums(a):
        return sliding_window_view(np.pad(a, pad), (window, window))[::stride, ::stride].sum(axis=(2, 3))

    return sums(x) / np.maximum(sums(np.ones_like(x)), 1)


def avg_pool_by_nan(x, window, stride, pad):
    windows = sliding_window_view(np.pad(x, pad, constant_values=np.nan), (window, window))[::stride, ::stride]
    return np.nanmean(windows, axis=(2, 3))


def avg_pool_counting_zeros(x, window, stride, pad):
    return sliding_window_view(np.pad(x, pad), (window, window))[::stride, ::stride].mean(axis=(2, 3))


def field(layers):
    size, jump = 1, 1
    for window, stride in layers:
        size, jump = size + (window - 1) * jump, jump * stride
    return size, jump


def field_from_the_top(layers):
    size, jump = 1, 1
    for window, stride in reversed(layers):
        size, jump = (size - 1) * stride + window, jump * stride
    return np.array([size, jump])


def backward(dy, x, window, stride):
    dx = np.zeros_like(x)
    for i, j in np.ndindex(dy.shape):
        part = x[i * stride : i * stride + window, j * stride : j * stride + window]
        p, q = np.unravel_index(part.argmax(), part.shape)
        dx[i * stride + p, j * stride + q] += dy[i, j]
    return dx


def backward_by_scatter(dy, x, window, stride):
    windows = sliding_window_view(x, (window, window))[::stride, ::stride].reshape(*dy.shape, -1)
    p, q = np.divmod(windows.argmax(axis=2), window)
    i, j = np.indices(dy.shape) * stride
    dx = np.zeros_like(x)
    np.add.at(dx, (i + p, j + q), dy)
    return dx


RIGHT = [
    (ch03.max_pool2d, max_pool), (ch03.max_pool2d, max_pool_by_loops),
    (ch03.avg_pool2d, avg_pool), (ch03.avg_pool2d, avg_pool_by_nan),
    (ch03.receptive_field, field), (ch03.receptive_field, field_from_the_top),
    (ch03.max_pool2d_backward, backward), (ch03.max_pool2d_backward, backward_by_scatter),
]  # fmt: skip


def tied(dy, x, window, stride):
    dx = np.zeros_like(x)
    for i, j in np.ndindex(dy.shape):
        part = np.s_[i * stride : i * stride + window, j * stride : j * stride + window]
        dx[part] += dy[i, j] * (x[part] == x[part].max())
    return dx


def assigned(dy, x, window, stride):
    dx = np.zeros_like(x)
    for i, j in np.ndindex(dy.shape):
        part = x[i * stride : i * stride + window, j * stride : j * stride + window]
        p, q = np.unravel_index(part.argmax(), part.shape)
        dx[i * stride + p, j * stride + q] = dy[i, j]
    return dx


def corner(dy, x, window, stride):
    dx = np.zeros_like(x)
    for i, j in np.ndindex(dy.shape):
        part = x[i * stride : i * stride + window, j * stride : j * stride + window]
        dx[np.unravel_index(part.argmax(), part.shape)] += dy[i, j]
    return dx


def last_of_equals(dy, x, window, stride):
    return backward(dy[::-1, ::-1], x[::-1, ::-1], window, stride)[::-1, ::-1]


def share(dy, x, window, stride):
    sizes = (window, window), (stride, stride)
    return formulas.avg_pool2d_backward(dy[None, ..., None], x[None, ..., None], *sizes)[0, ..., 0]


def in_place(x, window, stride):
    x[x < 0] = 0
    return max_pool(x, window, stride)


def field_without_jump(layers):
    return 1 + sum(w - 1 for w, _ in layers), int(np.prod([s for _, s in layers]))


def field_jump_first(layers):
    size, jump = 1, 1
    for window, stride in layers:
        jump *= stride
        size += (window - 1) * jump
    return size, jump


WRONG = {
    "max is mean": (ch03.max_pool2d, lambda x, w, s: avg_pool(x, w, s, 0), "this is the mean"),
    "max is min": (ch03.max_pool2d, lambda x, w, s: -max_pool(-x, w, s), "the smallest"),
    "max is every second": (ch03.max_pool2d, lambda x, w, s: x[::s, ::s], "first pixel"),
    "max ignores stride": (ch03.max_pool2d, lambda x, w, s: max_pool(x, w, 1), "draw the four windows"),
    "max stride is window": (ch03.max_pool2d, lambda x, w, s: max_pool(x, w, w), "stride 1 moves"),
    "max from zero": (ch03.max_pool2d, lambda x, w, s: max_pool_by_loops(x, w, s, start=0.0), "0 came in from nowhere"),
    "max stride always 2": (ch03.max_pool2d, lambda x, w, s: max_pool(x, w, s if s == 1 else 2), "begins at pixel"),
    "max pads the end": (
        ch03.max_pool2d, lambda x, w, s: max_pool(np.pad(x, ((0, -len(x) % s), (0, 0)), mode="edge"), w, s), "rows of"),
    "max one row only": (ch03.max_pool2d, lambda x, w, s: max_pool(x, w, s)[:1], "shape"),
    "max transposed": (ch03.max_pool2d, lambda x, w, s: max_pool(x, w, s).T, "draw the four windows"),
    "max in place": (ch03.max_pool2d, in_place, "changed its argument"),
    "avg counts zeros": (ch03.avg_pool2d, avg_pool_counting_zeros, "counted as pixels of value 0"),
    "avg is sum": (ch03.avg_pool2d, lambda x, w, s, p: avg_pool(x, w, s, p) * w * w, "this is the sum"),
    "avg is max": (ch03.avg_pool2d, lambda x, w, s, p: max_pool(np.pad(x, p), w, s), "this is the largest"),
    "avg ignores pad": (ch03.avg_pool2d, lambda x, w, s, p: avg_pool(x, w, s, 0), "shape"),
    "avg pads with edge": (
        ch03.avg_pool2d, lambda x, w, s, p: avg_pool(np.pad(x, p, mode="edge"), w, s, 0), "how many pixels"),
    "avg divides by 4": (ch03.avg_pool2d, lambda x, w, s, p: avg_pool_counting_zeros(x, w, s, p) * w * w / 4, "all 1 is 1"),
    "avg whole picture": (ch03.avg_pool2d, lambda x, w, s, p: x.mean(), "shape"),
    "field without jump": (ch03.receptive_field, field_without_jump, "behind the pool one step"),
    "field jump first": (ch03.receptive_field, field_jump_first, "two pixels, and neighbours"),
    "field size only": (ch03.receptive_field, lambda layers: field(layers)[0], "two numbers"),
    "field swapped": (ch03.receptive_field, lambda layers: field(layers)[::-1], "three pixels"),
    "field from zero": (ch03.receptive_field, lambda layers: (field(layers)[0] - 1, field(layers)[1]), "begin with size 1"),
    "field reversed layers": (ch03.receptive_field, lambda layers: field(layers[::-1]), "from the last to the first"),
    "field adds jumps": (
        ch03.receptive_field,
        lambda layers: (field(layers)[0], max(1, sum(s for _, s in layers if s > 1))), "jumps multiply"),
    "gradient to all tied": (ch03.max_pool2d_backward, tied, "grew fourfold"),
    "gradient assigned": (ch03.max_pool2d_backward, assigned, "add, do not assign"),
    "gradient shared": (ch03.max_pool2d_backward, share, "gradient of the average"),
    "gradient of sum": (ch03.max_pool2d_backward, lambda dy, x, w, s: share(dy, x, w, s) * w * w, "gradient of a sum"),
    "gradient to the last": (ch03.max_pool2d_backward, last_of_equals, "mark the winner|exactly one"),
    "gradient to the corner": (ch03.max_pool2d_backward, corner, "mark the winner"),
    "gradient without dy": (ch03.max_pool2d_backward, lambda dy, x, w, s: backward(np.ones_like(dy), x, w, s), "mark"),
    "gradient like dy": (ch03.max_pool2d_backward, lambda dy, x, w, s: dy, "shape"),
}


# The assignment.


def dilated_field(layers):
    size, jump = 1, 1
    for window, stride, dilation in layers:
        size, jump = size + (window - 1) * dilation * jump, jump * stride
    return size, jump


def dilated_field_from_the_top(layers):
    def span(seen):  # from the first to the last input pixel that these outputs see
        for window, stride, dilation in reversed(layers):
            seen = np.unique(seen[:, None] * stride + dilation * np.arange(window))
        return int(np.ptp(seen))

    one, two = span(np.array([0])), span(np.array([0, 1]))
    return one + 1, two - one


def dilated_by(step):
    """The recursion with another step: step(size, jump, window, stride, dilation) -> size, jump."""

    def answer(layers):
        size, jump = 1, 1
        for layer in layers:
            size, jump = step(size, jump, *layer)
        return size, jump

    return answer


def pool_layer(x, window, stride):
    windows = sliding_window_view(x, window, axis=(1, 2))
    return windows[:, :: stride[0], :: stride[1]].max(axis=(4, 5))


def pool_layer_by_shifts(x, window, stride):
    (P, Q), (s, t), (_, H, W, _) = window, stride, x.shape
    rows, columns = (H - P) // s + 1, (W - Q) // t + 1
    shifted = [x[:, p : p + s * rows : s, q : q + t * columns : t][:, :rows, :columns] for p in range(P) for q in range(Q)]
    return np.maximum.reduce(shifted)


def pool_from_zero(x, window, stride):
    return np.maximum(pool_layer(x, window, stride), 0)


def over_the_end(x, window, stride):
    more = [max(0, -((n - P) // -s) * s + P - n) for n, P, s in zip(x.shape[1:3], window, stride, strict=True)]
    return pool_layer(np.pad(x, ((0, 0), (0, more[0]), (0, more[1]), (0, 0)), "edge"), window, stride)


def shared_backward(dy, x, window, stride, divide=True, among=lambda part: part == part.max()):
    dx = np.zeros_like(x)
    for i, j in np.ndindex(dy.shape):
        place = np.s_[i * stride : i * stride + window, j * stride : j * stride + window]
        winners = among(x[place])
        dx[place] += winners * dy[i, j] / (winners.sum() if divide else 1)
    return dx


def shared_by_pixels(dy, x, window, stride):
    top = max_pool(x, window, stride)
    dx, count = np.zeros(x.shape), np.zeros(dy.shape)
    for turn in ("count", "share"):
        for p, q in np.ndindex(window, window):
            seen = x[p:, q:][: x.shape[0] - window + 1, : x.shape[1] - window + 1][::stride, ::stride]
            if turn == "count":
                count += seen == top
            else:
                view = dx[p:, q:][: x.shape[0] - window + 1, : x.shape[1] - window + 1][::stride, ::stride]
                view += (seen == top) * dy / count
    return dx


def shared_and_assigned(dy, x, window, stride):
    dx = np.zeros_like(x)
    for i, j in np.ndindex(dy.shape):
        place = np.s_[i * stride : i * stride + window, j * stride : j * stride + window]
        winners = x[place] == x[place].max()
        dx[place] = np.where(winners, dy[i, j] / winners.sum(), dx[place])
    return dx


def ties_with_zero(part):
    return (part == part.max()) | (part == 0)


def avg_backward(dy, size, window, stride, pad):
    dx = np.zeros(size)
    for i, j in np.ndindex(dy.shape):
        top, left = i * stride - pad, j * stride - pad
        part = dx[max(top, 0) : top + window, max(left, 0) : left + window]
        part += dy[i, j] / part.size
    return dx


def avg_backward_by_rows(dy, size, window, stride, pad):
    """Rows and columns share independently: dx = Rᵀ · dy · C, with the rows of R that a window covers."""

    def shares(pixels, windows):
        starts = np.arange(windows)[:, None] * stride - pad
        inside = (np.arange(pixels) >= starts) & (np.arange(pixels) < starts + window)
        return inside / inside.sum(axis=1, keepdims=True)

    return shares(size[0], dy.shape[0]).T @ dy @ shares(size[1], dy.shape[1])


def avg_backward_counting(dy, size, window, stride, pad):
    dx = np.zeros((size[0] + 2 * pad, size[1] + 2 * pad))
    for i, j in np.ndindex(dy.shape):
        dx[i * stride : i * stride + window, j * stride : j * stride + window] += dy[i, j] / window**2
    return dx[pad : pad + size[0], pad : pad + size[1]]


def avg_backward_assigned(dy, size, window, stride, pad):
    dx = np.zeros(size)
    for i, j in np.ndindex(dy.shape):
        top, left = i * stride - pad, j * stride - pad
        part = dx[max(top, 0) : top + window, max(left, 0) : left + window]
        part[:] = dy[i, j] / part.size
    return dx


def avg_backward_from_the_end(dy, size, window, stride, pad):
    dx = np.zeros(size)
    for i, j in np.ndindex(dy.shape):
        top, left = i * stride - pad, j * stride - pad
        part = dx[top : top + window, left : left + window]
        part += dy[i, j] / max(part.size, 1)
    return dx


# Windows of 3 × 2, steps 2 and 1, an empty place above and on the left, 10 · largest − 11 · smallest + 13 · mean.
OWN = ch03.own_pool("learner")


def own_pool(x, window=(3, 2), stride=(2, 1), border=((1, 0), (1, 0)), weights=(10, 11, 13), empty=np.nan):
    x = np.pad(x.astype(float), border, constant_values=empty)
    windows = sliding_window_view(x, window)[:: stride[0], :: stride[1]]
    high, low, mean = (f(windows, axis=(2, 3)) for f in (np.nanmax, np.nanmin, np.nanmean))
    return weights[0] * high - weights[1] * low + weights[2] * mean


def own_pool_by_loops(x):
    (H, W), rows = x.shape, []
    for top in range(-1, H - 2, 2):
        rows.append([])
        for left in range(-1, W - 1):
            inside = [float(x[i, j]) for i in range(max(top, 0), top + 3) for j in range(max(left, 0), left + 2)]
            rows[-1].append(10 * max(inside) - 11 * min(inside) + 13 * sum(inside) / len(inside))
    return rows


def own_pool_of(student):
    window, stride, border, weights = ch03.own._own_numbers(student)
    return lambda x: own_pool(x, window, stride, border, weights)


RIGHT += [
    (ch03.dilated_field, dilated_field), (ch03.dilated_field, dilated_field_from_the_top),
    (ch03.pool_layer, pool_layer), (ch03.pool_layer, pool_layer_by_shifts),
    (ch03.shared_backward, shared_backward), (ch03.shared_backward, shared_by_pixels),
    (ch03.avg_pool2d_backward, avg_backward), (ch03.avg_pool2d_backward, avg_backward_by_rows),
    (OWN, own_pool), (OWN, own_pool_by_loops),
]  # fmt: skip
WRONG |= {
    "dilated: as without": (
        ch03.dilated_field, dilated_by(lambda r, j, w, s, d: (r + (w - 1) * j, j * s)), "P taps have P", 2.86),
    "dilated: window times dilation": (
        ch03.dilated_field, dilated_by(lambda r, j, w, s, d: (r + (w * d - 1) * j, j * s)), r"\(3, 1, 2\)\] .*\(6, 1\)", 2.86),
    "dilated: gaps between": (
        ch03.dilated_field, dilated_by(lambda r, j, w, s, d: (r + (w - 1) * (d + 1) * j, j * s)), r"one window: .*5, 1", 0.71),
    "dilated: jump too": (
        ch03.dilated_field, dilated_by(lambda r, j, w, s, d: (r + (w - 1) * d * j, j * s * d)), "one dilated", 2.86),
    "dilated: no jump": (
        ch03.dilated_field, dilated_by(lambda r, j, w, s, d: (r + (w - 1) * d, j * s)), "this is the chapter's", 5),
    "dilated: jump first": (
        ch03.dilated_field, dilated_by(lambda r, j, w, s, d: (r + (w - 1) * d * j * s, j * s)), "one stride", 4.29),
    "dilated: dilation without jump": (
        ch03.dilated_field, dilated_by(lambda r, j, w, s, d: (r + (w - 1) * (j + d - 1), j * s)), "steps of one jump", 7.14),
    "dilated: from the other end": (
        ch03.dilated_field, lambda layers: dilated_field(layers[::-1]), "from the last to the first", 5),
    "dilated: size only": (ch03.dilated_field, lambda layers: dilated_field(layers)[0], "two numbers", 0),
    "dilated: swapped": (ch03.dilated_field, lambda layers: dilated_field(layers)[::-1], r"one window: .*\(1, 3\)", 0.71),
    "layer: mean": (
        ch03.pool_layer,
        lambda x, w, s: sliding_window_view(x, w, (1, 2))[:, :: s[0], :: s[1]].mean((4, 5)), "this is the mean", 0),
    "layer: channels mixed": (
        ch03.pool_layer,
        lambda x, w, s: pool_layer(x, w, s).max(3, keepdims=True) + 0 * pool_layer(x, w, s), "channels were mixed", 7),
    "layer: channels lost": (ch03.pool_layer, lambda x, w, s: pool_layer(x, w, s).max(3), "one channel: the result has shape", 0),
    "layer: pictures mixed": (
        ch03.pool_layer, lambda x, w, s: pool_layer(x, w, s).max(0) + 0 * pool_layer(x, w, s), "pictures were mixed", 7),
    "layer: first picture": (
        ch03.pool_layer, lambda x, w, s: pool_layer(x[:1], w, s), "several pictures: the result has shape", 7),
    "layer: from zero": (ch03.pool_layer, pool_from_zero, "a 0 came in from nowhere", 5),
    "layer: window turned": (ch03.pool_layer, lambda x, w, s: pool_layer(x, w[::-1], s), "rows and columns of the window", 7),
    "layer: steps turned": (ch03.pool_layer, lambda x, w, s: pool_layer(x, w, s[::-1]), "steps down and to the right", 8),
    "layer: steps of the window": (
        ch03.pool_layer, lambda x, w, s: pool_layer(x, w, w), "a wide window: the result has shape", 5),
    "layer: square": (ch03.pool_layer, lambda x, w, s: pool_layer(x, (w[0], w[0]), s), "a wide window: .* rows and Q columns", 7),
    "layer: over the end": (ch03.pool_layer, over_the_end, "does not fit: the result has shape", 8),
    "layer: channels first": (ch03.pool_layer, lambda x, w, s: pool_layer(x, w, s).transpose(0, 3, 1, 2), "shape", 0),
    "shared: the first": (ch03.shared_backward, backward, "only the first of the equal pixels", 2.67),
    "shared: whole": (ch03.shared_backward, tied, "so that the gradient grows", 2.67),
    "shared: by all": (
        ch03.shared_backward,
        lambda *given: shared_backward(*given, among=lambda part: part == part), "gradient of the average", 1.33),
    "shared: sign": (ch03.shared_backward, lambda *given: -shared_backward(*given), "sign is turned round", 0),
    "shared: assigned": (ch03.shared_backward, shared_and_assigned, "wins twice receives two", 7.33),
    "shared: like dy": (ch03.shared_backward, lambda dy, x, w, s: dy, "one winner .* has shape", 0),
    "shared: zeros too": (
        ch03.shared_backward, lambda *given: shared_backward(*given, among=ties_with_zero), "winner takes the whole dy", 4),
    "shared: among the whole picture": (
        ch03.shared_backward,
        lambda dy, x, w, s: shared_backward(dy, x, w, s, among=lambda part: part == x.max()), "by hand", 3.33),
    "shared: by four": (
        ch03.shared_backward, lambda dy, x, w, s: shared_backward(dy, x, w, s, divide=False) / w**2, "where you have 3 ", 1.33),
    "mean back: whole": (
        ch03.avg_pool2d_backward, lambda dy, n, w, s, p: avg_backward_counting(dy, n, w, s, p) * w**2, "gradient of a sum", 0),
    "mean back: zeros counted": (ch03.avg_pool2d_backward, avg_backward_counting, "at the border fewer pixels", 5),
    "mean back: assigned": (ch03.avg_pool2d_backward, avg_backward_assigned, "adds what it gets from all windows", 3.75),
    "mean back: from the end": (ch03.avg_pool2d_backward, avg_backward_from_the_end, "windows apart: .* one pixel inside", 5),
    "mean back: border kept": (
        ch03.avg_pool2d_backward,
        lambda dy, n, w, s, p: avg_backward(dy, (n[0] + 2 * p, n[1] + 2 * p), w, s, 0)[: n[0], : n[1]], "border is still", 5),
    "mean back: border returned": (
        ch03.avg_pool2d_backward, lambda dy, n, w, s, p: avg_backward(dy, (n[0] + 2 * p, n[1] + 2 * p), w, s, 0), "has shape", 5),
    "mean back: turned": (
        ch03.avg_pool2d_backward, lambda dy, n, w, s, p: avg_backward(dy.T, n[::-1], w, s, p), "by hand: 8 of 16 numbers", 0),
    "mean back: ones upstream": (
        ch03.avg_pool2d_backward, lambda dy, n, w, s, p: avg_backward(0 * dy + 1, n, w, s, p), "four pixels share each dy", 0),
    "mean back: sign": (ch03.avg_pool2d_backward, lambda *given: -avg_backward(*given), "sign is turned round", 0),
    "own: zeros counted": (OWN, lambda x: own_pool(x, empty=0), "empty places were counted", 0),
    "own: no border": (OWN, lambda x: own_pool(x, border=((0, 0), (0, 0))), "the border is missing", 0),
    "own: border behind": (OWN, lambda x: own_pool(x, border=((0, 1), (0, 1))), "borders before and behind", 1.67),
    "own: steps turned": (OWN, lambda x: own_pool(x, stride=(1, 2)), "steps down and to the right", 0),
    "own: one by one": (OWN, lambda x: own_pool(x, stride=(1, 1)), "by one pixel only", 0),
    "own: window turned": (OWN, lambda x: own_pool(x, window=(2, 3)), "rows and columns of the window", 0),
    "own: smallest first": (OWN, lambda x: own_pool(x, weights=(-11, -10, 13)), "largest and smallest", 0),
    "own: smallest added": (OWN, lambda x: own_pool(x, weights=(10, -11, 13)), "mirror image: .* steps and weights", 0),
    "own: without the mean": (OWN, lambda x: own_pool(x, weights=(10, 11, 0)), "mirror image: .* steps and weights", 0),
    "own: upside down": (OWN, lambda x: own_pool(x)[::-1], "a random picture: 20 of 20 numbers", 1.67),
    "own: another's": (OWN, own_pool_of("somebody else"), "mirror image: the result has shape", 0),
}
HANDED_IN = {
    "field": ("def receptive_field(layers):\n    size = 1 + sum((w - 1) * d for w, _, d in layers)\n"
              "    return size, int(np.prod([s for _, s, _ in layers]))", 1.5),
    "layers_needed": ("layers_needed = 24", 0),
    "layer": ("from numpy.lib.stride_tricks import sliding_window_view\npool_layer = lambda x, w, s: sliding_window_view("
              "x, w, (1, 2))[:, ::s[1], ::s[0]].max((4, 5))", 2.4),
    "shared": (backward, 1.07),
    "average": (avg_backward_counting, 2),
    "own": (own_pool_by_loops, 0),
}  # fmt: skip

TestAnswers = demands(RIGHT, WRONG, lines=5)


def test_a_checker_that_is_content_with_one_element():
    """The mistake of the chapter: `.all()` on the differences passes a border that is wrong everywhere; ours does not."""
    x = np.random.default_rng(0).normal(size=(8, 9))
    got, expected = avg_pool_counting_zeros(x, 3, 1, 1), avg_pool(x, 3, 1, 1)
    assert not (got - expected).all()      # the broken checker: not all differ, so it is content
    assert not np.allclose(got, expected)
    border = np.ones(got.shape, bool)
    border[1:-1, 1:-1] = False
    assert (got != expected)[border].all()
    with pytest.raises(CheckFailed):
        ch03.avg_pool2d(avg_pool_counting_zeros)
