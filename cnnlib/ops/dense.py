"""The dense (fully connected) layer: every output is a weighted sum of every input.

Threads share the outputs in the forward pass and the inputs in the backward pass: each number is then made by one thread,
and nothing has to be added up afterwards.
"""

import numpy as np

from ..shapes import check_array, check_same_shape, describe, fail
from ..threads import over_parts


def dense(x, w, b=None):
    """y(n, o) = Σ_i x(n, i) · w(i, o) + b(o).

    x (N, I), w (I, O), b (O,) or None → y (N, O).

    Raises
    ------
    ShapeError  axes that do not fit together, an empty batch
    DtypeError  whole numbers or half precision

    >>> dense(np.array([[1., 2.]]), np.array([[3.], [4.]]), np.array([0.5]))
    array([[11.5]])
    """
    _check("dense", x, w, b)
    y = np.empty((len(x), w.shape[1]), np.result_type(x, w))

    def forward(part):
        np.matmul(x, w[:, part], out=y[:, part])

    over_parts(forward, w.shape[1], work_size=x.size * w.shape[1])
    if b is not None:
        y += b
    return y


def dense_backward(dy, x, w):
    """Gradients of `dense`: dx = dy · wᵀ, dw = xᵀ · dy, db(o) = Σ_n dy(n, o).

    dy (N, O), x (N, I), w (I, O) → dx like x, dw like w, db (O,).
    """
    _check("dense_backward", x, w, None)
    check_same_shape("dense_backward", "dy", dy, (len(x), w.shape[1]), "NO")
    dx, dw = np.empty(x.shape, np.result_type(dy, w)), np.empty(w.shape, np.result_type(x, dy))

    def backward(part):
        np.matmul(dy, w[part].T, out=dx[:, part])
        np.matmul(x[:, part].T, dy, out=dw[part])

    over_parts(backward, w.shape[0], work_size=x.size * w.shape[1])
    return dx, dw, dy.sum(0)


def _check(call, x, w, b):
    check_array(call, "x", x, "NI")
    check_array(call, "w", w, "IO")
    if x.shape[1] != w.shape[0]:
        fail(call, f"weight expects I={w.shape[0]} inputs, x has I={x.shape[1]}", describe("x", x, "NI"),
             describe("w", w, "IO"), "make w.shape[0] equal x.shape[1]")
    if b is not None and check_array(call, "b", b, "O").shape[0] != w.shape[1]:
        fail(call, f"bias has {len(b)} entries, the weight makes O={w.shape[1]} outputs", describe("w", w, "IO"),
             describe("b", b, "O"), f"make len(b) equal {w.shape[1]}")
