"""Convolution and pooling in cnnlib, Keras, PyTorch and SciPy: the same numbers, over tables of shapes.

Each library keeps its own habits: cnnlib and Keras have channels last, PyTorch has them first (its default); Keras
runs inside tf.function and differentiates with a GradientTape, PyTorch with autograd. Arrays are brought into each
library's layout before the clock starts. "Both" is forward and backward with a random upstream gradient, giving the
gradients of everything that has one.
"""

from dataclasses import dataclass

import numpy as np

from cnnlib import ops
from cnnlib.keras_bridge import quiet_start

from .pairs import Work, rounded, row
from .shapes import CONV2D, CONV3D, POOL, Conv, Pool
from .workers import PEERS, Team

TOLERANCE = 1e-4  # float32; sums of up to some hundred thousand products, added in different orders


@dataclass(frozen=True)
class Operation:
    """One shape in one direction, "forward" or "both": a task for `pairs`."""

    shape: Conv | Pool
    direction: str

    def work(self, library):
        rng = np.random.default_rng(0)
        inputs, dy = self.shape.inputs(rng), rng.standard_normal(self.shape.output, np.float32)
        return LIBRARIES[library](self.shape, inputs, dy, self.direction == "both")


def in_cnnlib(shape, inputs, dy, both):
    name = {"max": "max_pool2d", "average": "avg_pool2d"}[shape.kind] if isinstance(shape, Pool) else f"conv{len(shape.size)}d"
    forward, backward = getattr(ops, name), getattr(ops, f"{name}_backward")
    options = dict(stride=shape.stride, padding=shape.padding)
    if isinstance(shape, Pool):
        options["window"] = shape.window
    undirected = [inputs[name] for name in ("x", "k") if name in inputs]

    def call():
        y = forward(**inputs, **options)
        if not both:
            return [y]
        gradients = backward(dy, *undirected, **options)
        return [y, *(gradients if isinstance(gradients, tuple) else [gradients])]

    return Work(call, call)


def in_keras(shape, inputs, dy, both):
    with quiet_start():
        import keras
        import tensorflow as tf
    inputs, dy = [tf.constant(a) for a in inputs.values()], tf.constant(dy)

    def formula(x, k=None, b=None):
        if isinstance(shape, Conv):
            return keras.ops.conv(x, k, shape.stride, shape.padding) + b
        pool = keras.ops.max_pool if shape.kind == "max" else keras.ops.average_pool
        return pool(x, shape.window, shape.stride, shape.padding)

    @tf.function
    def forward(*inputs):
        return [formula(*inputs)]

    @tf.function
    def forward_and_backward(dy, *inputs):
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            y = formula(*inputs)
        return [y, *tape.gradient(y, inputs, dy)]

    call = (lambda: forward_and_backward(dy, *inputs)) if both else (lambda: forward(*inputs))
    return Work(call, lambda: [part.numpy() for part in call()])


def in_torch(shape, inputs, dy, both):
    """Where TensorFlow's "same" pads one side more than the other, PyTorch needs a padding step of its own."""
    import torch
    import torch.nn.functional as F

    names = ["y", *inputs]
    inputs = [torch.tensor(channels_first(name, a), requires_grad=both) for name, a in inputs.items()]
    dy = torch.tensor(channels_first("y", dy))

    def formula(x, k=None, b=None):
        if isinstance(shape, Pool):
            return (F.max_pool2d if shape.kind == "max" else F.avg_pool2d)(x, shape.window, shape.stride)
        sides = shape.sides
        if any(before != after for before, after in sides):
            x, sides = F.pad(x, [side for pair in reversed(sides) for side in pair]), [(0, 0)] * len(sides)
        return getattr(F, f"conv{len(shape.size)}d")(x, k, b, shape.stride, [before for before, _ in sides])

    def call():
        if not both:
            with torch.no_grad():
                return [formula(*inputs)]
        y = formula(*inputs)
        return [y, *torch.autograd.grad(y, inputs, dy)]

    def results():
        return [channels_last(name, a.detach().numpy()) for name, a in zip(names, call(), strict=both)]

    return Work(call, results)


def in_scipy(shape, inputs, dy, both):
    """SciPy filters pictures of one channel with one kernel, all pictures in one call; it has no backward."""
    from scipy.ndimage import correlate

    x, k, b = inputs["x"][..., 0], inputs["k"][None, ..., 0, 0], inputs["b"]

    def call():
        return [(correlate(x, k, mode="constant") + b)[..., None]]

    return Work(call, call)


LIBRARIES = {"cnnlib": in_cnnlib, "keras": in_keras, "torch": in_torch, "scipy": in_scipy}


def channels_first(name, a):
    """A picture (N, …, C) as (N, C, …), a kernel k (…, C, F) as (F, C, …), a vector as it is; contiguous."""
    if a.ndim > 1:
        a = np.moveaxis(a, (-1, -2), (0, 1)) if name == "k" else np.moveaxis(a, -1, 1)
    return np.ascontiguousarray(a)


def channels_last(name, a):
    """The inverse of `channels_first`."""
    if a.ndim > 1:
        a = np.moveaxis(a, (0, 1), (-1, -2)) if name == "k" else np.moveaxis(a, 1, -1)
    return a


def table(show, shapes):
    """Two rows for each shape, forward and both, shown as soon as they are measured."""
    rows = []
    with Team() as team:
        for shape in shapes:
            for direction in ("forward", "both"):
                names = ["cnnlib", *PEERS] + ["scipy"] * (shape.in_scipy and direction == "forward")
                tasks = {name: (name, Operation(shape, direction)) for name in names}
                found = row(team, tasks, TOLERANCE, str(shape)) | {"direction": direction}
                rows.append(found | {"best": rounded(max(found["ratio"][name] for name in PEERS))})  # against the faster peer
                show(rows[-1])
    return rows


def conv2d(show):
    return table(show, CONV2D)


def conv3d(show):
    return table(show, CONV3D)


def pool(show):
    return table(show, POOL)
