"""Losses as plain loops."""

import numpy as np

from .activations import softmax


def cross_entropy(logits, labels):
    """Mean surprise at the true class, in nats.

    L = −(1 / N) Σ_n log softmax(logits)(n, labels(n))

    The logarithm is written out, x − m − log Σ e^(x − m), so that it never
    meets a zero. logits (N, C), labels (N,) in 0 … C − 1 → one number.

    >>> loss = cross_entropy(np.array([[0., np.log(3.)]]), np.array([0]))
    >>> round(float(loss), 4)   # log 4
    1.3863
    """
    N, C = logits.shape
    loss = 0.0
    for n in range(N):
        largest = np.max(logits[n])
        total = 0.0
        for c in range(C):
            total += np.exp(logits[n, c] - largest)
        loss += np.log(total) - (logits[n, labels[n]] - largest)
    return loss / N


def cross_entropy_backward(dy, logits, labels):
    """Gradient of `cross_entropy`: (softmax − 1 at the true class) · dy / N.

    dy one number, logits (N, C), labels (N,) → dlogits (N, C).
    """
    N = logits.shape[0]
    dlogits = softmax(logits)
    for n in range(N):
        dlogits[n, labels[n]] -= 1
    return dlogits * np.array(dy / N, logits.dtype)


def squared_error(prediction, target):
    """Mean squared error over all M numbers: (1 / M) Σ (prediction − target)²."""
    loss = 0.0
    for i in np.ndindex(prediction.shape):
        loss += (prediction[i] - target[i]) ** 2
    return loss / prediction.size


def squared_error_backward(dy, prediction, target):
    """Gradient of `squared_error`: 2 · (prediction − target) · dy / M."""
    d = np.zeros_like(prediction)
    for i in np.ndindex(prediction.shape):
        d[i] = 2 * (prediction[i] - target[i]) * dy / prediction.size
    return d
