"""A pool of one's own: its numbers are drawn from the student's name."""

import numpy as np

from cnnlib import formulas
from cnnlib.checks.common import call, close, numbers, same
from cnnlib.checks.points import draw, part, rng

from .grey import NONE


def _own_numbers(student):
    """Return the numbers of one student's own pool: window, stride, border, and the weights of largest, smallest and mean."""
    window = draw(student, "window", [(2, 3), (3, 2), (2, 4), (4, 2), (3, 4), (4, 3)])
    stride = draw(student, "stride", [(1, 2), (2, 1), (2, 3), (3, 2), (1, 3), (3, 1)])
    border = draw(student, "rows", [(0, 1), (1, 0)]), draw(student, "columns", [(0, 1), (1, 0)])  # lopsided for everyone
    weights = tuple(draw(student, name, range(2, 14)) for name in ("largest", "smallest", "mean"))
    return window, stride, border, weights


def own_words(student):
    """Return one student's own pool in words, to be written as a function.

    >>> print(own_words("learner"))
    The pool of learner:
    Windows of 3 rows and 2 columns. The next window lies 2 down or 1 to the right.
    Empty places around the picture: 1 above, 0 below, 1 on the left, 0 on the right.
    From the pixels of a window that lie inside the picture:
        10 · the largest − 11 · the smallest + 13 · the mean
    """
    (P, Q), (down, right), ((top, bottom), (before, after)), (largest, smallest, mean) = _own_numbers(student)
    return (
        f"The pool of {student}:\n"
        f"Windows of {P} rows and {Q} columns. The next window lies {down} down or {right} to the right.\n"
        f"Empty places around the picture: {top} above, {bottom} below, {before} on the left, {after} on the right.\n"
        f"From the pixels of a window that lie inside the picture:\n"
        f"    {largest} · the largest − {smallest} · the smallest + {mean} · the mean"
    )


def own_pool(student):
    """Return the check of `own_pool(x)` for one student: x (H, W) under the pool of `own_words`."""
    window, stride, border, weights = _own_numbers(student)

    def right(x, window=window, stride=stride, border=border, weights=weights):
        x, settings = x[None, :, :, None], (window, stride, border)
        high, low = formulas.max_pool2d(x, *settings), -formulas.max_pool2d(-x, *settings)
        return (weights[0] * high - weights[1] * low + weights[2] * formulas.avg_pool2d(x, *settings))[0, :, :, 0]

    def size(rows, columns, spare=(0, 0)):
        """Height and width of a picture with so many windows; without spare pixels the last window ends with the border."""
        places = zip((rows, columns), window, stride, border, spare, strict=True)
        return tuple(P + s * (n - 1) - sum(b) + more for n, P, s, b, more in places)

    def check(function):
        draws = rng(15)
        mirror = draws.normal(size=size(3, 4))
        mirror += mirror[::-1] + mirror[:, ::-1] + mirror[::-1, ::-1]
        cases = {
            "a picture that is its own mirror image": (mirror, "window, steps and weights; the place of the border comes next"),
            "a random picture": (draws.normal(size=size(4, 5)), "work out the window in the upper left corner"),
            "a bright picture": (draws.uniform(100, 255, size(5, 3)), "empty places are not black pixels: they do not count"),
            "a dark picture": (draws.uniform(-255, -100, size(3, 4)), "the smallest is subtracted; the largest may be negative"),
            "a picture for four windows": (draws.normal(size=size(2, 2)), "count how often the window fits"),
            "a last window that does not fit":
                (draws.normal(size=size(3, 3, np.array(stride) - 1)), "a last step that does not fit is not made"),
        }  # fmt: skip
        for property, (x, look) in cases.items():
            mistakes = {
                "empty places were counted as pixels of value 0": right(np.pad(x, border), border=NONE),
                "the border is missing": right(x, border=NONE),
                "the borders before and behind have changed places": right(x, border=[side[::-1] for side in border]),
                "the steps down and to the right have changed places": right(x, stride=stride[::-1]),
                "it moves by one pixel only": right(x, stride=(1, 1)),
                "rows and columns of the window have changed places": right(x, window=window[::-1]),
                "largest and smallest have changed places": right(x, weights=(-weights[1], -weights[0], weights[2])),
            }
            with part():
                got, true = numbers(call(function, x), property), right(x)
                mirrored = [true[::v, ::h] for v in (1, -1) for h in (1, -1)] if x is mirror else []  # a border behind turns it
                same(got, next((y for y in mirrored if close(got, y)), true), property, look, mistakes=mistakes)

    return check
