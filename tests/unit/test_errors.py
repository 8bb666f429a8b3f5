"""Bad input: a typed error that names the call, what was given and the fix, and nothing left half done.

Damaged data files stand in test_data.py, damaged videos in test_video_io.py.
"""

import errno
import os
import re
import subprocess
import sys
from contextlib import contextmanager

import numpy as np
import pytest

from cnnlib import layers as L
from cnnlib import ops
from cnnlib.errors import CnnlibError, DtypeError, NonFiniteError, RangeError, ShapeError, WeightFileError
from cnnlib.model import Sequential
from cnnlib.optimizers import SGD, Adam


def ones(*shape, dtype="float32"):
    return np.ones(shape, dtype)


@contextmanager
def raises(kind, *parts):
    """Expect an error of exactly this kind, in the book's form, whose message holds each of the parts."""
    with pytest.raises(kind) as caught:
        yield
    message = str(caught.value)
    assert type(caught.value) is kind and issubclass(kind, CnnlibError) and issubclass(kind, ValueError)
    assert " · " in message and "\n" not in message
    for part in parts:
        assert part in message, f"{part!r} is missing in: {message}"


def classifier(seed=0, units=3):
    return Sequential([L.Conv2D(2, 3), L.ReLU(), L.MaxPool2D(2), L.Flatten(), L.Dense(units)], (8, 8, 1), seed=seed)


def copy_of(model):
    return {name: array.copy() for name, array in model.parameters.items()}


def assert_unchanged(model, before):
    for name, array in model.parameters.items():
        np.testing.assert_array_equal(array, before[name])


X = np.random.default_rng(0).random((6, 8, 8, 1), dtype="float32")
Y = np.array([0, 1, 2, 0, 1, 2])

# ── operations: shapes ────────────────────────────────────────────────────────────────────────────────────────

