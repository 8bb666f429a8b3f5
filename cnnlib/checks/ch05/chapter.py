"""The exercises of chapter 05: gradients of the dense layer, of correlation and of cross-entropy, and slopes measured."""

import numpy as np

from cnnlib import formulas
from cnnlib.checks.common import call, fail, ok, same
from cnnlib.checks.points import part, rng

from .gradients import _EXTREME, _each, _rows_sum_to_0


def dense_backward(student):
    """Exercise 5.1: `student(dy, x, w)` returns dx, dw, db of a dense layer."""
    names = ("dx", "dw", "db")
    dy, x, w = np.array([[2.0, -1.0]]), np.array([[1.0, 2.0]]), np.array([[1.0, -1.0], [3.0, 0.0]])
    hand = np.array([[3.0, 6.0]]), np.array([[2.0, -1.0], [4.0, -2.0]]), np.array([2.0, -1.0])
    slips = {"dx": {"you return dw first": hand[1]}, "dw": {"this is dw transposed": hand[1].T}}
    _each(student, (dy, x, w), names, hand, "of the example worked by hand",
          "go through the section on the dense layer, product by product", slips)
    draws = rng(51)
    dy, x, w = draws.normal(size=(4, 3)), draws.normal(size=(4, 5)), draws.normal(size=(5, 3))
    right = formulas.dense_backward(dy, x, w)
    slips = {"dw": {"a weight adds up what it gets from all pictures; yours is their mean": right[1] / 4},
             "db": {"a bias adds up what it gets from all pictures; yours is their mean": right[2] / 4}}
    title = "for four pictures, five inputs, three outputs"
    _each(student, (dy, x, w), names, right, title, "write the shapes side by side", slips)
    singles = [a.astype("float32") for a in (dy, x, w)]
    _each(student, singles, names, right, "with float32 inputs", "the same formula must do for both dtypes")


def slopes(student):
    """Exercise 5.2: `student(function, a, step)` returns the central difference for every entry of a."""
    place, lower = np.array([3.0, -1.0]), []

    def squares(a):
        lower.append(np.any(np.asarray(a) < place))
        return float(np.sum(a**2))

    with part():
        got = call(student, squares, place, 1e-6)
        half = "divide by the distance between the points" if any(lower) else "did the second step only undo the first?"
        same(got, [6.0, -2.0], "slopes of the sum of squares at (3, −1)",
             "move one entry at a time, and divide the difference by the distance between the two points",
             mistakes={"the two points lie two steps apart": np.array([12.0, -4.0]),
                       f"only half the slope arrives; {half}": np.array([3.0, -1.0])})
    with part():
        same(call(student, lambda a: float(np.sum(a**3)), np.array([[1.0, 2.0]]), 0.1), [[3.01, 12.01]],
             "a large step of 0.1 on cubes, worked by hand", "use the step that is given, to both sides",
             mistakes={"this is the slope to one side; go one step to each side": np.array([[3.31, 12.61]]),
                       "this is the exact derivative; use the step that is given": np.array([[3.0, 12.0]])})
    draws = rng(52)
    a, weights = draws.normal(size=(2, 3, 4)), draws.normal(size=(2, 3, 4))
    with part():
        same(call(student, lambda a: float(np.sum(weights * np.sin(a))), a, 1e-6), weights * np.cos(a),
             "an array with three axes", "every entry gets its own slope, and all others stay where they are meanwhile")
    seen = []

    def watch(a):
        seen.append(np.array(a))
        return 0.0

    with part():
        call(student, watch, np.zeros((1, 2)), 0.5)
        if not seen:
            fail("one entry at a time: the function was never called", "measure its values, on both sides of each entry")
        if not all(np.count_nonzero(s) <= 1 for s in seen):
            fail("one entry at a time: several entries were moved together", "put each entry back before you move the next")
        ok("one entry at a time")


