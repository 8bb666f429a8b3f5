"""Unfold the windows of a batch into the rows of a matrix (im2col), and fold such rows back (col2im).

A picture is a clip with one frame, so everything here works on clips (N, T, H, W, C). One *line* is one row of the
output: the windows that share n, t and i while j runs. Lines are unfolded a block at a time into one buffer that
stays in the processor's cache; a whole batch of unfolded windows would be P · Q times as large as the batch itself
and would have to travel to main memory and back.
"""

import math

import numpy as np
from numba import njit

from ..threads import scratch

ROWS = 512  # windows of a block: enough for the matrix product to run at full speed …
BYTES = 2**19  # … or more of them while a block and its product fit in so many bytes


def blocks(lines, x, slide, F):
    """Cut a number of lines into slices that are unfolded together, for kernels with F output channels."""
    numbers = window_size(x, slide) + F  # per window: a row of the matrix, and its product
    rows = max(ROWS, BYTES // (numbers * x.itemsize))
    step = max(1, rows // slide.out[2])
    return [slice(start, min(start + step, lines)) for start in range(0, lines, step)]


def window_size(x, slide):
    """Numbers in one window, all channels of x included: R · P · Q · C."""
    R, P, Q = slide.window
    return R * P * Q * x.shape[-1]


def is_pointwise(x, slide):
    """True if the windows are the pixels themselves, as for a 1 × 1 kernel: then there is nothing to unfold."""
    return slide.window == (1, 1, 1) and slide.groups == 1 and slide.out == x.shape[1:4]


def row_buffer(x, slide, F):
    """Room for the largest block of unfolded windows."""
    step = blocks(slide.out[0] * slide.out[1] * len(x), x, slide, F)[0].stop
    return scratch("rows", step * slide.out[2] * window_size(x, slide), x.dtype)


def unfold(x, slide, block, buffer):
    """Windows of the lines in `block` → matrix (G, windows, R · P · Q · C / G), written into `buffer`.

    x (N, T, H, W, C), contiguous.
    """
    rows = _as_windows(buffer, x, slide, block)
    _copy_windows(x.reshape(*x.shape[:3], -1), rows, x.shape[-1], block.start, slide.out[:2], slide.stride, slide.dilation,
                  slide.before)
    return rows.reshape(slide.groups, -1, window_size(x, slide) // slide.groups)


def fold(rows, dx, slide, block):
    """The transpose of `unfold`: add every row back onto the pixels of dx (N, T, H, W, C) it was copied from."""
    rows = _as_windows(rows.reshape(-1), dx, slide, block)
    _add_windows(rows, dx.reshape(*dx.shape[:3], -1), dx.shape[-1], block.start, slide.out[:2], slide.stride, slide.dilation,
                 slide.before)


def _as_windows(buffer, x, slide, block):
    """View a buffer as (G, lines, W', R, P, pieces, numbers): windows cut into the longest pieces that lie together in x.

    Without dilation and groups the Q · C numbers of one row of a window are neighbours in memory and are copied in
    one go; otherwise each of the Q pixels is a piece of its own.
    """
    R, P, Q = slide.window
    C, lines = x.shape[-1], block.stop - block.start
    pieces = (1, Q * C) if slide.groups == 1 and slide.dilation[2] == 1 else (Q, C // slide.groups)
    shape = (slide.groups, lines, slide.out[2], R, P, *pieces)
    return buffer[:math.prod(shape)].reshape(shape)


# The two kernels below walk the same path. Two habits make them fast. The innermost numbers are neighbours in memory on
# both sides. And offsets are resolved into a slice before the innermost loop: there the index only counts up from 0, so
# Numba leaves out its check for negative indices and the loop becomes vector instructions.


@njit(nogil=True, cache=True)
def _copy_windows(x, rows, channels, first, out, stride, dilation, before):
    _, T, H, width = x.shape
    G, lines, W_out, R, P, pieces, length = rows.shape
    left, padded = _padded_line(x, rows, channels, stride[2], dilation[2], before[2])
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
                    if len(padded) > width:
                        padded[left:left + width] = pixels
                        pixels = padded
                    for j in range(W_out):
                        for piece in range(pieces):
                            start = (j * stride[2] + piece * dilation[2]) * channels + g * length
                            source, target = pixels[start:start + length], rows[g, line, j, r, p, piece]
                            for c in range(length):
                                target[c] = source[c]


@njit(nogil=True, cache=True)
def _add_windows(rows, x, channels, first, out, stride, dilation, before):
    _, T, H, width = x.shape
    G, lines, W_out, R, P, pieces, length = rows.shape
    left, padded = _padded_line(x, rows, channels, stride[2], dilation[2], before[2])
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
                    if len(padded) > width:
                        padded[left:left + width] = pixels
                        pixels = padded
                    for j in range(W_out):
                        for piece in range(pieces):
                            start = (j * stride[2] + piece * dilation[2]) * channels + g * length
                            target, source = pixels[start:start + length], rows[g, line, j, r, p, piece]
                            for c in range(length):
                                target[c] += source[c]
                    if len(padded) > width:
                        x[n, u, v] = padded[left:left + width]


@njit(nogil=True, cache=True)
def _place(line, out):
    """Picture, frame and row (n, t, i) of an output line."""
    return line // (out[0] * out[1]), line // out[1] % out[0], line % out[1]


@njit(nogil=True, cache=True)
def _padded_line(x, rows, channels, stride, dilation, before):
    """Numbers in front of a line of x, and a line with zeros on both sides that holds every window."""
    width, W_out, Q = x.shape[3], rows.shape[2], rows.shape[5] * rows.shape[6] * rows.shape[0] // channels
    reach = ((W_out - 1) * stride + (Q - 1) * dilation + 1) * channels
    return before * channels, np.zeros(max(reach, before * channels + width), x.dtype)
