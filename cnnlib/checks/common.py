"""What all checkers share: run a student's function safely, compare whole arrays, say what passed.

A checker is a list of properties. Each property that holds prints one line; the first that does not raises
`CheckFailed` with what came back and where to look. It never gives the answer away.
"""

import contextlib
import io
import math

import numpy as np

from cnnlib.errors import CheckFailed


def ok(text):
    """Print the line of one property that holds."""
    print(f"ok  {text}")


def fail(wrong, look):
    """Raise CheckFailed: what is wrong, then where to look."""
    raise CheckFailed(f"{wrong} · {look}")


def call(function, *arguments, **named):
    """Run a student's function on copies of the arguments and return what it returns.

    An exception, no returned value, and a changed argument become CheckFailed. What the function prints is shown.
    """
    name = getattr(function, "__name__", "function")
    if not callable(function):
        fail(f"expected a function, got {function!r}", "give the function itself, without brackets behind its name")
    before = _copies(arguments)
    given, printed = _copies(arguments), io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            result = function(*given, **named)
    except CheckFailed as error:
        raise CheckFailed(f"{name}: {error}") from error
    except Exception as error:
        shapes = ", ".join(str(a.shape) if isinstance(a, np.ndarray) else getattr(a, "__name__", repr(a)) for a in given)
        stopped = f"{name} stopped with {type(error).__name__}: {error}"
        raise CheckFailed(f"{stopped} · the arguments were {shapes}") from error
    print(printed.getvalue(), end="")
    if result is None or result is ...:
        look = "end it with `return`" if not printed.getvalue() else "it prints; end it with `return` instead"
        fail(f"{name} returns nothing", look)
    for n, (old, new) in enumerate(zip(before, given, strict=True)):
        if isinstance(old, np.ndarray) and not np.array_equal(old, new, equal_nan=old.dtype.kind == "f"):
            fail(f"{name} changed its argument number {n + 1} while it worked", "write into a new array, np.zeros(...)")
    return result


def _copies(arguments):
    return [a.copy() if isinstance(a, np.ndarray) else a for a in arguments]


def same(got, expected, property, hint="", tolerance=1e-5, mistakes=None):
    """Demand that `got` equals the whole array `expected`, in shape and in every number; print the property.

    `tolerance` is relative to the largest expected number, so float32 passes. `mistakes` is a dict of diagnosis -> the
    array which that mistake produces: when `got` equals it, the diagnosis takes the place of `hint`.
    """
    expected = np.asarray(expected)
    got = numbers(got, property)
    for diagnosis, wrong in (mistakes or {}).items():
        wrong = np.asarray(wrong)
        if got.shape == wrong.shape and close(got, wrong, tolerance) and not close(got, expected, tolerance):
            fail(f"{property}: not yet", diagnosis)
    if got.shape != expected.shape:
        fail(f"{property}: the result has shape {got.shape}, it should have {expected.shape}", hint or "count again")
    if not close(got, expected, tolerance):
        off = ~np.isclose(got, expected, rtol=0, atol=_room(expected, tolerance))
        place = tuple(int(a) for a in np.argwhere(off)[0])
        where = f"the first at {place}, " if place else ""
        fail(
            f"{property}: {off.sum()} of {off.size} numbers are wrong, {where}where you have {got[place]:.6g}",
            hint or "work this one out by hand",
        )
    ok(property)


def numbers(got, property):
    """Turn a result into an array of numbers, or raise CheckFailed."""
    try:
        array = np.asarray(got)
    except Exception as error:
        raise CheckFailed(f"{property}: the result is no array · return one NumPy array") from error
    if array.dtype.kind not in "buif":
        fail(f"{property}: the result holds {array.dtype}, not numbers", "return one NumPy array of numbers")
    return array


def close(a, b, tolerance=1e-5):
    """Return whether two arrays have one shape and agree in every number; NaN agrees with nothing."""
    return np.shape(a) == np.shape(b) and np.allclose(a, b, rtol=0, atol=_room(b, tolerance))


def _room(expected, tolerance):
    largest = float(np.max(np.abs(expected), initial=0.0))
    return tolerance * (largest if math.isfinite(largest) and largest > 0 else 1.0)
