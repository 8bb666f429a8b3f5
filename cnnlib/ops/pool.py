"""Max and average pooling: one number for each window of each channel."""

import numpy as np
from numba import njit

from ..shapes import check_same_shape, describe, fail, window_geometry
from ..threads import over_batch


def max_pool2d(x, window=2, stride=None, padding="valid"):
    """Keep the largest number of each window.

    y(n, i, j, c) = max_{p,q} x(n, i·s + p − top, j·s + q − left, c), over pixels inside the picture

    x (N, H, W, C) → y (N, H', W', C). `stride` defaults to the window, so that windows touch but do not overlap.

    Raises
    ------
    ShapeError, DtypeError, RangeError  as `conv2d`; also padding that leaves a window with no pixel at all

    >>> max_pool2d(np.array([[1., 2.], [4., 3.]]).reshape(1, 2, 2, 1)).item()
    4.0
    """
    return _forward("max_pool2d", _max_forward, x, window, stride, padding)


def max_pool2d_backward(dy, x, window=2, stride=None, padding="valid"):
    """Gradient of `max_pool2d`: each dy goes to the pixel that won, the first of equals.

    dy (N, H', W', C), x (N, H, W, C) → dx like x.
    """
    return _backward("max_pool2d_backward", _max_backward, dy, x, window, stride, padding)


def avg_pool2d(x, window=2, stride=None, padding="valid"):
    """Average the pixels of each window; padded places are not counted, as in Keras.

    y(n, i, j, c) = (1 / m) Σ_p Σ_q x(n, i·s + p − top, j·s + q − left, c), m = pixels inside the picture

    x (N, H, W, C) → y (N, H', W', C). Errors as `max_pool2d`.

    >>> avg_pool2d(np.array([[1., 2.], [4., 3.]]).reshape(1, 2, 2, 1)).item()
    2.5
    """
    return _forward("avg_pool2d", _avg_forward, x, window, stride, padding)


def avg_pool2d_backward(dy, x, window=2, stride=None, padding="valid"):
    """Gradient of `avg_pool2d`: each dy is shared equally by the pixels of its window.

    dy (N, H', W', C), x (N, H, W, C) → dx like x.
    """
    return _backward("avg_pool2d_backward", _avg_backward, dy, x, window, stride, padding)


def _geometry(call, x, window, stride, padding):
    window, stride, padding, _, out = window_geometry(
        call, x, "NHWC", window, window if stride is None else stride, padding)
    if any(max(sides) >= size for sides, size in zip(padding, window, strict=True)):
        fail(call, f"padding={padding} is as wide as the window {window}, so a window could lie wholly outside",
             describe("x", x, "NHWC"), "pad less than the window's size")
    return window, stride, (padding[0][0], padding[1][0]), out


def _forward(call, kernel, x, window, stride, padding):
    window, stride, before, out = _geometry(call, x, window, stride, padding)
    y = np.empty((len(x), *out, x.shape[3]), x.dtype)
    over_batch(lambda part: kernel(x[part], y[part], window, stride, before), len(x))
    return y


def _backward(call, kernel, dy, x, window, stride, padding):
    window, stride, before, out = _geometry(call, x, window, stride, padding)
    check_same_shape(call, "dy", dy, (len(x), *out, x.shape[3]), "NHWC")
    dx = np.zeros(x.shape, dy.dtype)
    over_batch(lambda part: kernel(dy[part], x[part], dx[part], window, stride, before), len(x))
    return dx


@njit(nogil=True, cache=True)
def _span(i, window, stride, before, size):
    """First pixel, and one past the last, of window number i along an axis, cut off at the picture's border."""
    start = i * stride - before
    return max(start, 0), min(start + window, size)


@njit(nogil=True, cache=True)
def _max_forward(x, y, window, stride, before):
    N, H, W, C = x.shape
    _, H_out, W_out, _ = y.shape
    for n in range(N):
        for i in range(H_out):
            u0, u1 = _span(i, window[0], stride[0], before[0], H)
            for j in range(W_out):
                v0, v1 = _span(j, window[1], stride[1], before[1], W)
                for c in range(C):
                    y[n, i, j, c] = x[n, u0, v0, c]
                for u in range(u0, u1):
                    for v in range(v0, v1):
                        for c in range(C):
                            y[n, i, j, c] = max(y[n, i, j, c], x[n, u, v, c])


@njit(nogil=True, cache=True)
def _max_backward(dy, x, dx, window, stride, before):
    N, H, W, C = x.shape
    _, H_out, W_out, _ = dy.shape
    best, winner = np.empty(C, x.dtype), np.empty(C, np.int32)
    for n in range(N):
        for i in range(H_out):
            u0, u1 = _span(i, window[0], stride[0], before[0], H)
            for j in range(W_out):
                v0, v1 = _span(j, window[1], stride[1], before[1], W)
                # Channels stand in the innermost loops: they lie side by side in memory, so they run in parallel.
                best[:], winner[:] = x[n, u0, v0], 0
                for u in range(u0, u1):
                    for v in range(v0, v1):
                        place = (u - u0) * (v1 - v0) + v - v0
                        for c in range(C):
                            larger = x[n, u, v, c] > best[c]
                            best[c] = x[n, u, v, c] if larger else best[c]
                            winner[c] = place if larger else winner[c]
                for u in range(u0, u1):
                    for v in range(v0, v1):
                        place = (u - u0) * (v1 - v0) + v - v0
                        for c in range(C):
                            dx[n, u, v, c] += dy[n, i, j, c] if winner[c] == place else 0


@njit(nogil=True, cache=True)
def _avg_forward(x, y, window, stride, before):
    N, H, W, C = x.shape
    _, H_out, W_out, _ = y.shape
    for n in range(N):
        for i in range(H_out):
            u0, u1 = _span(i, window[0], stride[0], before[0], H)
            for j in range(W_out):
                v0, v1 = _span(j, window[1], stride[1], before[1], W)
                y[n, i, j, :] = 0
                for u in range(u0, u1):
                    for v in range(v0, v1):
                        for c in range(C):
                            y[n, i, j, c] += x[n, u, v, c]
                for c in range(C):
                    y[n, i, j, c] /= (u1 - u0) * (v1 - v0)


@njit(nogil=True, cache=True)
def _avg_backward(dy, x, dx, window, stride, before):
    N, H, W, C = x.shape
    _, H_out, W_out, _ = dy.shape
    for n in range(N):
        for i in range(H_out):
            u0, u1 = _span(i, window[0], stride[0], before[0], H)
            for j in range(W_out):
                v0, v1 = _span(j, window[1], stride[1], before[1], W)
                for u in range(u0, u1):
                    for v in range(v0, v1):
                        for c in range(C):
                            dx[n, u, v, c] += dy[n, i, j, c] / ((u1 - u0) * (v1 - v0))
