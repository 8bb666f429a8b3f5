"""Enlarging pictures as plain loops."""

import numpy as np


def neighbours(i, s, size, method):
    """The two input pixels behind output pixel i, and the second one's share.

    On a line of `size` pixels enlarged s times, pixel i has its centre at
    (i + ½) / s − ½ of the original line. "nearest" takes pixel ⌊i / s⌋ alone;
    "bilinear" shares between the pixels on both sides of the centre. Beyond
    the border the last pixel stands for both.
    → (first, second, share)

    >>> neighbours(1, 2, 3, "bilinear")   # centre at 0.25
    (0, 1, 0.25)
    """
    if method == "nearest":
        return i // s, i // s, 0.0
    centre = (i + 0.5) / s - 0.5
    first = int(np.floor(centre))
    return max(first, 0), min(first + 1, size - 1), centre - first


def upsample2d(x, factor=(2, 2), method="nearest"):
    """Enlarge pictures: a pixel of y mixes the four pixels of x around it.

    y(n, i, j, c) = (1 − a)·(1 − e)·x(n, u0, v0, c) + (1 − a)·e·x(n, u0, v1, c)
    + a·(1 − e)·x(n, u1, v0, c) + a·e·x(n, u1, v1, c)
    with (u0, u1, a) and (v0, v1, e) the `neighbours` of i and j

    The method is "nearest" or "bilinear".
    x (N, H, W, C), factor (si, sj) → y (N, H·si, W·sj, C).

    >>> x = np.array([0., 8.]).reshape(1, 1, 2, 1)
    >>> upsample2d(x, (1, 2), "nearest").ravel()
    array([0., 0., 8., 8.])
    >>> upsample2d(x, (1, 2), "bilinear").ravel()
    array([0., 2., 6., 8.])
    """
    N, H, W, C = x.shape
    si, sj = factor
    y = np.zeros((N, H * si, W * sj, C), x.dtype)
    for n, i, j, c in np.ndindex(y.shape):
        u0, u1, a = neighbours(i, si, H, method)
        v0, v1, e = neighbours(j, sj, W, method)
        above = (1 - e) * x[n, u0, v0, c] + e * x[n, u0, v1, c]
        below = (1 - e) * x[n, u1, v0, c] + e * x[n, u1, v1, c]
        y[n, i, j, c] = (1 - a) * above + a * below
    return y


def upsample2d_backward(dy, x, factor=(2, 2), method="nearest"):
    """Gradient of `upsample2d`: each dy returns to its four pixels by share.

    dy (N, H·si, W·sj, C), x (N, H, W, C) → dx like x.
    """
    N, H, W, C = x.shape
    si, sj = factor
    dx = np.zeros_like(x)
    for n, i, j, c in np.ndindex(dy.shape):
        u0, u1, a = neighbours(i, si, H, method)
        v0, v1, e = neighbours(j, sj, W, method)
        above, below = (1 - a) * dy[n, i, j, c], a * dy[n, i, j, c]
        dx[n, u0, v0, c] += (1 - e) * above
        dx[n, u0, v1, c] += e * above
        dx[n, u1, v0, c] += (1 - e) * below
        dx[n, u1, v1, c] += e * below
    return dx
