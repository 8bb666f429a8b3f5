"""Checks for chapter 05, Backpropagation: four exercises of the chapter, then those of its assignment alone."""

import numpy as np

from cnnlib import formulas
from cnnlib.checks.common import call, close, fail, numbers, ok, same
from cnnlib.checks.points import part, rng


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


# The assignment goes on where the chapter ends.


def leaky_relu_backward(student):
    """Assignment 05: `student(dy, x, slope)` returns dx of y = x where x > 0, and slope · x everywhere else."""
    hand = np.array([1.0, -2.0, 3.0, 4.0]), np.array([5.0, -1.0, 0.5, -7.0])
    draws = rng(55)
    dy, x = draws.normal(size=(2, 2, 4, 3, 2))
    step = draws.choice([0.2, 0.3, 0.4])
    at_0 = x * (draws.random(x.shape) > 0.4)
    cases = {
        "four numbers to follow by hand, slope 0.1": (*hand, 0.1, "which of the four x lie to the right of 0"),
        "a batch of pictures": (dy, x, step, "every number goes its own way, whatever the shape"),
        "the place 0 itself": (dy, at_0, step, "at 0 the slope counts as that of the left side"),
        "a slope of 0 gives the plain ReLU": (dy, x, 0.0, "look at x; the output no longer tells the two sides apart"),
        "a slope larger than 1": (dy, x, 3.0, "the sign of x decides, not which of two numbers is larger"),
        "float32 numbers": (dy.astype("float32"), x.astype("float32"), 0.5, "the same formula must do for both dtypes"),
    }
    for property, (dy, x, slope, look) in cases.items():
        mistakes = {
            "the left side has a slope too; this is the plain ReLU": dy * (x > 0),
            "the two sides have changed places": dy * np.where(x > 0, slope, 1),
            "these are the slopes alone; the upstream gradient is missing": np.where(x > 0, 1, slope),
            "the sign of dy decides; it should be the sign of x": np.where(dy > 0, dy, slope * dy),
            "0 counts as the right side here; it belongs to the left": dy * np.where(x >= 0, 1, slope),
        }
        with part():
            right = dy * np.where(x > 0, 1, slope)
            same(call(student, dy, x, slope), right, property, look, mistakes=mistakes if slope < 1 else None)


