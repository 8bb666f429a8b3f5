"""Gradients of operations and layers for clips, of transposed convolution and of enlarging, against measured slopes."""

import numpy as np
import pytest
from test_gradients import cases, named, numbers

from cnnlib import gradcheck, layers, ops
from cnnlib.errors import GradientError
from cnnlib.model import Sequential

BAR = 1e-6

# sizes of x and k, and the arguments spelled out as in cnnlib.formulas
CONVOLUTIONS = {
    "plain": ((2, 3, 4, 4, 2), (2, 3, 3, 2, 2), {}),
    "odd sizes, all different": ((1, 3, 7, 5, 1), (2, 1, 3, 1, 2), {}),
    "strided": ((1, 5, 6, 7, 2), (2, 3, 2, 2, 2), dict(stride=(2, 3, 1))),
    "padded unevenly": ((1, 3, 3, 4, 1), (3, 2, 2, 1, 2), dict(padding=((2, 1), (0, 1), (1, 2)))),
    "causal": ((1, 4, 3, 5, 2), (3, 1, 2, 2, 1), dict(padding=((4, 0), (0, 0), (0, 1)), dilation=(2, 1, 1))),
    "dilated": ((1, 5, 6, 5, 1), (2, 2, 3, 1, 2), dict(dilation=(3, 2, 1))),
    "grouped": ((2, 3, 3, 4, 4), (2, 2, 3, 2, 6), dict(groups=2)),
    "depthwise": ((1, 3, 4, 3, 3), (2, 2, 2, 1, 3), dict(groups=3)),
    "one pixel": ((2, 1, 1, 1, 3), (1, 1, 1, 3, 2), {}),
    "all at once": (
        (1, 5, 6, 5, 4),
        (2, 3, 2, 2, 2),
        dict(stride=(2, 1, 2), padding=((1, 0), (0, 1), (2, 1)), dilation=(2, 1, 2), groups=2),
    ),
}
POOLS = {
    "touching": ((2, 4, 4, 6, 2), {}),
    "frames and rows left over": ((1, 5, 7, 4, 2), {}),
    "overlapping": ((1, 4, 5, 5, 2), dict(window=(2, 3, 3), stride=(1, 2, 1))),
    "all sizes differ": ((2, 3, 5, 7, 1), dict(window=(1, 2, 3), stride=(2, 1, 2))),
    "causal": ((1, 5, 4, 3, 2), dict(window=(3, 2, 1), stride=(1, 2, 1), padding=((2, 0), (0, 0), (0, 0)))),
    "padded unevenly": (
        (1, 3, 5, 4, 2),
        dict(window=(2, 3, 2), stride=(1, 2, 1), padding=((1, 0), (1, 2), (0, 1))),
    ),
}
TRANSPOSED = {
    "plain": ((2, 3, 4, 2), (2, 3, 3, 2), {}),
    "strided, overlapping": ((1, 3, 2, 2), (3, 4, 1, 2), dict(stride=(2, 3))),
    "strided, gaps": ((1, 2, 3, 1), (1, 2, 2, 1), dict(stride=(2, 3))),
    "cropped unevenly": ((2, 4, 3, 1), (3, 3, 2, 1), dict(stride=(2, 1), padding=((1, 0), (1, 2)))),
    "one pixel": ((2, 1, 1, 3), (1, 1, 2, 3), {}),
}


@named
@cases(CONVOLUTIONS)
def test_conv3d(rung, case):
    x, k, options = case
    gradcheck.check_gradients(
        lambda x, k, b: rung.conv3d(x, k, b, **options),
        lambda dy, x, k, b: rung.conv3d_backward(dy, x, k, **options),
        [numbers(*x), numbers(*k, seed=1), numbers(k[4], seed=2)],
    )


@pytest.mark.parametrize("padding", ["same", "causal", 1])
def test_conv3d_with_padding_by_name(padding):
    options = dict(padding=padding, stride=(2, 1, 2))
    gradcheck.check_gradients(
        lambda x, k, b: ops.conv3d(x, k, b, **options),
        lambda dy, x, k, b: ops.conv3d_backward(dy, x, k, **options),
        [numbers(1, 5, 3, 6, 2), numbers(3, 2, 3, 2, 3, seed=1), numbers(3, seed=2)],
    )


@named
@cases(POOLS)
@pytest.mark.parametrize("name", ["max_pool3d", "avg_pool3d"])
def test_pooling(rung, name, case):
    x, options = case
    gradcheck.check_gradients(
        lambda x: getattr(rung, name)(x, **options),
        lambda dy, x: getattr(rung, name + "_backward")(dy, x, **options),
        [numbers(*x)],
    )


@named
@cases(TRANSPOSED)
def test_conv2d_transpose(rung, case):
    x, k, options = case
    gradcheck.check_gradients(
        lambda x, k, b: rung.conv2d_transpose(x, k, b, **options),
        lambda dy, x, k, b: rung.conv2d_transpose_backward(dy, x, k, **options),
        [numbers(*x), numbers(*k, seed=1), numbers(k[2], seed=2)],
    )


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("kernel, stride", [((3, 4), (2, 3)), ((2, 1), (3, 2)), ((4, 3), 1)])
def test_conv2d_transpose_with_padding_by_name(kernel, stride, padding):
    options = dict(padding=padding, stride=stride)
    gradcheck.check_gradients(
        lambda x, k, b: ops.conv2d_transpose(x, k, b, **options),
        lambda dy, x, k, b: ops.conv2d_transpose_backward(dy, x, k, **options),
        [numbers(2, 3, 4, 2), numbers(*kernel, 3, 2, seed=1), numbers(3, seed=2)],
    )


