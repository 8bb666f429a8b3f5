"""Every gradient of the library against measured slopes: float64, random upstream, awkward sizes."""

import numpy as np
import pytest

from cnnlib import compiled, formulas, gradcheck, layers, ops
from cnnlib.errors import GradientError
from cnnlib.model import Sequential

BAR = 1e-6

# sizes (N, H, W, C), kernel (P, Q, C / groups, F), and the arguments spelled out as in cnnlib.formulas
CONVOLUTIONS = {
    "plain": ((2, 5, 5, 2), (3, 3, 2, 3), {}),
    "not square, odd sizes": ((1, 7, 5, 3), (3, 2, 3, 2), {}),
    "strided": ((2, 8, 7, 2), (3, 3, 2, 2), dict(stride=(2, 3))),
    "padded unevenly": ((1, 4, 5, 1), (3, 2, 1, 2), dict(padding=((2, 1), (0, 1)))),
    "dilated": ((1, 9, 8, 2), (3, 2, 2, 2), dict(dilation=(2, 3))),
    "grouped": ((2, 5, 4, 4), (2, 3, 2, 6), dict(groups=2)),
    "depthwise": ((2, 4, 5, 3), (3, 3, 1, 3), dict(groups=3)),
    "one pixel": ((3, 1, 1, 4), (1, 1, 4, 2), {}),
    "kernel as large as the picture": ((2, 3, 4, 2), (3, 4, 2, 2), {}),
    "all at once": (
        (2, 7, 6, 4),
        (3, 2, 2, 6),
        dict(stride=(2, 1), padding=((1, 0), (2, 1)), dilation=(1, 2), groups=2),
    ),
}
POOLS = {
    "touching": ((2, 6, 4, 3), {}),
    "rows left over": ((2, 7, 5, 2), {}),
    "overlapping": ((1, 7, 6, 2), dict(window=(3, 3), stride=(2, 2))),
    "not square": ((2, 6, 7, 2), dict(window=(3, 2), stride=(1, 2))),
    "padded unevenly": ((1, 5, 6, 2), dict(window=(3, 2), stride=(2, 1), padding=((1, 2), (0, 1)))),
    "gaps between windows": ((1, 8, 8, 1), dict(window=(2, 2), stride=(3, 3))),
}
RUNGS = [formulas, compiled, ops]
named = pytest.mark.parametrize("rung", RUNGS, ids=lambda rung: rung.__name__.split(".")[1])


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def cases(table):
    return pytest.mark.parametrize("case", table.values(), ids=table.keys())


@named
@cases(CONVOLUTIONS)
def test_conv2d(rung, case):
    x, k, options = case
    gradcheck.check_gradients(
        lambda x, k, b: rung.conv2d(x, k, b, **options),
        lambda dy, x, k, b: rung.conv2d_backward(dy, x, k, **options),
        [numbers(*x), numbers(*k, seed=1), numbers(k[3], seed=2)],
    )


@named
@cases(POOLS)
@pytest.mark.parametrize("name", ["max_pool2d", "avg_pool2d"])
def test_pooling(rung, name, case):
    x, options = case
    gradcheck.check_gradients(
        lambda x: getattr(rung, name)(x, **options),
        lambda dy, x: getattr(rung, name + "_backward")(dy, x, **options),
        [numbers(*x)],
    )


@named
def test_dense(rung):
    gradcheck.check_gradients(
        rung.dense,
        lambda dy, x, w, b: rung.dense_backward(dy, x, w),
        [numbers(4, 5), numbers(5, 3, seed=1), numbers(3, seed=2)],
    )


@named
@pytest.mark.parametrize("name", ["relu", "sigmoid", "tanh", "softmax"])
def test_activations(rung, name):
    gradcheck.check_gradients(getattr(rung, name), getattr(rung, name + "_backward"), [3 * numbers(5, 7)])


@named
def test_cross_entropy_of_labels(rung):
    labels = np.array([0, 3, 2, 3, 1])
    gradcheck.check_gradients(
        lambda z: rung.cross_entropy(z, labels),
        lambda dy, z: rung.cross_entropy_backward(dy, z, labels),
        [3 * numbers(5, 4)],
    )


def test_cross_entropy_of_probabilities():
    target = ops.softmax(numbers(5, 4, seed=1))
    gradcheck.check_gradients(
        lambda z: ops.cross_entropy(z, target),
        lambda dy, z: ops.cross_entropy_backward(dy, z, target),
        [3 * numbers(5, 4)],
    )


@named
def test_squared_error(rung):
    target = numbers(3, 4, seed=1)
    gradcheck.check_gradients(
        lambda p: rung.squared_error(p, target),
        lambda dy, p: rung.squared_error_backward(dy, p, target),
        [numbers(3, 4)],
    )


LAYERS = {
    "Conv2D strided, same": [layers.Conv2D(3, (3, 2), stride=2, padding="same")],
    "Conv2D dilated, padded": [layers.Conv2D(2, 2, dilation=(2, 1), padding=((1, 0), (2, 1)))],
    "Conv2D grouped": [layers.Conv2D(4, 3, groups=2)],
    "MaxPool2D": [layers.MaxPool2D((3, 2), stride=(2, 1), padding="same")],
    "AvgPool2D": [layers.AvgPool2D(3, stride=2, padding=1)],
    "ReLU": [layers.ReLU()],
    "Sigmoid": [layers.Sigmoid()],
    "Tanh": [layers.Tanh()],
    "Softmax": [layers.Softmax()],
    "Dropout at rest": [layers.Dropout(0.5)],
    "two convolutions": [layers.Conv2D(2, 3), layers.Tanh(), layers.Conv2D(3, 2, padding="same")],
}


