"""Every formula of the book as plain loops: the executable specification.

Nothing here is fast and nothing here is clever. The letters are the book's, and
the arrays are channels-last: x (N, H, W, C), k (P, Q, C, F), and for clips
x (N, T, H, W, C), k (R, P, Q, C, F). Arguments are spelled out (stride as one
number per axis, padding as one pair per axis) so that Numba can compile these
very functions (`cnnlib.compiled`). `cnnlib.ops`, with the same files, takes
friendlier arguments, checks them, and must give the same numbers.
"""

from .activations import (
    relu,
    relu_backward,
    sigmoid,
    sigmoid_backward,
    softmax,
    softmax_backward,
    tanh,
    tanh_backward,
)
from .conv import conv2d, conv2d_backward, conv3d, conv3d_backward, convolve, correlate
from .dense import dense, dense_backward
from .losses import cross_entropy, cross_entropy_backward, squared_error, squared_error_backward
from .pool import (
    avg_pool2d,
    avg_pool2d_backward,
    avg_pool3d,
    avg_pool3d_backward,
    max_pool2d,
    max_pool2d_backward,
    max_pool3d,
    max_pool3d_backward,
)
from .resize import neighbours, upsample2d, upsample2d_backward
from .transpose import conv2d_transpose, conv2d_transpose_backward

__all__ = [
    "correlate", "convolve", "conv2d", "conv2d_backward", "conv3d", "conv3d_backward", "conv2d_transpose",
    "conv2d_transpose_backward", "max_pool2d", "max_pool2d_backward", "avg_pool2d", "avg_pool2d_backward", "max_pool3d",
    "max_pool3d_backward", "avg_pool3d", "avg_pool3d_backward", "neighbours", "upsample2d", "upsample2d_backward",
    "dense", "dense_backward", "relu", "relu_backward", "sigmoid", "sigmoid_backward", "tanh", "tanh_backward",
    "softmax", "softmax_backward", "cross_entropy", "cross_entropy_backward", "squared_error", "squared_error_backward",
]
