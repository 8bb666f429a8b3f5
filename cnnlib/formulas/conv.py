"""Convolution as plain loops: one picture, a layer, and time and space."""

import numpy as np


def correlate(x, k):
    """The convolution of this course, on one picture: a cross-correlation.

    y(i, j) = Σ_p Σ_q x(i + p, j + q) · k(p, q)

    x (H, W), k (P, Q) → y (H − P + 1, W − Q + 1).

    >>> correlate(np.array([[1., 2., 3.], [4., 5., 6.]]), np.array([[1., -1.]]))
    array([[-1., -1.],
           [-1., -1.]])
    """
    H, W = x.shape
    P, Q = k.shape
    y = np.zeros((H - P + 1, W - Q + 1), x.dtype)
    for i in range(H - P + 1):
        for j in range(W - Q + 1):
            for p in range(P):
                for q in range(Q):
                    y[i, j] += x[i + p, j + q] * k[p, q]
    return y


def convolve(x, k):
    """The mathematician's convolution: half a turn of the kernel, then slide it.

    y(i, j) = Σ_p Σ_q x(i + p, j + q) · k(P − 1 − p, Q − 1 − q)

    x (H, W), k (P, Q) → y (H − P + 1, W − Q + 1).

    >>> convolve(np.array([[1., 2., 3.], [4., 5., 6.]]), np.array([[1., -1.]]))
    array([[1., 1.],
           [1., 1.]])
    """
    return correlate(x, k[::-1, ::-1])


def conv2d(x, k, b, stride=(1, 1), padding=((0, 0), (0, 0)),
           dilation=(1, 1), groups=1):
    """Convolution layer: the same sum over all channels, plus a bias.

    y(n, i, j, f) = b(f) + Σ_p Σ_q Σ_c x(n, u, v, c) · k(p, q, c, f)
    with u = i·s + p·d − top, v = j·s + q·d − left

    Pixels outside the picture count as zero. With groups, kernel f sees only
    the channels of its own group.
    x (N, H, W, C), k (P, Q, C / groups, F), b (F,) → y (N, H', W', F).
    """
    N, H, W, C = x.shape
    P, Q, Cg, F = k.shape
    (si, sj), (di, dj) = stride, dilation
    (top, bottom), (left, right) = padding
    H_out = (H + top + bottom - di * (P - 1) - 1) // si + 1
    W_out = (W + left + right - dj * (Q - 1) - 1) // sj + 1
    y = np.zeros((N, H_out, W_out, F), x.dtype)
    for n, i, j, f in np.ndindex(N, H_out, W_out, F):
        first = f // (F // groups) * Cg  # first channel of f's group
        y[n, i, j, f] = b[f]
        for p, q, c in np.ndindex(P, Q, Cg):
            u, v = i * si + p * di - top, j * sj + q * dj - left
            if 0 <= u < H and 0 <= v < W:
                y[n, i, j, f] += x[n, u, v, first + c] * k[p, q, c, f]
    return y


def conv2d_backward(dy, x, k, stride=(1, 1), padding=((0, 0), (0, 0)),
                    dilation=(1, 1), groups=1):
    """Gradients of `conv2d`, by the same loops.

    Every product x · k of the forward pass sends dy · k to dx and dy · x to dk.
    dy (N, H', W', F), x (N, H, W, C), k (P, Q, C / groups, F)
    → dx like x, dk like k, db (F,).
    """
    N, H, W, C = x.shape
    P, Q, Cg, F = k.shape
    (si, sj), (di, dj) = stride, dilation
    (top, _), (left, _) = padding
    _, H_out, W_out, _ = dy.shape
    dx, dk, db = np.zeros_like(x), np.zeros_like(k), np.zeros(F, x.dtype)
    for n, i, j, f in np.ndindex(N, H_out, W_out, F):
        first = f // (F // groups) * Cg
        db[f] += dy[n, i, j, f]
        for p, q, c in np.ndindex(P, Q, Cg):
            u, v = i * si + p * di - top, j * sj + q * dj - left
            if 0 <= u < H and 0 <= v < W:
                dx[n, u, v, first + c] += dy[n, i, j, f] * k[p, q, c, f]
                dk[p, q, c, f] += dy[n, i, j, f] * x[n, u, v, first + c]
    return dx, dk, db