@named
@pytest.mark.parametrize("method", ["nearest", "bilinear"])
@pytest.mark.parametrize("factor", [(1, 1), (2, 2), (3, 1), (2, 5)])
@pytest.mark.parametrize("size", [(2, 3, 5, 2), (1, 1, 4, 1)])
def test_upsampling(rung, size, factor, method):
    gradcheck.check_gradients(
        lambda x: rung.upsample2d(x, factor, method),
        lambda dy, x: rung.upsample2d_backward(dy, x, factor, method),
        [numbers(*size)],
    )


CLIP, PICTURE = (4, 6, 5, 2), (5, 4, 2)
LAYERS = {
    "Conv3D strided, same": (CLIP, [layers.Conv3D(3, (2, 3, 2), stride=(1, 2, 2), padding="same")]),
    "Conv3D causal, dilated": (CLIP, [layers.Conv3D(2, (2, 3, 2), dilation=(2, 1, 1), padding="causal")]),
    "Conv3D grouped": (CLIP, [layers.Conv3D(4, 2, groups=2)]),
    "MaxPool3D": (CLIP, [layers.MaxPool3D((2, 3, 2), stride=(1, 2, 1), padding="same")]),
    "MaxPool3D causal": (CLIP, [layers.MaxPool3D((2, 2, 1), stride=1, padding="causal")]),
    "AvgPool3D": (CLIP, [layers.AvgPool3D(3, stride=(1, 2, 2), padding=1)]),
    "two convolutions": (CLIP, [layers.Conv3D(2, 2), layers.Tanh(), layers.Conv3D(3, 2, padding="causal")]),
    "Conv2DTranspose": (PICTURE, [layers.Conv2DTranspose(3, (3, 2), stride=2, padding="same")]),
    "Conv2DTranspose, gaps": (PICTURE, [layers.Conv2DTranspose(2, 2, stride=(3, 2))]),
    "UpSampling2D nearest": (PICTURE, [layers.UpSampling2D((2, 3))]),
    "UpSampling2D bilinear": (PICTURE, [layers.UpSampling2D(2, "bilinear")]),
}


@pytest.mark.parametrize("loss", ["cross_entropy", "squared_error"])
@cases(LAYERS)
def test_layers_in_a_model(case, loss):
    """A convolution before and a dense layer behind, so that both dx and the parameters of each layer are measured."""
    shape, middle = case
    first = layers.Conv3D(4, 1) if len(shape) == 4 else layers.Conv2D(4, 1)
    model = Sequential([first, *middle, layers.Flatten(), layers.Dense(5)], shape, seed=3, dtype="float64")
    for name, p in model.parameters.items():
        if name.endswith(".b"):
            p[...] = numbers(*p.shape, seed=4)
    y = np.array([4, 0, 2]) if loss == "cross_entropy" else numbers(3, 5, seed=5)
    errors = gradcheck.model_gradient_errors(model, numbers(3, *shape), y, loss, samples=200)
    assert errors.keys() == model.parameters.keys()
    assert max(errors.values()) < BAR, errors


@cases(LAYERS)
def test_the_gradient_of_the_input(case):
    shape, middle = case
    model = Sequential([*middle, layers.Flatten(), layers.Dense(3)], shape, seed=3, dtype="float64")

    def backward(dy, x):
        model.forward(x)
        return model.backward(dy, need_dx=True)

    gradcheck.check_gradients(model.forward, backward, [numbers(2, *shape)])


# The checks above must be able to fail: gradients that are wrong by one part in a thousand, or one frame late.


@pytest.mark.parametrize("wrong", range(3))
@named
def test_a_gradient_wrong_by_a_thousandth_is_found(rung, wrong):
    x, k, options = CONVOLUTIONS["all at once"]

    def backward(dy, x, k, b):
        gradients = list(rung.conv3d_backward(dy, x, k, **options))
        gradients[wrong] = gradients[wrong] * 1.001
        return tuple(gradients)

    inputs = [numbers(*x), numbers(*k, seed=1), numbers(k[4], seed=2)]
    with pytest.raises(GradientError, match=f"input {wrong} is wrong"):
        gradcheck.check_gradients(lambda x, k, b: rung.conv3d(x, k, b, **options), backward, inputs)


@pytest.mark.parametrize("name", ["max_pool3d", "avg_pool3d"])
def test_a_pooling_gradient_one_frame_late_is_found(name):
    options = dict(window=(2, 1, 2), stride=1, padding="causal")

    def late(dy, x):
        return np.roll(getattr(ops, name + "_backward")(dy, x, **options), 1, axis=1)

    with pytest.raises(GradientError, match="input 0 is wrong"):
        gradcheck.check_gradients(lambda x: getattr(ops, name)(x, **options), late, [numbers(1, 5, 3, 4, 2)])


def test_an_enlarging_gradient_of_the_other_method_is_found():
    with pytest.raises(GradientError, match="input 0 is wrong"):
        gradcheck.check_gradients(lambda x: ops.upsample2d(x, 2, "bilinear"),
                                  lambda dy, x: ops.upsample2d_backward(dy, x, 2, "nearest"), [numbers(1, 3, 4, 2)])
