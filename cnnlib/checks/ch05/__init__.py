"""Checks for chapter 05, Backpropagation: four exercises of the chapter, then those of its assignment alone."""

from .assignment import avg_pool_backward, gradient_error, leaky_relu_backward, row_backward, weighted_cross_entropy_backward
from .chapter import correlate_backward, cross_entropy_backward, dense_backward, slopes

__all__ = [
    "dense_backward", "slopes", "correlate_backward", "cross_entropy_backward", "leaky_relu_backward", "avg_pool_backward",
    "row_backward", "gradient_error", "weighted_cross_entropy_backward",
]
