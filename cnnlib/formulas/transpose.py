"""Transposed convolution as plain loops."""

import numpy as np


def conv2d_transpose(x, k, b, stride=(1, 1), padding=((0, 0), (0, 0))):
    """Transposed convolution: every number of x stamps the kernel onto y.

    y(n, u, v, f) = b(f) + Σ x(n, i, j, c) · k(p, q, f, c)
    over all i, j, c, p, q with u = i·s + p − top, v = j·s + q − left

    Stamps lie s pixels apart and add up where they overlap. The padding crops
    y: that many rows and columns are cut off; a negative number adds some that
    no stamp reaches. It is the backward pass of `conv2d` towards dx, with the
    kernel's channels in and out exchanged.
    x (N, H, W, C), k (P, Q, F, C), b (F,) → y (N, H', W', F) with
    H' = (H − 1)·s + P − top − bottom, W' = (W − 1)·s + Q − left − right.

    >>> x = np.array([1., 2.]).reshape(1, 1, 2, 1)
    >>> k = np.array([1., 10., 100.]).reshape(1, 3, 1, 1)
    >>> conv2d_transpose(x, k, np.zeros(1), stride=(1, 2)).ravel()
    array([  1.,  10., 102.,  20., 200.])
    """
    N, H, W, C = x.shape
    P, Q, F, _ = k.shape
    si, sj = stride
    (top, bottom), (left, right) = padding
    H_out = (H - 1) * si + P - top - bottom
    W_out = (W - 1) * sj + Q - left - right
    y = np.zeros((N, H_out, W_out, F), x.dtype)
    for n, u, v, f in np.ndindex(y.shape):
        y[n, u, v, f] = b[f]
    for n, i, j, c in np.ndindex(x.shape):
        for p, q, f in np.ndindex(P, Q, F):
            u, v = i * si + p - top, j * sj + q - left
            if 0 <= u < H_out and 0 <= v < W_out:
                y[n, u, v, f] += x[n, i, j, c] * k[p, q, f, c]
    return y


def conv2d_transpose_backward(dy, x, k, stride=(1, 1),
                              padding=((0, 0), (0, 0))):
    """Gradients of `conv2d_transpose`, by the same loops.

    dy (N, H', W', F), x (N, H, W, C), k (P, Q, F, C)
    → dx like x, dk like k, db (F,).
    """
    P, Q, F, _ = k.shape
    si, sj = stride
    (top, _), (left, _) = padding
    _, H_out, W_out, _ = dy.shape
    dx, dk, db = np.zeros_like(x), np.zeros_like(k), np.zeros(F, x.dtype)
    for n, u, v, f in np.ndindex(dy.shape):
        db[f] += dy[n, u, v, f]
    for n, i, j, c in np.ndindex(x.shape):
        for p, q, f in np.ndindex(P, Q, F):
            u, v = i * si + p - top, j * sj + q - left
            if 0 <= u < H_out and 0 <= v < W_out:
                dx[n, i, j, c] += dy[n, u, v, f] * k[p, q, f, c]
                dk[p, q, f, c] += dy[n, u, v, f] * x[n, i, j, c]
    return dx, dk, db