SHAPES = {
    "conv2d, rank of x": (lambda: ops.conv2d(ones(8, 8, 3), ones(3, 3, 3, 5)),
                          ["conv2d: x needs 4 axes (N,H,W,C), it has 3", "(8, 8, 3)", "np.newaxis"]),
    "conv2d, rank of k": (lambda: ops.conv2d(ones(2, 8, 8, 3), ones(3, 3)),
                          ["conv2d: k needs 4 axes (P,Q,C,F), it has 2", "(3, 3)"]),
    "conv2d, channels": (lambda: ops.conv2d(ones(2, 8, 8, 3), ones(3, 3, 4, 5)),
                         ["conv2d: kernel expects C=4 channels, x has C=3", "x (N=2,H=8,W=8,C=3)", "k (P=3,Q=3,C=4,F=5)",
                          "make k.shape[2] equal x.shape[3]"]),
    "conv2d, channels of a group": (lambda: ops.conv2d(ones(2, 8, 8, 4), ones(3, 3, 4, 2), groups=2),
                                    ["kernel expects 4 channels per group, x has C=4 in 2 groups", "make k.shape[2] equal 2"]),
    "conv2d, bias": (lambda: ops.conv2d(ones(2, 8, 8, 3), ones(3, 3, 3, 5), ones(4)),
                     ["bias has 4 entries", "F=5", "b (F=4)", "make len(b) equal 5"]),
    "conv2d, kernel larger than the picture": (lambda: ops.conv2d(ones(1, 4, 8, 1), ones(5, 5, 1, 1)),
                                               ["conv2d: the window 5 × 5 is larger than the padded picture",
                                                "x (N=1,H=4,W=8,C=1)", "use a smaller window"]),
    "conv2d, dilated kernel larger": (lambda: ops.conv2d(ones(1, 6, 6, 1), ones(3, 3, 1, 1), dilation=3),
                                      ["larger than the padded picture", "dilation=(3, 3)", "less dilation"]),
    "conv2d, empty batch": (lambda: ops.conv2d(ones(0, 8, 8, 1), ones(3, 3, 1, 1)),
                            ["conv2d: x is empty", "x (N=0,H=8,W=8,C=1)", "at least one element"]),
    "conv2d, no kernels": (lambda: ops.conv2d(ones(1, 8, 8, 1), ones(3, 3, 1, 0)), ["conv2d: k is empty", "F=0"]),
    "conv2d_backward, dy": (lambda: ops.conv2d_backward(ones(1, 8, 8, 2), ones(1, 8, 8, 1), ones(3, 3, 1, 2)),
                            ["conv2d_backward: dy has the wrong shape", "dy (N=1,H=8,W=8,F=2)", "expected (N=1,H=6,W=6,F=2)"]),
    "max_pool2d, rank": (lambda: ops.max_pool2d(ones(8, 8)), ["max_pool2d: x needs 4 axes (N,H,W,C), it has 2"]),
    "max_pool2d, window larger": (lambda: ops.max_pool2d(ones(1, 3, 3, 1), 4),
                                  ["max_pool2d: the window 4 × 4 is larger", "x (N=1,H=3,W=3,C=1)"]),
    "max_pool2d, windows of padding only": (lambda: ops.max_pool2d(ones(1, 4, 4, 1), 2, padding=2),
                                            ["max_pool2d: padding=((2, 2), (2, 2)) is as wide as the window (2, 2)", "pad less"]),
    "avg_pool2d, empty batch": (lambda: ops.avg_pool2d(ones(0, 4, 4, 1)), ["avg_pool2d: x is empty", "N=0"]),
    "avg_pool2d_backward, dy": (lambda: ops.avg_pool2d_backward(ones(1, 3, 2, 1), ones(1, 4, 4, 1)),
                                ["avg_pool2d_backward: dy has the wrong shape", "expected (N=1,H=2,W=2,C=1)"]),
    "dense, rank": (lambda: ops.dense(ones(2, 4, 4, 1), ones(16, 3)), ["dense: x needs 2 axes (N,I), it has 4"]),
    "dense, inputs": (lambda: ops.dense(ones(2, 4), ones(5, 3)),
                      ["dense: weight expects I=5 inputs, x has I=4", "x (N=2,I=4)", "w (I=5,O=3)",
                       "make w.shape[0] equal x.shape[1]"]),
    "dense, bias": (lambda: ops.dense(ones(2, 4), ones(4, 3), ones(2)), ["bias has 2 entries", "make len(b) equal 3"]),
    "dense_backward, dy": (lambda: ops.dense_backward(ones(3, 3), ones(2, 4), ones(4, 3)),
                           ["dense_backward: dy has the wrong shape", "expected (N=2,O=3)"]),
    "relu_backward, dy": (lambda: ops.relu_backward(ones(3), ones(4)), ["relu_backward: dy has the wrong shape"]),
    "softmax, empty": (lambda: ops.softmax(ones(0, 3)), ["softmax: x is empty"]),
    "cross_entropy, rank": (lambda: ops.cross_entropy(ones(3), np.array([1])), ["cross_entropy: logits needs 2 axes (N,C)"]),
    "cross_entropy, labels": (lambda: ops.cross_entropy(ones(4, 3), np.array([0, 1])),
                              ["cross_entropy: labels do not match the logits", "logits (N=4,C=3)", "labels (N=2)",
                               "expected (4,) whole numbers or (4, 3) probabilities"]),
    "squared_error, shapes": (lambda: ops.squared_error(ones(4, 1), ones(4)),
                              ["squared_error: target needs 2 axes", "(4,)"]),
}


@pytest.mark.parametrize("case", SHAPES)
def test_shapes_that_do_not_fit(case):
    call, parts = SHAPES[case]
    with raises(ShapeError, *parts):
        call()


