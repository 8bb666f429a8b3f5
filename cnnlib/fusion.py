"""Find layers in a row that can run as one: Conv2D, ReLU and, where it follows, MaxPool2D.

The layers stay what they are: the fused step borrows the convolution's parameters and fills its gradients. Only what
passed between the three is no longer stored.
"""

from . import layers as L
from .ops import fused
from .shapes import per_axis


class ConvReLUMaxPool:
    """One step in place of three layers, see `ops.fused`. Without a pooling layer its window is one pixel."""

    def __init__(self, conv, pool=None):
        self.conv, self.x, self.winners = conv, None, None
        options = {"window": 1, "stride": None} if pool is None else pool.options
        self.options = dict(conv.options, window=options["window"], pool_stride=options["stride"])

    def forward(self, x, training=False):
        self.x = x
        y, self.winners = fused.conv2d_relu_max_pool2d(x, **self.conv.params, **self.options)
        return y

    def backward(self, dy, need_dx=True):
        dx, dk, db = fused.conv2d_relu_max_pool2d_backward(dy, self.winners, self.x, self.conv.params["k"], **self.options,
                                                           need_dx=need_dx)
        self.conv.grads = {"k": dk, "b": db}
        return dx


def fuse(layers):
    """The steps that compute the same as `layers`, with every Conv2D, ReLU (, MaxPool2D) in a row made one step.

    Only these very classes are joined: a layer of one's own, derived from them, runs as it is written.
    """
    steps, rest = [], list(layers)
    while rest:
        kinds = [type(layer) for layer in rest[:3]]
        if kinds[:2] == [L.Conv2D, L.ReLU]:
            pool = rest[2] if kinds[2:] == [L.MaxPool2D] and _fits(rest[2]) else None
            steps.append(ConvReLUMaxPool(rest[0], pool))
            del rest[:2 if pool is None else 3]
        else:
            steps.append(rest.pop(0))
    return steps


def _fits(pool):
    """The fused kernel pools without padding and keeps the winning place in one byte."""
    height, width = per_axis("fuse", "window", pool.options["window"])
    return pool.options["padding"] == "valid" and height * width <= fused.CLOSED
