"""Checks of chapter 04: dense layer, softmax, cross-entropy, and the exercises of its assignment."""

from .assignment import baseline, masked_softmax, picture_dense, soft_cross_entropy, temperature_for
from .chapter import cross_entropy, dense, softmax

__all__ = [
    "dense", "softmax", "cross_entropy", "picture_dense", "masked_softmax", "soft_cross_entropy", "baseline",
    "temperature_for",
]
