"""Operations on clips and operations that enlarge: by hand, on three rungs, causal, bad input, within bounds."""

import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_ops import agree, draw

from cnnlib import compiled, formulas, layers, ops
from cnnlib.errors import DtypeError, RangeError, ShapeError
from cnnlib.model import Sequential


def clip(frames):
    """One grey clip as a batch (1, T, H, W, 1)."""
    return np.array(frames, float)[np.newaxis, ..., np.newaxis]


def in_time(*numbers):
    """One pixel that changes in time: (1, T, 1, 1, 1)."""
    return np.array(numbers, float).reshape(1, -1, 1, 1, 1)


def picture(rows):
    """One grey picture as a batch (1, H, W, 1)."""
    return np.array(rows, float)[np.newaxis, ..., np.newaxis]


def plain(y):
    """The numbers of a batch of one grey clip or picture as nested lists."""
    assert y.shape[0] == y.shape[-1] == 1
    return y[0, ..., 0].tolist()


# ── by hand ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_conv3d_by_hand():
    x, change = in_time(1, 2, 4, 8), np.array([-1.0, 1.0]).reshape(2, 1, 1, 1, 1)
    assert ops.conv3d(x, change).ravel().tolist() == [1, 2, 4]
    assert ops.conv3d(x, change, np.array([0.5])).ravel().tolist() == [1.5, 2.5, 4.5]
    assert ops.conv3d(x, change, padding="causal").ravel().tolist() == [1, 1, 2, 4]
    assert ops.conv3d(x, change, padding="same").ravel().tolist() == [1, 2, 4, -8]
    assert ops.conv3d(x, change, dilation=(2, 1, 1), padding="causal").ravel().tolist() == [1, 2, 3, 6]
    assert ops.conv3d(x, change, stride=(2, 1, 1), padding="causal").ravel().tolist() == [1, 2]  # at frames 0 and 2
    two = clip([[[1, 2], [3, 4]], [[10, 20], [30, 40]]])
    k = np.array([1.0, 0, 0, -1, 0, 2, 0, 0]).reshape(2, 2, 2, 1, 1)
    assert ops.conv3d(two, k).item() == 1 - 4 + 2 * 20


def test_conv3d_backward_by_hand():
    x, change = in_time(1, 2, 4), np.array([-1.0, 1.0]).reshape(2, 1, 1, 1, 1)
    dx, dk, db = ops.conv3d_backward(in_time(10, 100), x, change)
    assert dx.ravel().tolist() == [-10, 10 - 100, 100]
    assert dk.ravel().tolist() == [10 * 1 + 100 * 2, 10 * 2 + 100 * 4] and db.tolist() == [110]


def test_pooling_of_clips_by_hand():
    x = clip([[[1, 5], [3, 2]], [[4, 0], [7, 6]], [[9, 8], [1, 1]]])
    assert plain(ops.max_pool3d(x)) == [[[7]]]  # the third frame is left over
    assert plain(ops.avg_pool3d(x)) == [[[3.5]]]
    assert plain(ops.max_pool3d(x, (2, 1, 1), 1)) == [[[4, 5], [7, 6]], [[9, 8], [7, 6]]]
    assert plain(ops.max_pool3d(x, (1, 2, 2))) == [[[5]], [[7]], [[9]]]
    assert plain(ops.avg_pool3d(x, (3, 1, 2))) == [[[4.5], [20 / 6]]]
    # causal: this frame and the one before; before the first frame there is nothing
    assert ops.max_pool3d(in_time(-1, -2, -3), (2, 1, 1), 1, "causal").ravel().tolist() == [-1, -1, -2]
    assert ops.avg_pool3d(in_time(2, 4, 8), (2, 1, 1), 1, "causal").ravel().tolist() == [2, 3, 6]


def test_pooling_of_clips_backward_by_hand():
    dy = in_time(1, 10, 100)
    # of equal frames the first one wins: 5 wins its own window and the next, the first 7 both of its own
    assert ops.max_pool3d_backward(dy, in_time(5, 3, 7, 7), (2, 1, 1), 1).ravel().tolist() == [1, 0, 110, 0]
    assert ops.avg_pool3d_backward(dy, in_time(0, 0, 0), (2, 1, 1), 1, "causal").ravel().tolist() == [6, 55, 50]
    x = clip([[[1, 5], [3, 5]], [[4, 0], [5, 2]]])
    assert plain(ops.max_pool3d_backward(in_time(3), x)) == [[[0, 3], [0, 0]], [[0, 0], [0, 0]]]


