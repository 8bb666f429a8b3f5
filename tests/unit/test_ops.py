"""Every operation against numbers worked out by hand, then the three rungs (loops, compiled loops, fast) against each other."""

import inspect
import os
import subprocess
import sys

import numpy as np
import pytest

from cnnlib import compiled, formulas, ops

LOG2, LOG3, LOG5 = np.log([2.0, 3.0, 5.0])


def picture(rows):
    """One grey picture as a batch (1, H, W, 1)."""
    return np.array(rows, float)[np.newaxis, :, :, np.newaxis]


def kernel(rows):
    """One kernel for one channel (P, Q, 1, 1)."""
    return np.array(rows, float)[:, :, np.newaxis, np.newaxis]


def plain(y):
    """(1, H, W, 1) → nested lists (H, W)."""
    assert y.shape[0] == y.shape[3] == 1
    return y[0, :, :, 0].tolist()


NINE = picture([[1, 2, 3], [4, 5, 6], [7, 8, 9]])

# ── by hand ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_correlate_and_convolve_by_hand():
    x, k = np.array([[1.0, 2, 3], [4, 5, 6], [7, 8, 9]]), np.array([[1.0, 0], [2, -1]])
    # top left: 1·1 + 2·0 + 4·2 − 5 = 4; turned kernel ((−1, 2), (0, 1)): −1 + 4 + 5 = 8
    assert formulas.correlate(x, k).tolist() == [[4, 6], [10, 12]]
    assert formulas.convolve(x, k).tolist() == [[8, 10], [14, 16]]


def test_conv2d_by_hand():
    k = kernel([[1, 0], [2, -1]])
    assert plain(ops.conv2d(NINE, k)) == [[4, 6], [10, 12]]
    assert plain(ops.conv2d(NINE, k, np.array([0.5]))) == [[4.5, 6.5], [10.5, 12.5]]
    assert plain(ops.conv2d(NINE, k, stride=2)) == [[4]]
    # padding "same" of a 2 × 2 kernel adds one row below and one column at the right
    assert plain(ops.conv2d(NINE, k, padding="same")) == [[4, 6, 15], [10, 12, 24], [7, 8, 9]]
    assert plain(ops.conv2d(NINE, kernel([[1]]), padding=1)) == [
        [0, 0, 0, 0, 0], [0, 1, 2, 3, 0], [0, 4, 5, 6, 0], [0, 7, 8, 9, 0], [0, 0, 0, 0, 0]]
    assert plain(ops.conv2d(NINE, kernel([[1]]), padding=((1, 0), (0, 2)))) == [
        [0, 0, 0, 0, 0], [1, 2, 3, 0, 0], [4, 5, 6, 0, 0], [7, 8, 9, 0, 0]]
    # dilation 2: the corners 1, 3, 7, 9 → 1 + 2·7 − 9
    assert plain(ops.conv2d(NINE, k, dilation=2)) == [[6]]
    assert plain(ops.conv2d(NINE, kernel([[1, 1]]), stride=(2, 1))) == [[3, 5], [15, 17]]


def test_conv2d_sums_channels_and_groups_keep_them_apart_by_hand():
    x = np.array([2.0, 3.0]).reshape(1, 1, 1, 2)
    k = np.array([[10.0, 1.0], [100.0, 2.0]]).reshape(1, 1, 2, 2)  # (channel, kernel)
    assert ops.conv2d(x, k).ravel().tolist() == [320, 8]
    assert ops.conv2d(x, np.array([10.0, 100.0]).reshape(1, 1, 1, 2), groups=2).ravel().tolist() == [20, 300]


def test_conv2d_backward_by_hand():
    dy, k = picture([[1, 10], [100, 1000]]), kernel([[1, 0], [2, -1]])
    dx, dk, db = ops.conv2d_backward(dy, NINE, k)
    # each dy lays the kernel, times itself, on the window it came from
    assert plain(dx) == [[1, 10, 0], [102, 1019, -10], [200, 1900, -1000]]
    # each weight gathers dy times the pixel it met: 1·1 + 10·2 + 100·4 + 1000·5
    assert dk[:, :, 0, 0].tolist() == [[5421, 6532], [8754, 9865]]
    assert db.tolist() == [1111]
    nothing, same_dk, _ = ops.conv2d_backward(dy, NINE, k, need_dx=False)
    assert nothing is None and np.array_equal(same_dk, dk)