def correlate_backward(student):
    """Exercise 5.3: `student(dy, x, k)` returns dx, dk of y = correlate(x, k)."""
    names = ("dx", "dk")
    x, k = np.array([[1.0, 2, 0], [0, 1, 3], [2, 1, 1]]), np.array([[1.0, -1], [2, 0]])
    dy = np.array([[1.0, 0], [2, -1]])
    hand = np.array([[1.0, -1, 0], [4, -3, 1], [4, -2, 0]]), np.array([[0.0, 1], [3, 2]])
    _each(student, (dy, x, k), names, hand, "of the example worked by hand", _LOOK, _turned(k, dy, x))
    draws = rng(53)
    for title, (H, W), (P, Q) in (
        ("a square kernel on a wide picture", (5, 8), (3, 3)),
        ("a kernel that is not square", (6, 5), (2, 4)),
        ("a kernel as large as the picture", (3, 4), (3, 4)),
        ("a kernel of one weight", (4, 3), (1, 1)),
    ):
        x, k, dy = draws.normal(size=(H, W)), draws.normal(size=(P, Q)), draws.normal(size=(H - P + 1, W - Q + 1))
        right = formulas.conv2d_backward(dy[None, :, :, None], x[None, :, :, None], k[:, :, None, None])
        right = right[0][0, :, :, 0], right[1][:, :, 0, 0]
        _each(student, (dy, x, k), names, right, f"for {title}", _LOOK, _turned(k, dy, x))


def cross_entropy_backward(student):
    """Exercise 5.4: `student(logits, labels)` returns the gradient of the mean cross-entropy."""
    z = np.array([[0.0, np.log(2), np.log(5)]])
    p = np.array([[1.0, 2.0, 5.0]]) / 8
    with part():
        same(call(student, z, np.array([1])), [[1 / 8, -6 / 8, 5 / 8]], "the example worked by hand",
             "what it said minus what it should have said",
             mistakes={"these are the probabilities; nothing has been subtracted yet": p,
                       "the sign is turned round: the loss would rise": -(p - [[0, 1, 0]])})
    draws = rng(54)
    logits, labels = draws.normal(size=(6, 4)) * 3, draws.integers(0, 4, 6)
    right = formulas.cross_entropy_backward(1.0, logits, labels)
    with part():
        same(call(student, logits, labels), right, "a batch of six", "each row has its own softmax and its own label",
             mistakes={"this is the gradient of the sum; the loss is the mean over the batch": right * 6,
                       "the mean is over the batch only, not over the classes": right / 4})
    for rows, property, look in _EXTREME:
        with part(), np.errstate(all="ignore"):
            got = call(student, rows, np.array([1, 2]))
            same(got, formulas.cross_entropy_backward(1.0, rows, np.array([1, 2])), property, look)
    with part():
        same(call(student, logits.astype("float32"), labels), right, "float32 inputs", "the same formula must do for both dtypes")
    with part():
        _rows_sum_to_0(call(student, logits, labels), right.shape)


_LOOK = {
    "dx": "collect for one pixel all the products that it takes part in",
    "dk": "collect for one weight all the products that it takes part in",
}


def _turned(k, dy, x):
    """Results of the usual mistakes with turning, each with its diagnosis."""
    P, Q = k.shape
    around = np.pad(dy, ((P - 1, P - 1), (Q - 1, Q - 1)))
    dx = {
        "you return dk first": formulas.correlate(x, dy),
        "the kernel slides the same way round as on the way forward; follow one weight back": formulas.correlate(around, k),
    }
    if P <= dy.shape[0] + 2 and Q <= dy.shape[1] + 2:
        dx["how far does the kernel hang over? Further than one pixel here"] = formulas.correlate(np.pad(dy, 1), k[::-1, ::-1])
    dk = {
        "the upstream gradient is turned by half a turn; on the way forward x was not": formulas.correlate(x, dy[::-1, ::-1]),
        "the kernel's gradient comes out turned by half a turn": formulas.correlate(x, dy)[::-1, ::-1],
    }
    return {"dx": dx, "dk": dk}
