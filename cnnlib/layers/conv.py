"""Layers with kernels that slide over pictures and clips."""

from math import prod

import numpy as np

from .. import ops
from .base import Layer, check_rank, glorot_uniform


class _Conv(Layer):
    axes = function = backward_function = None

    def __init__(self, filters, size, **options):
        super().__init__()
        self.filters, self.options = filters, options
        self.size = (size,) * (len(self.axes) - 1) if isinstance(size, int) else tuple(size)

    def kernel_shape(self, C):
        """Shape of the kernels for C channels coming in."""
        return *self.size, C // self.options["groups"], self.filters

    def build(self, shape, rng, dtype):
        check_rank(type(self).__name__, shape, self.axes)
        kernel = self.kernel_shape(shape[-1])
        k = glorot_uniform(rng, kernel, prod(kernel[:-1]), prod(self.size) * kernel[-1], dtype)
        self.params = {"k": k, "b": np.zeros(self.filters, dtype)}
        return type(self).function(np.zeros((1, *shape), dtype), **self.params, **self.options).shape[1:]

    def forward(self, x, training=False):
        self.x = x
        return type(self).function(x, **self.params, **self.options)

    def backward(self, dy, need_dx=True):
        dx, dk, db = type(self).backward_function(dy, self.x, self.params["k"], **self.options, need_dx=need_dx)
        self.grads = {"k": dk, "b": db}
        return dx

    def settings(self):
        return {"filters": self.filters, "size": self.size, **self.options}


class Conv2D(_Conv):
    """Convolution with `filters` kernels of `size` pixels, see `ops.conv2d`. (N, H, W, C) → (N, H', W', F)."""

    axes, function, backward_function = "HWC", staticmethod(ops.conv2d), staticmethod(ops.conv2d_backward)

    def __init__(self, filters, size, stride=1, padding="valid", dilation=1, groups=1):
        super().__init__(filters, size, stride=stride, padding=padding, dilation=dilation, groups=groups)


class Conv3D(_Conv):
    """Convolution over time and space, `size` (frames, rows, columns), see `ops.conv3d`.

    (N, T, H, W, C) → (N, T', H', W', F). With padding="causal" no output frame sees a later input frame.
    """

    axes, function, backward_function = "THWC", staticmethod(ops.conv3d), staticmethod(ops.conv3d_backward)

    def __init__(self, filters, size, stride=1, padding="valid", dilation=1, groups=1):
        super().__init__(filters, size, stride=stride, padding=padding, dilation=dilation, groups=groups)


class Conv2DTranspose(_Conv):
    """Each number stamps a kernel of `size` pixels onto a larger picture, see `ops.conv2d_transpose`.

    (N, H, W, C) → (N, H', W', F). With padding="same" the picture grows by exactly the stride.
    """

    axes, function = "HWC", staticmethod(ops.conv2d_transpose)
    backward_function = staticmethod(ops.conv2d_transpose_backward)

    def __init__(self, filters, size, stride=1, padding="valid"):
        super().__init__(filters, size, stride=stride, padding=padding)

    def kernel_shape(self, C):
        return *self.size, self.filters, C
