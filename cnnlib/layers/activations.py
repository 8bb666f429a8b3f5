"""Activation layers: a function of each number, and the softmax."""

from .. import ops
from .base import Operation


class ReLU(Operation):
    """y = max(x, 0)."""

    function, backward_function = staticmethod(ops.relu), staticmethod(ops.relu_backward)


class Sigmoid(Operation):
    """y = 1 / (1 + e^(−x))."""

    function, backward_function = staticmethod(ops.sigmoid), staticmethod(ops.sigmoid_backward)


class Tanh(Operation):
    """y = tanh(x)."""

    function, backward_function = staticmethod(ops.tanh), staticmethod(ops.tanh_backward)


class Softmax(Operation):
    """Probabilities along the last axis. The cross-entropy loss has its own softmax: do not train through both."""

    function, backward_function = staticmethod(ops.softmax), staticmethod(ops.softmax_backward)