def conv3d(x, k, b, stride=(1, 1, 1), padding=((0, 0), (0, 0), (0, 0)),
           dilation=(1, 1, 1), groups=1):
    """Convolution over time and space: `conv2d` with one more sum.

    y(n, t, i, j, f) = b(f)
    + Σ_r Σ_p Σ_q Σ_c x(n, z, u, v, c) · k(r, p, q, c, f)
    with z = t·s + r·d − before, u = i·s + p·d − top, v = j·s + q·d − left

    Frames and pixels outside the clip count as zero. Padded in time by
    d · (R − 1) frames before and none after, the layer is causal: y(t) sees
    no frame of x after t · s.
    x (N, T, H, W, C), k (R, P, Q, C / groups, F), b (F,)
    → y (N, T', H', W', F).

    >>> x = np.array([1., 2., 4.]).reshape(1, 3, 1, 1, 1)
    >>> k = np.array([-1., 1.]).reshape(2, 1, 1, 1, 1)
    >>> conv3d(x, k, np.zeros(1)).ravel()   # this frame minus the one before
    array([1., 2.])
    """
    N, T, H, W, C = x.shape
    R, P, Q, Cg, F = k.shape
    (st, si, sj), (dt, di, dj) = stride, dilation
    (before, after), (top, bottom), (left, right) = padding
    T_out = (T + before + after - dt * (R - 1) - 1) // st + 1
    H_out = (H + top + bottom - di * (P - 1) - 1) // si + 1
    W_out = (W + left + right - dj * (Q - 1) - 1) // sj + 1
    y = np.zeros((N, T_out, H_out, W_out, F), x.dtype)
    for n, t, i, j, f in np.ndindex(N, T_out, H_out, W_out, F):
        first = f // (F // groups) * Cg  # first channel of f's group
        y[n, t, i, j, f] = b[f]
        for r, p, q, c in np.ndindex(R, P, Q, Cg):
            z = t * st + r * dt - before
            u, v = i * si + p * di - top, j * sj + q * dj - left
            if 0 <= z < T and 0 <= u < H and 0 <= v < W:
                y[n, t, i, j, f] += (
                    x[n, z, u, v, first + c] * k[r, p, q, c, f])
    return y


def conv3d_backward(dy, x, k, stride=(1, 1, 1),
                    padding=((0, 0), (0, 0), (0, 0)),
                    dilation=(1, 1, 1), groups=1):
    """Gradients of `conv3d`, by the same loops.

    Every product x · k of the forward pass sends dy · k to dx, dy · x to dk.
    dy (N, T', H', W', F), x (N, T, H, W, C), k (R, P, Q, C / groups, F)
    → dx like x, dk like k, db (F,).
    """
    N, T, H, W, C = x.shape
    R, P, Q, Cg, F = k.shape
    (st, si, sj), (dt, di, dj) = stride, dilation
    (before, _), (top, _), (left, _) = padding
    _, T_out, H_out, W_out, _ = dy.shape
    dx, dk, db = np.zeros_like(x), np.zeros_like(k), np.zeros(F, x.dtype)
    for n, t, i, j, f in np.ndindex(N, T_out, H_out, W_out, F):
        first = f // (F // groups) * Cg
        d = dy[n, t, i, j, f]
        db[f] += d
        for r, p, q, c in np.ndindex(R, P, Q, Cg):
            z = t * st + r * dt - before
            u, v = i * si + p * di - top, j * sj + q * dj - left
            if 0 <= z < T and 0 <= u < H and 0 <= v < W:
                dx[n, z, u, v, first + c] += d * k[r, p, q, c, f]
                dk[r, p, q, c, f] += d * x[n, z, u, v, first + c]
    return dx, dk, db
