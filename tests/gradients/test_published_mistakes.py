"""Two mistakes of published material, and that the gradient check of this library sees them."""

import numpy as np
import pytest

from cnnlib import gradcheck, layers, ops
from cnnlib.errors import GradientError
from cnnlib.model import Sequential


def late_relu_backward(dy, x):
    """The derivative of ReLU asked of its output: y ≥ 0 is true everywhere, so nothing is ever stopped."""
    return dy * (ops.relu(x) >= 0)


class LateReLU(layers.ReLU):
    backward_function = staticmethod(late_relu_backward)


def flipped_conv2d_backward(dy, x, k, b):
    """A weight gradient that reads the upstream gradient turned by half a turn."""
    dx, _, db = ops.conv2d_backward(dy, x, k)
    _, dk, _ = ops.conv2d_backward(np.ascontiguousarray(dy[:, ::-1, ::-1]), x, k)
    return dx, dk, db


def flipped_dense_backward(dy, x, w, b):
    """The same for a dense layer: each picture's input meets another picture's upstream gradient."""
    dx, _, db = ops.dense_backward(dy, x, w)
    return dx, x.T @ dy[::-1], db


def errors_with(dy, forward, backward, inputs, step=1e-6):
    """Relative errors for a given upstream gradient; `cnnlib.gradcheck` always draws its own."""
    errors = []
    for a, gradient in zip(inputs, backward(dy, *inputs), strict=True):
        slopes = np.zeros_like(a)
        for place in np.ndindex(a.shape):
            kept = a[place]
            a[place] = kept + step
            above = np.sum(dy * forward(*inputs))
            a[place] = kept - step
            below = np.sum(dy * forward(*inputs))
            a[place] = kept
            slopes[place] = (above - below) / (2 * step)
        errors.append(gradcheck.relative_error(gradient, slopes))
    return errors


def test_the_late_relu_derivative_is_always_one():
    x = np.random.default_rng(0).normal(size=(4, 5))
    dy = np.random.default_rng(1).normal(size=x.shape)
    assert (x < 0).any()
    assert np.array_equal(late_relu_backward(dy, x), dy)
    assert not np.array_equal(ops.relu_backward(dy, x), dy)


@pytest.mark.parametrize("seed", range(5))
def test_the_late_relu_derivative_is_found_alone(seed):
    x = np.random.default_rng(seed).normal(size=(4, 5))
    assert gradcheck.check_gradients(ops.relu, ops.relu_backward, [x])[0] < 1e-6
    with pytest.raises(GradientError, match="input 0 is wrong"):
        gradcheck.check_gradients(ops.relu, late_relu_backward, [x])


@pytest.mark.parametrize("relu, right", [(layers.ReLU, True), (LateReLU, False)])
def test_the_late_relu_derivative_is_found_inside_a_network(relu, right):
    parts = [layers.Conv2D(4, 3), relu(), layers.Flatten(), layers.Dense(8), relu(), layers.Dense(3)]
    model = Sequential(parts, (7, 6, 1), seed=0, dtype="float64")
    pictures = np.random.default_rng(0).normal(size=(3, 7, 6, 1))
    errors = gradcheck.model_gradient_errors(model, pictures, np.array([0, 2, 1]))
    assert (max(errors.values()) < 1e-6) == right
    assert errors["6.Dense.w"] < 1e-6  # the last layer has no ReLU behind it
    assert (errors["1.Conv2D.k"] > 0.05) == (not right)


FLIPPED = {
    "conv2d": (ops.conv2d, flipped_conv2d_backward, [(2, 6, 5, 2), (3, 2, 2, 3), (3,)]),
    "dense": (ops.dense, flipped_dense_backward, [(4, 5), (5, 3), (3,)]),
}


@pytest.mark.parametrize("forward, backward, shapes", FLIPPED.values(), ids=FLIPPED.keys())
def test_an_upstream_of_ones_lets_a_flipped_weight_gradient_pass(forward, backward, shapes):
    rng = np.random.default_rng(0)
    inputs = [rng.normal(size=shape) for shape in shapes]
    shape = forward(*inputs).shape
    assert max(errors_with(np.ones(shape), forward, backward, inputs)) < 1e-6
    dx, dw, db = errors_with(rng.normal(size=shape), forward, backward, inputs)
    assert dw > 0.1
    assert max(dx, db) < 1e-6


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("forward, backward, shapes", FLIPPED.values(), ids=FLIPPED.keys())
def test_the_check_of_this_library_finds_the_flipped_weight_gradient(forward, backward, shapes, seed):
    rng = np.random.default_rng(seed)
    with pytest.raises(GradientError, match="input 1 is wrong"):
        gradcheck.check_gradients(forward, backward, [rng.normal(size=shape) for shape in shapes], seed=seed)


def test_a_right_bias_gradient_fails_on_blank_borders_with_zero_biases():
    """Not a mistake of the code: where the input of a ReLU is exactly 0, a central difference finds half the slope."""
    parts = [layers.Conv2D(4, 3), layers.ReLU(), layers.Flatten(), layers.Dense(3)]
    model = Sequential(parts, (8, 8, 1), seed=0, dtype="float64")
    picture = np.zeros((1, 8, 8, 1))
    picture[0, 3:5, 3:5] = 1
    blank = gradcheck.model_gradient_errors(model, picture, np.array([1]))
    assert blank["1.Conv2D.b"] > 0.05
    assert blank["1.Conv2D.k"] < 1e-6
    model.parameters["1.Conv2D.b"][...] = np.random.default_rng(1).normal(0, 0.1, 4)
    assert max(gradcheck.model_gradient_errors(model, picture, np.array([1])).values()) < 1e-6