def test_conv2d_transpose_by_hand():
    x, k = picture([[1, 2]]), np.array([[1.0, 10.0, 100.0]]).reshape(1, 3, 1, 1)
    assert plain(ops.conv2d_transpose(x, k)) == [[1, 12, 120, 200]]
    assert plain(ops.conv2d_transpose(x, k, np.array([0.5]))) == [[1.5, 12.5, 120.5, 200.5]]
    assert plain(ops.conv2d_transpose(x, k, stride=(1, 2))) == [[1, 10, 102, 20, 200]]
    # "same": the output is as long as the input times the stride, the odd column is cut off at the right
    assert plain(ops.conv2d_transpose(x, k, stride=(1, 2), padding="same")) == [[1, 10, 102, 20]]
    assert plain(ops.conv2d_transpose(x, k, padding="same")) == [[12, 120]]
    # a stride wider than the kernel leaves gaps, the last one too, as in Keras
    assert plain(ops.conv2d_transpose(x, k[:, :1], np.array([7.0]), stride=(1, 3))) == [[8, 7, 7, 9, 7, 7]]
    assert plain(ops.conv2d_transpose(x, k, padding=((0, 0), (1, 2)))) == [[12]]


def test_conv2d_transpose_backward_by_hand():
    x, k = picture([[1, 2]]), np.array([[1.0, 10.0, 100.0]]).reshape(1, 3, 1, 1)
    dx, dk, db = ops.conv2d_transpose_backward(picture([[1, 2, 3, 4, 5]]), x, k, stride=(1, 2))
    assert plain(dx) == [[321, 543]]  # 1 · 1 + 2 · 10 + 3 · 100
    assert dk.ravel().tolist() == [1 * 1 + 3 * 2, 2 * 1 + 4 * 2, 3 * 1 + 5 * 2] and db.tolist() == [15]


def test_upsampling_by_hand():
    x = picture([[0, 8], [16, 24]])
    assert plain(ops.upsample2d(x, (1, 2))) == [[0, 0, 8, 8], [16, 16, 24, 24]]
    assert plain(ops.upsample2d(x)) == [[0, 0, 8, 8], [0, 0, 8, 8], [16, 16, 24, 24], [16, 16, 24, 24]]
    assert plain(ops.upsample2d(x, (1, 2), "bilinear")) == [[0, 2, 6, 8], [16, 18, 22, 24]]
    assert plain(ops.upsample2d(x, 2, "bilinear"))[1] == [4, 6, 10, 12]  # a quarter of the way down
    assert plain(ops.upsample2d(picture([[0, 9]]), (1, 3), "bilinear")) == pytest.approx(np.array([[0, 0, 3, 6, 9, 9]]))
    dy = picture([[1, 2, 3, 4]])
    assert plain(ops.upsample2d_backward(dy, picture([[0, 0]]), (1, 2))) == [[3, 7]]
    # 1 + ¾ · 2 + ¼ · 3 and ¼ · 2 + ¾ · 3 + 4
    assert plain(ops.upsample2d_backward(dy, picture([[0, 0]]), (1, 2), "bilinear")) == [[3.25, 6.75]]


def test_a_picture_is_a_clip_with_one_frame():
    x, k, b = draw("float64", (2, 7, 6, 4), (3, 2, 2, 6), (6,))
    agree(ops.conv3d(x[:, None], k[None], b, groups=2)[:, 0], ops.conv2d(x, k, b, groups=2), "float64")
    for kind in ("max", "avg"):
        flat, deep = getattr(ops, f"{kind}_pool2d"), getattr(ops, f"{kind}_pool3d")
        agree(deep(x[:, None], (1, 3, 2), 1)[:, 0], flat(x, (3, 2), 1), "float64")


def test_enlarging_by_stamping_equal_numbers_is_nearest():
    (x,) = draw("float64", (2, 3, 4, 2))
    k = np.ones((2, 3, 1, 1)) * np.eye(2)
    agree(ops.conv2d_transpose(x, k, stride=(2, 3)), ops.upsample2d(x, (2, 3)), "float64")


# ── the three rungs ───────────────────────────────────────────────────────────────────────────────────────────

RUNGS = [pytest.param(formulas, id="loops"), pytest.param(compiled, id="compiled")]
DTYPES = ["float32", "float64"]
NONE = ((0, 0), (0, 0), (0, 0))
ONE = (1, 1, 1)

