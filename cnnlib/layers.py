"""Layers: a few lines each over `cnnlib.ops`, remembering the input of forward for the sake of backward.

Every layer has `build(shape, rng, dtype)`, which makes its parameters and returns its output shape,
`forward(x, training)`, and `backward(dy, need_dx)`, which fills `grads` and returns dx.
Shapes are without the batch axis: (H, W, C) for pictures, (I,) for vectors.
"""

import numpy as np

from . import ops
from .errors import RangeError
from .shapes import fail


class Layer:
    """Base of all layers: no parameters, any shape, output shape equal to input shape."""

    def __init__(self):
        self.params, self.grads, self.x = {}, {}, None

    def build(self, shape, rng, dtype):
        """Make the parameters for inputs of `shape`; return the output shape."""
        return shape

    def settings(self):
        """The arguments that made this layer, for summaries and weight files."""
        return {}

    def __repr__(self):
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in self.settings().items())})"


class Conv2D(Layer):
    """Convolution with `filters` kernels of `size` pixels, see `ops.conv2d`. (N, H, W, C) → (N, H', W', F)."""

    def __init__(self, filters, size, stride=1, padding="valid", dilation=1, groups=1):
        super().__init__()
        self.filters, self.size = filters, (size, size) if isinstance(size, int) else tuple(size)
        self.options = dict(stride=stride, padding=padding, dilation=dilation, groups=groups)

    def build(self, shape, rng, dtype):
        _rank("Conv2D", shape, "HWC")
        (P, Q), C, F, groups = self.size, shape[2], self.filters, self.options["groups"]
        k = glorot_uniform(rng, (P, Q, C // groups, F), P * Q * C // groups, P * Q * F, dtype)
        self.params = {"k": k, "b": np.zeros(F, dtype)}
        return ops.conv2d(np.zeros((1, *shape), dtype), **self.params, **self.options).shape[1:]

    def forward(self, x, training=False):
        self.x = x
        return ops.conv2d(x, **self.params, **self.options)

    def backward(self, dy, need_dx=True):
        dx, dk, db = ops.conv2d_backward(dy, self.x, self.params["k"], **self.options, need_dx=need_dx)
        self.grads = {"k": dk, "b": db}
        return dx

    def settings(self):
        return {"filters": self.filters, "size": self.size, **self.options}


class Dense(Layer):
    """`units` weighted sums of all inputs, see `ops.dense`. (N, I) → (N, O)."""

    def __init__(self, units):
        super().__init__()
        self.units = units

    def build(self, shape, rng, dtype):
        _rank("Dense", shape, "I", "put Flatten() before it")
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


class _Pool(Layer):
    function = backward_function = None

    def __init__(self, window=2, stride=None, padding="valid"):
        super().__init__()
        self.options = dict(window=window, stride=stride, padding=padding)

    def build(self, shape, rng, dtype):
        _rank(type(self).__name__, shape, "HWC")
        return type(self).function(np.zeros((1, *shape), dtype), **self.options).shape[1:]

    def forward(self, x, training=False):
        self.x = x
        return type(self).function(x, **self.options)

    def backward(self, dy, need_dx=True):
        return type(self).backward_function(dy, self.x, **self.options)

    def settings(self):
        return self.options


class MaxPool2D(_Pool):
    """The largest number of each window, see `ops.max_pool2d`. (N, H, W, C) → (N, H', W', C)."""

    function, backward_function = staticmethod(ops.max_pool2d), staticmethod(ops.max_pool2d_backward)


class AvgPool2D(_Pool):
    """The mean of each window, see `ops.avg_pool2d`. (N, H, W, C) → (N, H', W', C)."""

    function, backward_function = staticmethod(ops.avg_pool2d), staticmethod(ops.avg_pool2d_backward)


class Flatten(Layer):
    """Write each example as one vector. (N, H, W, C) → (N, H · W · C), rows first, channels last."""

    def build(self, shape, rng, dtype):
        return (int(np.prod(shape)),)

    def forward(self, x, training=False):
        self.x = x
        return x.reshape(len(x), -1)

    def backward(self, dy, need_dx=True):
        return dy.reshape(self.x.shape)


class _Activation(Layer):
    function = backward_function = None

    def forward(self, x, training=False):
        self.x = x
        return type(self).function(x)

    def backward(self, dy, need_dx=True):
        return type(self).backward_function(dy, self.x)


class ReLU(_Activation):
    """y = max(x, 0)."""

    function, backward_function = staticmethod(ops.relu), staticmethod(ops.relu_backward)


class Sigmoid(_Activation):
    """y = 1 / (1 + e^(−x))."""

    function, backward_function = staticmethod(ops.sigmoid), staticmethod(ops.sigmoid_backward)


class Tanh(_Activation):
    """y = tanh(x)."""

    function, backward_function = staticmethod(ops.tanh), staticmethod(ops.tanh_backward)


class Softmax(_Activation):
    """Probabilities along the last axis. The cross-entropy loss has its own softmax: do not train through both."""

    function, backward_function = staticmethod(ops.softmax), staticmethod(ops.softmax_backward)


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


def glorot_uniform(rng, shape, fan_in, fan_out, dtype="float32"):
    """Random weights in ±√(6 / (fan_in + fan_out)), so that signals neither grow nor fade from layer to layer.

    Source: Glorot and Bengio 2010, "Understanding the difficulty of training deep feedforward neural networks".
    """
    limit = np.sqrt(6 / (fan_in + fan_out))
    return rng.uniform(-limit, limit, shape).astype(dtype)


def _rank(call, shape, axes, hint="give pictures as (N,H,W,C), with C=1 for grey ones"):
    if len(shape) != len(axes):
        fail(call, f"each example needs the axes ({','.join(axes)}), it has shape {tuple(shape)}", hint)
