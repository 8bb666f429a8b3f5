"""The fast kernels against the specification: all engines, any blocks, fusion, awkward arrays, no step out of bounds."""

import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlib import compiled, compiling, fusion, ops
from cnnlib import layers as L
from cnnlib.errors import DtypeError, RangeError, ShapeError
from cnnlib.model import Sequential
from cnnlib.ops import conv, direct, fused, im2col, loops, transpose, unfold, winograd
from cnnlib.shapes import conv_geometry
from cnnlib.threads import get_threads, set_threads


def draw(seed, *shapes, dtype="float64"):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=shape).astype(dtype) for shape in shapes]


def specification(x, k, b, padding):
    """formulas.conv2d, compiled, with a stride of 1 and the padding spelled out."""
    return compiled.conv2d(x, k, b, (1, 1), padding)


@pytest.fixture
def tiny_blocks(monkeypatch):
    """A block of few windows, so that small pictures are cut into many."""
    for module, names in ((im2col, ("ROWS", "BYTES")), (winograd, ("TILES", "BYTES")), (fused, ("BYTES",))):
        for name in names:
            monkeypatch.setattr(module, name, 7)


# ── the engines ───────────────────────────────────────────────────────────────────────────────────────────────


@given(st.integers(1, 3), st.integers(3, 9), st.integers(3, 9), st.sampled_from([((0, 0), (0, 0)), ((1, 1), (1, 1)),
       ((0, 2), (1, 0)), ((2, 2), (2, 2)), ((3, 1), (0, 4))]), st.sampled_from(["float32", "float64"]), st.integers(0, 9))
def test_winograd_gives_what_the_formula_gives(N, H, W, padding, dtype, seed):
    x, k, b = draw(seed, (N, H, W, 16), (3, 3, 16, 17), (17,), dtype=dtype)
    assert conv.choose_engine(x[:, None], k, conv_geometry("conv2d", x, k, b, 1, padding, 1, 1)) is winograd
    close = dict(rtol=0, atol=1e-4 if dtype == "float32" else 1e-12)
    y = ops.conv2d(x, k, b, padding=padding)
    np.testing.assert_allclose(y, specification(x, k, b, padding), **close)
    (dy,) = draw(seed + 1, y.shape, dtype=dtype)
    for got, expected in zip(ops.conv2d_backward(dy, x, k, padding=padding), compiled.conv2d_backward(dy, x, k, (1, 1), padding),
                             strict=True):
        assert got.dtype == x.dtype
        np.testing.assert_allclose(got, expected, **close)