CONV = {  # name: (T, H, W, C), (R, P, Q, F), stride, padding as ops takes it, the same spelled out, dilation, groups
    "plain": ((4, 5, 5, 1), (2, 3, 3, 1), ONE, "valid", NONE, ONE, 1),
    "all sizes differ": ((3, 4, 5, 2), (1, 2, 3, 3), ONE, "valid", NONE, ONE, 1),
    "three strides": ((5, 6, 7, 1), (2, 3, 2, 2), (2, 1, 3), "valid", NONE, ONE, 1),
    "same": ((3, 5, 4, 2), (2, 3, 4, 2), (1, 2, 1), "same", ((0, 1), (1, 1), (1, 2)), ONE, 1),
    "causal": ((4, 4, 5, 2), (3, 3, 2, 2), ONE, "causal", ((2, 0), (1, 1), (0, 1)), ONE, 1),
    "causal, stride, dilation": ((6, 5, 4, 1), (3, 2, 2, 2), (2, 2, 1), "causal", ((4, 0), (1, 1), (0, 1)), (2, 2, 1), 1),
    "causal, longer than the clip": ((2, 3, 3, 1), (4, 1, 1, 1), ONE, "causal", ((3, 0), (0, 0), (0, 0)), ONE, 1),
    "number": ((2, 3, 2, 1), (3, 3, 3, 2), ONE, 1, ((1, 1),) * 3, ONE, 1),
    "uneven padding": ((3, 3, 4, 1), (2, 2, 3, 2), (1, 2, 1), ((2, 0), (0, 1), (1, 3)), ((2, 0), (0, 1), (1, 3)), ONE, 1),
    "dilation": ((5, 6, 7, 2), (2, 3, 2, 1), ONE, "valid", NONE, (3, 2, 4), 1),
    "groups": ((3, 4, 3, 4), (2, 2, 2, 6), ONE, "valid", NONE, ONE, 2),
    "depthwise": ((3, 3, 3, 3), (2, 2, 2, 3), ONE, "causal", ((1, 0), (0, 1), (0, 1)), ONE, 3),
    "everything": ((6, 5, 7, 4), (2, 3, 2, 2), (2, 1, 2), ((1, 0), (2, 1), (0, 2)), ((1, 0), (2, 1), (0, 2)), (2, 1, 3), 2),
    "one by one": ((2, 3, 2, 3), (1, 1, 1, 2), ONE, "valid", NONE, ONE, 1),
    "kernel as large as the clip": ((2, 3, 2, 2), (2, 3, 2, 3), ONE, "valid", NONE, ONE, 1),
}

POOL = {  # name: (T, H, W, C), window, stride, padding as ops takes it, the same spelled out
    "plain": ((4, 4, 6, 2), (2, 2, 2), (2, 2, 2), "valid", NONE),
    "left over": ((5, 3, 5, 1), (2, 2, 2), (2, 2, 2), "valid", NONE),
    "all sizes differ": ((4, 6, 5, 3), (3, 1, 2), (1, 2, 3), "valid", NONE),
    "overlap": ((4, 5, 4, 2), (3, 3, 3), ONE, "valid", NONE),
    "same": ((4, 5, 6, 2), (2, 3, 2), (1, 2, 2), "same", ((0, 1), (1, 1), (0, 0))),
    "causal": ((4, 5, 3, 1), (3, 2, 2), ONE, "causal", ((2, 0), (0, 1), (0, 1))),
    "causal, stride": ((5, 4, 5, 2), (2, 3, 2), (2, 1, 2), "causal", ((1, 0), (1, 1), (0, 1))),
    "uneven padding": ((3, 4, 5, 1), (3, 3, 2), (2, 1, 1), ((2, 1), (0, 2), (1, 0)), ((2, 1), (0, 2), (1, 0))),
}

