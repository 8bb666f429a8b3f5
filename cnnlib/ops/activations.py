"""Activations: functions applied number by number, and the softmax. Each forward stands next to its backward.

Backward functions take the upstream gradient dy and the *input* x of the forward call, never its output.
"""

import numpy as np

from ..shapes import any_axes, check_array, check_same_shape


def relu(x):
    """Rectifier y = max(x, 0); any shape.

    >>> relu(np.array([-1., 0., 2.]))
    array([0., 0., 2.])
    """
    return np.maximum(_checked("relu", x), 0)


def relu_backward(dy, x):
    """dx = dy where x > 0, else 0 (at x = 0 the slope is taken as 0)."""
    return _upstream("relu_backward", dy, x) * (x > 0)


def sigmoid(x):
    """Logistic function y = 1 / (1 + e^(−x)), any shape, without overflow.

    >>> sigmoid(np.array([0., -1000.]))
    array([0.5, 0. ])
    """
    return 0.5 + 0.5 * np.tanh(0.5 * _checked("sigmoid", x))


def sigmoid_backward(dy, x):
    """dx = dy · y · (1 − y) with y = sigmoid(x)."""
    y = sigmoid(x)
    return _upstream("sigmoid_backward", dy, x) * y * (1 - y)


def tanh(x):
    """Hyperbolic tangent, any shape."""
    return np.tanh(_checked("tanh", x))


def tanh_backward(dy, x):
    """dx = dy · (1 − tanh(x)²)."""
    return _upstream("tanh_backward", dy, x) * (1 - np.tanh(x) ** 2)


def softmax(x):
    """Scores to probabilities along the last axis: y = e^(x − m) / Σ e^(x − m), m the largest score.

    x (…, C) → y (…, C); each row of y sums to 1.

    >>> softmax(np.array([[0., np.log(3.)], [1000., 1000.]]))
    array([[0.25, 0.75],
           [0.5 , 0.5 ]])
    """
    e = np.exp(_checked("softmax", x) - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def softmax_backward(dy, x):
    """dx = y · (dy − Σ_c dy(c) · y(c)) with y = softmax(x); rows along the last axis."""
    y = softmax(x)
    return y * (_upstream("softmax_backward", dy, x) - (dy * y).sum(-1, keepdims=True))


def _checked(call, x):
    return check_array(call, "x", x, any_axes(x))


def _upstream(call, dy, x):
    check_same_shape(call, "dy", dy, _checked(call, x).shape, any_axes(x))
    return dy
