"""Convolution as one matrix product: unfold the windows into rows (im2col), multiply by the kernels.

Write every window of x as a row of a tall matrix, every kernel as a column of a wide one. The product of the two
holds every sum of the formula at once, and matrix products are what processors do fastest. The backward pass uses
the same matrix: its transpose times dy is dk, and dy times the kernels' transpose is folded back onto the pixels.

The tall matrix is never whole in memory. A block of windows is unfolded into a buffer small enough for the
processor's cache, multiplied there, and the next block overwrites it. Threads share the batch; each has its own
buffer (see `cnnlib.threads`).

A picture is a clip with one frame, so the work is written once, for clips; `conv2d` and `conv3d` are its two faces.

Source: K. Chellapilla, S. Puri, P. Simard, "High performance convolutional neural networks for document
processing", IWFHR 2006.
"""

import numpy as np
from numba import njit

from ..shapes import check_same_shape, conv_geometry
from ..threads import over_parts
from .unfold import as_matrix, blocks, fold, is_pointwise, row_buffer, unfold


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
    slide = conv_geometry("conv2d", x, k, b, stride, padding, dilation, groups)
    return _forward(x[:, np.newaxis], k, b, slide)[:, 0]


def conv2d_backward(dy, x, k, stride=1, padding="valid", dilation=1, groups=1, need_dx=True):
    """Gradients of `conv2d` for the upstream gradient dy.

    dy (N, H', W', F), x (N, H, W, C), k (P, Q, C / groups, F) → dx like x, dk like k, db (F,).
    With need_dx=False (a network's first layer) dx is None and its work is saved.
    """
    slide = conv_geometry("conv2d_backward", x, k, None, stride, padding, dilation, groups)
    check_same_shape("conv2d_backward", "dy", dy, (len(x), *slide.out[1:], k.shape[-1]), "NHWF")
    dx, dk, db = _backward(dy[:, np.newaxis], x[:, np.newaxis], k, slide, need_dx)
    return dx[:, 0] if need_dx else None, dk, db


def conv3d(x, k, b=None, stride=1, padding="valid", dilation=1, groups=1):
    """Convolve a batch of clips: the formula of `conv2d` with one more sum, over frames.

    y(n, t, i, j, f) = b(f) + Σ_r Σ_p Σ_q Σ_c x(n, t·s + r·d − before, i·s + p·d − top, j·s + q·d − left, c) · k(r, p, q, c, f)

    x (N, T, H, W, C), k (R, P, Q, C / groups, F), b (F,) or None → y (N, T', H', W', F).
    `stride` and `dilation` are numbers or triples (frames, rows, columns). `padding` is as for `conv2d`, one pair
    more in front when spelled out, or "causal": "same" in space, and in time padded only before, so that frame t
    of y depends on no frame of x after t. Errors as `conv2d`.

    >>> x = np.array([1., 2., 4.]).reshape(1, 3, 1, 1, 1)
    >>> change = np.array([-1., 1.]).reshape(2, 1, 1, 1, 1)
    >>> conv3d(x, change).ravel(), conv3d(x, change, padding="causal").ravel()
    (array([1., 2.]), array([1., 1., 2.]))
    """
    slide = conv_geometry("conv3d", x, k, b, stride, padding, dilation, groups)
    return _forward(x, k, b, slide)


def conv3d_backward(dy, x, k, stride=1, padding="valid", dilation=1, groups=1, need_dx=True):
    """Gradients of `conv3d` for the upstream gradient dy.

    dy (N, T', H', W', F), x (N, T, H, W, C), k (R, P, Q, C / groups, F) → dx like x, dk like k, db (F,).
    """
    slide = conv_geometry("conv3d_backward", x, k, None, stride, padding, dilation, groups)
    check_same_shape("conv3d_backward", "dy", dy, (len(x), *slide.out, k.shape[-1]), "NTHWF")
    return _backward(dy, x, k, slide, need_dx)


def _forward(x, k, b, slide):
    """Windows times kernels: x (N, T, H, W, C), k (…, C / G, F) → y (N, T', H', W', F). Threads share the lines of y."""
    x, kernels = np.ascontiguousarray(x), kernels_as_columns(k, slide.groups)
    y = np.empty((len(x), *slide.out, k.shape[-1]), np.result_type(x, k))
    lines = y.reshape(-1, *y.shape[3:])
    over_parts(lambda part: multiply_windows(x, kernels, b, lines[part], slide, part.start), len(lines))
    return y


