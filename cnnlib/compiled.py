"""The second rung: the loops of `cnnlib.formulas`, compiled by Numba without a changed character.

`compiled.conv2d(x, k, b)` is `formulas.conv2d` translated to machine code on its first call and cached on disk.
Set NUMBA_DISABLE_JIT=1 to run the plain loops under this name too.
"""

import os

from numba import njit
from numba.extending import register_jitable

from . import formulas

__all__ = list(formulas.__all__)

for _name in __all__:
    _function = getattr(formulas, _name)
    # register_jitable lets a compiled formula call another one, as softmax_backward calls softmax.
    if os.environ.get("NUMBA_DISABLE_JIT", "0") == "0":
        register_jitable(_function)
    globals()[_name] = njit(cache=True)(_function)
