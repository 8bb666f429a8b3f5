"""One switch between a two-core laptop and a GPU: the environment variable CNNLIB_SCALE."""

import os

from cnnlib.errors import RangeError

SCALES = ("laptop", "gpu")


def at_scale(*, laptop, gpu):
    """Return `laptop` or `gpu`, whichever CNNLIB_SCALE names; without it, `laptop`.

    A chapter writes the size of every long run this way, so that the stored outputs are what a laptop gives and a
    reader with a GPU can ask for more with one variable: `CNNLIB_SCALE=gpu make lab`.

    Raises RangeError when CNNLIB_SCALE holds any other word.

    >>> at_scale(laptop=3, gpu=30)
    3
    """
    scale = os.environ.get("CNNLIB_SCALE", "").strip().lower() or "laptop"
    if scale not in SCALES:
        raise RangeError(f"at_scale: CNNLIB_SCALE is {scale!r} · set it to 'laptop' or 'gpu', or remove it")
    return {"laptop": laptop, "gpu": gpu}[scale]