def test_max_pool2d_by_hand():
    x = picture([[1, 5, 2, 0], [3, 4, 8, 1], [0, 0, 7, 7], [9, 1, 7, 6]])
    assert plain(ops.max_pool2d(x)) == [[5, 8], [9, 7]]
    assert plain(ops.max_pool2d(x, window=2, stride=1)) == [[5, 8, 8], [4, 8, 8], [9, 7, 7]]
    assert plain(ops.max_pool2d(x, window=(1, 4))) == [[5], [8], [7], [9]]
    # padding is left out, it does not count as zero
    assert plain(ops.max_pool2d(-NINE, window=2, padding="same")) == [[-1, -3], [-7, -9]]
    dy = picture([[1, 2], [3, 4]])
    # of the three equal 7s the first one, in reading order, wins
    assert plain(ops.max_pool2d_backward(dy, x)) == [[0, 1, 0, 0], [0, 0, 2, 0], [0, 0, 4, 0], [3, 0, 0, 0]]
    # overlapping windows: the 5 in the middle of a peak wins all four and gathers all four
    peak = picture([[0, 0, 0], [0, 5, 0], [0, 0, 0]])
    assert plain(ops.max_pool2d_backward(dy, peak, 2, 1)) == [[0, 0, 0], [0, 10, 0], [0, 0, 0]]


def test_avg_pool2d_by_hand():
    x = picture([[1, 5, 2, 0], [3, 7, 8, 2], [0, 0, 7, 7], [8, 4, 7, 3]])
    assert plain(ops.avg_pool2d(x)) == [[4, 3], [3, 6]]
    assert plain(ops.avg_pool2d(NINE, 2, 1)) == [[3, 4], [6, 7]]
    # at the border only the pixels inside are counted: (3 + 6) / 2, (7 + 8) / 2, 9 / 1
    assert plain(ops.avg_pool2d(NINE, 2, padding="same")) == [[3, 4.5], [7.5, 9]]
    dy = picture([[4, 8], [12, 16]])
    assert plain(ops.avg_pool2d_backward(dy, x)) == [[1, 1, 2, 2], [1, 1, 2, 2], [3, 3, 4, 4], [3, 3, 4, 4]]
    assert plain(ops.avg_pool2d_backward(dy, NINE, 2, padding="same")) == [[1, 1, 4], [1, 1, 4], [6, 6, 16]]


def test_dense_by_hand():
    x, w = np.array([[1.0, 2.0, 3.0]]), np.array([[2.0, 0.0], [-1.0, 1.0], [0.5, -1.0]])
    assert ops.dense(x, w).tolist() == [[1.5, -1.0]]
    assert ops.dense(x, w, np.array([1.0, 0.5])).tolist() == [[2.5, -0.5]]
    dx, dw, db = ops.dense_backward(np.array([[10.0, 1.0]]), x, w)
    assert dx.tolist() == [[20, -9, 4]] and dw.tolist() == [[10, 1], [20, 2], [30, 3]] and db.tolist() == [10, 1]
    _, dw, db = ops.dense_backward(np.array([[1.0], [10.0]]), np.array([[2.0], [3.0]]), np.array([[7.0]]))
    assert dw.tolist() == [[32]] and db.tolist() == [11]  # summed over the batch


def test_activations_by_hand():
    x, dy = np.array([-2.0, 0.0, 3.0]), np.array([5.0, 5.0, 5.0])
    assert ops.relu(x).tolist() == [0, 0, 3] and ops.relu_backward(dy, x).tolist() == [0, 0, 5]
    thirds = np.array([0.0, LOG3, -LOG3])  # e^x = 1, 3, 1/3
    np.testing.assert_allclose(ops.sigmoid(thirds), [1 / 2, 3 / 4, 1 / 4])
    np.testing.assert_allclose(ops.sigmoid_backward(dy, thirds), [5 / 4, 15 / 16, 15 / 16])
    np.testing.assert_allclose(ops.tanh(thirds), [0, 4 / 5, -4 / 5])  # (9 − 1) / (9 + 1)
    np.testing.assert_allclose(ops.tanh_backward(dy, thirds), [5, 5 * 9 / 25, 5 * 9 / 25])
    assert ops.sigmoid(np.array([-1000.0, 1000.0])).tolist() == [0, 1]


def test_softmax_by_hand():
    z = np.array([[0.0, LOG2, LOG5]])
    np.testing.assert_allclose(ops.softmax(z), [[1 / 8, 2 / 8, 5 / 8]])
    np.testing.assert_allclose(ops.softmax(z + 1000), [[1 / 8, 2 / 8, 5 / 8]])
    # dx = y · (dy − Σ dy·y), and Σ dy·y = 8 · 1/8 = 1
    np.testing.assert_allclose(ops.softmax_backward(np.array([[8.0, 0.0, 0.0]]), z), [[7 / 8, -2 / 8, -5 / 8]])


