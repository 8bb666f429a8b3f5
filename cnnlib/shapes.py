"""Axis letters, output sizes, and the checks that raise `ShapeError`.

The letters of the book: N pictures, H rows, W columns, C channels in, F channels out, kernel P × Q,
dense weight I × O. Every error lists the arrays it saw with these letters, then the fix.
"""

from typing import NamedTuple

import numpy as np

from .errors import DtypeError, RangeError, ShapeError


def describe(name, array, axes):
    """Write an array's shape with its axis letters.

    >>> describe("x", np.zeros((2, 8, 8, 3)), "NHWC")
    'x (N=2,H=8,W=8,C=3)'
    """
    shape = np.shape(array)
    if len(shape) != len(axes):
        return f"{name} {shape}"
    return f"{name} ({','.join(f'{letter}={size}' for letter, size in zip(axes, shape, strict=True))})"


def any_axes(array):
    """Axis letters for an argument of any rank, such as an activation's input.

    >>> any_axes(np.zeros((8, 10)))
    'NC'
    """
    usual = ("", "N", "NC", "HWC", "NHWC", "NTHWC")
    return usual[np.ndim(array)] if np.ndim(array) < len(usual) else "?" * np.ndim(array)


def fail(call, wrong, *shapes_and_fix, error=ShapeError):
    """Raise `error` with a message in the book's form: call, fault, the shapes (made by `describe`), and last the fix."""
    raise error(" · ".join([f"{call}: {wrong}", *shapes_and_fix]))


def check_array(call, name, array, axes):
    """Demand a float32 or float64 array with one axis per letter and no empty axis; return it.

    Raises
    ------
    ShapeError  wrong number of axes, or an axis of size 0
    DtypeError  not a NumPy array of native float32 or float64
    """
    if not isinstance(array, np.ndarray):
        fail(call, f"{name} is a {type(array).__name__}, not a NumPy array", f"pass np.asarray({name})", error=DtypeError)
    if array.ndim != len(axes):
        fail(call, f"{name} needs {len(axes)} axes ({','.join(axes)}), it has {array.ndim}", describe(name, array, axes),
             f"reshape {name} or add the missing axis with np.newaxis")
    if array.dtype not in (np.float32, np.float64):
        fix = f"convert first: {name}.astype('float32')" + (" / 255" if array.dtype == np.uint8 else "")
        fail(call, f"{name} holds {array.dtype}; networks compute in float32 or float64", describe(name, array, axes),
             fix, error=DtypeError)
    if array.size == 0:
        fail(call, f"{name} is empty", describe(name, array, axes), "every axis needs at least one element")
    return array


def check_same_shape(call, name, array, expected, axes):
    """Demand that `array` (usually an upstream gradient) has exactly the shape `expected`."""
    check_array(call, name, array, axes)
    if array.shape != tuple(expected):
        fail(call, f"{name} has the wrong shape", describe(name, array, axes),
             f"expected ({','.join(f'{a}={s}' for a, s in zip(axes, expected, strict=True))})")


def per_axis(call, name, value, count=2, least=1):
    """Turn one whole number into `count` equal ones, and check that none is below `least`.

    >>> per_axis("conv2d", "stride", 2)
    (2, 2)
    """
    values = (value,) * count if isinstance(value, int | np.integer) else tuple(np.ravel(value))
    whole = len(values) == count and all(isinstance(v, int | np.integer) for v in values)
    if not whole or min(values) < least:
        fail(call, f"{name}={value!r}", f"give one whole number ≥ {least}, or {count} of them", error=RangeError)
    return tuple(int(v) for v in values)


