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

import math

import numpy as np
from numba import njit

from ..threads import scratch

ROWS = 512  # windows of a block: enough for the matrix product to run at full speed …
BYTES = 2**19  # … or more of them while a block and its product fit in so many bytes
SHORT = 12  # numbers in one row of a window: up to here the matrix is built by columns


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
    """One thread's share of the backward pass: add to dk (G, R·P·Q·C / G, F / G) and, where wanted, to dx like x.

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
            drows = _as_matrix(buffer, dx, slide, block)
            np.matmul(dy_rows, transposed, out=drows)
            fold(drows, dx, slide, block)


def turned(kernels):
    """kernels (G, K, F) → (G, F, K), written out: matrix products are faster on it than on a transposed view."""
    G, K, F = kernels.shape
    turned = scratch("turned", kernels.size, kernels.dtype).reshape(G, F, K)
    turned[:] = kernels.transpose(0, 2, 1)
    return turned


def _blocks(part, x, slide, F):
    """Cut lines into blocks: (slice, room for their windows)."""
    numbers = _window_size(x, slide)
    step = max(1, max(ROWS, BYTES // ((numbers + F) * x.itemsize)) // slide.out[2])
    buffer = scratch("rows", min(step, part.stop - part.start) * slide.out[2] * numbers, x.dtype)
    for start in range(part.start, part.stop, step):
        yield slice(start, min(start + step, part.stop)), buffer


def _window_size(x, slide):
    """Numbers in one window, all channels of x included: R · P · Q · C."""
    return math.prod(slide.window) * x.shape[-1]


def _is_pointwise(x, slide):
    """True if the windows are the pixels themselves, as for a 1 × 1 kernel: then there is nothing to unfold."""
    return slide.window == (1, 1, 1) and slide.groups == 1 and slide.out == x.shape[1:4]


def _rows(x, slide, block, buffer):
    """The windows of a block of lines as a matrix (G, windows, R · P · Q · C / G)."""
    if _is_pointwise(x, slide):
        return x.reshape(1, -1, *x.shape[3:])[:, block].reshape(1, -1, x.shape[-1])
    return unfold(x, slide, block, buffer)


def _as_matrix(buffer, x, slide, block):
    """View the buffer as the matrix (G, windows, R · P · Q · C / G) of a block of lines.

    Where the numbers of one row of a window, Q · C / G, are few, the matrix is stored column after column: what the
    windows of a line see at one place (p, q) then forms a long run. Otherwise it is stored row after row.
    """
    numbers, windows = _window_size(x, slide) // slide.groups, (block.stop - block.start) * slide.out[2]
    matrix = buffer[:slide.groups * windows * numbers]
    if _by_columns(x, slide):
        return matrix.reshape(slide.groups, numbers, windows).transpose(0, 2, 1)
    return matrix.reshape(slide.groups, windows, numbers)


def unfold(x, slide, block, buffer):
    """Windows of the lines in `block` → matrix (G, windows, R · P · Q · C / G), written into `buffer`.

    x (N, T, H, W, C), contiguous.
    """
    matrix = _as_matrix(buffer, x, slide, block)
    kernel = _copy_columns if _by_columns(x, slide) else _copy_rows
    kernel(*_walk(matrix, x, slide, block))
    return matrix


def fold(matrix, dx, slide, block):
    """The transpose of `unfold`: add every number back onto the pixel of dx (N, T, H, W, C) it was copied from."""
    kernel = _add_columns if _by_columns(dx, slide) else _add_rows
    kernel(*_walk(matrix, dx, slide, block))


def _by_columns(x, slide):
    channels = x.shape[-1] // slide.groups
    return channels == 1 or slide.window[2] * channels <= SHORT


def _walk(matrix, x, slide, block):
    """What a kernel needs: windows and pixels in the order of memory, the first line's number, and the slide."""
    R, P, Q = slide.window
    C, lines, W_out = x.shape[-1], block.stop - block.start, slide.out[2]
    if _by_columns(x, slide):
        windows = matrix.transpose(0, 2, 1).reshape(slide.groups, R, P, Q, -1, lines, W_out)
    else:
        # Without dilation and groups the Q · C numbers of one row of a window are neighbours in x and travel in one
        # piece; otherwise each of the Q pixels is a piece of its own.
        pieces = (1, Q * C) if slide.groups == 1 and slide.dilation[2] == 1 else (Q, C // slide.groups)
        windows = matrix.reshape(-1, lines, W_out, R, P, *pieces)
    return windows, x.reshape(*x.shape[:3], -1), C, block.start, slide.out[:2], slide.stride, slide.dilation, slide.before


@njit(nogil=True, cache=True)
def _add_bias(lines, b):
    L, W, F = lines.shape
    for line in range(L):
        for j in range(W):
            numbers = lines[line, j]
            for f in range(F):
                numbers[f] += b[f]


# The kernels below walk the same path, forth and back. Two habits make them fast. The innermost numbers are neighbours in
# memory on both sides. And the innermost indices are marked as unsigned (np.uintp): they cannot be negative there, so Numba
# leaves out its check for indices that count from the end, and the loop becomes vector instructions.


@njit(nogil=True, cache=True)
def _copy_rows(rows, x, channels, first, out, stride, dilation, before):
    _, T, H, width = x.shape
    G, lines, W_out, R, P, pieces, length = rows.shape
    for g in range(G):
        for line in range(lines):
            n, t, i = _place(first + line, out)
            for r in range(R):
                u = t * stride[0] + r * dilation[0] - before[0]
                for p in range(P):
                    v = i * stride[1] + p * dilation[1] - before[1]
                    if not (0 <= u < T and 0 <= v < H):
                        rows[g, line, :, r, p] = 0
                        continue
                    pixels = x[n, u, v]
                    for j in range(W_out):
                        for piece in range(pieces):
                            start = (j * stride[2] + piece * dilation[2] - before[2]) * channels + g * length
                            target = rows[g, line, j, r, p, piece]
                            a, z = max(-start, 0), min(length, width - start)
                            if z - a < length:
                                target[:] = 0
                            for c in range(a, z):
                                target[np.uintp(c)] = pixels[np.uintp(start + c)]


@njit(nogil=True, cache=True)
def _add_rows(rows, x, channels, first, out, stride, dilation, before):
    _, T, H, width = x.shape
    G, lines, W_out, R, P, pieces, length = rows.shape
    for g in range(G):
        for line in range(lines):
            n, t, i = _place(first + line, out)
            for r in range(R):
                u = t * stride[0] + r * dilation[0] - before[0]
                for p in range(P):
                    v = i * stride[1] + p * dilation[1] - before[1]
                    if not (0 <= u < T and 0 <= v < H):
                        continue
                    pixels = x[n, u, v]
                    for j in range(W_out):
                        for piece in range(pieces):
                            start = (j * stride[2] + piece * dilation[2] - before[2]) * channels + g * length
                            source = rows[g, line, j, r, p, piece]
                            for c in range(max(-start, 0), min(length, width - start)):
                                pixels[np.uintp(start + c)] += source[np.uintp(c)]


@njit(nogil=True, cache=True)
def _copy_edge(pixels, row, start):
    """A piece that sticks out of the picture: zeros there."""
    row[:] = 0
    for c in range(max(-start, 0), min(len(row), len(pixels) - start)):
        row[c] = pixels[start + c]


@njit(nogil=True, cache=True)
def _add_edge(pixels, row, start):
    for c in range(max(-start, 0), min(len(row), len(pixels) - start)):
        pixels[start + c] += row[c]


@njit(nogil=True, cache=True)
def _copy_columns(columns, x, channels, first, out, stride, dilation, before):
    _, T, H, width = x.shape
    G, R, P, Q, some, lines, W_out = columns.shape
    step = stride[2] * channels
    for line in range(lines):
        n, t, i = _place(first + line, out)
        for r in range(R):
            u = t * stride[0] + r * dilation[0] - before[0]
            for p in range(P):
                v = i * stride[1] + p * dilation[1] - before[1]
                if not (0 <= u < T and 0 <= v < H):
                    columns[:, r, p, :, :, line] = 0
                    continue
                for q in range(Q):
                    shift = q * dilation[2] - before[2]
                    j0, j1 = _inside(shift, stride[2], width // channels, W_out)
                    for c in range(channels):
                        target = columns[c // some, r, p, q, c % some, line]
                        source = x[n, u, v, (j0 * stride[2] + shift) * channels + c:]
                        target[:j0] = 0
                        target[j1:] = 0
                        target = target[j0:j1]
                        if step == 1:
                            for j in range(j1 - j0):
                                target[j] = source[j]
                        else:
                            for j in range(j1 - j0):
                                target[j] = source[np.uintp(j * step)]


@njit(nogil=True, cache=True)
def _add_columns(columns, x, channels, first, out, stride, dilation, before):
    _, T, H, width = x.shape
    G, R, P, Q, some, lines, W_out = columns.shape
    step = stride[2] * channels
    for line in range(lines):
        n, t, i = _place(first + line, out)
        for r in range(R):
            u = t * stride[0] + r * dilation[0] - before[0]
            for p in range(P):
                v = i * stride[1] + p * dilation[1] - before[1]
                if not (0 <= u < T and 0 <= v < H):
                    continue
                for q in range(Q):
                    shift = q * dilation[2] - before[2]
                    j0, j1 = _inside(shift, stride[2], width // channels, W_out)
                    for c in range(channels):
                        source = columns[c // some, r, p, q, c % some, line, j0:j1]
                        target = x[n, u, v, (j0 * stride[2] + shift) * channels + c:]
                        if step == 1:
                            for j in range(j1 - j0):
                                target[j] += source[j]
                        else:
                            for j in range(j1 - j0):
                                target[np.uintp(j * step)] += source[j]


@njit(nogil=True, cache=True)
def _inside(shift, stride, W, W_out):
    """First place j, and one past the last, for which the pixel j · stride + shift lies in a line of W pixels."""
    first = max(0, -(shift // stride))
    return first, min(W_out, max(first, (W - 1 - shift) // stride + 1))


@njit(nogil=True, cache=True)
def _place(line, out):
    """Picture, frame and row (n, t, i) of an output line."""
    return line // (out[0] * out[1]), line // out[1] % out[0], line % out[1]
