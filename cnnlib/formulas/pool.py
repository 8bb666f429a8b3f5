"""Max and average pooling as plain loops."""

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