# ── operations: kinds and ranges of numbers ───────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("dtype", ["uint8", "int64", "float16", "bool", "complex64", ">f4"])
@pytest.mark.parametrize("call", [
    lambda x: ops.conv2d(x, ones(3, 3, 1, 1)), ops.max_pool2d, ops.avg_pool2d, ops.relu, ops.sigmoid, ops.tanh, ops.softmax,
    lambda x: ops.dense(x.reshape(1, -1), ones(64, 2)), lambda x: ops.cross_entropy(x.reshape(1, -1), np.array([3])),
    lambda x: ops.squared_error(x, ones(1, 8, 8, 1)),
], ids=["conv2d", "max_pool2d", "avg_pool2d", "relu", "sigmoid", "tanh", "softmax", "dense", "cross_entropy", "squared_error"])
def test_only_float32_and_float64_are_computed_with(call, dtype):
    with raises(DtypeError, f"holds {np.dtype(dtype)}", "float32 or float64", ".astype('float32')"):
        call(ones(1, 8, 8, 1, dtype=dtype))


def test_uint8_pixels_are_told_to_divide_by_255():
    with raises(DtypeError, "conv2d: x holds uint8", "x (N=1,H=8,W=8,C=1)", "x.astype('float32') / 255"):
        ops.conv2d(ones(1, 8, 8, 1, dtype="uint8"), ones(3, 3, 1, 1))


def test_a_list_is_no_array():
    with raises(DtypeError, "relu: x is a list, not a NumPy array", "np.asarray(x)"):
        ops.relu([1.0, 2.0])


RANGES = {
    "zero stride": (lambda: ops.conv2d(ones(1, 8, 8, 1), ones(3, 3, 1, 1), stride=0), ["conv2d: stride=0", "whole number ≥ 1"]),
    "zero stride in one direction": (lambda: ops.conv2d(ones(1, 8, 8, 1), ones(3, 3, 1, 1), stride=(1, 0)), ["stride=(1, 0)"]),
    "negative stride": (lambda: ops.max_pool2d(ones(1, 8, 8, 1), 2, -1), ["max_pool2d: stride=-1"]),
    "half a stride": (lambda: ops.conv2d(ones(1, 8, 8, 1), ones(3, 3, 1, 1), stride=1.5), ["stride=1.5", "whole number"]),
    "three strides": (lambda: ops.conv2d(ones(1, 8, 8, 1), ones(3, 3, 1, 1), stride=(1, 1, 1)), ["stride=(1, 1, 1)", "or 2"]),
    "zero dilation": (lambda: ops.conv2d(ones(1, 8, 8, 1), ones(3, 3, 1, 1), dilation=0), ["conv2d: dilation=0"]),
    "zero window": (lambda: ops.avg_pool2d(ones(1, 8, 8, 1), 0), ["avg_pool2d: window=0"]),
    "zero groups": (lambda: ops.conv2d(ones(1, 8, 8, 1), ones(3, 3, 1, 1), groups=0), ["groups=0"]),
    "groups that do not divide": (lambda: ops.conv2d(ones(1, 8, 8, 3), ones(3, 3, 1, 4), groups=2),
                                  ["groups=2 must divide C=3 and F=4", "x (N=1,H=8,W=8,C=3)"]),
    "padding by a wrong word": (lambda: ops.conv2d(ones(1, 8, 8, 1), ones(3, 3, 1, 1), padding="SAME"),
                                ["conv2d: padding='SAME'", '"valid", "same"']),
    "negative padding": (lambda: ops.conv2d(ones(1, 8, 8, 1), ones(3, 3, 1, 1), padding=-1), ["padding=-1"]),
    "padding of the wrong form": (lambda: ops.conv2d(ones(1, 8, 8, 1), ones(3, 3, 1, 1), padding=(1, 1)),
                                  ["padding=(1, 1)", "((top, bottom), (left, right))"]),
    "label too large": (lambda: ops.cross_entropy(ones(2, 3), np.array([0, 3])),
                        ["cross_entropy: labels run from 0 to 3, allowed is 0 … 2", "logits (N=2,C=3)", "labels (N=2)",
                         "4 outputs"]),
    "negative label": (lambda: ops.cross_entropy_backward(1.0, ones(2, 3), np.array([-1, 2])),
                       ["cross_entropy_backward: labels run from -1 to 2"]),
    "rows that are no probabilities": (lambda: ops.cross_entropy(ones(1, 3), ones(1, 3)), ["must be probabilities", "one-hot"]),
    "negative probability": (lambda: ops.cross_entropy(ones(1, 3), np.array([[1.5, -0.5, 0]])), ["no negative number, sum 1"]),
    "NaN probability": (lambda: ops.cross_entropy(ones(1, 3), np.array([[np.nan, 1, 0]])), ["must be probabilities"]),
}


