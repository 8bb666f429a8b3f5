"""Clips, transposed convolution and enlarging give Keras' numbers, forward and backward; the layers go both ways."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_keras_ops import close, draw_arrays, gradients

from cnnlib import keras_bridge, layers, ops
from cnnlib.errors import RangeError
from cnnlib.model import Sequential

tf = pytest.importorskip("tensorflow")
keras = pytest.importorskip("keras")

EASY = settings(max_examples=40, deadline=None, derandomize=True)


@st.composite
def clip_cases(draw):
    kernel = draw(st.tuples(*[st.integers(1, 3)] * 3))
    # TensorFlow's processor kernels know no dilation in three dimensions; the loops check it.
    stride = draw(st.sampled_from([(1, 1, 1), (1, 1, 1), (2, 1, 1), (1, 2, 2), (2, 2, 2), (1, 3, 2)]))
    size = [draw(st.integers(w, w + 4)) for w in kernel]
    groups = draw(st.sampled_from([1, 1, 2]))
    C, F = groups * draw(st.integers(1, 2)), groups * draw(st.integers(1, 3))
    return dict(x=(draw(st.integers(1, 2)), *size, C), k=(*kernel, C // groups, F), stride=stride, groups=groups,
                padding=draw(st.sampled_from(["valid", "same", "causal"])), seed=draw(st.integers(0, 99)))


def causally_padded(x, kernel, stride):
    """What "causal" means, written with NumPy: R − 1 empty frames before, space as "same"."""
    sides = [(0, 0), (kernel[0] - 1, 0)]
    for size, w, s in zip(x.shape[2:4], kernel[1:], stride[1:], strict=True):
        total = max((-(-size // s) - 1) * s + w - size, 0)
        sides.append((total // 2, total - total // 2))
    return [*sides, (0, 0)]


@EASY
@given(clip_cases())
def test_conv3d(case):
    options = {name: case[name] for name in ("stride", "padding", "groups")}
    x, k, b = draw_arrays(case["seed"], case["x"], case["k"], case["k"][4:])

    def theirs(x, k, b):  # TensorFlow has no groups in three dimensions on a CPU: run them one by one
        padding = case["padding"]
        if padding == "causal":
            x, padding = tf.pad(x, causally_padded(x, case["k"][:3], case["stride"])), "valid"
        parts = [keras.ops.conv(xg, kg, case["stride"], padding)
                 for xg, kg in zip(tf.split(x, case["groups"], 4), tf.split(k, case["groups"], 4), strict=True)]
        return tf.concat(parts, 4) + b

    y = ops.conv3d(x, k, b, **options)
    (dy,) = draw_arrays(case["seed"] + 1, y.shape)
    y_keras, grads = gradients(theirs, dy, x, k, b)
    close(y, y_keras)
    for ours, keras_gradient in zip(ops.conv3d_backward(dy, x, k, **options), grads, strict=True):
        close(ours, keras_gradient)


@EASY
@given(st.sampled_from(["max", "average"]), st.tuples(*[st.integers(1, 3)] * 3), st.integers(1, 3),
       st.sampled_from(["valid", "same"]), st.tuples(*[st.integers(3, 6)] * 3), st.integers(0, 99))
def test_pooling_of_clips(kind, window, stride, padding, size, seed):
    # A shuffled ramp has no ties, so that the winner of every window is unique.
    x = np.random.default_rng(seed).permutation(2 * 3 * np.prod(size)).reshape(2, *size, 3).astype("float32")
    forward, backward = {"max": (ops.max_pool3d, ops.max_pool3d_backward),
                         "average": (ops.avg_pool3d, ops.avg_pool3d_backward)}[kind]
    pool = {"max": keras.ops.max_pool, "average": keras.ops.average_pool}[kind]
    y = forward(x, window, stride, padding)
    (dy,) = draw_arrays(seed, y.shape)
    y_keras, (dx,) = gradients(lambda x: pool(x, window, stride, padding), dy, x)
    close(y, y_keras)
    close(backward(dy, x, window, stride, padding), dx)


@EASY
@given(st.tuples(st.integers(1, 5), st.integers(1, 5)), st.tuples(st.integers(1, 4), st.integers(1, 4)),
       st.sampled_from([(1, 1), (2, 2), (3, 3), (1, 2), (3, 2)]), st.sampled_from(["valid", "same"]),
       st.integers(1, 3), st.integers(1, 3), st.integers(0, 99))
def test_conv2d_transpose(size, kernel, stride, padding, C, F, seed):
    x, k, b = draw_arrays(seed, (2, *size, C), (*kernel, F, C), (F,))
    y = ops.conv2d_transpose(x, k, b, stride, padding)
    (dy,) = draw_arrays(seed + 1, y.shape)
    y_keras, grads = gradients(lambda x, k, b: keras.ops.conv_transpose(x, k, stride, padding) + b, dy, x, k, b)
    close(y, y_keras)
    for ours, theirs in zip(ops.conv2d_transpose_backward(dy, x, k, stride, padding), grads, strict=True):
        close(ours, theirs)


@EASY
@given(st.sampled_from(["nearest", "bilinear"]), st.tuples(st.integers(1, 4), st.integers(1, 4)),
       st.tuples(st.integers(1, 6), st.integers(1, 6)), st.integers(1, 3), st.integers(0, 99))
def test_upsampling(method, factor, size, C, seed):
    (x,) = draw_arrays(seed, (2, *size, C))
    y = ops.upsample2d(x, factor, method)
    (dy,) = draw_arrays(seed + 1, y.shape)
    layer = keras.layers.UpSampling2D(factor, interpolation=method)
    y_keras, (dx,) = gradients(layer, dy, x)
    close(y, y_keras)
    close(ops.upsample2d_backward(dy, x, factor, method), dx)


# ── layers, both ways ─────────────────────────────────────────────────────────────────────────────────────────

L = layers
CLIP, PICTURE = (6, 9, 8, 2), (6, 5, 3)
NETWORKS = {
    "clips": (CLIP, [L.Conv3D(4, (2, 3, 3), stride=(1, 2, 1), padding="same"), L.ReLU(), L.MaxPool3D((1, 2, 2)),
                     L.Conv3D(6, 2, groups=2), L.AvgPool3D(2, stride=1, padding="same"), L.Flatten(), L.Dense(3)]),
    "causal": (CLIP, [L.Conv3D(4, (3, 3, 2), padding="causal"), L.Tanh(),
                      L.Conv3D(3, (2, 3, 3), stride=(2, 2, 3), padding="causal")]),
    "explicit padding": (CLIP, [L.Conv3D(3, (2, 2, 3), padding=((1, 0), (0, 2), (2, 1)))]),
    "enlarging": (PICTURE, [L.UpSampling2D((2, 3)), L.Conv2D(2, 3), L.UpSampling2D(2, "bilinear")]),
    "transposed": (PICTURE, [L.Conv2DTranspose(4, (3, 2), stride=2, padding="same"), L.ReLU(),
                             L.Conv2DTranspose(2, 2, stride=(3, 1))]),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_layers_give_the_same_numbers_in_keras_and_come_back(name):
    shape, stack = NETWORKS[name]
    ours = Sequential(stack, shape, seed=2)
    for parameter, array in ours.parameters.items():
        if parameter.endswith(".b"):
            array[...] = np.random.default_rng(3).normal(size=array.shape)
    (x,) = draw_arrays(4, (2, *shape))
    y = ours.forward(x)
    theirs = keras_bridge.to_keras(ours)
    close(y, theirs.predict(x, verbose=0))
    close(y, keras_bridge.from_keras(theirs).forward(x))
    (dy,) = draw_arrays(5, y.shape)
    _, grads = gradients(theirs, dy, x)
    close(ours.backward(dy, need_dx=True), grads[0])
    with tf.GradientTape() as tape:
        out = theirs(x)
    grads = tape.gradient(out, theirs.trainable_variables, output_gradients=tf.constant(dy))
    for key, theirs_gradient in zip(ours.gradients, grads, strict=True):
        close(ours.gradients[key], theirs_gradient)


def test_what_cannot_be_translated_is_named():
    K = keras.layers
    for layer, shape in ((L.MaxPool3D(2, padding="causal"), CLIP), (L.AvgPool3D(2, padding=1), CLIP),
                         (L.Conv2DTranspose(2, 3, padding=1), PICTURE)):
        with pytest.raises(RangeError, match=type(layer).__name__ + ".*'valid' or 'same'"):
            keras_bridge.to_keras(Sequential([layer], shape))
    refused = {
        "cubic": K.UpSampling2D(2, interpolation="bicubic", name="cubic"),
        "wide": K.Conv2DTranspose(2, 3, dilation_rate=2, name="wide"),
        "longer": K.Conv2DTranspose(2, 3, strides=2, output_padding=1, name="longer"),
        "padded": K.ZeroPadding2D(1, name="padded"),
    }
    for name, layer in refused.items():
        with pytest.raises(RangeError, match=f"from_keras: layer {name}"):
            keras_bridge.from_keras(keras.Sequential([keras.Input((6, 6, 2)), layer]))
    for behind in (K.MaxPooling2D(2, name="behind"), K.ZeroPadding2D(1, name="behind"),
                   K.Conv2D(2, 3, padding="same", name="behind")):
        model = keras.Sequential([keras.Input((6, 6, 2)), K.ZeroPadding2D(1), behind])
        with pytest.raises(RangeError, match="layer behind .* stands behind zero padding"):
            keras_bridge.from_keras(model)
