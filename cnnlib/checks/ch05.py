"""Checks for the exercises of chapter 05, Backpropagation."""

import numpy as np

from cnnlib import formulas
from cnnlib.checks.common import call, close, fail, ok, same


def dense_backward(student):
    """Exercise 5.1: `student(dy, x, w)` returns dx, dw, db of a dense layer."""
    names = ("dx", "dw", "db")
    x, w = np.array([[1.0, 2.0]]), np.array([[1.0, -1.0], [3.0, 0.0]])
    got = _parts(call(student, np.array([[2.0, -1.0]]), x, w), names)
    hand = np.array([[3.0, 6.0]]), np.array([[2.0, -1.0], [4.0, -2.0]]), np.array([2.0, -1.0])
    slips = {
        "dx": {"you return dw first": hand[1]},
        "dw": {"this is dw transposed": hand[1].T},
        "db": {},
    }
    for name, a, b in zip(names, got, hand, strict=True):
        same(
            a,
            b,
            f"{name} of the example worked by hand",
            "go through the section on the dense layer, product by product",
            mistakes=slips[name],
        )
    rng = np.random.default_rng(51)
    dy, x, w = rng.normal(size=(4, 3)), rng.normal(size=(4, 5)), rng.normal(size=(5, 3))
    right = formulas.dense_backward(dy, x, w)
    mistakes = {
        "dx": {},
        "dw": {"a weight adds up what it gets from all pictures; yours is their mean": right[1] / 4},
        "db": {"a bias adds up what it gets from all pictures; yours is their mean": right[2] / 4},
    }
    for name, a, b in zip(names, _parts(call(student, dy, x, w), names), right, strict=True):
        same(
            a,
            b,
            f"{name} for four pictures, five inputs, three outputs",
            "write the shapes side by side",
            mistakes=mistakes[name],
        )
    singles = [a.astype("float32") for a in (dy, x, w)]
    for name, a, b in zip(names, _parts(call(student, *singles), names), right, strict=True):
        same(a, b, f"{name} with float32 inputs", "the same formula must do for both dtypes")


def slopes(student):
    """Exercise 5.2: `student(function, a, step)` returns the central difference for every entry of a."""
    same(
        call(student, lambda a: float(np.sum(a**2)), np.array([3.0, -1.0]), 1e-6),
        [6.0, -2.0],
        "slopes of the sum of squares at (3, −1)",
        "move one entry at a time, and divide the difference by the distance between the two points",
        mistakes={
            "the two points lie two steps apart": np.array([12.0, -4.0]),
            "only half the slope arrives: did the second step only undo the first?": np.array([3.0, -1.0]),
        },
    )
    cubes = call(student, lambda a: float(np.sum(a**3)), np.array([[1.0, 2.0]]), 0.1)
    same(
        cubes,
        [[3.01, 12.01]],
        "a large step of 0.1 on cubes, worked by hand",
        "use the step that is given, to both sides",
        mistakes={
            "this is the slope to one side; go one step to each side": np.array([[3.31, 12.61]]),
            "this is the exact derivative; use the step that is given": np.array([[3.0, 12.0]]),
        },
    )
    rng = np.random.default_rng(52)
    a, weights = rng.normal(size=(2, 3, 4)), rng.normal(size=(2, 3, 4))
    same(
        call(student, lambda a: float(np.sum(weights * np.sin(a))), a, 1e-6),
        weights * np.cos(a),
        "an array with three axes",
        "every entry gets its own slope, and all others stay where they are meanwhile",
    )
    seen = []

    def watch(a):
        seen.append(np.array(a))
        return 0.0

    call(student, watch, np.zeros((1, 2)), 0.5)
    if not all(np.count_nonzero(s) <= 1 for s in seen):
        fail("one entry at a time: several entries were moved together", "put each entry back before you move the next")
    ok("one entry at a time")


