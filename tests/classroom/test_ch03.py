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
    "field reversed layers": (ch03.receptive_field, lambda layers: field(layers[::-1]), "behind the pool"),
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
TestAnswers = demands(RIGHT, WRONG, lines=5, alike=[{"field without jump", "field reversed layers"}])


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
