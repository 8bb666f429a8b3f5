"""Sequential: training is reproducible, batches and threads do not change answers, weights survive a round trip."""

import time

import numpy as np
import pytest

from cnnlib import layers as L
from cnnlib import ops, threads
from cnnlib.errors import RangeError, ShapeError
from cnnlib.model import Sequential
from cnnlib.optimizers import SGD, Adam


def small(seed=0, **options):
    return Sequential([L.Conv2D(4, 3), L.ReLU(), L.MaxPool2D(2), L.Flatten(), L.Dense(3)], (8, 8, 1), seed=seed, **options)


@pytest.fixture
def stripes():
    """Three kinds of pictures with bright rows, columns or nothing: (50, 8, 8, 1) and labels 0, 1, 2."""
    rng = np.random.default_rng(3)
    y = np.arange(50) % 3
    x = rng.normal(0, 0.1, (50, 8, 8, 1)).astype("float32")
    x[y == 0, 2::3] += 1
    x[y == 1, :, 2::3] += 1
    return x, y


def test_it_learns_and_reports_each_epoch(stripes, capsys):
    model = small()
    history = model.fit(*stripes, epochs=30, batch_size=16, optimizer=Adam(0.01), validation=stripes, progress=False)
    assert {name: len(values) for name, values in history.items()} == dict.fromkeys(
        ["loss", "accuracy", "seconds", "val_loss", "val_accuracy"], 30)
    assert history["loss"][-1] < 0.1 < history["loss"][0]
    assert model.evaluate(*stripes)[1] == 1.0 == history["val_accuracy"][-1]
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 30 and lines[0].startswith("epoch 1/30 · ") and "val_accuracy" in lines[0]


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(stripes):
    first, second, other = small(), small(), small(seed=1)
    for model, seed in ((first, 5), (second, 5), (other, 5)):
        model.fit(*stripes, epochs=2, seed=seed, verbose=False, progress=False)
    for name, array in first.parameters.items():
        np.testing.assert_array_equal(array, second.parameters[name])
        assert not np.array_equal(array, other.parameters[name])


def test_one_step_of_sgd_by_hand():
    model = Sequential([L.Dense(2)], (2,))
    w, b = model.parameters["1.Dense.w"], model.parameters["1.Dense.b"]
    w[...], b[...] = [[1, 0], [0, 1]], 0
    x, y = np.array([[2.0, 0.0]], "float32"), np.array([1])
    p = np.exp(2) / (np.exp(2) + 1)  # probability of class 0 at logits (2, 0)
    loss, output = model.train_step(x, y, SGD(0.5))
    np.testing.assert_allclose(output, [[2, 0]])
    assert loss == pytest.approx(-np.log(1 - p), rel=1e-6)
    np.testing.assert_allclose(w, [[1 - 0.5 * 2 * p, 0.5 * 2 * p], [0, 1]], rtol=1e-6)
    np.testing.assert_allclose(b, [-0.5 * p, 0.5 * p], rtol=1e-6)


def test_penalties_enter_loss_and_step_but_leave_biases_free():
    plain, punished = Sequential([L.Dense(2)], (2,)), Sequential([L.Dense(2)], (2,))
    for model in (plain, punished):
        model.parameters["1.Dense.w"][...] = [[1, -2], [3, 0]]
        model.parameters["1.Dense.b"][...] = 1
    x, y = np.array([[1.0, 1.0]], "float32"), np.array([0])
    a, _ = plain.train_step(x, y, SGD(0.1))
    b, _ = punished.train_step(x, y, SGD(0.1), l1=0.5, l2=0.25)
    assert b - a == pytest.approx(0.5 * 6 + 0.25 * 14, rel=1e-6)
    expected = 0.1 * (0.5 * np.array([[1, -1], [1, 0]]) + 0.5 * np.array([[1, -2], [3, 0]]))
    np.testing.assert_allclose(plain.parameters["1.Dense.w"] - punished.parameters["1.Dense.w"], expected, atol=1e-6)
    np.testing.assert_array_equal(plain.parameters["1.Dense.b"], punished.parameters["1.Dense.b"])


def test_the_size_of_a_prediction_batch_does_not_matter(stripes):
    x, y = stripes
    model = small()
    np.testing.assert_allclose(model.predict(x, batch_size=7), model.predict(x), atol=1e-6)
    assert model.evaluate(x, y, batch_size=7) == pytest.approx(model.evaluate(x, y), abs=1e-6)
    loss = ops.cross_entropy(model.predict(x), y)
    assert model.evaluate(x, y)[0] == pytest.approx(float(loss), rel=1e-6)


