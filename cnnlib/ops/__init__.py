"""The fast versions of the formulas: arrays in, arrays out, no hidden state; each forward beside its backward."""

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
from .conv import conv2d, conv2d_backward, conv3d, conv3d_backward
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
from .resize import upsample2d, upsample2d_backward
from .transpose import conv2d_transpose, conv2d_transpose_backward

__all__ = [
    "avg_pool2d", "avg_pool2d_backward", "avg_pool3d", "avg_pool3d_backward", "conv2d", "conv2d_backward",
    "conv2d_transpose", "conv2d_transpose_backward", "conv3d", "conv3d_backward", "cross_entropy", "cross_entropy_backward",
    "dense", "dense_backward", "max_pool2d", "max_pool2d_backward", "max_pool3d",
    "max_pool3d_backward", "relu", "relu_backward", "sigmoid", "sigmoid_backward", "softmax", "softmax_backward",
    "squared_error", "squared_error_backward", "tanh", "tanh_backward", "upsample2d", "upsample2d_backward",
]
