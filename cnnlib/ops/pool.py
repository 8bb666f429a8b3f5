"""Max and average pooling: one number for each window of each channel.

A picture is a clip with one frame, so the work is written once, for clips; the 2-D functions are thin faces of it.
Channels stand in the innermost loops: they lie side by side in memory, so several are computed with one instruction.
"""

import numpy as np
from numba import njit

from ..shapes import check_same_shape, describe, fail, window_geometry
from ..threads import over_parts


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


def max_pool3d(x, window=2, stride=None, padding="valid"):
    """Keep the largest number of each window of R frames, P rows and Q columns.

    y(n, t, i, j, c) = max_{r,p,q} x(n, t·s + r − before, i·s + p − top, j·s + q − left, c), over pixels inside the clip

    x (N, T, H, W, C) → y (N, T', H', W', C). `window` and `stride` are numbers or triples (frames, rows, columns).
    With padding="causal" frame t of y depends on no frame of x after t·s. Errors as `max_pool2d`.

    >>> max_pool3d(np.array([1., 5., 3., 2.]).reshape(1, 4, 1, 1, 1), (2, 1, 1)).ravel()
    array([5., 3.])
    """
    return _forward("max_pool3d", _max_forward, x, window, stride, padding)


def max_pool3d_backward(dy, x, window=2, stride=None, padding="valid"):
    """Gradient of `max_pool3d`: each dy goes to the pixel that won, the first of equals.

    dy (N, T', H', W', C), x (N, T, H, W, C) → dx like x.
    """
    return _backward("max_pool3d_backward", _max_backward, dy, x, window, stride, padding)


def avg_pool3d(x, window=2, stride=None, padding="valid"):
    """Average the pixels of each window of R frames, P rows and Q columns; padded places are not counted.

    y(n, t, i, j, c) = (1 / m) Σ_r Σ_p Σ_q x(n, t·s + r − before, i·s + p − top, j·s + q − left, c), m = pixels inside the clip

    x (N, T, H, W, C) → y (N, T', H', W', C). Arguments and errors as `max_pool3d`.

    >>> avg_pool3d(np.array([1., 5., 3., 2.]).reshape(1, 4, 1, 1, 1), (2, 1, 1)).ravel()
    array([3. , 2.5])
    """
    return _forward("avg_pool3d", _avg_forward, x, window, stride, padding)


def avg_pool3d_backward(dy, x, window=2, stride=None, padding="valid"):
    """Gradient of `avg_pool3d`: each dy is shared equally by the pixels of its window.

    dy (N, T', H', W', C), x (N, T, H, W, C) → dx like x.
    """
    return _backward("avg_pool3d_backward", _avg_backward, dy, x, window, stride, padding)


def _geometry(call, x, window, stride, padding):
    """Check the arguments; return (window, stride, padding before, output size) over (T, H, W), and the axes of x."""
    axes = "NHWC" if "2d" in call else "NTHWC"
    window, stride, padding, _, out = window_geometry(call, x, axes, window, window if stride is None else stride, padding)
    if any(max(sides) >= size for sides, size in zip(padding, window, strict=True)):
        fail(call, f"padding={padding} is as wide as the window {window}, so a window could lie wholly outside",
             describe("x", x, axes), "pad less than the window's size")
    still = 5 - x.ndim  # a picture lacks the time axis: one frame, moved by 1, not padded
    before = tuple(first for first, _ in padding)
    return (1,) * still + window, (1,) * still + stride, (0,) * still + before, (1,) * still + out, axes


def _forward(call, kernel, x, window, stride, padding):
    window, stride, before, out, _ = _geometry(call, x, window, stride, padding)
    clip, y = _as_clip(x), np.empty((len(x), *out, x.shape[-1]), x.dtype)
    over_parts(lambda part: kernel(clip[part], y[part], window, stride, before), len(x))
    return y if x.ndim == 5 else y[:, 0]


def _backward(call, kernel, dy, x, window, stride, padding):
    window, stride, before, out, axes = _geometry(call, x, window, stride, padding)
    check_same_shape(call, "dy", dy, (len(x), *out[5 - x.ndim:], x.shape[-1]), axes)
    dy, clip, dx = _as_clip(dy), _as_clip(x), np.zeros(x.shape, dy.dtype)
    over_parts(lambda part: kernel(dy[part], clip[part], _as_clip(dx)[part], window, stride, before), len(x))
    return dx


