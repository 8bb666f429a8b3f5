"""Layers that make pictures and clips smaller or larger, with nothing to learn."""

from .. import ops
from .base import Operation


class _Pool(Operation):
    def __init__(self, window=2, stride=None, padding="valid"):
        super().__init__(window=window, stride=stride, padding=padding)


class MaxPool2D(_Pool):
    """The largest number of each window, see `ops.max_pool2d`. (N, H, W, C) → (N, H', W', C)."""

    axes, function, backward_function = "HWC", staticmethod(ops.max_pool2d), staticmethod(ops.max_pool2d_backward)


class AvgPool2D(_Pool):
    """The mean of each window, see `ops.avg_pool2d`. (N, H, W, C) → (N, H', W', C)."""

    axes, function, backward_function = "HWC", staticmethod(ops.avg_pool2d), staticmethod(ops.avg_pool2d_backward)


class MaxPool3D(_Pool):
    """The largest number of each window (frames, rows, columns), see `ops.max_pool3d`. (N, T, H, W, C) → (N, T', H', W', C)."""

    axes, function, backward_function = "THWC", staticmethod(ops.max_pool3d), staticmethod(ops.max_pool3d_backward)


class AvgPool3D(_Pool):
    """The mean of each window (frames, rows, columns), see `ops.avg_pool3d`. (N, T, H, W, C) → (N, T', H', W', C)."""

    axes, function, backward_function = "THWC", staticmethod(ops.avg_pool3d), staticmethod(ops.avg_pool3d_backward)


class UpSampling2D(Operation):
    """Pictures `factor` times as high and wide, see `ops.upsample2d`. (N, H, W, C) → (N, H·s, W·s, C)."""

    axes, function, backward_function = "HWC", staticmethod(ops.upsample2d), staticmethod(ops.upsample2d_backward)

    def __init__(self, factor=2, method="nearest"):
        super().__init__(factor=factor, method=method)
