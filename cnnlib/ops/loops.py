"""Convolution by the formula's own loops, for few channels, where the unfolding would cost more than the products.

One row of a window is a *run* of Q · C neighbouring numbers, and the kernels' numbers for all f lie side by side. So the
innermost work is: the numbers of a run, times the kernels, added to the F numbers of one output. Three things make it fast:

* the loop over f becomes vector instructions, up to 16 numbers at a time;
* four outputs are made together, so that each kernel number fetched serves four products;
* a run is cut into equal pieces, short enough for the compiler to write the loop over a piece out in full. It can do so
  because it compiles the loops anew for each length of run, distance between windows and F: they are constants then.

The module has the same functions as `im2col`. The gradient of x is a convolution too, of dy; where that one fits as
well, the loops do it, otherwise `im2col` does.
"""

import math
from functools import cache

import numpy as np
from numba import njit

from ..threads import scratch
from . import im2col
from .unfold import place_of

CHANNELS = 8  # in, at most; with more, the matrix product is as fast
KERNELS = 4  # at least; with fewer there is too little to vectorise
PIECE = 14  # numbers of a run that the compiler still writes out for four outputs
WORK = 2**24  # products: for less, compiling the loops is not worth the wait

prepare, restore, bands = im2col.prepare, im2col.restore, im2col.bands  # kernels and lines as for the matrix product


def fits(x, k, slide):
    """True for windows without gaps and groups over few channels, when there is enough to do."""
    run, F = slide.window[2] * x.shape[-1], k.shape[-1]
    few = x.shape[-1] <= CHANNELS and F >= KERNELS and math.prod(slide.window) > 1
    dense = slide.groups == 1 and slide.dilation == (1, 1, 1) and _largest_part(run, PIECE) >= 3
    return few and dense and len(x) * math.prod(slide.out) * k.size >= WORK


