"""cnnlib.ops and optimisers give Keras' numbers, forward and backward, over a drawn grid of settings."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnlib import ops, optimizers

tf = pytest.importorskip("tensorflow")
keras = pytest.importorskip("keras")

EASY = settings(max_examples=60, deadline=None, derandomize=True)


def draw_arrays(seed, *shapes):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=shape).astype("float32") for shape in shapes]


def close(ours, theirs):
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    assert ours.shape == theirs.shape and ours.dtype == np.float32
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4)


def gradients(function, upstream, *arrays):
    variables = [tf.constant(a) for a in arrays]
    with tf.GradientTape() as tape:
        tape.watch(variables)
        y = function(*variables)
    return y, tape.gradient(y, variables, output_gradients=tf.constant(upstream))


@st.composite
def conv_cases(draw):
    kernel = draw(st.tuples(st.integers(1, 4), st.integers(1, 4)))
    # TensorFlow refuses stride and dilation together, so only one of them is above 1.
    stride, dilation = draw(st.sampled_from([((1, 1), (1, 1)), ((2, 1), (1, 1)), ((2, 2), (1, 1)), ((3, 2), (1, 1)),
                                             ((1, 1), (2, 1)), ((1, 1), (2, 2)), ((1, 1), (1, 3))]))
    span = [d * (w - 1) + 1 for d, w in zip(dilation, kernel, strict=True)]
    size = [draw(st.integers(s, s + 6)) for s in span]
    groups = draw(st.sampled_from([1, 1, 2, 3]))
    C, F = groups * draw(st.integers(1, 3)), groups * draw(st.integers(1, 3))
    return dict(x=(draw(st.integers(1, 3)), *size, C), k=(*kernel, C // groups, F), stride=stride, dilation=dilation,
                groups=groups, padding=draw(st.sampled_from(["valid", "same"])), seed=draw(st.integers(0, 99)))


@EASY
@given(conv_cases())
def test_conv2d(case):
    options = {name: case[name] for name in ("stride", "padding", "dilation", "groups")}
    x, k, b = draw_arrays(case["seed"], case["x"], case["k"], case["k"][3:])

    def theirs(x, k, b):  # TensorFlow has no grouped gradient on a CPU: run the groups one by one
        parts = [keras.ops.conv(xg, kg, case["stride"], case["padding"], dilation_rate=case["dilation"])
                 for xg, kg in zip(tf.split(x, case["groups"], 3), tf.split(k, case["groups"], 3), strict=True)]
        return tf.concat(parts, 3) + b

    y = ops.conv2d(x, k, b, **options)
    (dy,) = draw_arrays(case["seed"] + 1, y.shape)
    y_keras, grads = gradients(theirs, dy, x, k, b)
    close(y, y_keras)
    for ours, keras_gradient in zip(ops.conv2d_backward(dy, x, k, **options), grads, strict=True):
        close(ours, keras_gradient)


@EASY
@given(st.sampled_from(["max", "average"]), st.tuples(st.integers(1, 3), st.integers(1, 3)), st.integers(1, 3),
       st.sampled_from(["valid", "same"]), st.integers(3, 8), st.integers(3, 8), st.integers(0, 99))
def test_pooling(kind, window, stride, padding, H, W, seed):
    # A shuffled ramp has no ties, so that the winner of every window is unique.
    x = np.random.default_rng(seed).permutation(2 * H * W * 3).reshape(2, H, W, 3).astype("float32")
    forward, backward = {"max": (ops.max_pool2d, ops.max_pool2d_backward),
                         "average": (ops.avg_pool2d, ops.avg_pool2d_backward)}[kind]
    pool = {"max": keras.ops.max_pool, "average": keras.ops.average_pool}[kind]
    y = forward(x, window, stride, padding)
    (dy,) = draw_arrays(seed, y.shape)
    y_keras, (dx,) = gradients(lambda x: pool(x, window, stride, padding), dy, x)
    close(y, y_keras)
    close(backward(dy, x, window, stride, padding), dx)


@EASY
@given(st.integers(1, 5), st.integers(1, 7), st.integers(1, 6), st.integers(0, 99))
def test_dense(N, I, O, seed):
    x, w, b, dy = draw_arrays(seed, (N, I), (I, O), (O,), (N, O))
    y, grads = gradients(lambda x, w, b: tf.matmul(x, w) + b, dy, x, w, b)
    close(ops.dense(x, w, b), y)
    for ours, theirs in zip(ops.dense_backward(dy, x, w), grads, strict=True):
        close(ours, theirs)


@pytest.mark.parametrize("name", ["relu", "sigmoid", "tanh", "softmax"])
def test_activations(name):
    x, dy = draw_arrays(3, (5, 8), (5, 8))
    x *= 4
    y, (dx,) = gradients(getattr(keras.ops, name), dy, x)
    close(getattr(ops, name)(x), y)
    close(getattr(ops, name + "_backward")(dy, x), dx)


@EASY
@given(st.integers(1, 6), st.integers(2, 12), st.integers(0, 99), st.floats(0.1, 30))
def test_cross_entropy(N, C, seed, scale):
    (logits,) = draw_arrays(seed, (N, C))
    logits *= np.float32(scale)
    labels = np.random.default_rng(seed).integers(0, C, N)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    value, (dlogits,) = gradients(lambda z: loss(labels, z), np.float32(1.7), logits)
    np.testing.assert_allclose(ops.cross_entropy(logits, labels), value, rtol=1e-4, atol=1e-5)
    close(ops.cross_entropy_backward(1.7, logits, labels), dlogits)
    one_hot = keras.utils.to_categorical(labels, C)
    np.testing.assert_allclose(ops.cross_entropy(logits, one_hot), value, rtol=1e-4, atol=1e-5)


def test_squared_error():
    prediction, target = draw_arrays(5, (4, 3), (4, 3))
    loss = keras.losses.MeanSquaredError()
    value, (d,) = gradients(lambda p: loss(target, p), np.float32(0.6), prediction)
    np.testing.assert_allclose(ops.squared_error(prediction, target), value, rtol=1e-5)
    close(ops.squared_error_backward(0.6, prediction, target), d)


@pytest.mark.parametrize("ours, theirs", [
    (optimizers.SGD(0.1), lambda: keras.optimizers.SGD(0.1)),
    (optimizers.SGD(0.1, momentum=0.9), lambda: keras.optimizers.SGD(0.1, momentum=0.9)),
    (optimizers.SGD(0.1, momentum=0.9, nesterov=True), lambda: keras.optimizers.SGD(0.1, momentum=0.9, nesterov=True)),
    (optimizers.Adam(0.01), lambda: keras.optimizers.Adam(0.01)),
    (optimizers.Adam(0.02, 0.8, 0.99, 1e-4), lambda: keras.optimizers.Adam(0.02, 0.8, 0.99, epsilon=1e-4)),
], ids=["sgd", "momentum", "nesterov", "adam", "adam-other"])
def test_optimisers_follow_the_same_path(ours, theirs):
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(3, 4)).astype("float32"), rng.normal(size=5).astype("float32")
    variables, optimizer = [keras.Variable(a), keras.Variable(b)], theirs()
    for _ in range(30):
        g = [rng.normal(size=w.shape).astype("float32") for w in (a, b)]
        ours.update(list(zip((a, b), g, strict=True)))
        optimizer.apply(g, variables)
    for w, variable in zip((a, b), variables, strict=True):
        np.testing.assert_allclose(w, variable.numpy(), rtol=1e-4, atol=1e-5)


def test_penalties():
    (w,) = draw_arrays(8, (3, 4))
    regularizer = keras.regularizers.L1L2(0.03, 0.2)
    value, (g,) = gradients(regularizer, np.float32(1), w)
    assert optimizers.penalty([w], 0.03, 0.2) == pytest.approx(float(value), rel=1e-5)
    np.testing.assert_allclose(optimizers.penalty_gradient(w, 0.03, 0.2), g, rtol=1e-5)