def multiply_windows(x, kernels, b, lines, slide, first=0):
    """One thread's share of the forward pass: fill `lines` (L, W', F) of y, which start at line number `first`."""
    F = lines.shape[-1]
    buffer = row_buffer(x, slide, F)
    for block in blocks(len(lines), x, slide, F):
        rows = _rows(x, slide, slice(first + block.start, first + block.stop), buffer)
        if slide.groups == 1:
            np.matmul(rows[0], kernels[0], out=lines[block].reshape(-1, F))
        else:
            lines[block] = _merge_groups(rows @ kernels, lines[block].shape)
        if b is not None:
            _add_bias(lines[block], b)


def _backward(dy, x, k, slide, need_dx):
    """dy (N, T', H', W', F), x (N, T, H, W, C), k (…, C / G, F) → dx, dk, db. Threads share the pictures of the batch."""
    dy, x, kernels = np.ascontiguousarray(dy), np.ascontiguousarray(x), kernels_as_columns(k, slide.groups)
    dx = np.zeros(x.shape, np.result_type(dy, k)) if need_dx else None

    def work(part):
        dk = np.zeros(kernels.shape, np.result_type(dy, x))
        spread_gradient(dy[part], x[part], kernels, slide, dx[part] if need_dx else None, dk)
        return dk, dy[part].reshape(-1, dy.shape[-1]).sum(0)

    dks, dbs = zip(*over_parts(work, len(x)), strict=True)
    return dx, kernels_from_columns(sum(dks), k.shape), sum(dbs)


def spread_gradient(dy, x, kernels, slide, dx, dk):
    """One thread's share of the backward pass: add to dk (G, R·P·Q·C / G, F / G) and, where wanted, to dx like x.

    dk += rowsᵀ · dy. Then the rows have served, and their buffer takes the rows' own gradient dy · kernelsᵀ, which is
    folded onto dx.
    """
    lines, transposed = dy.reshape(-1, *dy.shape[3:]), np.ascontiguousarray(kernels.transpose(0, 2, 1))
    buffer = row_buffer(x, slide, dy.shape[-1])
    for block in blocks(len(lines), x, slide, dy.shape[-1]):
        dy_rows = _split_groups(lines[block], slide.groups)
        if dk is not None:
            dk += _rows(x, slide, block, buffer).transpose(0, 2, 1) @ dy_rows
        if dx is None:
            continue
        if is_pointwise(x, slide):
            np.matmul(dy_rows, transposed, out=_rows(dx, slide, block, None))
        else:
            drows = as_matrix(buffer, x, slide, block)
            np.matmul(dy_rows, transposed, out=drows)
            fold(drows, dx, slide, block)


@njit(nogil=True, cache=True)
def _add_bias(lines, b):
    L, W, F = lines.shape
    for line in range(L):
        for j in range(W):
            numbers = lines[line, j]
            for f in range(F):
                numbers[f] += b[f]


def _rows(x, slide, block, buffer):
    """The windows of a block of lines as a matrix (G, windows, R · P · Q · C / G)."""
    if is_pointwise(x, slide):  # the pixels are the rows: nothing to copy
        return x.reshape(1, -1, *x.shape[3:])[:, block].reshape(1, -1, x.shape[-1])
    return unfold(x, slide, block, buffer)


def kernels_as_columns(k, groups):
    """k (…, C / G, F) → (G, R·P·Q·C / G, F / G): one column per kernel, one block per group."""
    return np.ascontiguousarray(k.reshape(-1, groups, k.shape[-1] // groups).transpose(1, 0, 2))


def kernels_from_columns(columns, shape):
    """The inverse of `kernels_as_columns`."""
    return columns.transpose(1, 0, 2).reshape(shape)


def _split_groups(lines, groups):
    """lines (L, W', F) → (G, L · W', F / G): one row per window."""
    return lines.reshape(-1, groups, lines.shape[-1] // groups).transpose(1, 0, 2)


def _merge_groups(rows, shape):
    """The inverse of `_split_groups`."""
    return rows.transpose(1, 0, 2).reshape(shape)
