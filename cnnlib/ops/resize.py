"""Enlarging pictures a whole number of times: nearest repeats pixels, bilinear blends neighbours.

Both treat rows and columns one after the other. Along one axis, bilinear is a product with a small matrix: row i of it
holds the shares of the input pixels in output pixel i. The backward pass is the product with its transpose.
"""

import numpy as np

from ..errors import RangeError
from ..shapes import check_array, check_same_shape, fail, per_axis
from ..threads import over_parts

METHODS = ("nearest", "bilinear")


def upsample2d(x, factor=2, method="nearest"):
    """Enlarge a batch of pictures, as keras.layers.UpSampling2D does.

    nearest: y(n, i, j, c) = x(n, ⌊i / s⌋, ⌊j / s⌋, c)
    bilinear: pixel i of y lies at (i + ½) / s − ½ of x and blends the two pixels around this place, the nearer one
    more; likewise j. Beyond the border the last pixel is continued.

    x (N, H, W, C) → y (N, H·s, W·s, C). `factor` s is a number, or a pair for rows and columns. Bilinear needs
    finite numbers.

    Raises
    ------
    ShapeError  wrong number of axes, an empty axis
    DtypeError  whole numbers or half precision
    RangeError  a factor that is no whole number ≥ 1, an unknown method

    >>> x = np.array([0., 8.]).reshape(1, 1, 2, 1)
    >>> upsample2d(x, (1, 2)).ravel(), upsample2d(x, (1, 2), "bilinear").ravel()
    (array([0., 0., 8., 8.]), array([0., 2., 6., 8.]))
    """
    (_, H, W, _), (si, sj) = _check("upsample2d", x, factor, method)
    if method == "nearest":
        return x.repeat(sj, axis=2).repeat(si, axis=1)
    return _multiply_in(interpolation_matrix(H, si, x.dtype), interpolation_matrix(W, sj, x.dtype), x)


def upsample2d_backward(dy, x, factor=2, method="nearest"):
    """Gradient of `upsample2d`: each dy returns to the pixels it was blended from, by their shares.

    dy (N, H·s, W·s, C), x (N, H, W, C) → dx like x.
    """
    (N, H, W, C), (si, sj) = _check("upsample2d_backward", x, factor, method)
    check_same_shape("upsample2d_backward", "dy", dy, (N, H * si, W * sj, C), "NHWC")
    if method == "nearest":
        rows = sum(dy[:, p::si] for p in range(si))
        return sum(rows[:, :, q::sj] for q in range(sj))
    return _multiply_in(interpolation_matrix(H, si, dy.dtype).T, interpolation_matrix(W, sj, dy.dtype).T, dy)


def interpolation_matrix(size, factor, dtype="float64"):
    """Shares a (size · factor, size) of the input pixels in the output pixels of a bilinearly enlarged line.

    >>> interpolation_matrix(2, 2)
    array([[1.  , 0.  ],
           [0.75, 0.25],
           [0.25, 0.75],
           [0.  , 1.  ]])
    """
    rows = np.arange(size * factor)
    place = ((rows + 0.5) / factor - 0.5).clip(0, size - 1)
    first = place.astype(int)
    a = np.zeros((size * factor, size), dtype)
    a[rows, first] = 1 - (place - first)
    a[rows, np.minimum(first + 1, size - 1)] += place - first
    return a


def _multiply_in(a, b, x):
    """y(n, i, j, c) = Σ_u Σ_v a(i, u) · b(j, v) · x(n, u, v, c), rows first, then columns."""
    N, H, W, C = x.shape
    y = np.empty((N, len(a), len(b), C), x.dtype)

    def work(part):
        tall = np.matmul(a, x[part].reshape(-1, H, W * C)).reshape(-1, len(a), W, C)
        np.matmul(b, tall, out=y[part])

    over_parts(work, N)
    return y


def _check(call, x, factor, method):
    check_array(call, "x", x, "NHWC")
    if method not in METHODS:
        fail(call, f"method={method!r}", f"choose one of {', '.join(METHODS)}", error=RangeError)
    return x.shape, per_axis(call, "factor", factor)
