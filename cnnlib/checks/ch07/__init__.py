"""Checks of chapter 07: products, operations and bytes counted, im2col and its transpose, fewer products, times compared.

The first four belong to the exercises of the chapter, the others to its assignment.
"""

from .assignment_counts import layer_counts, products, rounds, shortest_time
from .assignment_windows import fold_strided, in_blocks, row_outputs, unfold_strided
from .chapter import Counted, fold, four_products, multiplications, unfold

__all__ = [
    "multiplications", "unfold", "fold", "four_products", "Counted", "products", "layer_counts", "shortest_time",
    "unfold_strided", "fold_strided", "in_blocks", "row_outputs", "rounds",
]
