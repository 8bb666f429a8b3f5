"""Activations as plain loops."""

import numpy as np


def relu(x):
    """Rectifier: y = max(x, 0), number by number; any shape."""
    y = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        y[i] = max(x[i], 0)
    return y


def relu_backward(dy, x):
    """Gradient of `relu`: dy where the input x is positive, else 0."""
    dx = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        if x[i] > 0:
            dx[i] = dy[i]
    return dx


def sigmoid(x):
    """Logistic function y = 1 / (1 + e^(−x)), as a tanh that cannot overflow."""
    y = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        y[i] = 0.5 + 0.5 * np.tanh(0.5 * x[i])
    return y


def sigmoid_backward(dy, x):
    """Gradient of `sigmoid`: dx = dy · y · (1 − y)."""
    y, dx = sigmoid(x), np.zeros_like(x)
    for i in np.ndindex(x.shape):
        dx[i] = dy[i] * y[i] * (1 - y[i])
    return dx


def tanh(x):
    """Hyperbolic tangent, number by number."""
    y = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        y[i] = np.tanh(x[i])
    return y


def tanh_backward(dy, x):
    """Gradient of `tanh`: dx = dy · (1 − y²)."""
    dx = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        dx[i] = dy[i] * (1 - np.tanh(x[i]) ** 2)
    return dx


def softmax(x):
    """Scores to probabilities, row by row.

    y(n, c) = e^(x(n, c) − m) / Σ_k e^(x(n, k) − m), m the largest of row n

    Subtracting m changes nothing on paper and keeps e^x finite.
    x (N, C) → y (N, C).

    >>> softmax(np.array([[0., np.log(3.)]]))
    array([[0.25, 0.75]])
    """
    N, C = x.shape
    y = np.zeros_like(x)
    for n in range(N):
        largest = np.max(x[n])
        total = 0.0
        for c in range(C):
            total += np.exp(x[n, c] - largest)
        for c in range(C):
            y[n, c] = np.exp(x[n, c] - largest) / total
    return y


def softmax_backward(dy, x):
    """Gradient of `softmax`.

    dx(n, c) = y(n, c) · (dy(n, c) − Σ_k dy(n, k) · y(n, k))
    """
    N, C = x.shape
    y = softmax(x)
    dx = np.zeros_like(x)
    for n in range(N):
        mean = 0.0
        for k in range(C):
            mean += dy[n, k] * y[n, k]
        for c in range(C):
            dx[n, c] = y[n, c] * (dy[n, c] - mean)
    return dx