def test_regression_has_a_loss_but_no_accuracy(capsys):
    x = np.random.default_rng(0).normal(size=(40, 3)).astype("float32")
    y = (x @ np.array([[1.0], [2.0], [-1.0]])).astype("float32")
    model = Sequential([L.Dense(1)], (3,))
    history = model.fit(x, y, epochs=60, batch_size=10, optimizer=SGD(0.1), loss="squared_error", progress=False)
    assert history["loss"][-1] < 1e-4
    assert "accuracy" not in capsys.readouterr().out
    np.testing.assert_allclose(model.parameters["1.Dense.w"].ravel(), [1, 2, -1], atol=0.01)


def test_weights_survive_saving(tmp_path, stripes):
    trained, fresh = small(), small(seed=9)
    trained.fit(*stripes, epochs=1, verbose=False, progress=False)
    trained.save(tmp_path / "weights.npz")
    fresh.load_weights(tmp_path / "weights.npz")
    np.testing.assert_array_equal(fresh.predict(stripes[0]), trained.predict(stripes[0]))
    assert [path.name for path in tmp_path.iterdir()] == ["weights.npz"]


def test_summary_counts_every_parameter():
    text = small().summary()
    assert "(6, 6, 4)" in text and "(36,)" in text
    assert text.splitlines()[-1].split() == ["total", "151"]  # 3·3·1·4 + 4 + 36·3 + 3


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_the_number_of_threads_does_not_change_the_answer(count):
    rng = np.random.default_rng(0)
    x, k, b = rng.normal(size=(5, 9, 8, 3)), rng.normal(size=(3, 3, 3, 4)), rng.normal(size=4)
    dy = rng.normal(size=(5, 7, 6, 4))
    before = threads.get_threads()
    try:
        threads.set_threads(1)
        expected = ops.conv2d(x, k, b), *ops.conv2d_backward(dy, x, k)
        threads.set_threads(count)
        got = ops.conv2d(x, k, b), *ops.conv2d_backward(dy, x, k)
    finally:
        threads.set_threads(before)
    for a, e in zip(got, expected, strict=True):
        np.testing.assert_allclose(a, e, atol=1e-12)


@pytest.mark.parametrize("count", [0, -1, 1.5, "2"])
def test_a_number_of_threads_must_be_whole_and_positive(count):
    with pytest.raises(RangeError, match="set_threads: count="):
        threads.set_threads(count)


def test_an_error_in_one_part_of_the_batch_reaches_the_caller():
    def work(part):
        if part.stop == 4:
            raise ZeroDivisionError("second part")
        return part.stop

    with pytest.raises(ZeroDivisionError, match="second part"):
        threads.over_parts(work, 4)


def test_an_error_waits_for_the_parts_that_still_write():
    written = []

    def work(part):
        if part.start == 0:
            raise ZeroDivisionError("first part")
        time.sleep(0.2)
        written.append(part)

    before = threads.get_threads()
    threads.set_threads(2)
    try:
        with pytest.raises(ZeroDivisionError, match="first part"):
            threads.over_parts(work, 2)
    finally:
        threads.set_threads(before)
    assert written == [slice(1, 2, None)]


def test_dropout_keeps_the_mean_and_only_acts_while_training():
    layer = L.Dropout(0.25)
    layer.build((1000,), np.random.default_rng(0), np.dtype("float32"))
    x = np.ones((50, 1000), "float32")
    y = layer.forward(x, training=True)
    assert set(np.unique(y)) == {np.float32(0), np.float32(1) / np.float32(0.75)}
    assert (y == 0).mean() == pytest.approx(0.25, abs=0.01) and y.mean() == pytest.approx(1, abs=0.02)
    np.testing.assert_array_equal(layer.backward(x), y)
    np.testing.assert_array_equal(layer.forward(x), x)


def test_views_and_transposed_inputs_give_the_same_numbers():
    rng = np.random.default_rng(1)
    wide = rng.normal(size=(4, 12, 10, 6))
    x, k = wide[::2, ::-1, 1:9, ::2], rng.normal(size=(5, 3, 2, 3)).transpose(2, 1, 3, 0)
    copy = np.ascontiguousarray
    np.testing.assert_allclose(ops.conv2d(x, k), ops.conv2d(copy(x), copy(k)), atol=1e-12)
    np.testing.assert_array_equal(ops.max_pool2d(x), ops.max_pool2d(copy(x)))
    np.testing.assert_array_equal(ops.avg_pool2d(x), ops.avg_pool2d(copy(x)))


def test_layers_that_do_not_fit_are_named_with_their_place():
    with pytest.raises(ShapeError, match=r"layer 2, Conv2D\(filters=3, size=\(5, 5\).*larger than the padded picture"):
        Sequential([L.MaxPool2D(2), L.Conv2D(3, 5)], (8, 8, 1))
    with pytest.raises(ShapeError, match=r"layer 1, Dense\(units=3\).*put Flatten\(\) before it"):
        Sequential([L.Dense(3)], (8, 8, 1))
    with pytest.raises(RangeError, match="Dropout: rate=1"):
        L.Dropout(1)
