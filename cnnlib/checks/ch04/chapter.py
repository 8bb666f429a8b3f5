"""The exercises of chapter 04: the dense layer, softmax, cross-entropy."""

import numpy as np

from cnnlib import formulas
from cnnlib.checks.common import call, fail, numbers, same
from cnnlib.checks.points import part, rng

CHAPTER = np.array([[0.0, np.log(2), np.log(5)]])  # the scores of the chapter, whose probabilities are 1/8, 2/8, 5/8


def dense(function):
    """Check dense(x, w, b): y(n, o) = Σ_i x(n, i) · w(i, o) + b(o), Exercise 4.1."""
    x = np.array([[1.0, 2.0, 3.0]])
    w, b = np.array([[2.0, 0.0], [-1.0, 1.0], [0.5, -1.0]]), np.array([1.0, 0.5])
    with part():
        same(call(function, x, w, b), [[2.5, -0.5]], "three inputs and two outputs, by hand",
             "the chapter works these two sums out; the result is a batch, with an axis N=1",
             mistakes={"the bias is missing": x @ w, "the bias is subtracted": x @ w - b,
                       "the batch axis is lost: x has shape (N=1, I=3), so y has shape (N=1, O=2)": [2.5, -0.5],
                       "the axes of the result are the wrong way round: y is (N, O)": [[2.5], [-0.5]]})  # fmt: skip
    draws = rng(1)
    x, w, b = draws.normal(size=(4, 5)), draws.normal(size=(5, 3)), draws.normal(size=3)
    expected, square = formulas.dense(x, w, b), draws.normal(size=(3, 3))
    with part():
        same(call(function, x, w, b), expected, "a batch of four random examples",
             "every example has its own row; compare with the loop in the chapter",
             mistakes={"all rows are those of the first example": np.repeat(expected[:1], 4, axis=0),
                       "the outputs are averaged or summed over the batch": expected.sum(0),
                       "negative outputs were cut to zero; a dense layer has no ReLU in it": np.maximum(expected, 0)})
    with part():
        same(call(function, x[:, :3], square, b), formulas.dense(x[:, :3].copy(), square, b), "as many outputs as inputs",
             "w(i, o): the first index is the input",
             mistakes={"the weight is used the wrong way round: w is (I, O)": x[:, :3] @ square.T + b})  # fmt: skip
    with part():
        same(call(function, x.astype("float32"), w.astype("float32"), b.astype("float32")), expected, "float32 works too",
             "let the arrays keep their own type of number")  # fmt: skip
    with part():
        same(call(function, np.zeros((2, 5)), w, b), np.stack([b, b]), "an input of zeros gives the bias",
             "when all products are zero, only b is left")  # fmt: skip


def softmax(function):
    """Check softmax(z, temperature=1.0): row by row, finite for large scores, Exercise 4.2."""
    z = CHAPTER
    with part():
        same(call(function, z), [[1 / 8, 2 / 8, 5 / 8]], "the three scores of the chapter",
             "raise e to each score and divide by the sum of the row",
             mistakes={"these are the powers; divide them by their sum": np.exp(z),
                       "this is the logarithm of the softmax": np.log([[1 / 8, 2 / 8, 5 / 8]])})  # fmt: skip
    z = rng(2).normal(0, 2, (5, 4))
    expected, e = formulas.softmax(z), np.exp(z)
    with part():
        same(call(function, z), expected, "a batch: every row sums to 1", "the sum runs over the classes, axis 1",
             mistakes={"the whole batch sums to 1; divide each row by its own sum": e / e.sum(),
                       "the columns sum to 1; the classes are axis 1": e / e.sum(0)})  # fmt: skip
    with part():
        same(call(function, z[:4]), expected[:4], "as many examples as classes", "use axis=1 and keepdims=True",
             mistakes={"the sums were laid along the wrong axis: keep the axis with keepdims=True":
                       e[:4] / e[:4].sum(1)})  # fmt: skip
    for scores, answer, text in (([[1000.0, 1000.0 + np.log(3)]], [[0.25, 0.75]], "scores of 1,000"),
                                 ([[-1000.0, -1000.0 - np.log(3)]], [[0.75, 0.25]], "scores of −1,000"),
                                 ([[0.0, 1000.0], [-1000.0, 0.0]], [[0, 1], [0, 1]], "rows with a lead of 1,000"),
                                 ([[0.0, np.log(3)], [2000.0, 2000.0]], [[0.25, 0.75], [0.5, 0.5]],
                                  "a row of small scores beside a row of large ones")):  # fmt: skip
        with part():
            got = _finite(function, text, "subtract the largest score of the row before the power", np.array(scores))
            same(got, answer, text, "subtract the largest score of each row, not of the batch")
    with part():
        same(call(function, z, 4.0), formulas.softmax(z / 4), "temperature 4", "divide the scores, before the power",
             mistakes={"the temperature has no effect": expected,
                       "the scores are multiplied; divide them": formulas.softmax(z * 4),
                       "the probabilities are divided, so the rows no longer sum to 1; divide the scores": expected / 4})
    with part():
        look = "divide by the temperature first, then subtract the largest score"
        got = _finite(function, "temperature 0.001", look, z, 0.001)
        look = "a low temperature makes the leader sure"
        same(got, formulas.softmax(z / 0.001), "temperature 0.001 picks the largest score", look)
    with part():
        same(call(function, z.astype("float32")), expected, "float32 works too", "let the scores keep their type")


