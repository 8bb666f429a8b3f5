"""Max and average pooling as plain loops, over pictures and over clips."""

import numpy as np


def max_pool2d(x, window=(2, 2), stride=(2, 2), padding=((0, 0), (0, 0))):
    """Max pooling: the largest value in each window.

    y(n, i, j, c) = max over 0 ≤ p < P, 0 ≤ q < Q of x(n, u, v, c)
    with u = i·s + p − top, v = j·s + q − left

    Pixels outside the picture are left out. x (N, H, W, C) → y (N, H', W', C).
    """
    N, H, W, C = x.shape
    (P, Q), (si, sj) = window, stride
    (top, bottom), (left, right) = padding
    H_out = (H + top + bottom - P) // si + 1
    W_out = (W + left + right - Q) // sj + 1
    y = np.full((N, H_out, W_out, C), -np.inf, x.dtype)
    for n, i, j, c in np.ndindex(N, H_out, W_out, C):
        for p, q in np.ndindex(P, Q):
            u, v = i * si + p - top, j * sj + q - left
            if 0 <= u < H and 0 <= v < W and x[n, u, v, c] > y[n, i, j, c]:
                y[n, i, j, c] = x[n, u, v, c]
    return y


def max_pool2d_backward(dy, x, window=(2, 2), stride=(2, 2),
                        padding=((0, 0), (0, 0))):
    """Gradient of `max_pool2d`: each dy goes to the pixel that won.

    Of equal pixels the first one wins.
    dy (N, H', W', C), x (N, H, W, C) → dx like x.
    """
    N, H, W, C = x.shape
    (P, Q), (si, sj) = window, stride
    (top, _), (left, _) = padding
    _, H_out, W_out, _ = dy.shape
    dx = np.zeros_like(x)
    for n, i, j, c in np.ndindex(N, H_out, W_out, C):
        best_u, best_v = -1, -1  # no winner yet
        for p, q in np.ndindex(P, Q):
            u, v = i * si + p - top, j * sj + q - left
            if 0 <= u < H and 0 <= v < W:
                if best_u < 0 or x[n, u, v, c] > x[n, best_u, best_v, c]:
                    best_u, best_v = u, v
        if best_u >= 0:
            dx[n, best_u, best_v, c] += dy[n, i, j, c]
    return dx


def avg_pool2d(x, window=(2, 2), stride=(2, 2), padding=((0, 0), (0, 0))):
    """Average pooling: the mean of a window's pixels inside the picture.

    y(n, i, j, c) = (1 / m) · Σ_p Σ_q x(n, u, v, c), m = pixels inside
    with u = i·s + p − top, v = j·s + q − left

    x (N, H, W, C) → y (N, H', W', C).
    """
    N, H, W, C = x.shape
    (P, Q), (si, sj) = window, stride
    (top, bottom), (left, right) = padding
    H_out = (H + top + bottom - P) // si + 1
    W_out = (W + left + right - Q) // sj + 1
    y = np.zeros((N, H_out, W_out, C), x.dtype)
    for n, i, j, c in np.ndindex(N, H_out, W_out, C):
        inside = 0
        for p, q in np.ndindex(P, Q):
            u, v = i * si + p - top, j * sj + q - left
            if 0 <= u < H and 0 <= v < W:
                inside += 1
                y[n, i, j, c] += x[n, u, v, c]
        y[n, i, j, c] /= max(inside, 1)
    return y


def avg_pool2d_backward(dy, x, window=(2, 2), stride=(2, 2),
                        padding=((0, 0), (0, 0))):
    """Gradient of `avg_pool2d`: a window's m pixels share its dy equally.

    dy (N, H', W', C), x (N, H, W, C) → dx like x.
    """
    N, H, W, C = x.shape
    (P, Q), (si, sj) = window, stride
    (top, _), (left, _) = padding
    _, H_out, W_out, _ = dy.shape
    dx = np.zeros_like(x)
    for n, i, j, c in np.ndindex(N, H_out, W_out, C):
        u0, u1 = max(i * si - top, 0), min(i * si - top + P, H)
        v0, v1 = max(j * sj - left, 0), min(j * sj - left + Q, W)
        share = dy[n, i, j, c] / ((u1 - u0) * (v1 - v0))
        for u in range(u0, u1):
            for v in range(v0, v1):
                dx[n, u, v, c] += share
    return dx