def test_cross_entropy_by_hand():
    z = np.array([[0.0, LOG2, LOG5], [0.0, LOG2, LOG5]])
    labels = np.array([1, 0])
    assert ops.cross_entropy(z[:1], labels[:1]) == pytest.approx(np.log(4))
    assert ops.cross_entropy(z, labels) == pytest.approx((np.log(4) + np.log(8)) / 2)
    assert ops.cross_entropy(z, np.eye(3)[labels]) == pytest.approx((np.log(4) + np.log(8)) / 2)
    assert ops.cross_entropy(z[:1], np.array([[0.5, 0.5, 0.0]])) == pytest.approx((np.log(8) + np.log(4)) / 2)
    assert ops.cross_entropy(np.array([[800.0, 0.0]]), np.array([1])) == 800
    np.testing.assert_allclose(ops.cross_entropy_backward(16.0, z, labels), [[1, -6, 5], [-7, 2, 5]])


def test_squared_error_by_hand():
    prediction, target = np.array([[1.0, 2.0]]), np.array([[0.0, 4.0]])
    assert ops.squared_error(prediction, target) == 2.5
    assert ops.squared_error_backward(3.0, prediction, target).tolist() == [[3, -6]]


# ── the three rungs ───────────────────────────────────────────────────────────────────────────────────────────

RUNGS = [pytest.param(formulas, id="loops"), pytest.param(compiled, id="compiled")]
DTYPES = ["float32", "float64"]

CONV = {  # name: (H, W, C), (P, Q, F), stride, padding as ops takes it, the same spelled out, dilation, groups
    "plain": ((5, 5, 1), (3, 3, 1), (1, 1), "valid", ((0, 0), (0, 0)), (1, 1), 1),
    "not square": ((4, 7, 2), (2, 3, 3), (1, 1), "valid", ((0, 0), (0, 0)), (1, 1), 1),
    "two strides": ((7, 6, 2), (3, 2, 2), (2, 3), "valid", ((0, 0), (0, 0)), (1, 1), 1),
    "same, even kernel": ((5, 6, 2), (2, 4, 2), (1, 1), "same", ((0, 1), (1, 2)), (1, 1), 1),
    "same, stride": ((5, 7, 1), (3, 3, 2), (2, 2), "same", ((1, 1), (1, 1)), (1, 1), 1),
    "number": ((4, 5, 1), (3, 3, 2), (1, 1), 2, ((2, 2), (2, 2)), (1, 1), 1),
    "uneven padding": ((4, 5, 2), (3, 2, 2), (2, 1), ((2, 0), (1, 3)), ((2, 0), (1, 3)), (1, 1), 1),
    "dilation": ((7, 8, 2), (3, 2, 2), (1, 1), "valid", ((0, 0), (0, 0)), (2, 3), 1),
    "dilation, same": ((6, 5, 1), (3, 3, 1), (1, 1), "same", ((2, 2), (1, 1)), (2, 1), 1),
    "groups": ((5, 4, 4), (3, 3, 6), (1, 1), "valid", ((0, 0), (0, 0)), (1, 1), 2),
    "depthwise": ((4, 4, 3), (3, 3, 3), (1, 1), "same", ((1, 1), (1, 1)), (1, 1), 3),
    "everything": ((8, 7, 4), (2, 3, 2), (2, 1), ((1, 0), (2, 1)), ((1, 0), (2, 1)), (2, 2), 2),
    "one by one": ((3, 3, 3), (1, 1, 4), (1, 1), "valid", ((0, 0), (0, 0)), (1, 1), 1),
    "kernel as large as the picture": ((4, 3, 2), (4, 3, 2), (1, 1), "valid", ((0, 0), (0, 0)), (1, 1), 1),
}

POOL = {  # name: (H, W, C), window, stride, padding as ops takes it, the same spelled out
    "plain": ((6, 6, 2), (2, 2), (2, 2), "valid", ((0, 0), (0, 0))),
    "left over": ((7, 5, 1), (2, 2), (2, 2), "valid", ((0, 0), (0, 0))),
    "not square": ((6, 7, 3), (2, 3), (1, 2), "valid", ((0, 0), (0, 0))),
    "overlap": ((6, 5, 2), (3, 3), (1, 1), "valid", ((0, 0), (0, 0))),
    "gaps": ((8, 7, 1), (2, 2), (3, 3), "valid", ((0, 0), (0, 0))),
    "same": ((5, 7, 2), (3, 2), (2, 2), "same", ((1, 1), (0, 1))),
    "uneven padding": ((5, 6, 1), (3, 3), (2, 1), ((2, 0), (1, 2)), ((2, 0), (1, 2))),
}


