"""What checks of gradients share: several results in parts of their own, and logits that are hard on a softmax."""

import numpy as np

from cnnlib.checks.common import call, close, fail, numbers, ok, same
from cnnlib.checks.points import part

_EXTREME = (
    (np.array([[1000.0, 0.0, -1000.0], [-1000.0, 1000.0, 1000.0]]), "logits as large as 1,000",
     "e to the power of 1,000 is infinity in floating point; chapter 04 shows the cure"),
    (np.array([[1000.0, 0.0, 0.0], [0.0, 1.0, 2.0]]), "a row of large logits above a row of small ones",
     "each row needs its own largest logit; e to the power of −1,000 is 0 in floating point"),
)  # fmt: skip


def _rows_sum_to_0(got, shape):
    got = numbers(got, "each row sums to 0")
    if got.shape != shape or not np.any(got) or not close(np.sum(got, axis=1), np.zeros(len(got))):
        fail("each row sums to 0: not yet", "what one class gains, the others lose")
    ok("each row sums to 0")


def _each(student, arguments, names, right, title, look, slips=None):
    """Check each of several results, in a part of its own; `look` is one hint, or one for each name."""
    for n, name in enumerate(names):
        with part():
            got = _parts(call(student, *arguments), names)[n]
            hint = look[name] if isinstance(look, dict) else look
            same(got, right[n], f"{name} {title}", hint, mistakes=(slips or {}).get(name))


def _parts(result, names):
    """Demand one result for each name."""
    if not isinstance(result, tuple | list) or len(result) != len(names):
        many = len(result) if isinstance(result, tuple | list) else "one thing"
        fail(f"expected {len(names)} results, got {many}", f"return {', '.join(names)}")
    return result