def avg_pool_backward(student):
    """Assignment 05: `student(dy, x, window, stride)` returns dx of average pooling, one grey picture, no padding."""
    cases = {  # H, W, window, stride
        "four windows side by side": (4, 4, (2, 2), (2, 2), "each number of dy is shared by the pixels of its window"),
        "windows that overlap": (5, 5, (3, 3), (1, 1), "a pixel in several windows adds up what it gets from each"),
        "a window that is not square": (8, 9, (2, 3), (3, 3), "window is (rows, columns)"),
        "other steps down than to the right": (7, 6, (2, 2), (1, 2), "stride is (down, to the right)"),
        "a last row and column that no window reads": (7, 5, (2, 2), (2, 2), "what was not read has the gradient 0, and stays"),
        "gaps between the windows": (8, 9, (1, 2), (3, 4), "where does window (i, j) begin"),
        "all together": (11, 10, (4, 3), (3, 2), "take one pixel and find all windows that read it"),
    }
    draws = rng(56)
    for property, (H, W, window, stride, look) in cases.items():
        (P, Q), (s, t) = window, stride
        dy, x = draws.normal(size=((H - P) // s + 1, (W - Q) // t + 1)), draws.normal(size=(H, W))
        right = _pooled(formulas.avg_pool2d_backward, dy, x, window, stride)
        mistakes = {
            "each pixel got the whole number; the window shares it": right * P * Q,
            "all went to the largest pixel; that is max pooling": _pooled(formulas.max_pool2d_backward, dy, x, window, stride),
            "where windows overlap only the last one is left: add, do not assign": _last_window(dy, x, window, stride),
            "the upstream gradient seems to be all ones; use dy": _pooled(
                formulas.avg_pool2d_backward, np.ones_like(dy), x, window, stride),
        }
        with part():
            same(call(student, dy, x, window, stride), right, property, look, mistakes=mistakes)


def row_backward(student):
    """Assignment 05: `student(dy, x, k, stride)` returns dx, dk of y(i) = Σ_q x(i · stride + q) · k(q), one row of pixels."""
    names = ("dx", "dk")
    look = {"dx": "stamp k, times dy(i), onto the pixels that output i has read",
            "dk": "add up, over all outputs i, the pixel that k(q) met there times dy(i)"}
    hand = np.array([1.0, -2.0]), np.array([1.0, 2.0, 0.0, 3.0, 1.0]), np.array([2.0, -1.0])
    draws = rng(57)
    cases = {"of two outputs to follow by hand, stride 2": (*hand, 2)}
    for title, W, Q, stride in (
        ("with stride 1", 8, 3, 1),
        ("with stride 2", 9, 3, 2),
        ("where windows overlap by three pixels", 11, 5, 2),
        ("where the last pixels are not read", 12, 3, 4),
        ("where the stride leaves gaps", 11, 2, 3),
        ("for a kernel of one weight", 7, 1, 2),
        ("for a kernel as long as the row", 6, 6, 3),
    ):
        cases[title] = draws.normal(size=(W - Q) // stride + 1), draws.normal(size=W), draws.normal(size=Q), stride
    for title, (dy, x, k, stride) in cases.items():
        right = _row_gradients(dy, x, k, stride)
        last, read = np.zeros_like(x), (len(dy) - 1) * stride + len(k)
        for i, upstream in enumerate(dy):
            last[i * stride : i * stride + len(k)] = upstream * k
        slips = {
            "dx": {
                "you return dk first": right[1],
                "the stride is missing: the stamps lie one pixel apart": _row_gradients(dy, x, k, 1)[0],
                "the kernel comes in turned round; a stamp uses it as it stands": _row_gradients(dy, x, k[::-1], stride)[0],
                "where stamps overlap only the last one is left: add, do not assign": last,
                "pixels at the end that were not read are missing; their gradient is 0": right[0][:read],
            },
            "dk": {
                "the stride is missing: output i has read from pixel i · stride on": _row_gradients(dy, x, k, 1)[1],
                "dk comes out turned round": right[1][::-1],
                "dy is turned round; on the way forward x was not": _row_gradients(dy[::-1], x, k, stride)[1],
                "this is the mean over the outputs; a weight adds up what it gets": right[1] / len(dy),
            },
        }
        _each(student, (dy, x, k, stride), names, right, title, look, slips)


def gradient_error(student):
    """Assignment 05: `student(forward, backward, x, rng)` returns the relative error of a gradient, by random upstream."""
    draws = rng(58)
    x, k = draws.normal(size=(4, 5)), draws.normal(size=(2, 3))

    def of_sine(dy, x):
        return dy * np.cos(x)

    def of_correlation(dy, x):
        return formulas.conv2d_backward(dy[None, :, :, None], x[None, :, :, None], k[:, :, None, None])[0][0, :, :, 0]

    def one_wrong(dy, x):
        return of_sine(dy, x) + np.pad([[-0.5]], ((3, 0), (4, 0)))

    def judge(forward, right, wrong, property, look, share=1):
        """One part: the right gradient goes through, the wrong one does not."""
        seed = int(draws.integers(2**31))
        with part(share):
            error = _error_of(student, forward, right, x, seed, property)
            if not error < 1e-6:
                fail(f"{property}: the right gradient has an error of {error:.2g}", look)
            error = _error_of(student, forward, wrong, x, seed, property)
            if not error > 1e-3:
                fail(f"{property}: the wrong gradient has an error of {error:.2g}", look)
            ok(f"told apart: {property}")

    def known(forward, backward, right, property, look, mistakes):
        """One part: a wrong gradient whose error does not depend on dy."""
        seed = int(draws.integers(2**31))
        with part():
            error = _error_of(student, forward, backward, x, seed, property)
            same(error, right, property, look, tolerance=1e-4, mistakes=mistakes)

    judge(np.sin, of_sine, lambda dy, x: 2 * of_sine(dy, x), "the gradient of a sine, and twice as much",
          "right is below 1e-6, twice as much is a half")
    judge(lambda x: formulas.correlate(x, k), of_correlation, lambda dy, x: 0.9 * of_correlation(dy, x),
          "the gradient of a correlation, and nine tenths of it", "dy has the shape of forward(x), not that of x")
    judge(lambda x: 1e5 * np.sin(x), lambda dy, x: 1e5 * of_sine(dy, x), lambda dy, x: 1.1e5 * of_sine(dy, x),
          "large gradients", "the error is relative: divide by the largest entry")
    weights, off = np.arange(1.0, 21.0).reshape(4, 5), np.arange(1.0, 21.0).reshape(4, 5)
    off[1, 4], off[2, 4] = 15, 10
    known(lambda x: np.array([np.sum(weights * x)]), lambda dy, x: dy * off, 0.25,
          "one output, slopes of 1 to 20, but 10 and 15 exchanged: the error is a quarter",
          "the largest difference is 5, the largest entry 20",
          {"each entry is divided by its own size; the largest of the array counts": 5 / 15,
           "these are means over the array; the formula takes the largest": 10 / off.sum(),
           "the largest entries are compared; compare entry by entry": 0.0})
    known(lambda x: 1e-3 * np.sin(x), lambda dy, x: 2e-3 * of_sine(dy, x), 0.5,
          "twice the right gradient: the error is a half", "both gradients stand in the denominator of the chapter",
          {"you divide by the measured gradient; the larger of the two counts": 1.0})
    known(lambda x: 1e-3 * np.sin(x), lambda dy, x: -1e-3 * of_sine(dy, x), 2.0,
          "the sign turned round: the error is 2", "take absolute values of all three, numerator and denominator",
          {"the sizes are compared before the difference is taken": 0.0})
    look = "with dy all ones, or all the same, it looks right: draw dy from rng"
    judge(np.sin, of_sine, lambda dy, x: np.cos(x), "a gradient that ignores dy", look, 2)
    judge(np.sin, of_sine, lambda dy, x: of_sine(dy[::-1], x), "a gradient that reads dy upside down", look, 2)
    judge(np.sin, of_sine, lambda dy, x: of_sine(dy[:, :1], x), "a gradient that reads the first column of dy only",
          "every number of dy needs a value of its own", 2)
    judge(np.sin, of_sine, one_wrong, "a gradient with a single wrong number at the end",
          "compare all entries, and take the largest difference", 2)
    judge(formulas.softmax, lambda dy, x: formulas.softmax_backward(dy, x), lambda dy, x: 0 * x,
          "the gradient of a softmax, and nothing but zeros", look)
    property = "a flat function: two gradients of nothing but zeros agree"
    with part():
        wrong, right = (_error_of(student, lambda x: np.ones(3), lambda dy, x, n=n: n + 0 * x, x, 0, property) for n in (1, 0))
        same([wrong, right], [1.0, 0.0], property, "0 / 0 is not a number; look before you divide")


def weighted_cross_entropy_backward(student):
    """Assignment 05: `student(logits, labels, weights)`, where the loss of each example counts weights(its label) times."""

    def right(logits, labels, weights):
        return formulas.cross_entropy_backward(1.0, logits, labels) * weights[labels][:, None]

    draws = rng(59)
    z, t, w = draws.normal(size=(7, 4)) * 2, draws.permutation(7) % 4, draws.uniform(0.5, 3, 4)
    cases = {
        "the example of the chapter, with the labels 1 and 0": (
            np.log([[1.0, 2.0, 5.0]] * 2), np.array([1, 0]), np.array([1.0, 3.0, 2.0]),
            "a loss that counts three times has a gradient three times as large"),
        "weights of 1 change nothing": (z, t, np.ones(4), "this is the gradient of the chapter"),
        "seven examples, four weights": (z, t, w, "each row is weighed by the class of its own label"),
        "a class of weight 0": (z, t, w * [1, 0, 1, 1], "its examples have the gradient 0, and count in N all the same"),
        "seven examples of one class": (z, 0 * t + 2, w, "all rows have the same weight here, that of class 2"),
        **{title: (rows, np.array([1, 2]), w[:3], look) for rows, title, look in _EXTREME},
        "float32 inputs": (z.astype("float32"), t, w.astype("float32"), "the same formula must do for both dtypes"),
    }
    for property, (logits, labels, weights, look) in cases.items():
        good, plain = right(logits, labels, weights), formulas.cross_entropy_backward(1.0, logits, labels)
        mistakes = {
            "the weights are missing": plain,
            "each column is weighed by its own class; the label of the row decides": plain * weights,
            "the sum is divided by the sum of the weights; here it is divided by N": good / weights[labels].mean(),
            "this is the gradient of the sum; the loss is divided by N": good * len(labels),
            "the sign is turned round: the loss would rise": -good,
        }
        with part(), np.errstate(all="ignore"):
            same(call(student, logits, labels, weights), good, property, look, mistakes=mistakes)
    with part():
        _rows_sum_to_0(call(student, z, t, w), z.shape)


_LOOK = {
    "dx": "collect for one pixel all the products that it takes part in",
    "dk": "collect for one weight all the products that it takes part in",
}
_EXTREME = (
    (np.array([[1000.0, 0.0, -1000.0], [-1000.0, 1000.0, 1000.0]]), "logits as large as 1,000",
     "e to the power of 1,000 is infinity in floating point; chapter 04 shows the cure"),
    (np.array([[1000.0, 0.0, 0.0], [0.0, 1.0, 2.0]]), "a row of large logits above a row of small ones",
     "each row needs its own largest logit; e to the power of −1,000 is 0 in floating point"),
)  # fmt: skip


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


def _row_gradients(dy, x, k, stride):
    """dx and dk of one row of pixels, as the loops of the book give them."""
    dx, dk, _ = formulas.conv2d_backward(dy[None, None, :, None], x[None, None, :, None], k[None, :, None, None], (1, stride))
    return dx[0, 0, :, 0], dk[0, :, 0, 0]


def _pooled(formula, dy, x, window, stride):
    return formula(dy[None, :, :, None], x[None, :, :, None], window, stride)[0, :, :, 0]


def _last_window(dy, x, window, stride):
    """Average pooling whose windows overwrite each other."""
    dx, (P, Q), (s, t) = np.zeros_like(x), window, stride
    for i, j in np.ndindex(dy.shape):
        dx[i * s : i * s + P, j * t : j * t + Q] = dy[i, j] / (P * Q)
    return dx


def _error_of(student, forward, backward, x, seed, property):
    """The one number that a student's gradient check gives."""
    error = numbers(call(student, forward, backward, x, np.random.default_rng(seed)), property)
    if error.shape != ():
        fail(f"{property}: the result has shape {error.shape}", "return one number for the whole array")
    return error


def _rows_sum_to_0(got, shape):
    got = numbers(got, "each row sums to 0")
    if got.shape != shape or not np.any(got) or not close(np.sum(got, axis=1), np.zeros(len(got))):
        fail("each row sums to 0: not yet", "what one class gains, the others lose")
    ok("each row sums to 0")


def _each(student, arguments, names, right, title, look, slips=None):
    """Check each of several results, in a part of its own; `look` is one hint, or one for each name."""
    for n, name in enumerate(names):
        with part():
            got = _parts(call(student, *arguments), names)[n]
            hint = look[name] if isinstance(look, dict) else look
            same(got, right[n], f"{name} {title}", hint, mistakes=(slips or {}).get(name))


def _parts(result, names):
    """Demand one result for each name."""
    if not isinstance(result, tuple | list) or len(result) != len(names):
        many = len(result) if isinstance(result, tuple | list) else "one thing"
        fail(f"expected {len(names)} results, got {many}", f"return {', '.join(names)}")
    return result
