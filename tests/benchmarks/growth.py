"""How the time of a convolution, forward and backward, grows with its batch, its image size and its channels.

Each is made 2, 4, 8 and 16 times as large. On axes of logarithms the points of time = constant · size^slope lie on a
line; the slope is that of the line of least squares. Work that grows with the size has slope 1; channels count for
inputs and kernels alike, so that their work has slope 2. A smaller slope means that something does not grow.
"""

import numpy as np

from .operations import TOLERANCE, Operation
from .pairs import rounded, row
from .shapes import square
from .workers import PEERS, Team

FACTORS = (1, 2, 4, 8, 16)
SHAPES = {
    "batch": [square(4 * factor, 28, 32, 32, 3, 1, "same") for factor in FACTORS],
    "pixels": [square(8, round(28 * factor**0.5), 32, 32, 3, 1, "same") for factor in FACTORS],
    "channels": [square(8, 28, 8 * factor, 8 * factor, 3, 1, "same") for factor in FACTORS],
}


def slope(factors, values):
    """The exponent of the power law that fits best: the slope of the line of least squares through the logarithms.

    A time that grows with the square of the size has the slope 2.
    """
    return float(np.polyfit(np.log(factors), np.log(values), 1)[0])


def measure(show):
    """One entry per quantity: the times at each factor and the slope of each library, and of the work itself."""
    found = []
    with Team() as team:
        for what, shapes in SHAPES.items():
            times = {name: [] for name in ("cnnlib", *PEERS)}
            for shape in shapes:
                tasks = {name: (name, Operation(shape, "both")) for name in times}
                for name, ms in row(team, tasks, TOLERANCE, str(shape))["ms"].items():
                    times[name].append(ms)
            work = [shape.products for shape in shapes]
            slopes = {name: rounded(slope(FACTORS, ms), 3) for name, ms in times.items()}
            found.append({"name": what, "first": str(shapes[0]), "last": str(shapes[-1]), "factors": FACTORS,
                          "milliseconds": times, "slope": slopes | {"work": rounded(slope(FACTORS, work), 3)}})
            show(found[-1])
    return found