@pytest.mark.parametrize("case", RANGES)
def test_values_out_of_range(case):
    call, parts = RANGES[case]
    with raises(RangeError, *parts):
        call()


@pytest.mark.parametrize("labels", [np.array([0.0, 1.0]), np.array([True, False]), np.array(["a", "b"]), np.array([0, None])],
                         ids=["float", "bool", "text", "object"])
def test_labels_that_are_no_whole_numbers(labels):
    with raises(DtypeError, f"cross_entropy: labels hold {labels.dtype}, not whole numbers", "labels (N=2)",
                "labels.astype(int)"):
        ops.cross_entropy(ones(2, 3), labels)


# ── layers, models, optimisers ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("layers, shape, parts", [
    ([L.Conv2D(4, 3), L.Dense(10)], (8, 8, 1), ["layer 2, Dense(units=10)", "(6, 6, 4)", "Flatten()"]),
    ([L.Flatten(), L.Conv2D(4, 3)], (8, 8, 1), ["layer 2, Conv2D(filters=4", "(64,)"]),
    ([L.Conv2D(4, 3)], (8, 8), ["layer 1, Conv2D(filters=4", "(8, 8)", "C=1 for grey"]),
    ([L.Conv2D(4, 3), L.MaxPool2D(2), L.Conv2D(4, 5)], (8, 8, 1),
     ["layer 3, Conv2D(filters=4, size=(5, 5)", "window 5 × 5 is larger"]),
    ([L.MaxPool2D(9)], (8, 8, 1), ["layer 1, MaxPool2D(window=9", "window 9 × 9 is larger"]),
], ids=["no Flatten", "Flatten too early", "no channel", "kernel too large", "window too large"])
def test_layers_that_do_not_fit_are_named_with_their_place(layers, shape, parts):
    with raises(ShapeError, *parts):
        Sequential(layers, shape)


CALLS = {
    "fit": lambda model, x, y: model.fit(x, y, verbose=False, progress=False),
    "evaluate": lambda model, x, y: model.evaluate(x, y),
    "predict": lambda model, x, y: model.predict(x),
}


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("call", CALLS)
def test_nan_and_infinity_in_the_input(call, bad):
    model, x = classifier(), X.copy()
    before = copy_of(model)
    x[3, 2, 1, 0] = bad
    with raises(NonFiniteError, f"{call}: x holds NaN or infinity, first at (3, 2, 1, 0)", "np.nan_to_num"):
        CALLS[call](model, x, Y)
    assert_unchanged(model, before)


