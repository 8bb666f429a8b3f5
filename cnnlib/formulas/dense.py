"""The dense layer as plain loops."""

import numpy as np


def dense(x, w, b):
    """Dense layer: y(n, o) = Σ_i x(n, i) · w(i, o) + b(o).

    x (N, I), w (I, O), b (O,) → y (N, O).

    >>> dense(np.array([[1., 2.]]), np.array([[3.], [4.]]), np.array([0.5]))
    array([[11.5]])
    """
    N, I = x.shape
    O = w.shape[1]
    y = np.zeros((N, O), x.dtype)
    for n in range(N):
        for o in range(O):
            y[n, o] = b[o]
            for i in range(I):
                y[n, o] += x[n, i] * w[i, o]
    return y


def dense_backward(dy, x, w):
    """Gradients of `dense`: dx = Σ_o dy · w, dw = Σ_n dy · x, db = Σ_n dy.

    dy (N, O), x (N, I), w (I, O) → dx like x, dw like w, db (O,).
    """
    N, I = x.shape
    O = w.shape[1]
    dx, dw, db = np.zeros_like(x), np.zeros_like(w), np.zeros(O, x.dtype)
    for n in range(N):
        for o in range(O):
            db[o] += dy[n, o]
            for i in range(I):
                dx[n, i] += dy[n, o] * w[i, o]
                dw[i, o] += dy[n, o] * x[n, i]
    return dx, dw, db
