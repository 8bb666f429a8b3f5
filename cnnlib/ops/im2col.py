"""Convolution as one matrix product: unfold the windows into rows (im2col), multiply by the kernels.

Write every window of x as a row of a tall matrix, every kernel as a column of a wide one. The product of the two
holds every sum of the formula at once, and matrix products are what processors do fastest. The backward pass uses
the same matrix: its transpose times dy is dk, and dy times the kernels' transpose is folded back onto the pixels.

The tall matrix is P · Q times as large as the batch and is never whole in memory. A block of windows is unfolded into
a buffer small enough for the processor's cache, multiplied there, and the next block overwrites it. One *line* is one
row of the output: the windows that share n, t and i while j runs; a block is a number of lines.

Source: K. Chellapilla, S. Puri, P. Simard, "High performance convolutional neural networks for document
processing", IWFHR 2006.
"""

import numpy as np
from numba import njit

from ..threads import scratch
from .unfold import as_matrix, fold, unfold, window_size

ROWS = 512  # windows of a block: enough for the matrix product to run at full speed …
BYTES = 2**21  # … or more of them while a block and its product fit in so many bytes


def prepare(k, groups=1):
    """k (…, C / G, F) → (G, R·P·Q·C / G, F / G): one column per kernel, one block per group."""
    return np.ascontiguousarray(k.reshape(-1, groups, k.shape[-1] // groups).transpose(1, 0, 2))


def restore(dk, shape):
    """The inverse of `prepare`."""
    return dk.transpose(1, 0, 2).reshape(shape)


def bands(slide, pictures):
    """Lines in so many pictures (or clips): the units that threads may share in the forward pass."""
    return pictures * slide.out[0] * slide.out[1]


def multiply(x, kernels, b, y, slide, part):
    """One thread's share of the forward pass: fill lines number `part` (a slice) of y (N, T', H', W', F)."""
    F, lines = y.shape[-1], y.reshape(-1, *y.shape[3:])
    for block, buffer in _blocks(part, x, slide, F):
        rows = _rows(x, slide, block, buffer)
        if slide.groups == 1:
            np.matmul(rows[0], kernels[0], out=lines[block].reshape(-1, F))
        else:
            lines[block] = (rows @ kernels).transpose(1, 0, 2).reshape(lines[block].shape)
        _add_bias(lines[block], b)


def spread(dy, x, kernels, slide, dx, dk):
    """One thread's share of the backward pass: add to dk (G, R·P·Q·C / G, F / G) and, where wanted, fill dx, zero until now.

    dk += rowsᵀ · dy. Then the rows have served, and their buffer takes the rows' own gradient dy · kernelsᵀ, which is
    folded onto dx.
    """
    F, lines = dy.shape[-1], dy.reshape(-1, *dy.shape[3:])
    transposed, product = turned(kernels), scratch("dk", kernels.size, kernels.dtype)
    for block, buffer in _blocks(slice(0, len(lines)), x, slide, F):
        dy_rows = lines[block].reshape(-1, slide.groups, F // slide.groups).transpose(1, 0, 2)
        if dk is not None:
            dk += np.matmul(_rows(x, slide, block, buffer).transpose(0, 2, 1), dy_rows, out=product.reshape(dk.shape))
        if dx is None:
            continue
        if _is_pointwise(dx, slide):
            np.matmul(dy_rows, transposed, out=_rows(dx, slide, block, buffer))
        else:
            drows = as_matrix(buffer, dx, slide, block)
            outer = dy_rows.shape[2] == 1  # one kernel: nothing to sum, and NumPy's matmul is slow at that
            (np.multiply if outer else np.matmul)(dy_rows, transposed, out=drows)
            fold(drows, dx, slide, block)


def turned(kernels):
    """kernels (G, K, F) → (G, F, K), written out: matrix products are faster on it than on a transposed view."""
    G, K, F = kernels.shape
    turned = scratch("turned", kernels.size, kernels.dtype).reshape(G, F, K)
    turned[:] = kernels.transpose(0, 2, 1)
    return turned


def _blocks(part, x, slide, F):
    """Cut lines into blocks: (slice, room for their windows)."""
    numbers = window_size(x, slide)
    step = max(1, max(ROWS, BYTES // ((numbers + F) * x.itemsize)) // slide.out[2])
    buffer = scratch("rows", min(step, part.stop - part.start) * slide.out[2] * numbers, x.dtype)
    for start in range(part.start, part.stop, step):
        yield slice(start, min(start + step, part.stop)), buffer


def _is_pointwise(x, slide):
    """True if the windows are the pixels themselves, as for a 1 × 1 kernel: then there is nothing to unfold."""
    return slide.window == (1, 1, 1) and slide.groups == 1 and slide.out == x.shape[1:4]


def _rows(x, slide, block, buffer):
    """The windows of a block of lines as a matrix (G, windows, R · P · Q · C / G)."""
    if _is_pointwise(x, slide):
        return x.reshape(1, -1, *x.shape[3:])[:, block].reshape(1, -1, x.shape[-1])
    return unfold(x, slide, block, buffer)


@njit(nogil=True, cache=True)
def _add_bias(lines, b):
    L, W, F = lines.shape
    for line in range(L):
        for j in range(W):
            numbers = lines[line, j]
            for f in range(F):
                numbers[f] += b[f]