@pytest.mark.parametrize("x, y, kind, parts", [
    (X[:0], Y[:0], ShapeError, ["{call}: x is empty", "(0, 8, 8, 1)"]),
    (X[..., 0], Y, ShapeError, ["takes examples of shape (8, 8, 1)", "x (6, 8, 8)", "reshape to (N, 8, 8, 1)"]),
    (np.repeat(X, 3, axis=3), Y, ShapeError, ["takes examples of shape (8, 8, 1)", "(6, 8, 8, 3)"]),
    ((X * 255).astype("uint8"), Y, DtypeError, ["x holds uint8", "x.astype('float32') / 255"]),
    (X.astype("float16"), Y, DtypeError, ["x holds float16", "x.astype('float32')"]),
], ids=["empty", "no channel axis", "three channels", "uint8", "float16"])
@pytest.mark.parametrize("call", CALLS)
def test_examples_that_do_not_fit_the_model(call, x, y, kind, parts):
    model = classifier()
    before = copy_of(model)
    with raises(kind, *(part.format(call=call) for part in parts)):
        CALLS[call](model, x, y)
    assert_unchanged(model, before)


@pytest.mark.parametrize("y, kind, parts", [
    (Y[:5], ShapeError, ["{call}: 6 examples but 5 targets", "x (6, 8, 8, 1)", "y (5,)"]),
    (Y + 1, RangeError, ["labels run from 1 to 3, allowed is 0 … 2", "labels (N=6)", "4 outputs"]),
    (Y - 1, RangeError, ["labels run from -1 to 1"]),
    (Y.astype("float32"), DtypeError, ["labels hold float32", "labels.astype(int)"]),
    (np.eye(4)[Y], ShapeError, ["labels do not match the logits", "logits (N=6,C=3)", "(6, 3) probabilities"]),
], ids=["too few", "too large", "negative", "float", "four classes"])
@pytest.mark.parametrize("call", ["fit", "evaluate"])
def test_labels_that_do_not_fit_the_model(call, y, kind, parts):
    model = classifier()
    before = copy_of(model)
    with raises(kind, *(part.format(call=call) for part in parts)):
        CALLS[call](model, X, y)
    assert_unchanged(model, before)


@pytest.mark.parametrize("options, parts", [
    ({"epochs": 0}, ["fit: epochs=0", "whole number ≥ 1"]), ({"epochs": 1.5}, ["fit: epochs=1.5"]),
    ({"batch_size": 0}, ["fit: batch_size=0"]), ({"batch_size": -3}, ["fit: batch_size=-3"]),
    ({"loss": "crossentropy"}, ["loss='crossentropy'", "cross_entropy, squared_error"]),
])
def test_settings_of_fit_out_of_range(options, parts):
    with raises(RangeError, *parts):
        classifier().fit(X, Y, verbose=False, progress=False, **options)


@pytest.mark.parametrize("make, parts", [
    (lambda: SGD(learning_rate=0), ["SGD: learning_rate=0", "positive"]), (lambda: SGD(-1), ["SGD: learning_rate=-1"]),
    (lambda: SGD(0.1, momentum=1), ["SGD: momentum=1", "[0, 1)"]), (lambda: Adam(0), ["Adam: learning_rate=0"]),
    (lambda: Adam(float("nan")), ["Adam: learning_rate=nan"]), (lambda: Adam(beta_1=1.0), ["Adam: beta_1=1.0", "[0, 1)"]),
    (lambda: L.Dropout(1), ["Dropout: rate=1", "[0, 1)"]), (lambda: L.Dropout(-0.1), ["Dropout: rate=-0.1"]),
], ids=["rate 0", "rate −1", "momentum 1", "Adam 0", "Adam NaN", "beta 1", "dropout 1", "dropout −0.1"])
def test_rates_out_of_range(make, parts):
    with raises(RangeError, *parts):
        make()


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("rate", [10.0, 1e3, 1e6, 1e30])
def test_diverging_training_names_epoch_step_and_layer(rate):
    model = Sequential([L.Flatten(), L.Dense(4), L.ReLU(), L.Dense(1)], (8, 8, 1))
    target = np.ones((6, 1), "float32")
    with pytest.raises(NonFiniteError) as caught:
        model.fit(X, target, epochs=50, batch_size=2, optimizer=SGD(rate), loss="squared_error", verbose=False, progress=False)
    message = str(caught.value)
    assert re.match(r"fit: epoch \d+, step [123]: the loss is (inf|nan): .*layer [24], Dense\(units=[41]\)", message), message
    assert message.endswith("lower the learning rate")


