"""Transposed convolution: the backward pass of a convolution, used as a forward one, to make pictures larger.

Written as a matrix, a convolution takes the pixels of x to y, and its backward pass multiplies by the transpose. A layer
that multiplies by the transpose goes from the small picture to the large one. So nothing new has to be computed here:
forward is what `conv2d_backward` does for dx, and backward towards x is `conv2d`.

Source: V. Dumoulin, F. Visin, "A guide to convolution arithmetic for deep learning", arXiv 1603.07285.
"""

import numpy as np

from ..errors import RangeError
from ..shapes import Slide, check_array, check_bias, check_same_shape, describe, fail, per_axis, resolve_padding
from ..threads import over_parts, single_threaded_blas
from .conv import choose_engine, sum_over_windows


@single_threaded_blas()
def conv2d_transpose(x, k, b=None, stride=1, padding="valid"):
    """Stamp the kernel onto y once for every number of x, `stride` pixels apart; overlapping stamps add up.

    y(n, u, v, f) = b(f) + Σ x(n, i, j, c) · k(p, q, f, c), over u = i·s + p − top, v = j·s + q − left

    x (N, H, W, C), k (P, Q, F, C) as in Keras, b (F,) or None → y (N, H', W', F). `padding` crops the result:
    "valid" keeps all of it, H' = H·s + max(P − s, 0); "same" makes H' = H·s; a number or ((top, bottom), (left, right))
    cuts off so many rows and columns.

    Raises
    ------
    ShapeError  axes that do not fit together, an empty axis
    DtypeError  whole numbers or half precision
    RangeError  a stride or padding that makes no sense, or that leaves nothing of the result

    >>> x = np.array([1., 2.]).reshape(1, 1, 2, 1)
    >>> conv2d_transpose(x, np.array([1., 10., 100.]).reshape(1, 3, 1, 1), stride=(1, 2)).ravel()
    array([  1.,  10., 102.,  20., 200.])
    """
    slide, shape = _geometry("conv2d_transpose", x, k, b, stride, padding)
    x, y = np.ascontiguousarray(x[:, np.newaxis]), np.zeros(shape, np.result_type(x, k))
    engine = choose_engine(y, k, slide)
    kernels = engine.prepare(k)
    over_parts(lambda part: engine.spread(x[part], y[part], kernels, slide, y[part], None), len(x))
    if b is not None:
        y += b
    return y[:, 0]


@single_threaded_blas()
def conv2d_transpose_backward(dy, x, k, stride=1, padding="valid", need_dx=True):
    """Gradients of `conv2d_transpose` for the upstream gradient dy.

    dy (N, H', W', F), x (N, H, W, C), k (P, Q, F, C) → dx like x (None with need_dx=False), dk like k, db (F,).
    """
    call = "conv2d_transpose_backward"
    slide, shape = _geometry(call, x, k, None, stride, padding)
    check_same_shape(call, "dy", dy, shape[:1] + shape[2:], "NHWF")
    dy, x = np.ascontiguousarray(dy[:, np.newaxis]), np.ascontiguousarray(x[:, np.newaxis])
    engine = choose_engine(dy, k, slide)
    kernels, dx = engine.prepare(k), np.empty(x.shape, np.result_type(dy, k)) if need_dx else None
    no_bias = np.zeros(k.shape[-1], np.result_type(dy, k))

    def work(part):
        if need_dx:
            engine.multiply(dy[part], kernels, no_bias, dx[part], slide, slice(0, engine.bands(slide, part.stop - part.start)))
        dk = np.zeros(kernels.shape, np.result_type(dy, x))
        engine.spread(x[part], dy[part], kernels, slide, None, dk)
        return dk, sum_over_windows(dy[part])

    dks, dbs = zip(*over_parts(work, len(x)), strict=True)
    return dx[:, 0] if need_dx else None, engine.restore(sum(dks), k.shape), sum(dbs)


def _geometry(call, x, k, b, stride, padding):
    """The `Slide` of the convolution that leads from y back to x, and the shape (N, 1, H', W', F) of y."""
    check_array(call, "k", k, "PQFC")
    check_array(call, "x", x, "NHWC")
    shown = describe("x", x, "NHWC"), describe("k", k, "PQFC")
    if k.shape[3] != x.shape[3]:
        fail(call, f"kernel expects C={k.shape[3]} channels, x has C={x.shape[3]}", *shown, "make k.shape[3] equal x.shape[3]")
    check_bias(call, b, k.shape[2], *shown)
    stride, window, sizes = per_axis(call, "stride", stride), k.shape[:2], x.shape[1:3]
    if padding == "valid":
        padding = [(0, min(w - s, 0)) for w, s in zip(window, stride, strict=True)]
    elif padding == "same":  # what a "same" convolution with this stride would have padded
        before = [max(w - s, 0) // 2 for w, s in zip(window, stride, strict=True)]
        padding = [(first, w - s - first) for first, w, s in zip(before, window, stride, strict=True)]
    else:
        padding = resolve_padding(call, padding, sizes, window, stride, (1, 1))
    out = tuple((size - 1) * s + w - sum(pair) for size, s, w, pair in zip(sizes, stride, window, padding, strict=True))
    if min(out) < 1:
        fail(call, f"padding={padding} leaves nothing of the result", *shown, "crop less", error=RangeError)
    before = (0, padding[0][0], padding[1][0])
    return Slide((1, *window), (1, *stride), before, (1, 1, 1), (1, *sizes), 1), (len(x), 1, *out, k.shape[2])
