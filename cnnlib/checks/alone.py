"""A graded function must do the work itself: while it runs, a call into a library that already knows the answer stops it."""

import functools
import sys
import threading
from pathlib import Path

import cnnlib
from cnnlib.errors import CheckFailed

# What counts as knowing the answer. NumPy, Numba and Python's own modules do not.
KNOWS = {"cnnlib", "scipy", "keras", "tensorflow", "torch", "jax", "cv2", "skimage", "sklearn", "av"}
_OURS = tuple(str(Path(cnnlib.__file__).parent / folder) for folder in ("formulas", "ops", "compiled", "layers"))


def alone(function):
    """Return the function, unable to call a library in KNOWS.

    >>> import numpy as np
    >>> from cnnlib import formulas
    >>> alone(lambda x: x + 1)(2)
    3
    >>> alone(lambda x: formulas.correlate(x, x))(np.ones((2, 2)))
    Traceback (most recent call last):
    ...
    cnnlib.errors.CheckFailed: it calls cnnlib.formulas.conv.correlate · write it yourself, with NumPy
    """

    seen = set()

    def watch(frame, event, called):
        if event == "c_call" and frame.f_globals.get("__name__") not in (__name__, "threading"):
            _refuse(called)
        elif event == "call" and frame.f_code not in seen:
            try:
                _refuse(frame.f_code, frame.f_globals.get("__name__"))
                for name in frame.f_code.co_names:  # code compiled by Numba runs without a frame of its own
                    value = frame.f_globals.get(name)
                    if type(value).__module__.startswith("numba.") or getattr(value, "__name__", "") == "cnnlib.compiled":
                        _refuse(value, getattr(value, "__module__", "cnnlib.compiled"))
                seen.add(frame.f_code)
            except CheckFailed:
                if not _on_the_side(frame):
                    raise

    @functools.wraps(function, updated=())
    def watched(*arguments, **named):
        _refuse(function)
        arguments = [_let(a) if callable(a) else a for a in arguments]
        before = sys.getprofile()
        threading.setprofile(watch)
        sys.setprofile(watch)
        try:
            return function(*arguments, **named)
        finally:
            sys.setprofile(before)
            threading.setprofile(before)

    return watched


def _refuse(called, module=None):
    module = module or getattr(called, "__module__", None)
    name = getattr(called, "__qualname__", None) or getattr(called, "co_qualname", "")
    if module == "sys" and name == "setprofile":
        raise CheckFailed("it calls sys.setprofile · leave the watch over this function alone")
    known = isinstance(module, str) and module.partition(".")[0] in KNOWS and module != __name__
    if known or getattr(called, "co_filename", "").startswith(_OURS):
        where = f"{module or 'cnnlib'}.{name}".rstrip(".")
        raise CheckFailed(f"it calls {where} · write it yourself, with NumPy")


def _on_the_side(frame):
    """Return whether the call belongs to an import or to Numba's own work, not to the function's."""
    while frame is not None and frame.f_globals.get("__name__") != __name__:
        if str(frame.f_globals.get("__name__")).startswith(("importlib._bootstrap", "numba.")):
            return True
        frame = frame.f_back
    return False


def _let(given):
    """A function that the check hands over may call what it likes."""

    def inner(*arguments, **named):
        watch = sys.getprofile()
        sys.setprofile(None)
        try:
            return given(*arguments, **named)
        finally:
            sys.setprofile(watch)

    return inner
