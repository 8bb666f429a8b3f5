"""Checks of chapter 03: pooling, its gradients, the receptive field, and a pool of one's own."""

from .assignment import avg_pool2d_backward, dilated_field, pool_layer, shared_backward
from .chapter import avg_pool2d, max_pool2d, max_pool2d_backward, receptive_field
from .own import own_pool, own_words

__all__ = [
    "max_pool2d", "avg_pool2d", "receptive_field", "max_pool2d_backward", "dilated_field", "pool_layer", "shared_backward",
    "avg_pool2d_backward", "own_words", "own_pool",
]