def cross_entropy(function):
    """Check cross_entropy(logits, labels): mean of −log softmax at the labels, from logits, finite, Exercise 4.3."""
    z, one, p = CHAPTER, np.array([1]), np.array([[1 / 8, 2 / 8, 5 / 8]])
    with part():
        same(call(function, z, one), np.log(4), "one example, true class 1: log 4",
             "the probability of class 1 is 2/8; the result is one number",
             mistakes={"a loss is not negative: the surprise is minus the logarithm": -np.log(4),
                       "this is 2 bits; the course counts in nats, with the natural logarithm": 2.0,
                       "the arguments are logits; they need a softmax first": -np.log(np.log(2)),
                       "the softmax is applied twice": formulas.cross_entropy(p, one),
                       "this is the squared error of the probabilities": ((p - [[0, 1, 0]]) ** 2).mean(),
                       "the result has an axis; return one number, the mean": [np.log(4)],
                       "this is the probability, not its surprise": 0.25})  # fmt: skip
    logits, labels = rng(3).normal(0, 2, (6, 4)), np.array([0, 3, 1, 1, 2, 0])
    expected = formulas.cross_entropy(logits, labels)
    log_p = np.log(formulas.softmax(logits))
    with part():
        same(call(function, logits, labels), expected, "the mean over six examples", "average the surprise over the batch",
             mistakes={"this is the sum over the batch; the mean is asked": expected * 6,
                       "this is the mean over all N · C numbers; divide by N": expected / 4,
                       "all rows and all labels were crossed: pick one logit per row with np.arange(len(labels))":
                       -log_p[:, labels].mean(),
                       "this is the surprise at the most probable class; the label says which class is true":
                       -log_p.max(1).mean()})  # fmt: skip
    with part():
        same(call(function, np.zeros((3, 10)), np.array([0, 5, 9])), np.log(10), "equal scores of ten classes: log 10",
             "a network that knows nothing")  # fmt: skip
    for scores, label, answer, text in (([[800.0, 0.0]], 1, 800.0, "the true class lies 800 behind"),
                                        ([[1000.0, 0.0]], 0, 0.0, "the true class leads by 1,000"),
                                        ([[-1000.0, -1000.0]], 0, np.log(2), "scores of −1,000")):  # fmt: skip
        with part():
            given, look = (np.array(scores), np.array([label])), "use the formula that has both"
            why = f"never take the logarithm of a finished softmax: {look}"
            if not np.isfinite(numbers(_quietly(lambda: call(function, np.full((1, 2), 800.0), np.array([0]))), text)).all():
                why = "e to the power of 800 is infinite on a computer: subtract the largest score of the row first"
            got = _finite(function, text, why, *given)
            if answer == 800 and got.shape == () and 0 < got < 750:
                fail(f"{text}: the loss stops at {got:.4g}, it should go on growing",
                     f"a small number added inside the logarithm hides the mistake; {look}")  # fmt: skip
            same(got, answer, text, "work out logarithm and softmax together")
    with part():
        same(call(function, logits.astype("float32"), labels.astype("uint8")), expected, "float32 logits, uint8 labels",
             "labels of MNIST are uint8")  # fmt: skip


def _quietly(compute):
    with np.errstate(all="ignore"):
        return compute()


def _finite(function, text, look, *arguments):
    """Return the result after demanding that it is finite, before any value is compared."""
    got = numbers(_quietly(lambda: call(function, *arguments)), text)
    if not np.isfinite(got).all():
        fail(f"{text}: the result holds {'nan' if np.isnan(got).any() else 'inf'}", look)
    return got
