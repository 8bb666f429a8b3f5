"""Checks of chapter 09: what layers cost and what they see, the Pareto front, the cheapest good point, a network of one's own.

The first four belong to the exercises of the chapter; its assignment repeats them and adds the last.
"""

from .assignment_network import own_cost, own_words
from .choices import choose, pareto
from .costs import receptive_field, stack_cost

__all__ = ["stack_cost", "receptive_field", "pareto", "choose", "own_words", "own_cost"]
