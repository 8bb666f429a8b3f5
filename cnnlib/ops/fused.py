"""Convolution, bias, ReLU and max pooling in one pass, for layers that follow each other in this order.

Done one after the other, the four write the convolution's whole output to main memory three times and read it back
as often, and the backward pass does so again. Here a few pictures are convolved into a buffer that stays in the
cache, and only the pooled numbers leave it, a quarter of them for a window of 2 × 2. Three facts make it short:

* the largest number of a window stays the largest when the same bias is added to all of them;
* max(·, 0) may wait until after pooling, for the same reason;
* a window sends its gradient to one place at most, so the place is all that has to be kept: a number below
  R · P · Q, or `CLOSED` where the ReLU gave 0.
"""

import math
from functools import cache

import numpy as np
from numba import njit

from ..errors import RangeError
from ..shapes import check_same_shape, conv_geometry, fail, window_geometry
from ..threads import over_parts, scratch, single_threaded_blas
from . import direct
from .conv import choose_engine
from .direct import CLOSED

BYTES = 2**21  # of convolution output made before it is pooled


@single_threaded_blas()
def conv2d_relu_max_pool2d(x, k, b, window=2, pool_stride=None, stride=1, padding="valid", dilation=1, groups=1):
    """max_pool2d(relu(conv2d(x, k, b, …)), window, pool_stride), and for each of its numbers the place that won.

    x (N, H, W, C), k (P, Q, C / groups, F), b (F,); `stride` to `groups` are the convolution's; the pooling has no
    padding and at most 255 places in a window → y (N, H', W', F), winners (N, H', W', F) uint8 for the backward call.
    Errors as `conv2d` and `max_pool2d`.

    >>> x = np.array([[1., 5.], [3., -9.]]).reshape(1, 2, 2, 1)
    >>> y, winners = conv2d_relu_max_pool2d(x, np.ones((1, 1, 1, 1)), np.zeros(1))
    >>> y.item(), winners.item()
    (5.0, 1)
    """
    call, F = "conv2d_relu_max_pool2d", k.shape[-1]
    slide = conv_geometry(call, x, k, b, stride, padding, dilation, groups)
    slide, window, pool_stride, out = _pooling(call, slide, (len(x), *slide.out[1:], F), window, pool_stride)
    y = np.empty((len(x), *out, F), np.result_type(x, k))
    x, k, winners = np.ascontiguousarray(x), np.ascontiguousarray(k), np.empty(y.shape, np.uint8)
    if direct.fits(k, slide, window):
        loops = direct.forward_kernel(*k.shape[:3], slide.stride[1:], window, pool_stride)
        over_parts(lambda part: loops(x[part], k, b, y[part], winners[part]), len(x))
        return y, winners
    x = x[:, np.newaxis]
    engine, no_bias, pool = choose_engine(x, k, slide), np.zeros(F, x.dtype), _pool_kernel(*window)
    kernels = engine.prepare(k, groups)

    def work(part):
        z = _buffer(slide, F, y.dtype)
        for some in _chunks(part, len(z)):
            now = z[:some.stop - some.start]
            engine.multiply(x[some], kernels, no_bias, now[:, np.newaxis], slide, slice(0, engine.bands(slide, len(now))))
            pool(now, b, y[some], winners[some], pool_stride)

    over_parts(work, len(x))
    return y, winners


