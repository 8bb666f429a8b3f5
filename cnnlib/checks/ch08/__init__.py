"""Checks of chapter 08: networks counted, labels and losses, digits made like MNIST's, weights moved, luck measured.

The first three belong to the exercises of the chapter, the others to its assignment.
"""

from .assignment_digits import standardised
from .assignment_networks import channels_first, described
from .assignment_scores import accuracies, margin, soft_labels, soft_loss
from .chapter import centre, mass, network_parameters, score
from .own import own_network, own_words

__all__ = [
    "network_parameters", "score", "centre", "mass", "described", "soft_labels", "soft_loss", "accuracies", "standardised",
    "channels_first", "margin", "own_words", "own_network",
]