TRANSPOSE = {  # name: (H, W, C), (P, Q, F), stride, padding as ops takes it, the same spelled out
    "plain": ((3, 4, 1), (2, 3, 1), (1, 1), "valid", ((0, 0), (0, 0))),
    "channels": ((2, 3, 3), (3, 2, 2), (1, 1), "valid", ((0, 0), (0, 0))),
    "stride, overlapping": ((3, 2, 2), (3, 4, 3), (2, 3), "valid", ((0, 0), (0, 0))),
    "stride, gaps": ((2, 3, 2), (1, 2, 1), (3, 4), "valid", ((0, -2), (0, -2))),
    "same": ((3, 4, 2), (3, 4, 2), (1, 2), "same", ((1, 1), (1, 1))),
    "same, odd": ((3, 2, 1), (4, 3, 2), (1, 2), "same", ((1, 2), (0, 1))),
    "same, gaps": ((2, 2, 1), (2, 1, 1), (3, 2), "same", ((0, -1), (0, -1))),
    "spelled out": ((4, 3, 2), (3, 3, 1), (2, 1), ((1, 0), (2, 1)), ((1, 0), (2, 1))),
    "number": ((4, 5, 1), (3, 2, 2), (2, 2), 1, ((1, 1), (1, 1))),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", CONV)
@pytest.mark.parametrize("rung", RUNGS)
def test_conv3d_rungs_agree(rung, case, dtype):
    (T, H, W, C), (R, P, Q, F), stride, friendly, padding, dilation, groups = CONV[case]
    x, k, b = draw(dtype, (2, T, H, W, C), (R, P, Q, C // groups, F), (F,))
    options = dict(stride=stride, dilation=dilation, groups=groups)
    y = ops.conv3d(x, k, b, padding=friendly, **options)
    agree(y, rung.conv3d(x, k, b, stride, padding, dilation, groups), dtype)
    (dy,) = draw(dtype, y.shape)
    fast = ops.conv3d_backward(dy, x, k, padding=friendly, **options)
    for ours, theirs in zip(fast, rung.conv3d_backward(dy, x, k, stride, padding, dilation, groups), strict=True):
        agree(ours, theirs, dtype)
    nothing, dk, _ = ops.conv3d_backward(dy, x, k, padding=friendly, **options, need_dx=False)
    assert nothing is None
    agree(dk, fast[1], dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", POOL)
@pytest.mark.parametrize("kind", ["max", "avg"])
@pytest.mark.parametrize("rung", RUNGS)
def test_pooling_rungs_agree(rung, kind, case, dtype):
    shape, window, stride, friendly, padding = POOL[case]
    (x,) = draw(dtype, (2, *shape))
    x = x.round(1)  # rounding makes ties, and of equal pixels the first must win on every rung
    forward, backward = f"{kind}_pool3d", f"{kind}_pool3d_backward"
    y = getattr(ops, forward)(x, window, stride, friendly)
    agree(y, getattr(rung, forward)(x, window, stride, padding), dtype)
    (dy,) = draw(dtype, y.shape)
    agree(getattr(ops, backward)(dy, x, window, stride, friendly),
          getattr(rung, backward)(dy, x, window, stride, padding), dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", TRANSPOSE)
@pytest.mark.parametrize("rung", RUNGS)
def test_conv2d_transpose_rungs_agree(rung, case, dtype):
    (H, W, C), (P, Q, F), stride, friendly, padding = TRANSPOSE[case]
    x, k, b = draw(dtype, (2, H, W, C), (P, Q, F, C), (F,))
    y = ops.conv2d_transpose(x, k, b, stride, friendly)
    agree(y, rung.conv2d_transpose(x, k, b, stride, padding), dtype)
    (dy,) = draw(dtype, y.shape)
    for ours, theirs in zip(ops.conv2d_transpose_backward(dy, x, k, stride, friendly),
                            rung.conv2d_transpose_backward(dy, x, k, stride, padding), strict=True):
        agree(ours, theirs, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("factor", [(1, 1), (2, 2), (3, 1), (1, 4), (5, 2)])
@pytest.mark.parametrize("size", [(3, 4, 2), (1, 5, 1), (1, 1, 3)])
@pytest.mark.parametrize("method", ["nearest", "bilinear"])
@pytest.mark.parametrize("rung", RUNGS)
def test_upsampling_rungs_agree(rung, method, size, factor, dtype):
    (x,) = draw(dtype, (2, *size))
    y = ops.upsample2d(x, factor, method)
    agree(y, rung.upsample2d(x, factor, method), dtype)
    (dy,) = draw(dtype, y.shape)
    agree(ops.upsample2d_backward(dy, x, factor, method), rung.upsample2d_backward(dy, x, factor, method), dtype)


small = st.integers(1, 3)
triples = st.tuples(small, small, small)
sides = st.tuples(*[st.tuples(st.integers(0, 3), st.integers(0, 3))] * 3)


@settings(max_examples=80)
@given(triples, triples, triples, sides, triples, st.tuples(small, small, small), st.integers(1, 3), st.integers(0, 99))
def test_any_conv3d_is_the_loops(window, stride, dilation, padding, more, channels, N, seed):
    per_group, groups, kernels = channels
    size = [max(d * (w - 1) + 1 - sum(pad), 0) + extra
            for w, d, pad, extra in zip(window, dilation, padding, more, strict=True)]
    rng = np.random.default_rng(seed)
    x, k = rng.normal(size=(N, *size, per_group * groups)), rng.normal(size=(*window, per_group, kernels * groups))
    options = stride, padding, dilation, groups
    y = ops.conv3d(x, k, None, *options)
    agree(y, compiled.conv3d(x, k, np.zeros(k.shape[-1]), *options), "float64")
    dy = rng.normal(size=y.shape)
    for ours, theirs in zip(ops.conv3d_backward(dy, x, k, *options), compiled.conv3d_backward(dy, x, k, *options), strict=True):
        agree(ours, theirs, "float64")


@settings(max_examples=80)
@given(triples, triples, sides, triples, small, st.integers(0, 99), st.sampled_from(["max", "avg"]))
def test_any_pooling_of_clips_is_the_loops(window, stride, padding, more, C, seed, kind):
    padding = tuple((min(a, w - 1), min(b, w - 1)) for (a, b), w in zip(padding, window, strict=True))
    size = [max(w - sum(pad), 0) + extra for w, pad, extra in zip(window, padding, more, strict=True)]
    rng = np.random.default_rng(seed)
    x = rng.integers(-3, 3, (2, *size, C)).astype(float)  # many ties
    y = getattr(ops, f"{kind}_pool3d")(x, window, stride, padding)
    agree(y, getattr(compiled, f"{kind}_pool3d")(x, window, stride, padding), "float64")
    dy = rng.normal(size=y.shape)
    agree(getattr(ops, f"{kind}_pool3d_backward")(dy, x, window, stride, padding),
          getattr(compiled, f"{kind}_pool3d_backward")(dy, x, window, stride, padding), "float64")


# ── causality ─────────────────────────────────────────────────────────────────────────────────────────────────

K = np.random.default_rng(1).normal(size=(3, 3, 2, 2, 4))
IN_TIME = {  # name: (function of x and padding, how many frames one output frame moves on)
    "conv3d": (lambda x, padding: ops.conv3d(x, K, padding=padding), 1),
    "conv3d dilated": (lambda x, padding: ops.conv3d(x, K, padding=padding, dilation=(2, 1, 1)), 1),
    "conv3d strided": (lambda x, padding: ops.conv3d(x, K, padding=padding, stride=(2, 2, 1)), 2),
    "max_pool3d": (lambda x, padding: ops.max_pool3d(x, 3, 1, padding), 1),
    "avg_pool3d strided": (lambda x, padding: ops.avg_pool3d(x, (3, 2, 2), 2, padding), 2),
    "layers": (lambda x, padding: causal_model(padding).forward(x), 2),
}


def causal_model(padding):
    stack = [layers.Conv3D(3, (3, 3, 3), padding=padding), layers.ReLU(), layers.MaxPool3D((2, 2, 2), padding=padding),
             layers.Conv3D(2, (2, 1, 3), padding=padding)]
    return Sequential(stack, (9, 5, 4, 2), dtype="float64")


def frames_that_see_the_future(function, padding, step):
    """Output frames t that change when frames of x after t · step change."""
    rng = np.random.default_rng(2)
    x = rng.normal(size=(2, 9, 5, 4, 2))
    y, seen = function(x, padding), set()
    for t in range(y.shape[1]):
        later = x.copy()
        later[:, t * step + 1:] += rng.normal(size=later[:, t * step + 1:].shape) + 10
        changed = np.abs(function(later, padding) - y).max((0, 2, 3, 4)) > 0
        seen |= set(np.flatnonzero(changed[:t + 1]).tolist())
    return seen


@pytest.mark.parametrize("name", IN_TIME)
def test_no_frame_sees_the_future(name):
    function, step = IN_TIME[name]
    assert frames_that_see_the_future(function, "causal", step) == set()
    assert frames_that_see_the_future(function, "same", step)  # the test can fail


@pytest.mark.parametrize("name", IN_TIME)
def test_every_frame_sees_itself_and_the_one_before(name):
    function, step = IN_TIME[name]
    (x,) = draw("float64", (1, 9, 5, 4, 2))
    y = function(x, "causal")
    for t in range(1, y.shape[1]):
        for back in (0, 2):  # two frames back, so that dilation 2 is met too
            if t * step >= back:
                other = x.copy()
                other[:, t * step - back] += 10
                assert not np.array_equal(function(other, "causal")[:, t], y[:, t]), (t, back)


def test_a_causal_gradient_flows_only_backwards_in_time():
    (x,) = draw("float64", (1, 6, 4, 4, 2))
    for t in range(6):
        dy = np.zeros((1, 6, 4, 4, 4))
        dy[:, t] = 1
        dx, _, _ = ops.conv3d_backward(dy, x, K, padding="causal")
        reached = np.flatnonzero(np.abs(dx).max((0, 2, 3, 4))).tolist()
        assert reached == list(range(max(t - 2, 0), t + 1))


# ── input that cannot be computed with, and input that only looks unusual ─────────────────────────────────────


def ones(*shape, dtype="float32"):
    return np.ones(shape, dtype)


CALLS = {  # each operation with a good input, so that only the input under test is bad
    "conv3d": (lambda x: ops.conv3d(x, ones(2, 2, 2, 2, 3)), (2, 4, 5, 6, 2)),
    "conv3d_backward": (lambda x: ops.conv3d_backward(ones(2, 3, 4, 5, 3), x, ones(2, 2, 2, 2, 3))[0], (2, 4, 5, 6, 2)),
    "max_pool3d": (ops.max_pool3d, (2, 4, 5, 6, 2)),
    "avg_pool3d": (ops.avg_pool3d, (2, 4, 5, 6, 2)),
    "max_pool3d_backward": (lambda x: ops.max_pool3d_backward(ones(2, 2, 2, 3, 2), x), (2, 4, 5, 6, 2)),
    "avg_pool3d_backward": (lambda x: ops.avg_pool3d_backward(ones(2, 2, 2, 3, 2), x), (2, 4, 5, 6, 2)),
    "max_pool2d": (ops.max_pool2d, (2, 5, 6, 2)),
    "avg_pool2d_backward": (lambda x: ops.avg_pool2d_backward(ones(2, 2, 3, 2), x), (2, 5, 6, 2)),
    "conv2d_transpose": (lambda x: ops.conv2d_transpose(x, ones(2, 2, 3, 2)), (2, 5, 6, 2)),
    "conv2d_transpose_backward": (lambda x: ops.conv2d_transpose_backward(ones(2, 6, 7, 3), x, ones(2, 2, 3, 2))[0],
                                  (2, 5, 6, 2)),
    "upsample2d": (ops.upsample2d, (2, 5, 6, 2)),
    "upsample2d bilinear": (lambda x: ops.upsample2d(x, 2, "bilinear"), (2, 5, 6, 2)),
    "upsample2d_backward": (lambda x: ops.upsample2d_backward(ones(2, 10, 12, 2), x), (2, 5, 6, 2)),
}


@pytest.mark.parametrize("call", CALLS)
def test_arrays_of_the_wrong_kind(call):
    function, shape = CALLS[call]
    name = call.split()[0]
    letters = "NTHWC" if len(shape) == 5 else "NHWC"
    for bad, error, part in [
        (ones(*shape[1:]), ShapeError, f"x needs {len(shape)} axes ({','.join(letters)}), it has {len(shape) - 1}"),
        (ones(1, *shape), ShapeError, f"it has {len(shape) + 1}"),
        *((ones(*shape[:axis], 0, *shape[axis + 1:]), ShapeError, "x is empty") for axis in range(len(shape))),
        (ones(*shape, dtype="float16"), DtypeError, "x holds float16"),
        (ones(*shape, dtype="int64"), DtypeError, "x holds int64"),
        (ones(*shape, dtype="uint8"), DtypeError, "x holds uint8"),
        (ones(*shape, dtype="complex64"), DtypeError, "x holds complex64"),
        (ones(*shape, dtype=">f4"), DtypeError, "x holds >f4"),
        (ones(*shape).tolist(), DtypeError, "x is a list"),
    ]:
        with pytest.raises(error) as caught:
            function(bad)
        assert str(caught.value).startswith(f"{name}: ") and part in str(caught.value)


@pytest.mark.parametrize("call", CALLS)
def test_views_turned_arrays_and_read_only_ones(call):
    function, shape = CALLS[call]
    (x,) = draw("float32", shape)
    expected = function(x)
    backwards = np.ascontiguousarray(x[..., ::-1, :])[..., ::-1, :]  # equal to x, but with a negative stride
    twice = np.repeat(x, 2, axis=1)[:, ::2]
    fortran = np.asfortranarray(x)
    still = x.copy()
    still.flags.writeable = False
    for same in (backwards, twice, fortran, still):
        assert np.array_equal(same, x)
        agree(function(same), expected, "float32")
    assert np.array_equal(still, x)


@pytest.mark.parametrize("name, shape, options", [
    ("max_pool3d", (2, 4, 5, 6, 2), {}), ("avg_pool3d", (2, 4, 5, 6, 2), {}), ("max_pool2d", (2, 5, 6, 2), {}),
    ("upsample2d", (2, 3, 4, 2), {}), ("upsample2d", (2, 3, 4, 2), {"method": "bilinear"}),
])
def test_upstream_gradients_that_are_turned_views_and_read_only(name, shape, options):
    x, forward, backward = *draw("float64", shape), getattr(ops, name), getattr(ops, name + "_backward")
    (dy,) = draw("float64", forward(x, **options).shape)
    turned = np.ascontiguousarray(dy[:, ::-1])[:, ::-1]
    turned.flags.writeable = False
    agree(backward(turned, x, **options), backward(dy, x, **options), "float64")
    with pytest.raises(DtypeError, match="dy holds >f8"):
        backward(dy.astype(">f8"), x, **options)


BAD_VALUES = {
    "stride zero": (lambda: ops.max_pool3d(ones(1, 4, 4, 4, 1), stride=0), RangeError, "max_pool3d: stride=0"),
    "pair for three axes": (lambda: ops.max_pool3d(ones(1, 4, 4, 4, 1), (2, 2)), RangeError, "or 3 of them"),
    "negative padding": (lambda: ops.avg_pool3d(ones(1, 4, 4, 4, 1), padding=-1), RangeError, "padding=-1"),
    "window too large": (lambda: ops.max_pool3d(ones(1, 2, 4, 4, 1), 3), ShapeError, "window 3 × 3 × 3 is larger"),
    "padding too wide": (lambda: ops.max_pool3d(ones(1, 4, 4, 4, 1), (1, 2, 2), padding=1), ShapeError, "as wide as the window"),
    "causal picture": (lambda: ops.max_pool2d(ones(1, 4, 4, 1), padding="causal"), RangeError, "padding='causal'"),
    "causal convolution of a picture": (lambda: ops.conv2d(ones(1, 4, 4, 1), ones(2, 2, 1, 1), padding="causal"), RangeError,
                                        "padding='causal'"),
    "upstream of another shape": (lambda: ops.max_pool3d_backward(ones(1, 2, 2, 1, 1), ones(1, 4, 4, 4, 1)), ShapeError,
                                  "expected (N=1,T=2,H=2,W=2,C=1)"),
    "kernel for other channels": (lambda: ops.conv3d(ones(1, 4, 4, 4, 2), ones(2, 2, 2, 3, 1)), ShapeError,
                                  "kernel expects C=3 channels, x has C=2"),
    "transposed kernel for other channels": (lambda: ops.conv2d_transpose(ones(1, 4, 4, 2), ones(2, 2, 2, 3)), ShapeError,
                                             "conv2d_transpose: "),
    "transposed upstream": (lambda: ops.conv2d_transpose_backward(ones(1, 4, 4, 1), ones(1, 4, 4, 2), ones(2, 2, 1, 2)),
                            ShapeError, "conv2d_transpose_backward: dy has the wrong shape"),
    "transposed, cropped to nothing": (lambda: ops.conv2d_transpose(ones(1, 2, 2, 1), ones(2, 2, 1, 1), padding=2), RangeError,
                                       "conv2d_transpose: "),
    "transposed stride": (lambda: ops.conv2d_transpose(ones(1, 2, 2, 1), ones(2, 2, 1, 1), stride=0), RangeError, "stride=0"),
    "transposed and causal": (lambda: ops.conv2d_transpose(ones(1, 2, 2, 1), ones(2, 2, 1, 1), padding="causal"), RangeError,
                              "padding='causal'"),
    "factor zero": (lambda: ops.upsample2d(ones(1, 2, 2, 1), 0), RangeError, "upsample2d: factor=0"),
    "negative factor": (lambda: ops.upsample2d(ones(1, 2, 2, 1), (2, -1)), RangeError, "factor=(2, -1)"),
    "half a factor": (lambda: ops.upsample2d(ones(1, 2, 2, 1), 1.5), RangeError, "factor=1.5"),
    "unknown method": (lambda: ops.upsample2d(ones(1, 2, 2, 1), 2, "cubic"), RangeError, "choose one of nearest, bilinear"),
    "enlarged upstream": (lambda: ops.upsample2d_backward(ones(1, 4, 5, 1), ones(1, 2, 2, 1)), ShapeError,
                          "expected (N=1,H=4,W=4,C=1)"),
    "layer on pictures": (lambda: Sequential([layers.Conv3D(2, 3)], (8, 8, 1)), ShapeError, "give clips as (N,T,H,W,C)"),
    "layer on clips": (lambda: Sequential([layers.UpSampling2D(2)], (3, 8, 8, 1)), ShapeError, "give pictures as (N,H,W,C)"),
}


@pytest.mark.parametrize("case", BAD_VALUES)
def test_values_that_make_no_sense(case):
    call, error, part = BAD_VALUES[case]
    with pytest.raises(error) as caught:
        call()
    assert part in str(caught.value), str(caught.value)


# ── within bounds, and without the compiler ───────────────────────────────────────────────────────────────────

# Reading past an array is silent in compiled code. With Numba's bounds checking it raises IndexError; the code is
# compiled afresh in an empty cache folder, for cached code is taken as it is.
WITHIN_BOUNDS = """
import numpy as np
from cnnlib import compiled, ops
from cnnlib.ops import pool
rng = np.random.default_rng(0)

def check(forward, x, *rest, **options):
    y = getattr(ops, forward)(x, *rest, **options)
    keep = rest[:1] if forward.startswith("conv") else ()
    getattr(ops, forward + "_backward")(rng.normal(size=y.shape), x, *keep, **options)

for padding in ("valid", "same", "causal", ((1, 2), (2, 0), (1, 1))):
    for stride in (1, 2, (3, 1, 2)):
        clip = rng.normal(size=(2, 5, 7, 6, 4))
        for groups, dilation in ((1, 1), (1, (2, 1, 2)), (2, 1), (4, 2)):
            kernel = rng.normal(size=(2, 3, 2, 4 // groups, 4))
            check("conv3d", clip, kernel, rng.normal(size=4), stride=stride, padding=padding, groups=groups, dilation=dilation)
            if padding in ("valid", "same") and not isinstance(stride, tuple) and not isinstance(dilation, tuple):
                check("conv2d", clip[:, 0], kernel[0], stride=stride, padding=padding, groups=groups, dilation=dilation)
        for kind in ("max", "avg"):
            check(kind + "_pool3d", clip, window=(3, 3, 2), stride=stride, padding=padding)
            if padding in ("valid", "same") and not isinstance(stride, tuple):
                check(kind + "_pool2d", clip[:, 0], window=(3, 2), stride=stride, padding=padding)
for padding in ("valid", "same", ((1, 0), (0, 1))):
    for stride in (1, 2, (4, 3)):
        check("conv2d_transpose", rng.normal(size=(2, 4, 5, 3)), rng.normal(size=(3, 2, 4, 3)), stride=stride, padding=padding)

x, dy = rng.normal(size=(1, 2, 4, 4, 1)), np.ones((1, 1, 2, 2, 1))
try:  # the check itself must be on: here the gradient array is too small
    pool._avg_backward(dy, x, np.zeros((1, 2, 3, 4, 1)), (2, 2, 2), (2, 2, 2), (0, 0, 0))
except IndexError:
    print("within bounds")
"""


def run(repository, code, **environment):
    done = subprocess.run([sys.executable, "-c", code], cwd=repository, text=True, capture_output=True,
                          env={**os.environ, **environment}, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.slow
def test_no_kernel_reads_out_of_bounds(repository, tmp_path):
    assert run(repository, WITHIN_BOUNDS, NUMBA_BOUNDSCHECK="1", NUMBA_CACHE_DIR=str(tmp_path)) == "within bounds"


WITHOUT_COMPILER = """
import numpy as np
from cnnlib import compiled, formulas, ops
rng = np.random.default_rng(0)
x, k, b = (rng.normal(size=s) for s in ((1, 3, 4, 3, 2), (2, 2, 2, 2, 3), (3,)))
t = rng.normal(size=(2, 2, 3, 2))
calls = {"conv3d": (x, k, b), "max_pool3d": (x, (2, 2, 1), (1, 2, 1)), "avg_pool3d": (x, (2, 2, 1), (1, 2, 1)),
         "conv2d_transpose": (x[0], t, b, (2, 1)), "upsample2d": (x[0], (2, 3), "bilinear")}
for name, args in calls.items():
    y = getattr(ops, name)(*args)
    dy = rng.normal(size=y.shape)
    back = (args[0], args[1], *args[3:]) if name.startswith("conv") else args
    for rung in (compiled, formulas):
        assert getattr(compiled, name) is getattr(formulas, name)
        assert np.allclose(y, getattr(rung, name)(*args))
        ours, theirs = (getattr(r, name + "_backward")(dy, *back) for r in (ops, rung))
        for a, e in zip(*((g if isinstance(g, tuple) else (g,)) for g in (ours, theirs))):
            assert np.allclose(a, e)
print("agree")
"""


def test_everything_works_with_the_compiler_switched_off(repository):
    assert run(repository, WITHOUT_COMPILER, NUMBA_DISABLE_JIT="1") == "agree"
