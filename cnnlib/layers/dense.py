"""Layers of vectors: flatten, weigh, drop."""

import numpy as np

from .. import ops
from ..errors import RangeError
from .base import Layer, check_rank, glorot_uniform


class Flatten(Layer):
    """Write each example as one vector. (N, H, W, C) → (N, H · W · C), rows first, channels last."""

    def build(self, shape, rng, dtype):
        return (int(np.prod(shape)),)

    def forward(self, x, training=False):
        self.x = x
        return x.reshape(len(x), -1)

    def backward(self, dy, need_dx=True):
        return dy.reshape(self.x.shape)


class Dense(Layer):
    """`units` weighted sums of all inputs, see `ops.dense`. (N, I) → (N, O)."""

    def __init__(self, units):
        super().__init__()
        self.units = units

    def build(self, shape, rng, dtype):
        check_rank("Dense", shape, "I", "put Flatten() before it")
        self.params = {"w": glorot_uniform(rng, (shape[0], self.units), shape[0], self.units, dtype),
                       "b": np.zeros(self.units, dtype)}
        return (self.units,)

    def forward(self, x, training=False):
        self.x = x
        return ops.dense(x, **self.params)

    def backward(self, dy, need_dx=True):
        dx, dw, db = ops.dense_backward(dy, self.x, self.params["w"])
        self.grads = {"w": dw, "b": db}
        return dx

    def settings(self):
        return {"units": self.units}


class Dropout(Layer):
    """While training, set a random share `rate` of the numbers to 0 and divide the rest by 1 − rate.

    Source: Srivastava et al. 2014, "Dropout: a simple way to prevent neural networks from overfitting".
    """

    def __init__(self, rate):
        super().__init__()
        if not 0 <= rate < 1:
            raise RangeError(f"Dropout: rate={rate!r} · it must lie in [0, 1)")
        self.rate, self.mask = rate, None

    def build(self, shape, rng, dtype):
        self.rng = rng
        return shape

    def forward(self, x, training=False):
        self.mask = None
        if not training or self.rate == 0:
            return x
        keep = self.rng.random(x.shape, dtype=x.dtype) >= self.rate
        self.mask = keep / np.asarray(1 - self.rate, x.dtype)
        return x * self.mask

    def backward(self, dy, need_dx=True):
        return dy if self.mask is None else dy * self.mask

    def settings(self):
        return {"rate": self.rate}