def test_nan_in_the_targets_is_not_blamed_on_a_layer():
    model = Sequential([L.Flatten(), L.Dense(1)], (8, 8, 1))
    before = copy_of(model)
    with raises(NonFiniteError, "fit: epoch 1, step 1: the loss is nan although all layers are finite", "check the targets"):
        model.fit(X, np.full((6, 1), np.nan, "float32"), loss="squared_error", verbose=False, progress=False)
    assert_unchanged(model, before)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_broken_weight_is_named_before_it_spreads():
    model = classifier()
    model.parameters["5.Dense.w"][0, 0] = np.inf
    before = copy_of(model)
    with raises(NonFiniteError, "fit: epoch 1, step 1", "weight w of layer 5, Dense(units=3), is not finite"):
        CALLS["fit"](model, X, Y)
    assert_unchanged(model, before)


# ── weight files ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "weights.npz"
    classifier(seed=1).save(path)
    return path


def assert_refused(path, *parts):
    """Loading fails with WeightFileError, and the model keeps every one of its weights."""
    model = classifier(seed=2)
    before = copy_of(model)
    with raises(WeightFileError, f"load_weights: {path.name}", *parts):
        model.load_weights(path)
    assert_unchanged(model, before)


def test_a_truncated_weight_file(saved):
    whole = saved.read_bytes()
    for size in (0, 1, 30, len(whole) // 3, len(whole) // 2, len(whole) - 30, len(whole) - 1):
        saved.write_bytes(whole[:size])
        assert_refused(saved, "missing or damaged", "save it again")


def test_an_altered_weight_file(saved):
    whole = bytearray(saved.read_bytes())
    place = whole.find(np.ascontiguousarray(classifier(seed=1).parameters["5.Dense.w"]).tobytes())
    assert place > 0
    whole[place + 5] ^= 0x40  # one bit of one weight
    saved.write_bytes(whole)
    assert_refused(saved, "missing or damaged")


@pytest.mark.filterwarnings("ignore")  # NumPy and zipfile remark on some of the damage themselves
def test_any_flipped_byte_is_refused_or_does_no_harm(saved):
    whole = saved.read_bytes()
    model, right = classifier(seed=2), copy_of(classifier(seed=1))
    before = copy_of(model)
    for place in range(0, len(whole), 3):
        damaged = bytearray(whole)
        damaged[place] ^= 0xFF
        saved.write_bytes(damaged)
        try:
            model.load_weights(saved)
        except WeightFileError:
            assert_unchanged(model, before)
        else:  # a byte that means nothing, such as a date
            assert_unchanged(model, right)
            for name, array in before.items():
                model.parameters[name][...] = array


def test_a_missing_weight_file(tmp_path):
    assert_refused(tmp_path / "nowhere.npz", "missing or damaged")


def test_files_that_are_no_weight_files(tmp_path):
    path = tmp_path / "text.npz"
    path.write_text("these are not the weights you are looking for")
    assert_refused(path, "missing or damaged")
    np.save(tmp_path / "one.npy", np.ones(3))
    assert_refused(tmp_path / "one.npy", "save it again")
    np.savez(path, something=np.ones(3))
    assert_refused(path, "belongs to another model")


def test_nothing_is_unpickled(tmp_path):
    class Trap:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "sprung"),)

    path = tmp_path / "trap.npz"
    np.savez(path, architecture=np.array(Trap(), dtype=object))
    assert_refused(path, "missing or damaged")
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("other", [
    lambda: classifier(units=4), lambda: Sequential([L.Flatten(), L.Dense(3)], (8, 8, 1)),
    lambda: Sequential([L.Conv2D(2, 3, dilation=2), L.ReLU(), L.MaxPool2D(1), L.Flatten(), L.Dense(3)], (8, 8, 1)),
], ids=["other classes", "other layers", "other settings"])
def test_a_weight_file_of_another_model(tmp_path, other):
    path = tmp_path / "other.npz"
    other().save(path)
    assert_refused(path, "belongs to another model", "file [", "this model [", "Dense(units=3)", "build the model")


