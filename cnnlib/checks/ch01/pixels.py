"""Grey levels compared: how far apart two pictures are, the nearest whole number, the type uint8."""

import numpy as np

from cnnlib.checks.common import fail, numbers, ok


def _apart(a, b):
    """Mean absolute difference of two pictures, in grey levels."""
    return np.abs(a.astype(float) - b).mean()


def _nearest(got, exact, property, look, room=0.5):
    """Demand the nearest whole number to each exact mixture; of two equally near ones either will do."""
    off = np.abs(got - exact).max()
    if not off <= 128:
        fail(f"{property}: a pixel is off by {off:.0f} grey levels", "mix in float; uint8 sums wrap around")
    if off > 1:
        fail(f"{property}: a pixel is off by {off:.0f} grey levels", look)
    if off > room + 1e-6:
        fail(f"{property}: a pixel is off by {off:.2f} grey levels, at most 0.5 is left by rounding",
             "round to the nearest whole number before you turn the mixture into uint8; astype cuts off")  # fmt: skip


def _pixels(got, true, property, room=0.01):
    """Demand uint8, of a result that is right."""
    array = numbers(got, property)
    if array.shape != np.shape(true) or not (np.abs(array - np.asarray(true, float)) <= room).all():
        fail(f"{property}: the type of a wrong answer does not count", "first make the numbers right")
    if array.dtype != np.uint8:
        fail(f"{property}: it is {array.dtype}", "end with .astype(np.uint8)")
    ok(property)
