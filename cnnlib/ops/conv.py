"""Convolution of pictures and clips, forward and backward.

A picture is a clip with one frame, so the work is written once, for clips; `conv2d` and `conv3d` are its two faces.
Three modules can do the work and have the same functions: `im2col` writes the windows out as a matrix and multiplies
it by the kernels; `winograd` does 3 × 3 kernels with fewer products; `loops` stays with the formula's loops where there
are few channels. Threads share the batch (see `cnnlib.threads`).
"""

import numpy as np
from numba import njit

from ..shapes import check_same_shape, conv_geometry
from ..threads import over_parts, single_threaded_blas
from . import im2col, loops, winograd


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


@single_threaded_blas()
def _forward(x, k, b, slide):
    """x (N, T, H, W, C), k (…, C / G, F), b (F,) or None → y (N, T', H', W', F)."""
    engine, x = choose_engine(x, k, slide), np.ascontiguousarray(x)
    kernels, y = engine.prepare(k, slide.groups), np.empty((len(x), *slide.out, k.shape[-1]), np.result_type(x, k))
    b = np.zeros(k.shape[-1], y.dtype) if b is None else b
    over_parts(lambda part: engine.multiply(x, kernels, b, y, slide, part), engine.bands(slide, len(x)))
    return y


@single_threaded_blas()
def _backward(dy, x, k, slide, need_dx):
    """dy (N, T', H', W', F), x (N, T, H, W, C), k (…, C / G, F) → dx, dk, db. Threads share the pictures of the batch."""
    engine, dy, x = choose_engine(x, k, slide), np.ascontiguousarray(dy), np.ascontiguousarray(x)
    kernels = engine.prepare(k, slide.groups)
    dx = np.zeros(x.shape, np.result_type(dy, k)) if need_dx else None

    def work(part):
        dk = np.zeros(kernels.shape, np.result_type(dy, x))
        engine.spread(dy[part], x[part], kernels, slide, dx[part] if need_dx else None, dk)
        return dk, sum_over_windows(dy[part])

    dks, dbs = zip(*over_parts(work, len(x)), strict=True)
    return dx, engine.restore(sum(dks), k.shape), sum(dbs)


@njit(nogil=True, cache=True)
def sum_over_windows(dy):
    """The gradient of the bias: dy (N, T', H', W', F) → (F,).

    A line at a time: short sums are summed up in the end, so that few roundings meet in any number.
    """
    F = dy.shape[-1]
    db, line_sum = np.zeros(F, dy.dtype), np.empty(F, dy.dtype)
    for line in dy.reshape(-1, dy.shape[-2], F):
        line_sum[:] = 0
        places = len(line)
        for j in range(0, places - 3, 4):
            a, b, c, d = line[j], line[j + 1], line[j + 2], line[j + 3]
            for f in range(F):
                line_sum[f] += (a[f] + b[f]) + (c[f] + d[f])
        for j in range(places // 4 * 4, places):
            for f in range(F):
                line_sum[f] += line[j, f]
        db += line_sum
    return db


def choose_engine(x, k, slide):
    """The module that does the work: loops for few channels, fewer products for many, else the plain matrix product."""
    return next((engine for engine in (loops, winograd) if engine.fits(x, k, slide)), im2col)
