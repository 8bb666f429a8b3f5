"""The exercises of chapter 08: parameters counted, answers scored, a digit centred."""

import numpy as np

from cnnlib.checks.common import call, fail, numbers, ok, same
from cnnlib.checks.points import part, rng


def network_parameters(function):
    """Check network_parameters(height, width, channels, filters, units, classes), Exercise 8.1."""
    cases = {
        "the article's network, 225,034": (28, 28, 1, [32, 64], 128, 10),
        "another number of classes": (28, 28, 1, [32, 64], 128, 37),
        "colour pictures": (28, 28, 3, [32, 64], 128, 10),
        "one convolution layer": (28, 28, 1, [8], 16, 10),
        "three convolution layers": (64, 64, 1, [4, 8, 16], 32, 5),
        "sizes that do not halve evenly": (29, 29, 1, [4, 8], 16, 10),
        "height and width differ": (28, 60, 1, [4, 8], 16, 10),
        "no convolution at all": (9, 7, 2, [], 5, 3),
    }
    hints = {
        "another number of classes": "the last layer has one column of weights, and one bias, for each class",
        "colour pictures": "the first kernels have 3 · 3 · channels weights each",
        "one convolution layer": "each entry of filters is one convolution followed by one pooling",
        "three convolution layers": "the channels of a layer are the filters of the one before",
        "sizes that do not halve evenly": "a window that does not fit is left out: round down",
        "height and width differ": "follow rows and columns each on their own",
        "no convolution at all": "without convolution the pixels go straight into the first dense layer",
    }
    for property, (height, width, channels, filters, units, classes) in cases.items():
        right, without_bias, same_padding = (
            _weights(height, width, channels, filters, units, classes, **how) for how in ({}, {"bias": 0}, {"lost": 0})
        )
        no_pool = _weights(height, width, channels, filters, units, classes, pool=1)
        mistakes = {
            "the biases are missing: one for each filter and each unit": without_bias,
            "a kernel of 3 × 3 without padding loses two rows and two columns": same_padding,
            "pooling halves height and width after each convolution": no_pool,
        }
        with part():
            got = call(function, height, width, channels, list(filters), units, classes)
            same(got, right, property, hints.get(property, "write the shape down after every layer"), tolerance=1e-12,
                 mistakes={why: wrong for why, wrong in mistakes.items() if wrong != right})
    with part():
        if numbers(call(function, 9, 7, 2, [], 5, 3), "a whole number").dtype.kind not in "iu":
            fail("a whole number: the result has a decimal point", "// divides and rounds down")
        ok("a whole number")


def score(function):
    """Check score(probabilities, labels) → (loss, accuracy), Exercise 8.2."""
    hand = np.array([[0.5, 0.25, 0.25], [0.25, 0.5, 0.25], [0.5, 0.25, 0.25], [0.125, 0.375, 0.5]])
    answers = np.array([0, 1, 1, 2])
    picked = np.array([2, 2, 4, 2])
    with part():
        accuracy = _two(call(function, hand, answers))[1]
        same(accuracy, 0.75, "accuracy of four answers, by hand", "three of the four likeliest classes are the true ones",
             mistakes={"this is a percentage; a share between 0 and 1 is asked": 75.0,
                       "this is the number of right answers; divide by the number of examples": 3.0})
    right = np.log(picked).mean()
    every = -np.log(hand).mean()
    with part():
        loss = _two(call(function, hand, answers))[0]
        same(loss, right, "loss of four answers, by hand",
             "the probability of the true class in each row, then −log, then the mean",
             mistakes={"the sum over the examples was returned; the mean is asked": np.log(picked).sum(),
                       "the sign: −log of a probability is never negative": -right,
                       "log is the natural logarithm, np.log": np.log2(picked).mean(),
                       "only the true class of each row counts, not all classes": every,
                       "take the logarithm first, then the mean": -np.log((1 / picked).mean())})
    with part():
        accuracy = _two(call(function, hand, np.array([2, 0, 2, 1])))[1]
        same(accuracy, 0.0, "all answers wrong give accuracy 0", "compare with the labels given")
    draws = rng(8)
    probabilities = draws.dirichlet(np.ones(10), 500)
    labels = draws.integers(0, 10, 500)
    for property, dtype, kind in (("500 random answers", "float64", "int64"), ("float32, labels uint8", "float32", "uint8")):
        with part():
            loss = _two(call(function, probabilities.astype(dtype), labels.astype(kind)))[0]
            same(loss, -np.log(probabilities[np.arange(500), labels]).mean(), f"{property}: loss",
                 "one probability of each row; only those below 1e-7 are raised", tolerance=1e-4)
        with part():
            accuracy = _two(call(function, probabilities.astype(dtype), labels.astype(kind)))[1]
            same(accuracy, (probabilities.argmax(1) == labels).mean(), f"{property}: accuracy", "one answer of each row")
    with part():
        loss, _ = _two(call(function, np.eye(3), np.array([0, 1, 1])))
        if not np.isfinite(loss):
            fail("a true class of probability 0 gives an infinite loss", "raise tiny probabilities to 1e-7 first, as Keras does")
        if not 4.9 < loss < 6:
            look = "only probabilities below 1e-7 are raised, and to 1e-7"
            fail(f"a true class of probability 0: the loss is {loss:.4g}", look)
        ok("a true class of probability 0 gives a large, finite loss")