def test_winograd_takes_only_what_it_can():
    def engine(x, k, **options):
        x, k = np.zeros(x), np.zeros(k)
        geometry = dict(stride=1, padding="same", dilation=1, groups=1) | options
        slide = conv_geometry("conv2d" if k.ndim == 4 else "conv3d", x, k, None, *geometry.values())
        return conv.choose_engine(x[:, None] if k.ndim == 4 else x, k, slide)

    picture, kernel = (1, 8, 8, 16), (3, 3, 16, 16)
    assert engine(picture, kernel) is winograd
    assert engine((1, 4, 8, 8, 16), (1, 3, 3, 16, 16)) is winograd  # frames one by one
    for options in (dict(stride=2), dict(dilation=2), dict(groups=2)):
        assert engine(picture, (3, 3, 16 // options.get("groups", 1), 16), **options) is im2col
    assert engine(picture, (5, 5, 16, 16)) is im2col
    assert engine((1, 8, 8, 4), (3, 3, 4, 16)) is im2col  # few channels: the additions would cost more
    assert engine((1, 4, 8, 8, 16), (3, 3, 3, 16, 16)) is im2col


LOOPS = {
    #                              x                  k                   stride     padding                   dtype
    "whole window in one piece": ((3, 7, 9, 1),      (3, 3, 1, 5),       (1, 1),    ((0, 0), (0, 0)),         "float64"),
    "vectors of 16":             ((2, 8, 9, 3),      (3, 3, 3, 16),      (2, 2),    ((0, 1), (1, 1)),         "float32"),
    "a run in two pieces":       ((2, 9, 13, 4),     (3, 7, 4, 9),       (1, 2),    ((2, 0), (0, 3)),         "float64"),
    "fewer than four places":    ((5, 4, 5, 5),      (2, 3, 5, 4),       (1, 1),    ((0, 0), (0, 0)),         "float64"),
    "padding wider than window": ((1, 3, 4, 1),      (2, 3, 1, 4),       (1, 3),    ((4, 5), (6, 7)),         "float64"),
    "pixels never reached":      ((2, 8, 8, 2),      (2, 2, 2, 4),       (3, 3),    ((0, 0), (1, 0)),         "float64"),
    "clips":                     ((2, 5, 6, 7, 2),   (3, 2, 3, 2, 6),    (2, 1, 2), ((2, 0), (0, 1), (1, 1)), "float64"),
}  # fmt: skip


@pytest.mark.parametrize(("x", "k", "stride", "padding", "dtype"), LOOPS.values(), ids=LOOPS)
def test_loops_give_what_the_formula_gives(x, k, stride, padding, dtype, monkeypatch):
    call = f"conv{len(x) - 2}d"
    x, k, b = draw(7, x, k, k[-1:], dtype=dtype)
    slide = conv_geometry(call, x, k, b, stride, padding, 1, 1)
    assert conv.choose_engine(x.reshape(len(x), -1, *x.shape[-3:]), k, slide) is im2col  # too little work to compile for
    monkeypatch.setattr(loops, "WORK", 0)
    assert conv.choose_engine(x.reshape(len(x), -1, *x.shape[-3:]), k, slide) is loops
    y = getattr(ops, call)(x, k, b, stride, padding)
    close = dict(rtol=0, atol=1e-4 if dtype == "float32" else 1e-12)
    np.testing.assert_allclose(y, getattr(compiled, call)(x, k, b, stride, padding), **close)
    (dy,) = draw(8, y.shape, dtype=dtype)
    expected = getattr(compiled, f"{call}_backward")(dy, x, k, stride, padding)
    for got, wanted in zip(getattr(ops, f"{call}_backward")(dy, x, k, stride, padding), expected, strict=True):
        assert got.dtype == x.dtype
        np.testing.assert_allclose(got, wanted, **close)


@pytest.mark.parametrize("threads", [1, 3, 7])
def test_loops_share_lines_among_threads(threads, monkeypatch):
    monkeypatch.setattr(loops, "WORK", 0)
    x, k, b = draw(7, (3, 7, 9, 1), (3, 3, 1, 5), (5,))
    before = get_threads()
    try:
        set_threads(threads)
        x[1, 2, 3] = np.nan  # and what is not a number stays where the formula puts it
        np.testing.assert_allclose(ops.conv2d(x, k, b, padding=1), specification(x, k, b, ((1, 1), (1, 1))), atol=1e-12)
    finally:
        set_threads(before)


def test_loops_take_only_what_they_can(monkeypatch):
    monkeypatch.setattr(loops, "WORK", 0)

    def fits(x, k, **options):
        x, k = np.zeros(x), np.zeros(k)
        slide = conv_geometry("conv2d", x, k, None, *(dict(stride=1, padding=0, dilation=1, groups=1) | options).values())
        return loops.fits(x[:, None], k, slide)

    assert fits((1, 8, 8, 8), (3, 3, 8, 4)) and fits((1, 8, 8, 8), (3, 3, 8, 4), stride=2)
    assert not fits((1, 8, 8, 8), (3, 3, 8, 3))  # three kernels: too little to vectorise
    assert not fits((1, 8, 8, 9), (3, 3, 9, 4))
    assert not fits((1, 8, 8, 4), (1, 1, 4, 4))
    assert not fits((1, 8, 40, 1), (1, 17, 1, 4))  # a run of 17 numbers has no equal pieces
    assert not fits((1, 8, 8, 8), (3, 3, 4, 4), groups=2) and not fits((1, 8, 8, 8), (3, 3, 8, 4), dilation=2)


@given(st.integers(1, 2), st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(1, 4)), st.tuples(*[st.integers(1, 2)] * 3),
       st.tuples(*[st.integers(1, 2)] * 3), st.integers(0, 2), st.sampled_from([(1, 1), (1, 3), (2, 2), (3, 6), (1, 5)]),
       st.integers(0, 9))
def test_folding_is_the_transpose_of_unfolding(N, window, stride, dilation, pad, channels, seed):
    """⟨unfold(x), r⟩ = ⟨x, fold(r)⟩ for every x and r: only the transpose has this property."""
    groups, C = channels
    x, k = np.zeros((N, 6, 7, 8, C)), np.zeros((*window, C // groups, groups))
    slide = conv_geometry("conv3d", x, k, None, stride, pad, dilation, groups)
    block = slice(0, im2col.bands(slide, N))
    x, buffer = draw(seed, x.shape, (im2col.bands(slide, N) * slide.out[2] * np.prod(window) * C,))
    matrix = unfold.unfold(x, slide, block, np.full(buffer.shape, np.nan))
    rows, dx = unfold.as_matrix(buffer, x, slide, block), np.zeros_like(x)
    unfold.fold(rows, dx, slide, block)
    assert np.isfinite(matrix).all() and (matrix * rows).sum() == pytest.approx((x * dx).sum())


@pytest.mark.parametrize("channels", [(1, 5), (4, 5), (16, 17)], ids=["by columns", "by rows", "winograd"])
def test_blocks_do_not_change_the_answer(channels, tiny_blocks):
    x, k, b = draw(0, (3, 9, 8, channels[0]), (3, 3, *channels), channels[1:])
    padding = ((1, 1), (1, 1))
    y = ops.conv2d(x, k, b, padding=padding)
    np.testing.assert_allclose(y, specification(x, k, b, padding), atol=1e-12)
    (dy,) = draw(1, y.shape)
    for got, expected in zip(ops.conv2d_backward(dy, x, k, padding=padding), compiled.conv2d_backward(dy, x, k, (1, 1), padding),
                             strict=True):
        np.testing.assert_allclose(got, expected, atol=1e-12)


@pytest.mark.parametrize(("stride", "pad"), [(1, 0), (2, 0), (1, 1), ((1, 2), 0)])
def test_kernels_of_one_pixel_need_no_unfolding_only_where_all_pixels_are_seen(stride, pad):
    x, k, b = draw(9, (2, 4, 6, 3), (1, 1, 3, 2), (2,))
    y = ops.conv2d(x, k, b, stride, pad)
    spelled = ((stride, stride) if isinstance(stride, int) else stride, ((pad, pad), (pad, pad)))
    np.testing.assert_allclose(y, compiled.conv2d(x, k, b, *spelled), atol=1e-12)
    (dy,) = draw(1, y.shape)
    expected = compiled.conv2d_backward(dy, x, k, *spelled)
    for got, wanted in zip(ops.conv2d_backward(dy, x, k, stride, pad), expected, strict=True):
        np.testing.assert_allclose(got, wanted, atol=1e-12)


# ── fusion ────────────────────────────────────────────────────────────────────────────────────────────────────


FUSED = {"pooled by 2": dict(window=2), "a row and a column over": dict(window=3), "overlapping": dict(window=3, pool_stride=2),
         "gaps": dict(window=2, pool_stride=3), "wide": dict(window=(1, 4)), "no pooling": dict(window=1),
         "strided": dict(stride=2, window=2), "padded": dict(padding="same", window=2), "groups": dict(groups=2, window=2)}


@pytest.mark.parametrize("options", FUSED.values(), ids=FUSED)
@pytest.mark.parametrize("F", [4, 16])
def test_one_step_gives_what_three_give(options, F, tiny_blocks):
    pooling = {"window": options["window"], "stride": options.get("pool_stride")}
    convolution = {name: value for name, value in options.items() if "window" not in name and "pool" not in name}
    C = 16 if F == 16 else 2
    x, k, b = draw(2, (3, 13, 12, C), (3, 3, C // options.get("groups", 1), F), (F,))
    z = ops.conv2d(x, k, b, **convolution)
    y, winners = fused.conv2d_relu_max_pool2d(x, k, b, **options)
    np.testing.assert_allclose(y, ops.max_pool2d(ops.relu(z), **pooling), atol=1e-12)
    assert winners.dtype == np.uint8 and ((winners == fused.CLOSED) == (y == 0)).all()
    (dy,) = draw(3, y.shape)
    dz = ops.relu_backward(ops.max_pool2d_backward(dy, ops.relu(z), **pooling), z)
    expected = ops.conv2d_backward(dz, x, k, **convolution)
    for got, wanted in zip(fused.conv2d_relu_max_pool2d_backward(dy, winners, x, k, **options), expected, strict=True):
        np.testing.assert_allclose(got, wanted, atol=1e-12)


@pytest.mark.parametrize("options", [dict(window=2), dict(window=2, stride=2), dict(window=(1, 3), pool_stride=2), dict(window=1),
                                     dict(window=2, pool_stride=1), dict(window=2, pool_stride=(3, 2), stride=(1, 2))])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_small_windows_go_the_direct_way_to_the_same_numbers(options, dtype, monkeypatch):
    x, k, b = draw(10, (5, 13, 12, 2), (2, 3, 2, 9), (9,), dtype=dtype)
    assert direct.fits(k, conv_geometry("conv2d", x, k, b, 1, 0, 1, 1), (2, 2))
    y, winners = fused.conv2d_relu_max_pool2d(x, k, b, **options)
    (dy,) = draw(11, y.shape, dtype=dtype)
    _, dk, db = fused.conv2d_relu_max_pool2d_backward(dy, winners, x, k, **options, need_dx=False)
    monkeypatch.setattr(direct, "FEW", 0)  # and now by unfolding
    plain, plain_winners = fused.conv2d_relu_max_pool2d(x, k, b, **options)
    _, plain_dk, plain_db = fused.conv2d_relu_max_pool2d_backward(dy, winners, x, k, **options, need_dx=False)
    np.testing.assert_array_equal(winners, plain_winners)
    for got, expected in ((y, plain), (dk, plain_dk), (db, plain_db)):
        assert got.dtype == expected.dtype == np.dtype(dtype)
        np.testing.assert_allclose(got, expected, rtol=0, atol=1e-4 if dtype == "float32" else 1e-12)


def test_of_equal_numbers_the_first_wins():
    x = np.ones((1, 4, 4, 1))
    y, winners = fused.conv2d_relu_max_pool2d(x, np.ones((1, 1, 1, 1)), np.zeros(1))
    assert y.ravel().tolist() == [1] * 4 and winners.ravel().tolist() == [0] * 4


def test_only_these_very_layers_are_joined():
    class OwnReLU(L.ReLU):
        pass

    def steps(*layers):
        return [type(step).__name__ for step in fusion.fuse(layers)]

    conv2d, relu, pool = L.Conv2D(2, 3), L.ReLU(), L.MaxPool2D(2)
    assert steps(conv2d, relu, pool, L.Flatten()) == ["ConvReLUMaxPool", "Flatten"]
    assert steps(conv2d, relu, L.AvgPool2D(2)) == ["ConvReLUMaxPool", "AvgPool2D"]
    assert steps(conv2d, pool, relu) == ["Conv2D", "MaxPool2D", "ReLU"]
    assert steps(conv2d, OwnReLU(), pool) == ["Conv2D", "OwnReLU", "MaxPool2D"]
    assert steps(conv2d, relu, L.MaxPool2D(2, padding="same")) == ["ConvReLUMaxPool", "MaxPool2D"]
    assert steps(conv2d, relu, L.MaxPool2D(16)) == ["ConvReLUMaxPool", "MaxPool2D"]  # 256 places do not fit a byte
    assert steps(conv2d) == ["Conv2D"] and steps() == []


def test_a_fused_network_has_the_gradients_of_the_plain_one():
    stack = [L.Conv2D(4, 3), L.ReLU(), L.MaxPool2D(2), L.Conv2D(3, 2), L.ReLU(), L.Flatten(), L.Dense(3)]
    x, dy = draw(4, (5, 9, 8, 2), (5, 3))
    found = []
    for joined in (True, False):
        model = Sequential(stack, (9, 8, 2), dtype="float64", fused=joined)
        found.append([model.forward(x), model.backward(dy, need_dx=True), *map(np.copy, model.gradients.values())])
    assert len(model.steps) == 7 and len(found[0]) == 8
    for joined, plain in zip(*found, strict=True):
        np.testing.assert_allclose(joined, plain, atol=1e-12)


def test_fused_pooling_says_what_is_wrong():
    x, k, b = draw(0, (1, 20, 20, 1), (3, 3, 1, 2), (2,))
    with pytest.raises(RangeError, match="more than 255 places"):
        fused.conv2d_relu_max_pool2d(x, k, b, window=16)
    with pytest.raises(ShapeError, match="larger than the padded picture"):
        fused.conv2d_relu_max_pool2d(x, k, b, window=19)
    with pytest.raises(ShapeError, match="dy has the wrong shape"):
        y, winners = fused.conv2d_relu_max_pool2d(x, k, b)
        fused.conv2d_relu_max_pool2d_backward(y[:, 1:], winners, x, k)


# ── awkward arrays ────────────────────────────────────────────────────────────────────────────────────────────


def awkward(array):
    """The same numbers in every layout a caller may bring."""
    frozen = array.copy()
    frozen.flags.writeable = False
    doubled = np.zeros((*array.shape[:-1], 2 * array.shape[-1]), array.dtype)
    doubled[..., ::2] = array
    return {"Fortran order": np.asfortranarray(array), "backwards": array[::-1].copy()[::-1], "every second": doubled[..., ::2],
            "read-only": frozen, "mirrored": array[:, ::-1].copy()[:, ::-1]}


@pytest.mark.parametrize("layout", ["Fortran order", "backwards", "every second", "read-only", "mirrored"])
@pytest.mark.parametrize("channels", [(1, 2), (6, 5), (16, 16)], ids=["by columns", "by rows", "winograd"])
def test_any_memory_layout_works(layout, channels):
    x, k, b = draw(5, (2, 6, 7, channels[0]), (3, 3, *channels), channels[1:])
    y, dy = ops.conv2d(x, k, b), draw(6, (2, 4, 5, channels[1]))[0]
    odd_x, odd_k, odd_dy = (awkward(a)[layout] for a in (x, k, dy))
    np.testing.assert_array_equal(ops.conv2d(odd_x, odd_k, b), y)
    for got, expected in zip(ops.conv2d_backward(odd_dy, odd_x, odd_k), ops.conv2d_backward(dy, x, k), strict=True):
        np.testing.assert_array_equal(got, expected)
    pooled, winners = fused.conv2d_relu_max_pool2d(odd_x, odd_k, b)
    np.testing.assert_array_equal(pooled, fused.conv2d_relu_max_pool2d(x, k, b)[0])
    small = awkward(pooled)[layout]
    for got, expected in zip(fused.conv2d_relu_max_pool2d_backward(small, winners, odd_x, odd_k),
                             fused.conv2d_relu_max_pool2d_backward(pooled, winners, x, k), strict=True):
        np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("dtype", ["float16", ">f4", ">f8", "int64", "complex64", "bool"])
def test_other_kinds_of_numbers_are_refused_with_the_way_out(dtype):
    x, k = np.zeros((1, 4, 4, 1), dtype), np.zeros((3, 3, 1, 1), "float32")
    for call in (ops.conv2d, ops.conv2d_transpose):
        with pytest.raises(DtypeError, match="x holds .*convert first"):
            call(x, k)


@pytest.mark.parametrize("shape", [(0, 4, 4, 1), (1, 0, 4, 1), (1, 4, 4, 0)])
def test_empty_axes_are_named(shape):
    with pytest.raises(ShapeError, match="x is empty"):
        ops.conv2d(np.zeros(shape), np.zeros((3, 3, shape[3], 1)) if shape[3] else np.zeros((3, 3, 1, 1)))


def test_nan_and_infinity_pass_through_where_they_belong():
    x, k = draw(7, (1, 5, 5, 1), (3, 3, 1, 1))
    x[0, 0, 0, 0] = np.nan
    y = ops.conv2d(x, k)
    assert np.isnan(y[0, 0, 0, 0]) and np.isfinite(y[0, 1:]).all() and np.isfinite(y[0, :, 1:]).all()


# ── out of bounds ─────────────────────────────────────────────────────────────────────────────────────────────

EVERY_KERNEL = """
import itertools, numpy as np
from cnnlib import ops
from cnnlib.ops import fused
rng = np.random.default_rng(0)
channels, sizes = ((1, 2), (5, 3), (16, 16)), ((5, 6), (4, 3))
for (C, F), padding, stride, size in itertools.product(channels, ("valid", "same", 2), (1, 2), sizes):
    x, k = rng.normal(size=(2, *size, C)), rng.normal(size=(3, 3, C, F))
    y = ops.conv2d(x, k, np.ones(F), stride, padding)
    ops.conv2d_backward(y, x, k, stride, padding)
    for window, step in ((1, None), (2, 1), (2, 2)):
        if min(y.shape[1:3]) >= window:
            pooled, winners = fused.conv2d_relu_max_pool2d(x, k, np.ones(F), window, step, stride, padding)
            fused.conv2d_relu_max_pool2d_backward(pooled, winners, x, k, window, step, stride, padding)
    t = ops.conv2d_transpose(x, rng.normal(size=(3, 3, F, C)), None, stride)
    ops.conv2d_transpose_backward(t, x, rng.normal(size=(3, 3, F, C)), stride)
for window, step, stride in ((2, 2, 1), (2, 1, 2), (1, 1, 1), ((1, 3), 2, 1)):
    x, k = rng.normal(size=(2, 8, 7, 1)), rng.normal(size=(3, 2, 1, 8))
    y, winners = fused.conv2d_relu_max_pool2d(x, k, np.ones(8), window, step, stride)
    fused.conv2d_relu_max_pool2d_backward(y, winners, x, k, window, step, stride, need_dx=False)
for groups, dilation in ((1, 2), (3, 1), (6, 2)):
    x, k = rng.normal(size=(2, 4, 6, 5, 6)), rng.normal(size=(2, 2, 2, 6 // groups, 6))
    for padding in ("valid", "same", "causal"):
        y = ops.conv3d(x, k, None, (1, 2, 1), padding, (1, dilation, 1), groups)
        ops.conv3d_backward(y, x, k, (1, 2, 1), padding, (1, dilation, 1), groups)
print("inside")
"""


@pytest.mark.slow
def test_no_kernel_leaves_its_arrays(tmp_path):
    """With Numba's bounds checking on, an index outside an array raises; without it, it would read or write strange memory."""
    quiet = {"NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": str(tmp_path)}
    command = [sys.executable, "-c", EVERY_KERNEL]
    run = subprocess.run(command, env=os.environ | quiet, capture_output=True, text=True, timeout=600)
    assert run.stdout.strip() == "inside", run.stderr[-3000:]


def test_a_transposed_convolution_is_the_matrix_transposed():
    """Column by column: the matrix of conv2d, turned over, is the matrix of conv2d_transpose."""
    (k,) = draw(8, (3, 2, 1, 1))
    pixels = np.eye(20).reshape(20, 4, 5, 1)
    matrix = ops.conv2d(pixels, k, stride=(1, 2)).reshape(20, -1).T
    small = np.eye(len(matrix)).reshape(len(matrix), 2, 2, 1)
    slide, _ = transpose._geometry("conv2d_transpose", small, k, None, (1, 2), "valid")
    assert slide.stride == (1, 1, 2)
    grown = ops.conv2d_transpose(small, k, stride=(1, 2))  # (4, 4, 4, 1): the last column of x is seen by no window
    np.testing.assert_allclose(grown[..., 0], matrix.reshape(-1, 4, 5)[:, :, :4], atol=1e-12)


# ── compiling ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_slow_compiling_is_explained_once(monkeypatch, capsys):
    now = iter([0.0, 1.5, 10.0, 11.0, 20.0, 29.0])
    monkeypatch.setattr(compiling.time, "perf_counter", lambda: next(now))
    monkeypatch.delenv("CNNLIB_PROGRESS")
    clock = compiling._Clock()
    for expected in ("", "cnnlib: compiling kernels", ""):  # 1.5 s, then 2.5 s in all, then told already
        clock.on_start(None)
        clock.on_start(None)  # a function compiles another one that it calls: counted once
        clock.on_end(None)
        clock.on_end(None)
        said = capsys.readouterr().err
        assert said.startswith(expected) and bool(said) == bool(expected)
    assert clock.seconds == 1.5 + 1 + 9