@pytest.mark.parametrize("damage", ["nan", "shape", "missing", "extra"])
def test_a_weight_file_with_wrong_arrays(saved, damage):
    with np.load(saved) as stored:
        arrays = dict(stored)
    if damage == "nan":
        arrays["5.Dense.b"][1] = np.nan
    elif damage == "shape":
        arrays["5.Dense.b"] = arrays["5.Dense.b"][:2]
    elif damage == "missing":
        del arrays["5.Dense.b"]
    else:
        arrays["6.Dense.w"] = np.ones(3)
    np.savez(saved, **arrays)
    assert_refused(saved, "5.Dense.b" if damage in ("nan", "shape") else "belongs to another model")


def test_saving_wants_the_ending_npz(tmp_path):
    with raises(WeightFileError, "save: weights.h5", "weights.npz"):
        classifier().save(tmp_path / "weights.h5")
    assert not list(tmp_path.iterdir())


def test_saving_into_a_folder_that_is_not_there(tmp_path):
    with raises(WeightFileError, "save: cannot write weights.npz", "No such file or directory", "another folder"):
        classifier().save(tmp_path / "nowhere" / "weights.npz")


@pytest.mark.parametrize("old", [True, False], ids=["over an old file", "a new file"])
@pytest.mark.parametrize("function", ["numpy.savez", "os.replace"])
def test_a_full_disk_while_saving(tmp_path, monkeypatch, function, old):
    path = tmp_path / "weights.npz"
    if old:
        classifier(seed=1).save(path)
    before = path.read_bytes() if old else None

    def full(target, *arguments, **named):
        if hasattr(target, "write"):
            target.write(b"half a file")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(function, full)
    with raises(WeightFileError, "save: cannot write weights.npz: No space left on device", "free some space",
                "nothing was changed"):
        classifier(seed=2).save(path)
    assert [p.name for p in tmp_path.iterdir()] == (["weights.npz"] if old else [])
    assert not old or path.read_bytes() == before


FULL_DISK = """
import resource, sys
from pathlib import Path
from cnnlib.errors import WeightFileError
from cnnlib.layers import Dense
from cnnlib.model import Sequential
path = Path(sys.argv[1])
Sequential([Dense(2)], (2,)).save(path)
old = path.read_bytes()
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    Sequential([Dense(100)], (100,)).save(path)
except WeightFileError as error:
    print(error)
print([p.name for p in path.parent.iterdir()], path.read_bytes() == old)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits on the size of files are a matter of POSIX")
def test_a_disk_that_is_really_full_while_saving(tmp_path, repository):
    done = subprocess.run([sys.executable, "-c", FULL_DISK, str(tmp_path / "weights.npz")], cwd=repository, text=True,
                          capture_output=True, timeout=120)
    assert done.returncode == 0 and not done.stderr, done.stderr
    message, rest = done.stdout.splitlines()
    assert message.startswith("save: cannot write weights.npz: File too large · free some space")
    assert rest == "['weights.npz'] True"


def test_a_message_gives_the_call_the_fault_the_shapes_and_last_the_fix():
    with pytest.raises(ShapeError) as raised:
        ops.conv2d(np.zeros((2, 8, 8, 3)), np.zeros((3, 3, 4, 5)))
    assert str(raised.value) == ("conv2d: kernel expects C=4 channels, x has C=3 · x (N=2,H=8,W=8,C=3) · k (P=3,Q=3,C=4,F=5) · "
                                 "make k.shape[2] equal x.shape[3]")
