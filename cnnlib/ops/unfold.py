"""Windows to rows of a matrix and back: `unfold` copies (im2col), `fold` is its transpose and adds (col2im)."""

import math

import numpy as np
from numba import njit

SHORT = 12  # numbers in one row of a window: up to here the matrix is written by columns


def window_size(x, slide):
    """Numbers in one window, all channels of x included: R · P · Q · C."""
    return math.prod(slide.window) * x.shape[-1]


def as_matrix(buffer, x, slide, block):
    """View the buffer as the matrix (G, windows, R · P · Q · C / G) of a block of lines.

    Where the numbers of one row of a window, Q · C / G, are few, the matrix is stored column after column: what the
    windows of a line see at one place (p, q) then forms a long run. Otherwise it is stored row after row.
    """
    numbers, windows = window_size(x, slide) // slide.groups, (block.stop - block.start) * slide.out[2]
    matrix = buffer[:slide.groups * windows * numbers]
    if _by_columns(x, slide):
        return matrix.reshape(slide.groups, numbers, windows).transpose(0, 2, 1)
    return matrix.reshape(slide.groups, windows, numbers)


def unfold(x, slide, block, buffer):
    """Windows of the lines in `block` → matrix (G, windows, R · P · Q · C / G), written into `buffer`.

    x (N, T, H, W, C), contiguous.
    """
    matrix = as_matrix(buffer, x, slide, block)
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


# The kernels below walk the same path, forth and back. Two habits make them fast. The innermost numbers are neighbours in
# memory on both sides. And the innermost indices are marked as unsigned (np.uintp): they cannot be negative there, so Numba
# leaves out its check for indices that count from the end, and the loop becomes vector instructions.


@njit(nogil=True, cache=True)
def _copy_rows(rows, x, channels, first, out, stride, dilation, before):
    _, T, H, width = x.shape
    G, lines, W_out, R, P, pieces, length = rows.shape
    for g in range(G):
        for line in range(lines):
            n, t, i = place_of(first + line, out)
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
            n, t, i = place_of(first + line, out)
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
def _copy_columns(columns, x, channels, first, out, stride, dilation, before):
    _, T, H, width = x.shape
    G, R, P, Q, per_group, lines, W_out = columns.shape
    step = stride[2] * channels
    for line in range(lines):
        n, t, i = place_of(first + line, out)
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
                        target = columns[c // per_group, r, p, q, c % per_group, line]
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
    G, R, P, Q, per_group, lines, W_out = columns.shape
    step = stride[2] * channels
    for line in range(lines):
        n, t, i = place_of(first + line, out)
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
                        source = columns[c // per_group, r, p, q, c % per_group, line, j0:j1]
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
def place_of(line, out):
    """Picture, frame and row (n, t, i) of an output line."""
    return line // (out[0] * out[1]), line // out[1] % out[0], line % out[1]
