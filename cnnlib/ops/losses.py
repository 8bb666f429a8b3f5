"""Losses: one number that says how wrong a batch of predictions is, and its gradient."""

import numpy as np

from ..errors import DtypeError, RangeError
from ..shapes import any_axes, check_array, check_same_shape, describe, fail
from .activations import softmax


def cross_entropy(logits, labels):
    """Mean surprise at the true class: L = −(1 / N) Σ_n Σ_c t(n, c) · log softmax(logits)(n, c), in nats.

    logits (N, C): scores before the softmax. labels: whole numbers (N,) in 0 … C − 1, or rows t (N, C) of
    probabilities such as one-hot rows. Returns one number.

    Raises
    ------
    ShapeError  labels that do not match the logits
    RangeError  a label outside 0 … C − 1, or a row of probabilities that is negative or does not sum to 1
    DtypeError  labels (N,) that are not whole numbers

    >>> float(cross_entropy(np.zeros((2, 10)), np.array([3, 7]))).__round__(4)   # log 10
    2.3026
    """
    target = _targets("cross_entropy", logits, labels)
    shifted = logits - logits.max(-1, keepdims=True)
    log_probability = shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))
    return -np.where(target > 0, target * log_probability, 0).sum() / len(logits)


def cross_entropy_backward(dy, logits, labels):
    """dlogits = (softmax(logits) − t) · dy / N, for the scalar upstream dy.

    logits (N, C), labels as `cross_entropy` → dlogits (N, C).
    """
    target = _targets("cross_entropy_backward", logits, labels)
    return (softmax(logits) - target) * np.asarray(dy / len(logits), logits.dtype)


def squared_error(prediction, target):
    """Mean squared error over all M numbers: L = (1 / M) Σ (prediction − target)²; equal shapes.

    >>> float(squared_error(np.array([[1., 2.]]), np.array([[0., 4.]])))
    2.5
    """
    _same("squared_error", prediction, target)
    return np.mean((prediction - target) ** 2)


def squared_error_backward(dy, prediction, target):
    """dprediction = 2 · (prediction − target) · dy / M, for the scalar upstream dy."""
    _same("squared_error_backward", prediction, target)
    return (prediction - target) * np.asarray(2 * dy / prediction.size, prediction.dtype)


def _targets(call, logits, labels):
    """Check labels and write them as rows of probabilities (N, C)."""
    check_array(call, "logits", logits, "NC")
    N, C = logits.shape
    labels = np.asarray(labels)
    shown = describe("logits", logits, "NC"), describe("labels", labels, "NC" if labels.ndim == 2 else "N")
    if labels.shape == (N, C):
        if labels.min() < 0 or not np.allclose(labels.sum(-1), 1, atol=1e-4):
            fail(call, "rows of labels must be probabilities: no negative number, sum 1", *shown,
                 "pass one-hot rows, or whole numbers (N,)", error=RangeError)
        return labels.astype(logits.dtype)
    if labels.shape != (N,):
        fail(call, "labels do not match the logits", *shown, f"expected ({N},) whole numbers or ({N}, {C}) probabilities")
    if labels.dtype.kind not in "iu":
        fail(call, f"labels hold {labels.dtype}, not whole numbers", *shown, "convert with labels.astype(int)",
             error=DtypeError)
    if labels.min() < 0 or labels.max() >= C:
        fail(call, f"labels run from {labels.min()} to {labels.max()}, allowed is 0 … {C - 1}", *shown,
             f"renumber the classes, or make the network end in {labels.max() + 1} outputs", error=RangeError)
    return np.eye(C, dtype=logits.dtype)[labels]


def _same(call, prediction, target):
    letters = any_axes(prediction)
    check_array(call, "prediction", prediction, letters)
    check_same_shape(call, "target", target, prediction.shape, letters)