def agree(fast, slow, dtype):
    """Same shape, dtype of the input, same numbers up to rounding."""
    fast, slow = np.asarray(fast), np.asarray(slow)
    assert fast.shape == slow.shape
    assert fast.dtype == dtype
    room = 1e-5 if dtype == "float32" else 1e-12
    np.testing.assert_allclose(fast, slow, rtol=0, atol=room * max(1.0, np.abs(slow).max()))


def draw(dtype, *shapes):
    rng = np.random.default_rng(7)
    return [rng.normal(size=shape).astype(dtype) for shape in shapes]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", CONV)
@pytest.mark.parametrize("rung", RUNGS)
def test_conv2d_rungs_agree(rung, case, dtype):
    (H, W, C), (P, Q, F), stride, friendly, padding, dilation, groups = CONV[case]
    x, k, b = draw(dtype, (2, H, W, C), (P, Q, C // groups, F), (F,))
    options = dict(stride=stride, dilation=dilation, groups=groups)
    y = ops.conv2d(x, k, b, padding=friendly, **options)
    agree(y, rung.conv2d(x, k, b, stride, padding, dilation, groups), dtype)
    (dy,) = draw(dtype, y.shape)
    fast = ops.conv2d_backward(dy, x, k, padding=friendly, **options)
    slow = rung.conv2d_backward(dy, x, k, stride, padding, dilation, groups)
    for ours, theirs in zip(fast, slow, strict=True):
        agree(ours, theirs, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", POOL)
@pytest.mark.parametrize("kind", ["max", "avg"])
@pytest.mark.parametrize("rung", RUNGS)
def test_pooling_rungs_agree(rung, kind, case, dtype):
    shape, window, stride, friendly, padding = POOL[case]
    (x,) = draw(dtype, (2, *shape))
    x = x.round(1)  # rounding makes ties, and of equal pixels the first must win on every rung
    forward, backward = f"{kind}_pool2d", f"{kind}_pool2d_backward"
    y = getattr(ops, forward)(x, window, stride, friendly)
    agree(y, getattr(rung, forward)(x, window, stride, padding), dtype)
    (dy,) = draw(dtype, y.shape)
    agree(getattr(ops, backward)(dy, x, window, stride, friendly),
          getattr(rung, backward)(dy, x, window, stride, padding), dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 5, 2), (4, 2, 7)])
@pytest.mark.parametrize("rung", RUNGS)
def test_dense_rungs_agree(rung, shape, dtype):
    N, I, O = shape
    x, w, b, dy = draw(dtype, (N, I), (I, O), (O,), (N, O))
    agree(ops.dense(x, w, b), rung.dense(x, w, b), dtype)
    for fast, slow in zip(ops.dense_backward(dy, x, w), rung.dense_backward(dy, x, w), strict=True):
        agree(fast, slow, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ["relu", "sigmoid", "tanh", "softmax"])
@pytest.mark.parametrize("rung", RUNGS)
def test_activation_rungs_agree(rung, name, dtype):
    x, dy = draw(dtype, (4, 5), (4, 5))
    x[0] *= 100  # some large inputs too
    agree(getattr(ops, name)(x), getattr(rung, name)(x), dtype)
    agree(getattr(ops, f"{name}_backward")(dy, x), getattr(rung, f"{name}_backward")(dy, x), dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("rung", RUNGS)
def test_loss_rungs_agree(rung, dtype):
    logits, prediction, target = draw(dtype, (6, 4), (3, 5), (3, 5))
    logits[0] *= 500
    labels = np.array([0, 3, 1, 1, 2, 0])
    room = 1e-5 if dtype == "float32" else 1e-12
    assert ops.cross_entropy(logits, labels) == pytest.approx(rung.cross_entropy(logits, labels), rel=room)
    assert ops.squared_error(prediction, target) == pytest.approx(rung.squared_error(prediction, target), rel=room)
    agree(ops.cross_entropy_backward(0.7, logits, labels), rung.cross_entropy_backward(0.7, logits, labels), dtype)
    agree(ops.squared_error_backward(0.7, prediction, target), rung.squared_error_backward(0.7, prediction, target), dtype)


def test_every_operation_stands_on_all_three_rungs():
    assert set(ops.__all__) <= {name for name, _ in inspect.getmembers(formulas, inspect.isfunction)}
    assert set(ops.__all__) <= set(compiled.__all__)
    for name in ops.__all__:  # the compiled rung is the very same function, not a copy of it
        rung = getattr(compiled, name)  # with NUMBA_DISABLE_JIT=1 the loops themselves
        assert getattr(rung, "py_func", rung) is getattr(formulas, name)


@pytest.mark.parametrize("dtype", DTYPES)
def test_no_operation_changes_its_arguments(dtype):
    x, k, b, w, v = draw(dtype, (2, 4, 4, 2), (3, 3, 2, 3), (3,), (4, 3), (5, 4))
    labels, dy, dv = np.array([0, 1, 2, 3, 0]), *draw(dtype, (2, 2, 2, 3), (5, 4))
    given = [x, k, b, w, v, labels, dy, dv]
    before = [a.copy() for a in given]
    ops.conv2d(x, k, b)
    ops.conv2d_backward(dy, x, k)
    ops.dense_backward(ops.dense(v, w, b), v, w)
    for kind in ("max", "avg"):
        y = getattr(ops, f"{kind}_pool2d")(x)
        getattr(ops, f"{kind}_pool2d_backward")(y, x)
    for name in ("relu", "sigmoid", "tanh", "softmax"):
        getattr(ops, name)(v)
        getattr(ops, f"{name}_backward")(dv, v)
    ops.cross_entropy(v, labels)
    ops.cross_entropy_backward(1.0, v, labels)
    ops.squared_error_backward(ops.squared_error(v, dv), v, dv)
    for a, kept in zip(given, before, strict=True):
        np.testing.assert_array_equal(a, kept)


def test_arrays_that_are_views_of_others():
    x, k = draw("float64", (4, 6, 5, 2), (3, 3, 2, 2))
    turned = x.transpose(3, 1, 2, 0)[:, ::-1, ::2]  # (2, 6, 3, 4), not contiguous
    kernels = np.repeat(k, 2, axis=2)[::-1]
    solid, solid_k = np.ascontiguousarray(turned), np.ascontiguousarray(kernels)
    y = ops.conv2d(turned, kernels)
    agree(y, ops.conv2d(solid, solid_k), "float64")
    for a, e in zip(ops.conv2d_backward(y, turned, kernels), ops.conv2d_backward(y, solid, solid_k), strict=True):
        agree(a, e, "float64")
    agree(ops.max_pool2d(turned), ops.max_pool2d(solid), "float64")


def test_nan_passes_through_a_convolution_to_the_windows_that_hold_it():
    x = np.zeros((1, 5, 5, 1))
    x[0, 0, 0] = np.nan
    y = ops.conv2d(x, np.ones((2, 2, 1, 1)))
    assert np.argwhere(np.isnan(y)).tolist() == [[0, 0, 0, 0]]


WITHOUT_COMPILER = """
import numpy as np
from cnnlib import compiled, formulas, ops
rng = np.random.default_rng(0)
x, k, b, dy = (rng.normal(size=s) for s in ((2, 5, 4, 2), (3, 2, 2, 3), (3,), (2, 3, 3, 3)))
assert compiled.conv2d is formulas.conv2d or not hasattr(compiled.conv2d, "signatures")
for rung in (compiled, formulas):
    assert np.allclose(ops.conv2d(x, k, b), rung.conv2d(x, k, b))
    for ours, theirs in zip(ops.conv2d_backward(dy, x, k), rung.conv2d_backward(dy, x, k)):
        assert np.allclose(ours, theirs)
    for kind in ("max", "avg"):
        assert np.allclose(getattr(ops, kind + "_pool2d")(x), getattr(rung, kind + "_pool2d")(x))
        d = rng.normal(size=(2, 2, 2, 2))
        assert np.allclose(getattr(ops, kind + "_pool2d_backward")(d, x), getattr(rung, kind + "_pool2d_backward")(d, x))
    v, labels = x.reshape(10, 8), np.arange(10) % 8
    assert np.allclose(ops.softmax_backward(v, v), rung.softmax_backward(v, v))
    assert np.isclose(ops.cross_entropy(v, labels), rung.cross_entropy(v, labels))
print("agree")
"""


def test_everything_works_with_the_compiler_switched_off(repository):
    done = subprocess.run([sys.executable, "-c", WITHOUT_COMPILER], cwd=repository, text=True, capture_output=True,
                          env={**os.environ, "NUMBA_DISABLE_JIT": "1"}, timeout=120)
    assert (done.returncode, done.stdout.strip()) == (0, "agree"), done.stderr
