"""The same weights in cnnlib and in Keras: same outputs, same gradients, same training, both ways."""

import numpy as np
import pytest

from cnnlib import data, keras_bridge, layers, ops
from cnnlib.errors import RangeError, ShapeError
from cnnlib.model import Sequential
from cnnlib.optimizers import Adam

tf = pytest.importorskip("tensorflow")
keras = pytest.importorskip("keras")


def ten_lines(dtype="float32", seed=0):
    L = layers
    return Sequential([L.Conv2D(32, 3), L.ReLU(), L.MaxPool2D(2), L.Conv2D(64, 3), L.ReLU(), L.MaxPool2D(2), L.Flatten(),
                       L.Dense(128), L.ReLU(), L.Dense(10)], input_shape=(28, 28, 1), seed=seed, dtype=dtype)


@pytest.fixture(scope="module")
def digits():
    (x, y), _ = data.load_mnist()
    return x[:6400, ..., None].astype("float32") / 255, y[:6400].astype(int)


def test_outputs_and_gradients_of_one_batch(digits):
    x, y = digits[0][:128], digits[1][:128]
    ours = ten_lines()
    theirs = keras_bridge.to_keras(ours)
    logits = ours.forward(x)
    np.testing.assert_allclose(logits, theirs.predict(x, verbose=0), atol=1e-4)
    ours.backward(ops.cross_entropy_backward(1.0, logits, y))
    with tf.GradientTape() as tape:
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)(y, theirs(x))
    gradients = tape.gradient(loss, theirs.trainable_variables)
    assert len(gradients) == len(ours.gradients) == 8
    for name, ours_gradient, theirs_gradient in zip(ours.gradients, ours.gradients.values(), gradients, strict=True):
        np.testing.assert_allclose(ours_gradient, theirs_gradient, atol=1e-4, err_msg=name)


def test_fifty_steps_in_float64(digits):
    """In float32 rounding noise grows from step to step; in float64 the two trainings stay one."""
    x, y = digits
    ours, adam = ten_lines("float64"), Adam()
    theirs = keras_bridge.to_keras(ours)
    theirs.compile(keras.optimizers.Adam(1e-3), keras.losses.SparseCategoricalCrossentropy(from_logits=True, dtype="float64"))
    worst = 0
    for start in range(0, 6400, 128):
        batch = slice(start, start + 128)
        loss, _ = ours.train_step(x[batch].astype("float64"), y[batch], adam)
        theirs.reset_metrics()
        worst = max(worst, abs(loss - float(theirs.train_on_batch(x[batch].astype("float64"), y[batch]))))
    assert worst < 1e-5


def test_a_model_from_keras_gives_its_numbers_and_goes_back():
    keras.utils.set_random_seed(1)
    K = keras.layers
    theirs = keras.Sequential([
        keras.Input((13, 11, 4)), K.Conv2D(6, (3, 2), strides=(2, 1), padding="same", activation="relu"),
        K.AveragePooling2D((2, 3), strides=2, padding="same"), K.Conv2D(4, 3, dilation_rate=2, padding="same"),
        K.Activation("tanh"), K.Dropout(0.4), K.MaxPooling2D(2), K.Flatten(), K.Dense(7, activation="sigmoid"),
        K.Dense(3, activation="softmax")])
    x = np.random.default_rng(0).normal(size=(5, 13, 11, 4)).astype("float32")
    ours = keras_bridge.from_keras(theirs)
    np.testing.assert_allclose(ours.predict(x), theirs.predict(x, verbose=0), atol=1e-5)
    again = keras_bridge.to_keras(ours)
    np.testing.assert_allclose(again.predict(x, verbose=0), theirs.predict(x, verbose=0), atol=1e-5)
    logits = keras_bridge.from_keras(theirs, logits=True)
    assert isinstance(logits.layers[-1], layers.Dense)
    np.testing.assert_allclose(ops.softmax(logits.predict(x)), theirs.predict(x, verbose=0), atol=1e-5)


def test_explicit_padding_becomes_a_padding_layer():
    ours = Sequential([layers.Conv2D(3, 3, padding=((2, 0), (1, 1)))], input_shape=(6, 7, 2))
    x = np.random.default_rng(0).normal(size=(2, 6, 7, 2)).astype("float32")
    np.testing.assert_allclose(ours.predict(x), keras_bridge.to_keras(ours).predict(x, verbose=0), atol=1e-5)


def test_what_cannot_be_translated_is_named():
    padded = Sequential([layers.MaxPool2D(2, padding=1)], input_shape=(6, 6, 2))
    with pytest.raises(RangeError, match="MaxPool2D.*'valid' or 'same'"):
        keras_bridge.to_keras(padded)
    strange = keras.Sequential([keras.Input((6, 6, 2)), keras.layers.BatchNormalization(name="norm")])
    with pytest.raises(RangeError, match="norm .BatchNormalization."):
        keras_bridge.from_keras(strange)
    curved = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, activation="gelu", name="curved")])
    with pytest.raises(RangeError, match="gelu"):
        keras_bridge.from_keras(curved)


def test_copying_between_different_models_changes_nothing():
    a = Sequential([layers.Dense(3)], input_shape=(4,))
    b = Sequential([layers.Dense(5)], input_shape=(4,))
    before = b.parameters["1.Dense.w"].copy()
    with pytest.raises(ShapeError, match="copy_weights: the models differ"):
        keras_bridge.copy_weights(a, b)
    np.testing.assert_array_equal(b.parameters["1.Dense.w"], before)
