"""Checks for chapter 06, Training from scratch: four exercises of the chapter, then those of its assignment alone."""

from .assignment import early_stopping, even_batches, learning_rate, penalised_step, precision, train_softmax
from .chapter import adam_step, batches, confusion_counts, momentum_step

__all__ = [
    "confusion_counts", "batches", "momentum_step", "adam_step", "precision", "even_batches", "penalised_step",
    "learning_rate", "early_stopping", "train_softmax",
]