@single_threaded_blas()
def conv2d_relu_max_pool2d_backward(dy, winners, x, k, window=2, pool_stride=None, stride=1, padding="valid", dilation=1,
                                    groups=1, need_dx=True):
    """Gradients of `conv2d_relu_max_pool2d`, from the upstream gradient dy and the winners of the forward call.

    dy and winners (N, H', W', F), x (N, H, W, C), k (P, Q, C / groups, F) → dx like x, dk like k, db (F,).
    """
    call, F = "conv2d_relu_max_pool2d_backward", k.shape[-1]
    slide = conv_geometry(call, x, k, None, stride, padding, dilation, groups)
    slide, window, pool_stride, out = _pooling(call, slide, (len(x), *slide.out[1:], F), window, pool_stride)
    check_same_shape(call, "dy", dy, (len(x), *out, F), "NHWF")
    dy, x = np.ascontiguousarray(dy), np.ascontiguousarray(x)
    if direct.fits(k, slide, window) and not need_dx:
        loops = direct.backward_kernel(*k.shape[:3], slide.stride[1:], window, pool_stride)

        def work_directly(part):
            dk, db = np.zeros(k.shape, np.result_type(dy, x)), np.zeros(F, dy.dtype)
            loops(dy[part], winners[part], x[part], dk, db)
            return dk, db

        dks, dbs = zip(*over_parts(work_directly, len(x)), strict=True)
        return None, sum(dks), sum(dbs)
    x = x[:, np.newaxis]
    engine = choose_engine(x, k, slide)
    kernels = engine.prepare(k, groups)
    dx, unpool = np.zeros(x.shape, np.result_type(dy, k)) if need_dx else None, _unpool_kernel(*window, window == pool_stride)

    def work(part):
        dk, db = np.zeros(kernels.shape, np.result_type(dy, x)), np.zeros(F, dy.dtype)
        dz = _buffer(slide, F, dy.dtype)
        for some in _chunks(part, len(dz)):
            now = dz[:some.stop - some.start]
            unpool(dy[some], winners[some], now, db, pool_stride)
            engine.spread(now[:, np.newaxis], x[some], kernels, slide, dx[some] if need_dx else None, dk)
        return dk, db

    dks, dbs = zip(*over_parts(work, len(x)), strict=True)
    return dx[:, 0] if need_dx else None, engine.restore(sum(dks), k.shape), sum(dbs)


def _pooling(call, slide, shape, window, stride):
    """The slide without the places that no pooling window sees, then window, stride and output size (H', W') of the pooling.

    `shape` is that of the convolution's output. 11 × 11 places pooled by 2 leave one row and one column over: a sixth
    of the products that need not be made.
    """
    z = np.broadcast_to(np.float32(0), shape)
    window, stride, _, _, out = window_geometry(call, z, "NHWF", window, window if stride is None else stride, "valid")
    if window[0] * window[1] > CLOSED:
        fail(call, f"the pooling window {window} has more than {CLOSED} places", "pool with `max_pool2d` instead",
             error=RangeError)
    seen = tuple((count - 1) * s + w for count, s, w in zip(out, stride, window, strict=True))
    return slide._replace(out=(1, *seen)), window, stride, out


def _buffer(slide, F, dtype):
    """Room for the convolution's output on a few pictures."""
    picture = (*slide.out[1:], F)
    count = max(1, BYTES // (math.prod(picture) * dtype.itemsize))
    return scratch("pictures", count * math.prod(picture), dtype).reshape(count, *picture)


def _chunks(part, step):
    return [slice(start, min(start + step, part.stop)) for start in range(part.start, part.stop, step)]


# The two kernels are compiled anew for each window size (P, Q). Its two numbers are constants then, so the compiler
# writes the loops over p and q out, and what remains innermost, the loop over f, becomes vector instructions.


@cache
def _pool_kernel(P, Q):
    @njit(nogil=True, cache=True)
    def pool(z, b, y, winners, stride):
        N, H_out, W_out, F = y.shape
        for n in range(N):
            for i in range(H_out):
                for j in range(W_out):
                    for f in range(F):
                        best, winner = z[n, i * stride[0], j * stride[1], f], 0
                        for p in range(P):
                            for q in range(Q):
                                number = z[n, i * stride[0] + p, j * stride[1] + q, f]
                                winner = p * Q + q if number > best else winner
                                best = max(number, best)
                        best += b[f]
                        y[n, i, j, f] = max(best, 0)
                        winners[n, i, j, f] = winner if best > 0 else CLOSED

    return pool


@cache
def _unpool_kernel(P, Q, apart):
    """`apart`: the windows touch but do not overlap, so every place is written exactly once."""

    @njit(nogil=True, cache=True)
    def unpool(dy, winners, dz, db, stride):
        N, H_out, W_out, F = dy.shape
        if not apart:
            dz[:] = 0
        for n in range(N):
            for i in range(H_out):
                for j in range(W_out):
                    for f in range(F):
                        upstream, winner = dy[n, i, j, f], winners[n, i, j, f]
                        db[f] += upstream if winner != CLOSED else 0
                        for p in range(P):
                            for q in range(Q):
                                number = upstream if winner == p * Q + q else 0
                                if apart:
                                    dz[n, i * stride[0] + p, j * stride[1] + q, f] = number
                                else:
                                    dz[n, i * stride[0] + p, j * stride[1] + q, f] += number

    return unpool
