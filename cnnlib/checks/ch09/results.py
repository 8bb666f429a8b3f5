"""What the checks of chapter 09 share: two numbers come back, and properties that try several cases."""

import contextlib
import io

import numpy as np

from cnnlib.checks.common import fail, same


def two(got):
    """Demand two results: parameters, then FLOP."""
    if not isinstance(got, tuple | list | np.ndarray) or len(got) != 2:
        fail(f"expected two numbers, got {got!r:.60}", "return the parameters, then the FLOP")
    return got


def alike(*arguments):
    """`same` without its line, for a property that tries several cases."""
    with contextlib.redirect_stdout(io.StringIO()):
        same(*arguments)
