"""What all layers share."""

import numpy as np

from ..shapes import fail


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


class Operation(Layer):
    """A layer with nothing to learn: it calls `function` and `backward_function` of `ops` with its options.

    `axes` are those of one example, None for any.
    """

    axes = function = backward_function = None

    def __init__(self, **options):
        super().__init__()
        self.options = options

    def build(self, shape, rng, dtype):
        if self.axes:
            check_rank(type(self).__name__, shape, self.axes)
        return type(self).function(np.zeros((1, *shape), dtype), **self.options).shape[1:]

    def forward(self, x, training=False):
        self.x = x
        return type(self).function(x, **self.options)

    def backward(self, dy, need_dx=True):
        return type(self).backward_function(dy, self.x, **self.options)

    def settings(self):
        return self.options


def glorot_uniform(rng, shape, fan_in, fan_out, dtype="float32"):
    """Random weights in ±√(6 / (fan_in + fan_out)), so that signals neither grow nor fade from layer to layer.

    Source: Glorot and Bengio 2010, "Understanding the difficulty of training deep feedforward neural networks".
    """
    limit = np.sqrt(6 / (fan_in + fan_out))
    return rng.uniform(-limit, limit, shape).astype(dtype)


def check_rank(call, shape, axes, hint=None):
    """Demand examples with one axis per letter."""
    if len(shape) != len(axes):
        kind = "clips" if "T" in axes else "pictures"
        hint = hint or f"give {kind} as (N,{','.join(axes)}), with C=1 for grey ones"
        fail(call, f"each example needs the axes ({','.join(axes)}), it has shape {tuple(shape)}", hint)