def resolve_padding(call, padding, sizes, window, stride, dilation):
    """Spell out a padding as ((before, after), …), one pair per axis, in pixels.

    "valid" adds nothing. "same" makes the output ⌈size / stride⌉ long, the odd pixel going after,
    as in Keras. "causal" (clips only) is "same" in space and pads time only before, so that no frame
    of the output sees a later frame of the input. A number pads every side alike.

    >>> resolve_padding("conv2d", "same", (28, 28), (3, 3), (1, 1), (1, 1))
    ((1, 1), (1, 1))
    """
    if isinstance(padding, str):
        if padding == "valid":
            return ((0, 0),) * len(sizes)
        if padding == "same" or padding == "causal" and len(sizes) == 3:
            pads = []
            for size, w, s, d in zip(sizes, window, stride, dilation, strict=True):
                total = max((-(-size // s) - 1) * s + d * (w - 1) + 1 - size, 0)
                pads.append((total // 2, total - total // 2))
            if padding == "causal":
                pads[0] = (dilation[0] * (window[0] - 1), 0)
            return tuple(pads)
    elif isinstance(padding, int | np.integer) and padding >= 0:
        return ((int(padding), int(padding)),) * len(sizes)
    elif np.shape(padding) == (len(sizes), 2) and np.min(padding) >= 0 and np.asarray(padding).dtype.kind in "iu":
        return tuple((int(before), int(after)) for before, after in padding)
    words, pairs = ('"valid", "same"', "((top, bottom), (left, right))") if len(sizes) == 2 else (
        '"valid", "same", "causal"', "((before, after), (top, bottom), (left, right))")
    fail(call, f"padding={padding!r}", f"use {words}, a number ≥ 0, or {pairs}", error=RangeError)


def out_size(size, window, stride=1, padding=(0, 0), dilation=1):
    """Number of places where a window fits along one axis.

    out = ⌊(size + before + after − dilation · (window − 1) − 1) / stride⌋ + 1

    >>> out_size(28, 3), out_size(28, 3, stride=2), out_size(28, 3, padding=(1, 1))
    (26, 13, 28)
    """
    return (size + sum(padding) - dilation * (window - 1) - 1) // stride + 1


def window_geometry(call, x, axes, window, stride, padding, dilation=1):
    """Check how a window slides over the middle axes of x (N, …, C).

    Returns (window, stride, padding, dilation, out), each with one entry per sliding axis.
    """
    check_array(call, "x", x, axes)
    sizes = x.shape[1:-1]
    count = len(sizes)
    window = per_axis(call, "window", window, count)
    stride = per_axis(call, "stride", stride, count)
    dilation = per_axis(call, "dilation", dilation, count)
    padding = resolve_padding(call, padding, sizes, window, stride, dilation)
    out = tuple(map(out_size, sizes, window, stride, padding, dilation))
    if min(out) < 1:
        what = f"the window {' × '.join(map(str, window))} is larger than the padded {'clip' if count == 3 else 'picture'}"
        fail(call, what, describe("x", x, axes), f"padding={padding}, dilation={dilation}",
             "use a smaller window, less dilation, or padding='same'")
    return window, stride, padding, dilation, out


class Slide(NamedTuple):
    """How the windows of a convolution slide over time, rows and columns; for a picture the time axis has length 1.

    Every entry has one number per axis (T, H, W): `window` (R, P, Q) and `out` (T', H', W') in places, `stride`,
    `dilation` and `before` (the padding in front) in frames and pixels.
    """

    window: tuple
    stride: tuple
    before: tuple
    dilation: tuple
    out: tuple
    groups: int


def conv_geometry(call, x, k, b, stride, padding, dilation, groups):
    """Check the arguments of a convolution over pictures (k has four axes) or clips (five); return its `Slide`."""
    x_axes, k_axes = ("NHWC", "PQCF") if call.startswith("conv2d") else ("NTHWC", "RPQCF")
    check_array(call, "k", k, k_axes)
    check_array(call, "x", x, x_axes)
    shown = describe("x", x, x_axes), describe("k", k, k_axes)
    C, F = x.shape[-1], k.shape[-1]
    (groups,) = per_axis(call, "groups", groups, 1)
    if C % groups or F % groups:
        fail(call, f"groups={groups} must divide C={C} and F={F}", *shown, "choose another number of groups", error=RangeError)
    if k.shape[-2] * groups != C:
        fix = f"k.shape[{k.ndim - 2}]"
        if groups == 1:
            fail(call, f"kernel expects C={k.shape[-2]} channels, x has C={C}", *shown, f"make {fix} equal x.shape[{x.ndim - 1}]")
        fail(call, f"kernel expects {k.shape[-2]} channels per group, x has C={C} in {groups} groups", *shown,
             f"make {fix} equal {C // groups}")
    check_bias(call, b, F, *shown)
    window, stride, padding, dilation, out = window_geometry(call, x, x_axes, k.shape[:-2], stride, padding, dilation)
    before = tuple(first for first, _ in padding)
    still = 5 - x.ndim  # a picture lacks the time axis: one frame, moved by 1, not padded
    return Slide((1,) * still + window, (1,) * still + stride, (0,) * still + before, (1,) * still + dilation,
                 (1,) * still + out, groups)


def check_bias(call, b, F, *shown):
    """Demand a bias (F,) or None."""
    if b is not None and len(check_array(call, "b", b, "F")) != F:
        fail(call, f"bias has {len(b)} entries, the kernel makes F={F} channels", *shown, describe("b", b, "F"),
             f"make len(b) equal {F}")