def _as_clip(x):
    """(N, H, W, C) → (N, 1, H, W, C); a clip stays. Contiguous, so that each kernel is compiled for one layout only."""
    x = np.ascontiguousarray(x)
    return x if x.ndim == 5 else x[:, np.newaxis]


# In the kernels (z, u, v) is a frame, row and column of x, and (t, i, j) of y.


@njit(nogil=True, cache=True)
def _span(i, window, stride, before, size):
    """First pixel, and one past the last, of window number i along an axis, cut off at the picture's border."""
    start = i * stride - before
    return max(start, 0), min(start + window, size)


@njit(nogil=True, cache=True)
def _max_forward(x, y, window, stride, before):
    _, T, H, W, C = x.shape
    N, T_out, H_out, W_out, _ = y.shape
    for n in range(N):
        for t in range(T_out):
            z0, z1 = _span(t, window[0], stride[0], before[0], T)
            for i in range(H_out):
                u0, u1 = _span(i, window[1], stride[1], before[1], H)
                for j in range(W_out):
                    v0, v1 = _span(j, window[2], stride[2], before[2], W)
                    first = True  # of the window's pixels
                    for z in range(z0, z1):
                        for u in range(u0, u1):
                            for v in range(v0, v1):
                                for c in range(C):
                                    larger = first | (x[n, z, u, v, c] > y[n, t, i, j, c])
                                    y[n, t, i, j, c] = x[n, z, u, v, c] if larger else y[n, t, i, j, c]
                                first = False


@njit(nogil=True, cache=True)
def _max_backward(dy, x, dx, window, stride, before):
    _, T, H, W, C = x.shape
    N, T_out, H_out, W_out, _ = dy.shape
    best, winner = np.empty(C, x.dtype), np.empty(C, np.int32)
    for n in range(N):
        for t in range(T_out):
            z0, z1 = _span(t, window[0], stride[0], before[0], T)
            for i in range(H_out):
                u0, u1 = _span(i, window[1], stride[1], before[1], H)
                for j in range(W_out):
                    v0, v1 = _span(j, window[2], stride[2], before[2], W)
                    place = 0  # counts the window's pixels
                    for z in range(z0, z1):
                        for u in range(u0, u1):
                            for v in range(v0, v1):
                                for c in range(C):
                                    larger = (place == 0) | (x[n, z, u, v, c] > best[c])
                                    best[c] = x[n, z, u, v, c] if larger else best[c]
                                    winner[c] = place if larger else winner[c]
                                place += 1
                    place = 0
                    for z in range(z0, z1):
                        for u in range(u0, u1):
                            for v in range(v0, v1):
                                for c in range(C):
                                    dx[n, z, u, v, c] += dy[n, t, i, j, c] if winner[c] == place else 0
                                place += 1


@njit(nogil=True, cache=True)
def _avg_forward(x, y, window, stride, before):
    _, T, H, W, C = x.shape
    N, T_out, H_out, W_out, _ = y.shape
    for n in range(N):
        for t in range(T_out):
            z0, z1 = _span(t, window[0], stride[0], before[0], T)
            for i in range(H_out):
                u0, u1 = _span(i, window[1], stride[1], before[1], H)
                for j in range(W_out):
                    v0, v1 = _span(j, window[2], stride[2], before[2], W)
                    y[n, t, i, j, :] = 0
                    for z in range(z0, z1):
                        for u in range(u0, u1):
                            for v in range(v0, v1):
                                for c in range(C):
                                    y[n, t, i, j, c] += x[n, z, u, v, c]
                    for c in range(C):
                        y[n, t, i, j, c] /= (z1 - z0) * (u1 - u0) * (v1 - v0)


@njit(nogil=True, cache=True)
def _avg_backward(dy, x, dx, window, stride, before):
    _, T, H, W, C = x.shape
    N, T_out, H_out, W_out, _ = dy.shape
    for n in range(N):
        for t in range(T_out):
            z0, z1 = _span(t, window[0], stride[0], before[0], T)
            for i in range(H_out):
                u0, u1 = _span(i, window[1], stride[1], before[1], H)
                for j in range(W_out):
                    v0, v1 = _span(j, window[2], stride[2], before[2], W)
                    m = (z1 - z0) * (u1 - u0) * (v1 - v0)
                    for z in range(z0, z1):
                        for u in range(u0, u1):
                            for v in range(v0, v1):
                                for c in range(C):
                                    dx[n, z, u, v, c] += dy[n, t, i, j, c] / m
