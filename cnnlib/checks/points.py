"""Points for a check: each property on its own, the pictures fresh in a grading run, some numbers drawn from the student's name.

`points` runs a checker of chNN to its end and counts: whatever stands in a `with part():` block is won or lost on its own.
"""

import contextlib
import hashlib
import warnings

import numpy as np

from cnnlib.checks.alone import alone
from cnnlib.errors import CheckFailed

_tally = None  # the count of the check that `points` is running, if any
_seed = ()  # numbers that the grader adds to every seed, so that no picture of a check is known beforehand


@contextlib.contextmanager
def part(share=1):
    """One property with its own share of the points. Where points are counted, a failure inside costs this share only.

    Without a count the failure goes on and ends the check.
    """
    try:
        yield
    except Exception as error:
        if _tally is None:
            raise
        _tally.lost(share, error)
    else:
        if _tally is not None:
            _tally.held += share


def points(check, function, out_of):
    """Run a check to its end, print what holds and what does not yet, and return the points earned.

    As the last line of a cell it shows the points, and nbgrader takes them for the cell's grade.
    """
    global _tally
    _tally = tally = _Tally()
    if callable(function) and not getattr(function, "is_alone", False):
        function = alone(function)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            check(function)
    except Exception as error:
        tally.lost(1, error)
    finally:
        _tally = None
    earned = round(out_of * tally.held / max(tally.held + tally.missed, 1), 2)
    print(f"{earned:g} of {out_of:g} points")
    return earned


class _Tally:
    """Shares held and missed. Each reason is printed once."""

    def __init__(self):
        self.held = self.missed = 0
        self.reasons = set()

    def lost(self, share, error):
        self.missed += share
        reason = str(error) if isinstance(error, CheckFailed) else f"the check stopped with {type(error).__name__}: {error}"
        if reason not in self.reasons:
            print(f"--  {reason}")
        self.reasons.add(reason)


def rng(number):
    """The random numbers of a check: the same for every learner, fresh in a grading run."""
    return np.random.default_rng((number, *_seed))


def set_seed(*numbers):
    """Add numbers to the seed of every check; without numbers, take them away again."""
    global _seed
    _seed = numbers


def draw(student, label, options):
    """Pick one of the options for a student: the same on every machine, and public.

    >>> [draw(name, "stride", [1, 2, 3]) for name in ("ada", "grace", "emmy")]
    [3, 1, 2]
    """
    number = int(hashlib.sha256(f"{student.strip()}\n{label}".encode()).hexdigest(), 16)
    return options[number % len(options)]