def correlate_backward(student):
    """Exercise 5.3: `student(dy, x, k)` returns dx, dk of y = correlate(x, k)."""
    names = ("dx", "dk")
    x, k = np.array([[1.0, 2, 0], [0, 1, 3], [2, 1, 1]]), np.array([[1.0, -1], [2, 0]])
    got = _parts(call(student, np.array([[1.0, 0], [2, -1]]), x, k), names)
    hand = np.array([[1.0, -1, 0], [4, -3, 1], [4, -2, 0]]), np.array([[0.0, 1], [3, 2]])
    for name, a, b in zip(names, got, hand, strict=True):
        same(
            a,
            b,
            f"{name} of the example worked by hand",
            _LOOK[name],
            mistakes=_turned(name, k, np.array([[1.0, 0], [2, -1]]), x),
        )
    rng = np.random.default_rng(53)
    for title, (H, W), (P, Q) in (
        ("a square kernel on a wide picture", (5, 8), (3, 3)),
        ("a kernel that is not square", (6, 5), (2, 4)),
        ("a kernel as large as the picture", (3, 4), (3, 4)),
        ("a kernel of one weight", (4, 3), (1, 1)),
    ):
        x, k, dy = rng.normal(size=(H, W)), rng.normal(size=(P, Q)), rng.normal(size=(H - P + 1, W - Q + 1))
        right = formulas.conv2d_backward(dy[None, :, :, None], x[None, :, :, None], k[:, :, None, None])
        right = right[0][0, :, :, 0], right[1][:, :, 0, 0]
        for name, a, b in zip(names, _parts(call(student, dy, x, k), names), right, strict=True):
            same(a, b, f"{name} for {title}", _LOOK[name], mistakes=_turned(name, k, dy, x))


def cross_entropy_backward(student):
    """Exercise 5.4: `student(logits, labels)` returns the gradient of the mean cross-entropy."""
    z = np.array([[0.0, np.log(2), np.log(5)]])
    p = np.array([[1.0, 2.0, 5.0]]) / 8
    same(
        call(student, z, np.array([1])),
        [[1 / 8, -6 / 8, 5 / 8]],
        "the example worked by hand",
        "what it said minus what it should have said",
        mistakes={
            "these are the probabilities; nothing has been subtracted yet": p,
            "the sign is turned round: the loss would rise": -(p - [[0, 1, 0]]),
        },
    )
    rng = np.random.default_rng(54)
    logits, labels = rng.normal(size=(6, 4)) * 3, rng.integers(0, 4, 6)
    right = formulas.cross_entropy_backward(1.0, logits, labels)
    same(
        call(student, logits, labels),
        right,
        "a batch of six",
        "each row has its own softmax and its own label",
        mistakes={
            "this is the gradient of the sum; the loss is the mean over the batch": right * 6,
            "the mean is over the batch only, not over the classes": right / 4,
        },
    )
    huge = [[1000.0, 0.0, -1000.0], [-1000.0, 1000.0, 1000.0]]
    mixed = [[1000.0, 0.0, 0.0], [0.0, 1.0, 2.0]]
    for rows, property, look in (
        (huge, "logits as large as 1,000", "e to the power of 1,000 is infinity in floating point; chapter 04 shows the cure"),
        (mixed, "a row of large logits above a row of small ones",
         "each row needs its own largest logit; e to the power of −1,000 is 0 in floating point"),
    ):
        rows, classes = np.array(rows), np.array([1, 2])
        with np.errstate(all="ignore"):
            got = call(student, rows, classes)
        same(got, formulas.cross_entropy_backward(1.0, rows, classes), property, look)
    got = call(student, logits.astype("float32"), labels)
    same(got, right, "float32 inputs", "the same formula must do for both dtypes")
    if not close(np.sum(got, axis=1), np.zeros(len(logits))):
        fail("each row sums to 0: not yet", "what one class gains, the others lose")
    ok("each row sums to 0")


_LOOK = {
    "dx": "collect for one pixel all the products that it takes part in",
    "dk": "collect for one weight all the products that it takes part in",
}


def _turned(name, k, dy, x):
    """Results of the usual mistakes with turning, each with its diagnosis."""
    if name == "dk":
        return {
            "the upstream gradient is turned by half a turn; on the way forward x was not": formulas.correlate(x, dy[::-1, ::-1]),
            "the kernel's gradient comes out turned by half a turn": formulas.correlate(x, dy)[::-1, ::-1],
        }
    P, Q = k.shape
    around = np.pad(dy, ((P - 1, P - 1), (Q - 1, Q - 1)))
    slips = {
        "you return dk first": formulas.correlate(x, dy),
        "the kernel slides the same way round as on the way forward; follow one weight back": formulas.correlate(around, k),
    }
    if P <= dy.shape[0] + 2 and Q <= dy.shape[1] + 2:
        slips["how far does the kernel hang over? Further than one pixel here"] = formulas.correlate(np.pad(dy, 1), k[::-1, ::-1])
    return slips


def _parts(result, names):
    """Demand one result for each name."""
    if not isinstance(result, tuple | list) or len(result) != len(names):
        many = len(result) if isinstance(result, tuple | list) else "one thing"
        fail(f"expected {len(names)} results, got {many}", f"return {', '.join(names)}")
    return result
