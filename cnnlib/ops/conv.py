"""Convolution as one matrix product: unfold the windows into rows (im2col), multiply by the kernels.

Write every window of x as a row of a tall matrix, every kernel as a column of a wide one. The product of the two
holds every sum of the formula at once, and matrix products are what processors do fastest. The backward pass uses
the same matrix: its transpose times dy is dk, and dy times the kernels' transpose is folded back onto the pixels.

Source: K. Chellapilla, S. Puri, P. Simard, "High performance convolutional neural networks for document
processing", IWFHR 2006.
"""

import numpy as np
from numba import njit

from ..shapes import check_same_shape, conv_geometry
from ..threads import over_batch


def conv2d(x, k, b=None, stride=1, padding="valid", dilation=1, groups=1):
    """Convolve a batch of pictures with F kernels (cross-correlation, as in Keras).

    y(n, i, j, f) = b(f) + Σ_p Σ_q Σ_c x(n, i·s + p·d − top, j·s + q·d − left, c) · k(p, q, c, f)

    x (N, H, W, C), k (P, Q, C / groups, F), b (F,) or None → y (N, H', W', F), in the dtype of x and k.
    `stride` and `dilation` are numbers or pairs, in pixels; `padding` is "valid", "same", a number, or
    ((top, bottom), (left, right)). NaN and infinity pass through, as in NumPy.

    Raises
    ------
    ShapeError  axes that do not fit together, an empty batch, a kernel larger than the padded picture
    DtypeError  whole numbers or half precision
    RangeError  a stride, dilation, padding or number of groups that makes no sense

    >>> x = np.array([[1., 2., 3.], [4., 5., 6.]]).reshape(1, 2, 3, 1)
    >>> conv2d(x, np.array([1., -1.]).reshape(1, 2, 1, 1))[0, :, :, 0]
    array([[-1., -1.],
           [-1., -1.]])
    """
    stride, padding, dilation, out = conv_geometry("conv2d", x, k, b, stride, padding, dilation, groups)
    (P, Q), F = k.shape[:2], k.shape[3]
    y = np.empty((len(x), *out, F), np.result_type(x, k))
    kernels = _kernels_as_columns(k, groups)

    def forward(part):
        rows = _unfold(x[part], P, Q, stride, padding, dilation, out, groups)
        y[part] = _merge_groups(rows @ kernels, y[part].shape)
        if b is not None:
            y[part] += b

    over_batch(forward, len(x))
    return y


def conv2d_backward(dy, x, k, stride=1, padding="valid", dilation=1, groups=1, need_dx=True):
    """Gradients of `conv2d` for the upstream gradient dy.

    dy (N, H', W', F), x (N, H, W, C), k (P, Q, C / groups, F) → dx like x, dk like k, db (F,).
    With need_dx=False (a network's first layer) dx is None and its work is saved.
    """
    stride, padding, dilation, out = conv_geometry("conv2d_backward", x, k, None, stride, padding, dilation, groups)
    (P, Q), F = k.shape[:2], k.shape[3]
    check_same_shape("conv2d_backward", "dy", dy, (len(x), *out, F), "NHWF")
    kernels = _kernels_as_columns(k, groups)
    dx = np.zeros(x.shape, np.result_type(dy, k)) if need_dx else None

    def backward(part):
        rows = _unfold(x[part], P, Q, stride, padding, dilation, out, groups)
        dy_rows = _split_groups(dy[part], groups)
        if need_dx:
            drows = dy_rows @ kernels.transpose(0, 2, 1)
            _fold(drows, dx[part], P, Q, stride, padding, dilation, out)
        return rows.transpose(0, 2, 1) @ dy_rows, dy_rows.sum(1)

    dks, dbs = zip(*over_batch(backward, len(x)), strict=True)
    return dx, sum(dks).transpose(1, 0, 2).reshape(k.shape), sum(dbs).reshape(F)


def _kernels_as_columns(k, groups):
    """k (P, Q, C / G, F) → (G, P·Q·C / G, F / G): one column per kernel, one block per group."""
    return np.ascontiguousarray(k.reshape(-1, groups, k.shape[3] // groups).transpose(1, 0, 2))


def _split_groups(y, groups):
    """y (N, H', W', F) → (G, N·H'·W', F / G): one row per window."""
    return y.reshape(-1, groups, y.shape[3] // groups).transpose(1, 0, 2)


def _merge_groups(rows, shape):
    """The inverse of `_split_groups`."""
    return rows.transpose(1, 0, 2).reshape(shape)


def _unfold(x, P, Q, stride, padding, dilation, out, groups):
    """x (N, H, W, C) → (G, N·H'·W', P·Q·C / G): every window written out as a row."""
    N, _, _, C = x.shape
    rows = np.empty((groups, N, *out, P, Q, C // groups), x.dtype)
    _copy_windows(x, rows, stride, (padding[0][0], padding[1][0]), dilation)
    return rows.reshape(groups, N * out[0] * out[1], -1)


def _fold(drows, dx, P, Q, stride, padding, dilation, out):
    """The transpose of `_unfold`: add every row back onto the pixels it was copied from."""
    groups = len(drows)
    drows = drows.reshape(groups, len(dx), *out, P, Q, -1)
    _add_windows(drows, dx, stride, (padding[0][0], padding[1][0]), dilation)


@njit(nogil=True, cache=True)
def _copy_windows(x, rows, stride, before, dilation):
    N, H, W, _ = x.shape
    G, _, H_out, W_out, P, Q, Cg = rows.shape
    for n in range(N):
        for g in range(G):
            for i in range(H_out):
                for j in range(W_out):
                    for p in range(P):
                        u = i * stride[0] + p * dilation[0] - before[0]
                        for q in range(Q):
                            v = j * stride[1] + q * dilation[1] - before[1]
                            if 0 <= u < H and 0 <= v < W:
                                for c in range(Cg):
                                    rows[g, n, i, j, p, q, c] = x[n, u, v, g * Cg + c]
                            else:
                                rows[g, n, i, j, p, q, :] = 0


@njit(nogil=True, cache=True)
def _add_windows(rows, x, stride, before, dilation):
    N, H, W, _ = x.shape
    G, _, H_out, W_out, P, Q, Cg = rows.shape
    for n in range(N):
        for g in range(G):
            for i in range(H_out):
                for j in range(W_out):
                    for p in range(P):
                        u = i * stride[0] + p * dilation[0] - before[0]
                        for q in range(Q):
                            v = j * stride[1] + q * dilation[1] - before[1]
                            if 0 <= u < H and 0 <= v < W:
                                for c in range(Cg):
                                    x[n, u, v, g * Cg + c] += rows[g, n, i, j, p, q, c]