def centre(function):
    """Check centre(picture): a picture (28, 28) with its centre of mass moved to (14, 14), Exercise 8.3."""
    dot = np.zeros((28, 28))
    dot[9, 18] = 1.0
    moved = np.zeros((28, 28))
    moved[14, 14] = 1.0
    with part():
        same(call(function, dot), moved, "one bright pixel goes to row 14, column 14", "how far is it from there, both ways",
             mistakes={"nothing has moved": dot, "rows and columns are exchanged": np.roll(dot, (-4, 5), (0, 1)),
                       "the picture moved the wrong way": np.roll(dot, (-5, 4), (0, 1))})
    bar = np.zeros((28, 28))
    bar[2:13, 4], bar[12, 4:9] = 1.0, 1.0  # an L: heavier at the left and below
    rows, columns = (round(float(p)) for p in mass(bar))
    right = np.roll(bar, (14 - rows, 14 - columns), (0, 1))
    boxed = np.roll(bar, (14 - 7, 14 - 6), (0, 1))
    with part():
        same(call(function, bar), right, "an L is centred by its mass", "weigh each row number with the ink of that row",
             mistakes={"this centres the bounding box; the ink is heavier on one side": boxed,
                       "the picture moved the wrong way": np.roll(bar, (rows - 14, columns - 14), (0, 1)),
                       "rows and columns are exchanged": np.roll(bar, (14 - columns, 14 - rows), (0, 1)),
                       "the middle is (14, 14) here, as in MNIST": np.roll(bar, (13 - rows, 13 - columns), (0, 1))})
    grey = np.zeros((28, 28))
    grey[6:9, 6:16] = np.linspace(0.1, 1, 10)
    with part():
        got = numbers(call(function, grey), "every grey value is kept")
        same(np.sort(np.ravel(got)), np.sort(grey.ravel()), "every grey value is kept", "move by whole pixels, no rescaling")
    with part():
        row, column = mass(call(function, grey))
        if not max(abs(row - 14), abs(column - 14)) <= 0.5 + 1e-9:
            fail(f"grey values count by their weight: the centre lies at ({row:.2f}, {column:.2f})", "a bright pixel weighs more")
        ok("grey values count by their weight")
    spread = np.zeros((28, 28))
    spread[0:2, 10:18], spread[20, 14] = 1.0, 0.5
    with part():
        if numbers(call(function, spread), "the freed border is empty")[:6].any():
            fail("what leaves the picture on one side came back on the other", "np.roll alone does not empty the freed rows")
        ok("the freed border is empty")
    bright = (grey * 255).astype(np.uint8)
    with part():
        got = numbers(call(function, bright), "uint8 pictures, 0 to 255")
        if got.max() != bright.max() or got.sum(dtype=int) != bright.sum(dtype=int):
            fail("a uint8 picture loses ink", "sums of uint8 pixels are larger than 255: turn to float before multiplying")
        right = np.roll(bright, np.round(14 - mass(bright)).astype(int), (0, 1))
        same(got, right, "uint8 pictures, 0 to 255", "the same move as for 0 to 1")
    blank = np.zeros((28, 28))
    with part():
        same(call(function, blank), blank, "a blank picture stays blank", "without ink there is no centre: return the picture")


def mass(picture):
    """Return the centre of mass of a picture as (row, column), both nan without ink."""
    ink = np.asarray(picture, float)
    places = np.arange(ink.shape[0]), np.arange(ink.shape[1])
    return np.array([ink.sum(1) @ places[0], ink.sum(0) @ places[1]]) / ink.sum()


def _weights(height, width, channels, filters, units, classes, bias=1, lost=2, pool=2):
    """Count the weights; `bias`, `lost` and `pool` make the usual mistakes."""
    total = 0
    for count in filters:
        total += count * (9 * channels + bias)
        height, width, channels = (height - lost) // pool, (width - lost) // pool, count
    return total + units * (height * width * channels + bias) + classes * (units + bias)


def _two(got):
    if not isinstance(got, tuple | list | np.ndarray) or len(got) != 2:
        fail("one thing came back, two are asked", "return loss, accuracy")
    try:
        return float(got[0]), float(got[1])
    except (TypeError, ValueError):
        fail("loss and accuracy are not two single numbers", "take the mean over all examples")