def multiply(x, kernels, b, y, slide, part):
    """One thread's share of the forward pass: fill lines number `part` (a slice) of y (N, T', H', W', F)."""
    F, lines = y.shape[-1], y.reshape(-1, slide.out[2] * y.shape[-1])[part]
    per_clip = slide.out[0] * slide.out[1]
    clips = slice(part.start // per_clip, -(-part.stop // per_clip))
    loops = _forward(*_constants(x, slide, F))
    loops(_padded(x[clips], slide), kernels.ravel(), b, lines, part.start % per_clip, slide.window[:2], slide.out, slide.stride)


def spread(dy, x, kernels, slide, dx, dk):
    """One thread's share of the backward pass: add to dk (1, R·P·Q·C, F) and, where wanted, fill dx, zero until now."""
    if dk is not None:
        F, lines = dy.shape[-1], dy.reshape(-1, slide.out[2] * dy.shape[-1])
        loops = _backward(*_constants(x, slide, F))
        loops(_padded(x, slide), dk.reshape(-1), lines, slide.window[:2], slide.out, slide.stride)
    if dx is None:
        return
    turned, back = _turned(kernels, slide, x.shape[1:4])
    if min(back.before) >= 0 and slide.stride == (1, 1, 1) and fits(dy, turned, back):
        multiply(dy, prepare(turned), np.zeros(x.shape[-1], dx.dtype), dx, back, slice(0, bands(back, len(dy))))
    else:
        im2col.spread(dy, x, kernels, slide, dx, None)


def _turned(kernels, slide, sizes):
    """The kernels (R, P, Q, F, C) and the slide with which dy is convolved to give dx, where the stride is 1.

    A pixel of x reached the outputs before it through the later numbers of a kernel: so the kernels are turned round, and
    channels in and out change places. Chapter 05 draws it.
    """
    F = kernels.shape[-1]
    turned = kernels.reshape(*slide.window, -1, F)[::-1, ::-1, ::-1].swapaxes(3, 4)
    before = tuple(w - 1 - b for w, b in zip(slide.window, slide.before, strict=True))
    return turned, slide._replace(before=before, out=sizes)


def _padded(x, slide):
    """x (N, T, H, W, C) with its padding written out: (N, T, H, W · C), as much of it as the windows reach."""
    reach = [(out - 1) * s + w for out, s, w in zip(slide.out, slide.stride, slide.window, strict=True)]
    if slide.before == (0, 0, 0) and all(r <= size for r, size in zip(reach, x.shape[1:4], strict=True)):
        return x.reshape(*x.shape[:3], -1)
    N, C = len(x), x.shape[-1]
    padded = scratch("padded", N * math.prod(reach) * C, x.dtype).reshape(N, *reach, C)
    inside = [slice(before, before + size) for before, size in zip(slide.before, x.shape[1:4], strict=True)]
    for axis, within in enumerate(inside, start=1):
        lines = np.moveaxis(padded, axis, 0)
        lines[:within.start], lines[within.stop:] = 0, 0
    room = padded[:, inside[0], inside[1], inside[2]]
    room[:] = x[:, :room.shape[1], :room.shape[2], :room.shape[3]]
    return padded.reshape(*padded.shape[:3], -1)


def _largest_part(count, limit):
    """The largest number up to `limit` that divides `count`."""
    return max(part for part in range(1, limit + 1) if count % part == 0)


def _constants(x, slide, F):
    """What the loops are compiled for: (rows, piece) numbers written out, length of a run, distance between windows, F."""
    run = slide.window[2] * x.shape[-1]
    return _largest_part(slide.window[1], max(1, PIECE // run)), _largest_part(run, PIECE), run, slide.stride[2] * x.shape[-1], F


# Forward and backward walk the same path: line by line of y, some rows of the window at a time, four places j together.
# Indices are marked as unsigned, see `unfold`. Arrays are flat, so that the compiler sees constant distances.


@cache
def _forward(rows, piece, run, step, F):
    """Compile y += x · k."""

    @njit(nogil=True, cache=True, fastmath={"contract"})
    def forward(x, k, b, y, first, window, out, stride):
        _, T, H, width = x.shape
        pixels, places = x.reshape(-1), out[2]
        count = y.shape[1] // places  # is F, but not a constant: a loop of known length F < 16 would not be vectorised
        for line in range(len(y)):
            for j in range(places):
                sums = y[line, j * F:]
                for f in range(count):
                    sums[np.uintp(f)] = b[np.uintp(f)]
            n, t, i = place_of(first + line, out)
            for r in range(window[0]):
                for p in range(0, window[1], rows):
                    corner = ((n * T + t * stride[0] + r) * H + i * stride[1] + p) * width
                    for j in range(0, places - 3, 4):
                        for start in range(0, run, piece):
                            seen, sums = pixels[corner + j * step + start:], y[line, j * F:]
                            numbers = k[((r * window[1] + p) * run + start) * F:]
                            for f in range(count):
                                y0, y1 = sums[np.uintp(f)], sums[np.uintp(F + f)]
                                y2, y3 = sums[np.uintp(2 * F + f)], sums[np.uintp(3 * F + f)]
                                for row in range(rows):
                                    for m in range(piece):
                                        number, place = numbers[np.uintp((row * run + m) * F + f)], row * width + m
                                        y0 += seen[np.uintp(place)] * number
                                        y1 += seen[np.uintp(place + step)] * number
                                        y2 += seen[np.uintp(place + 2 * step)] * number
                                        y3 += seen[np.uintp(place + 3 * step)] * number
                                sums[np.uintp(f)], sums[np.uintp(F + f)] = y0, y1
                                sums[np.uintp(2 * F + f)], sums[np.uintp(3 * F + f)] = y2, y3
                    for j in range(places // 4 * 4, places):
                        for start in range(0, run, piece):
                            seen, sums = pixels[corner + j * step + start:], y[line, j * F:]
                            numbers = k[((r * window[1] + p) * run + start) * F:]
                            for f in range(count):
                                total = sums[np.uintp(f)]
                                for row in range(rows):
                                    for m in range(piece):
                                        total += seen[np.uintp(row * width + m)] * numbers[np.uintp((row * run + m) * F + f)]
                                sums[np.uintp(f)] = total

    return forward


@cache
def _backward(rows, piece, run, step, F):
    """Compile dk += xᵀ · dy, the same walk as `_forward`."""

    @njit(nogil=True, cache=True, fastmath={"contract"})
    def backward(x, dk, dy, window, out, stride):
        _, T, H, width = x.shape
        pixels, places = x.reshape(-1), out[2]
        count = dy.shape[1] // places
        for line in range(len(dy)):
            n, t, i = place_of(line, out)
            for r in range(window[0]):
                for p in range(0, window[1], rows):
                    corner = ((n * T + t * stride[0] + r) * H + i * stride[1] + p) * width
                    for j in range(0, places - 3, 4):
                        for start in range(0, run, piece):
                            seen, upstream = pixels[corner + j * step + start:], dy[line, j * F:]
                            sums = dk[((r * window[1] + p) * run + start) * F:]
                            for f in range(count):
                                d0, d1 = upstream[np.uintp(f)], upstream[np.uintp(F + f)]
                                d2, d3 = upstream[np.uintp(2 * F + f)], upstream[np.uintp(3 * F + f)]
                                for row in range(rows):
                                    for m in range(piece):
                                        place = row * width + m
                                        sums[np.uintp((row * run + m) * F + f)] += (
                                            seen[np.uintp(place)] * d0 + seen[np.uintp(place + step)] * d1
                                            + seen[np.uintp(place + 2 * step)] * d2 + seen[np.uintp(place + 3 * step)] * d3)
                    for j in range(places // 4 * 4, places):
                        for start in range(0, run, piece):
                            seen, upstream = pixels[corner + j * step + start:], dy[line, j * F:]
                            sums = dk[((r * window[1] + p) * run + start) * F:]
                            for f in range(count):
                                for row in range(rows):
                                    for m in range(piece):
                                        sums[np.uintp((row * run + m) * F + f)] += (
                                            seen[np.uintp(row * width + m)] * upstream[np.uintp(f)])

    return backward