def max_pool3d(x, window=(2, 2, 2), stride=(2, 2, 2),
               padding=((0, 0), (0, 0), (0, 0))):
    """Max pooling over time and space: the largest value in each window.

    y(n, t, i, j, c) = max over 0 ≤ r < R, 0 ≤ p < P, 0 ≤ q < Q
    of x(n, z, u, v, c)
    with z = t·s + r − before, u = i·s + p − top, v = j·s + q − left

    Frames and pixels outside the clip are left out.
    x (N, T, H, W, C) → y (N, T', H', W', C).

    >>> x = np.array([1., 5., 3., 2.]).reshape(1, 4, 1, 1, 1)
    >>> max_pool3d(x, (2, 1, 1), (2, 1, 1)).ravel()
    array([5., 3.])
    """
    N, T, H, W, C = x.shape
    (R, P, Q), (st, si, sj) = window, stride
    (before, after), (top, bottom), (left, right) = padding
    T_out = (T + before + after - R) // st + 1
    H_out = (H + top + bottom - P) // si + 1
    W_out = (W + left + right - Q) // sj + 1
    y = np.full((N, T_out, H_out, W_out, C), -np.inf, x.dtype)
    for n, t, i, j, c in np.ndindex(y.shape):
        for r, p, q in np.ndindex(R, P, Q):
            z, u, v = t * st + r - before, i * si + p - top, j * sj + q - left
            if 0 <= z < T and 0 <= u < H and 0 <= v < W:
                if x[n, z, u, v, c] > y[n, t, i, j, c]:
                    y[n, t, i, j, c] = x[n, z, u, v, c]
    return y


def max_pool3d_backward(dy, x, window=(2, 2, 2), stride=(2, 2, 2),
                        padding=((0, 0), (0, 0), (0, 0))):
    """Gradient of `max_pool3d`: each dy goes to the pixel that won.

    Of equal pixels the first one wins, earlier frames before later ones.
    dy (N, T', H', W', C), x (N, T, H, W, C) → dx like x.
    """
    N, T, H, W, C = x.shape
    (R, P, Q), (st, si, sj) = window, stride
    (before, _), (top, _), (left, _) = padding
    dx = np.zeros_like(x)
    for n, t, i, j, c in np.ndindex(dy.shape):
        best, bz, bu, bv = -np.inf, -1, -1, -1  # no winner yet
        for r, p, q in np.ndindex(R, P, Q):
            z, u, v = t * st + r - before, i * si + p - top, j * sj + q - left
            if 0 <= z < T and 0 <= u < H and 0 <= v < W:
                if bz < 0 or x[n, z, u, v, c] > best:
                    best, bz, bu, bv = x[n, z, u, v, c], z, u, v
        if bz >= 0:
            dx[n, bz, bu, bv, c] += dy[n, t, i, j, c]
    return dx


def avg_pool3d(x, window=(2, 2, 2), stride=(2, 2, 2),
               padding=((0, 0), (0, 0), (0, 0))):
    """Average pooling over time and space, over the pixels inside the clip.

    y(n, t, i, j, c) = (1 / m) · Σ_r Σ_p Σ_q x(n, z, u, v, c), m pixels inside
    with z = t·s + r − before, u = i·s + p − top, v = j·s + q − left

    x (N, T, H, W, C) → y (N, T', H', W', C).

    >>> x = np.array([1., 5., 3., 2.]).reshape(1, 4, 1, 1, 1)
    >>> avg_pool3d(x, (2, 1, 1), (2, 1, 1)).ravel()
    array([3. , 2.5])
    """
    N, T, H, W, C = x.shape
    (R, P, Q), (st, si, sj) = window, stride
    (before, after), (top, bottom), (left, right) = padding
    T_out = (T + before + after - R) // st + 1
    H_out = (H + top + bottom - P) // si + 1
    W_out = (W + left + right - Q) // sj + 1
    y = np.zeros((N, T_out, H_out, W_out, C), x.dtype)
    for n, t, i, j, c in np.ndindex(y.shape):
        inside = 0
        for r, p, q in np.ndindex(R, P, Q):
            z, u, v = t * st + r - before, i * si + p - top, j * sj + q - left
            if 0 <= z < T and 0 <= u < H and 0 <= v < W:
                inside += 1
                y[n, t, i, j, c] += x[n, z, u, v, c]
        y[n, t, i, j, c] /= max(inside, 1)
    return y


def avg_pool3d_backward(dy, x, window=(2, 2, 2), stride=(2, 2, 2),
                        padding=((0, 0), (0, 0), (0, 0))):
    """Gradient of `avg_pool3d`: a window's m pixels share its dy equally.

    dy (N, T', H', W', C), x (N, T, H, W, C) → dx like x.
    """
    N, T, H, W, C = x.shape
    (R, P, Q), (st, si, sj) = window, stride
    (before, _), (top, _), (left, _) = padding
    dx = np.zeros_like(x)
    for n, t, i, j, c in np.ndindex(dy.shape):
        z0, z1 = max(t * st - before, 0), min(t * st - before + R, T)
        u0, u1 = max(i * si - top, 0), min(i * si - top + P, H)
        v0, v1 = max(j * sj - left, 0), min(j * sj - left + Q, W)
        share = dy[n, t, i, j, c] / ((z1 - z0) * (u1 - u0) * (v1 - v0))
        for z in range(z0, z1):
            for u in range(u0, u1):
                for v in range(v0, v1):
                    dx[n, z, u, v, c] += share
    return dx
