"""Every shape of the tables through cnnlib alone: run once by `make test`, timed by pytest-benchmark with --benchmark-enable."""

import numpy as np
import pytest

from .operations import Operation
from .shapes import CONV2D, CONV3D, POOL, Conv, Pool


def name(shape):
    """In letters that pytest's -k takes: `-k "3x3 and forward"`."""
    return str(shape).replace("×", "x").replace("→", "to") if isinstance(shape, Conv | Pool) else shape


@pytest.mark.parametrize("direction", ["forward", "both"])
@pytest.mark.parametrize("shape", CONV2D + CONV3D + POOL, ids=name)
def test_operation(benchmark, shape, direction):
    y, *gradients = benchmark(Operation(shape, direction).work("cnnlib").call)
    assert y.shape == shape.output and y.dtype == np.float32 and np.isfinite(y).all()
    inputs = shape.inputs(np.random.default_rng(0))
    expected = [a.shape for a in inputs.values()] if direction == "both" else []
    assert [g.shape for g in gradients] == expected and all(np.isfinite(g).all() for g in gradients)