@pytest.mark.parametrize("loss", ["cross_entropy", "squared_error"])
@cases(LAYERS)
def test_layers_in_a_model(case, loss):
    """A convolution before and a dense layer behind, so that both dx and the parameters of each layer are measured."""
    around = [layers.Conv2D(4, 2), *case, layers.Flatten(), layers.Dense(5)]
    model = Sequential(around, (7, 6, 2), seed=3, dtype="float64")
    for name, p in model.parameters.items():
        if name.endswith(".b"):
            p[...] = numbers(*p.shape, seed=4)
    y = np.array([4, 0, 2]) if loss == "cross_entropy" else numbers(3, 5, seed=5)
    errors = gradcheck.model_gradient_errors(model, numbers(3, 7, 6, 2), y, loss, samples=100_000)
    assert errors.keys() == model.parameters.keys()
    assert max(errors.values()) < BAR, errors


@cases(LAYERS)
def test_the_gradient_of_the_pictures(case):
    model = Sequential([*case, layers.Flatten(), layers.Dense(3)], (7, 6, 2), seed=3, dtype="float64")

    def backward(dy, x):
        model.forward(x)
        return model.backward(dy, need_dx=True)

    gradcheck.check_gradients(model.forward, backward, [numbers(2, 7, 6, 2)])


def test_dropout_while_training():
    """The mask is drawn anew on each walk forwards, so the same generator is put back before each."""
    layer = layers.Dropout(0.4)

    def forward(x):
        layer.rng = np.random.default_rng(7)
        return layer.forward(x, training=True)

    def backward(dy, x):
        forward(x)
        return layer.backward(dy)

    gradcheck.check_gradients(forward, backward, [numbers(3, 8)])
    assert (forward(numbers(3, 8)) == 0).any()


def test_the_ten_line_network():
    model = ten_lines()
    x, y = np.random.default_rng(1).random((2, 28, 28, 1)), np.array([3, 7])
    errors = gradcheck.model_gradient_errors(model, x, y)
    assert len(errors) == 8
    assert max(errors.values()) < BAR, errors


def test_all_parameters_of_the_ten_line_network_along_one_direction():
    """One random direction through all 225,034 parameters: no entry is left out, as samples would."""
    model = ten_lines()
    x, y = np.random.default_rng(1).random((2, 28, 28, 1)), np.array([3, 7])
    rng = np.random.default_rng(2)
    signs = {name: rng.choice([-1.0, 1.0], p.shape) for name, p in model.parameters.items()}
    model.backward(ops.cross_entropy_backward(1.0, model.forward(x), y))
    predicted = sum(np.sum(model.gradients[name] * sign) for name, sign in signs.items())
    start = {name: p.copy() for name, p in model.parameters.items()}
    losses = []
    for step in (1e-7, -1e-7):
        for name, p in model.parameters.items():
            p[...] = start[name] + step * signs[name]
        losses.append(ops.cross_entropy(model.forward(x), y))
    assert predicted == pytest.approx((losses[0] - losses[1]) / 2e-7, rel=BAR)


def ten_lines():
    parts = [layers.Conv2D(32, 3), layers.ReLU(), layers.MaxPool2D(2), layers.Conv2D(64, 3), layers.ReLU()]
    parts += [layers.MaxPool2D(2), layers.Flatten(), layers.Dense(128), layers.ReLU(), layers.Dense(10)]
    return Sequential(parts, (28, 28, 1), seed=0, dtype="float64")


# The checks above must be able to fail: gradients that are wrong by one part in a thousand.


@pytest.mark.parametrize("wrong", range(3))
@named
def test_a_gradient_wrong_by_a_thousandth_is_found(rung, wrong):
    x, k, options = CONVOLUTIONS["all at once"]

    def backward(dy, x, k, b):
        gradients = list(rung.conv2d_backward(dy, x, k, **options))
        gradients[wrong] = gradients[wrong] * 1.001
        return tuple(gradients)

    inputs = [numbers(*x), numbers(*k, seed=1), numbers(k[3], seed=2)]
    with pytest.raises(GradientError, match=f"input {wrong} is wrong"):
        gradcheck.check_gradients(lambda x, k, b: rung.conv2d(x, k, b, **options), backward, inputs)


def test_one_entry_wrong_by_a_thousandth_is_found():
    def backward(dy, x, w, b):
        dx, dw, db = ops.dense_backward(dy, x, w)
        place = np.unravel_index(np.abs(dw).argmax(), dw.shape)
        dw[place] *= 1.001
        return dx, dw, db

    inputs = [numbers(4, 5), numbers(5, 3, seed=1), numbers(3, seed=2)]
    with pytest.raises(GradientError, match="input 1 is wrong"):
        gradcheck.check_gradients(ops.dense, backward, inputs)


def test_a_layer_wrong_by_a_thousandth_is_found_in_a_model():
    class Wrong(layers.Conv2D):
        def backward(self, dy, need_dx=True):
            dx = super().backward(dy)
            self.grads["k"] = self.grads["k"] * 1.001
            return dx

    model = Sequential(
        [layers.Conv2D(2, 3), layers.Tanh(), Wrong(3, 2), layers.Flatten(), layers.Dense(4)],
        (7, 6, 1),
        dtype="float64",
    )
    errors = gradcheck.model_gradient_errors(model, numbers(2, 7, 6, 1), np.array([1, 3]))
    assert errors.pop("3.Wrong.k") == pytest.approx(1e-3, rel=0.01)
    assert max(errors.values()) < BAR


def test_nan_is_no_pass():
    with pytest.raises(GradientError):
        gradcheck.check_gradients(lambda x: x**2, lambda dy, x: dy * np.nan, [numbers(3)])
