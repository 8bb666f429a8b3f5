"""Checks of chapter 08: networks counted, labels and losses, digits made like MNIST's, weights moved, luck measured.

The first three belong to the exercises of the chapter, the others to its assignment.
"""

import functools

import numpy as np
from PIL import Image

from cnnlib import data
from cnnlib.checks.common import call, close, fail, numbers, ok, same
from cnnlib.checks.points import draw, part, rng


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


# The assignment.


def described(function):
    """Assignment: `function(shape, layers)` returns [(output shape, parameters), …] of a network described layer by layer."""

    def conv(filters, size, stride=1, padding="valid"):
        return {"kind": "conv", "filters": filters, "size": size, "stride": stride, "padding": padding}

    draws = rng(801)
    h, w, c, f, u = (int(number) for number in draws.integers([20, 40, 2, 5, 11], [40, 60, 5, 11, 30]))
    flatten, ten = {"kind": "flatten"}, {"kind": "dense", "units": 10}
    pool, three = {"kind": "pool", "size": 2}, {"kind": "pool", "size": 3}
    cases = {
        "one convolution": ((h, h, 1), [conv(f, (3, 3))]),
        "several channels": ((28, 28, c), [conv(f, (3, 3)), conv(f + 3, (3, 3))]),
        "a kernel that is not square": ((h, w, 1), [conv(f, (3, 5))]),
        "a stride": ((29, 2 * w + 1, 1), [conv(4, (3, 3), stride=2)]),
        "padding same": ((h, w, 1), [conv(f, (5, 3), padding="same")]),
        "padding same with a stride": ((30, 3 * w + 1, 1), [conv(4, (3, 3), 3, "same")]),
        "pooling": ((27, w, c), [pool, three]),
        "dense layers": ((h, 7, c), [flatten, {"kind": "dense", "units": u}, ten]),
        "the article's network": ((28, 28, 1), [conv(32, (3, 3)), pool, conv(64, (3, 3)), pool, flatten,
                                                {"kind": "dense", "units": 128}, ten]),
        "everything together": ((h + 9, w, c), [conv(f, (5, 4), 2, "same"), conv(8, (2, 3)), pool, flatten,
                                                {"kind": "dense", "units": u}, ten]),
    }  # fmt: skip
    hints = {
        "several channels": "each kernel looks at all channels of what comes in",
        "a kernel that is not square": "size is (rows, columns)",
        "a stride": "a last step that does not fit is not made",
        "padding same": "as many zeros as it takes: at stride 1 every pixel has an output",
        "padding same with a stride": "an output for every started step: round up",
        "pooling": "a window that does not fit is left out, and there is nothing to learn",
        "dense layers": "each unit has one weight for each number that comes in, and a bias",
    }
    mistakes = {
        "the biases are missing: one for each filter and each unit": {"bias": 0},
        "each kernel looks at all channels of what comes in": {"channels": False},
        "the stride of the convolution shortens the output": {"stride": False},
        "padding same keeps the pixels at the border": {"same": False},
        "a kernel without padding loses rows and columns": {"lost": False},
        "pooling leaves out a window that does not fit": {"up": True},
        "pooling has no weights": {"pool": 1},
        "rows come before columns": {"turn": True},
    }
    for place, what in enumerate(("shapes", "parameters")):
        for property, (shape, layers) in cases.items():
            right = _trace(shape, layers)
            with part():
                got = _described(call(function, shape, [dict(layer) for layer in layers]), len(layers), property)
                for diagnosis, how in mistakes.items():
                    wrong = _trace(shape, layers, **how)
                    if any(a[place] != b[place] for a, b in zip(right, wrong, strict=True)) and got == wrong:
                        fail(f"{what}, {property}: not yet", diagnosis)
                for n, (a, b) in enumerate(zip(got, right, strict=True)):
                    if a[place] != b[place]:
                        look = hints.get(property, "write the shape down after every layer")
                        fail(f"{what}, {property}: layer {n + 1}, {layers[n]['kind']}, you have {a[place]}", look)
                ok(f"{what}, {property}")


def _trace(shape, layers, bias=1, channels=True, stride=True, same=True, lost=True, up=False, pool=0, turn=False):
    """The output shapes and parameters of a network; the options make the usual mistakes."""
    rows = []
    for layer in layers:
        count = 0
        match layer["kind"]:
            case "conv":
                (H, W, C), size, step = shape, layer["size"], layer["stride"] if stride else 1
                count = layer["filters"] * (size[0] * size[1] * (C if channels else 1) + bias)
                cut = [0, 0] if layer["padding"] == "same" and same or not lost else [n - 1 for n in size[:: -1 if turn else 1]]
                shape = -(-(H - cut[0]) // step), -(-(W - cut[1]) // step), layer["filters"]
            case "pool":
                n, count = layer["size"], pool * layer["size"] ** 2 * shape[2]
                shape = (*(-(-size // n) if up else size // n for size in shape[:2]), shape[2])
            case "flatten":
                shape = (int(np.prod(shape)),)
            case "dense":
                count, shape = layer["units"] * (shape[-1] + bias), (layer["units"],)
        rows.append((tuple(shape), count))
    return rows


def _described(got, count, property):
    if not isinstance(got, list | tuple) or len(got) != count:
        fail(f"{property}: expected {count} results, a pair for each layer", "return a list of (shape, parameters)")
    try:
        return [(tuple(int(n) for n in np.atleast_1d(shape)), int(weights)) for shape, weights in got]
    except ValueError:
        fail(f"{property}: not every entry is a shape and a number", "such a pair is (26, 26, 32), 320")
    except TypeError:
        fail(f"{property}: a shape holds something that is no whole number", "the batch does not appear in these shapes")


def soft_labels(function):
    """Assignment: `function(labels, classes, smoothing)` returns one-hot rows with a share of 1 spread over all classes."""
    draws = rng(802)
    labels = draws.integers(0, 10, 12)
    s = float(draws.uniform(0.1, 0.4))
    cases = {
        "one-hot, by hand": (np.array([2, 0, 3]), 4, 0.0),
        "smoothing 0.2, by hand": (np.array([2, 0, 3]), 4, 0.2),
        "smoothing 1: nothing is known": (np.array([1, 0]), 5, 1.0),
        "ten classes": (labels, 10, 0.0),
        "ten classes, smoothed": (labels, 10, s),
        "a class that does not occur": (np.array([0, 1, 1]), 6, s),
        "labels uint8": (labels.astype("uint8"), 37, s),
    }
    for property, (labels, classes, s) in cases.items():
        hot = np.eye(classes)[labels]
        others = (1 - s) * hot + s * (1 - hot) / (classes - 1)
        mistakes = {
            "the share is spread over all classes, the true one included": others,
            "what is spread is taken from the 1: each row adds up to 1": hot + s / classes,
            "the smoothing is missing": hot,
            "labels count from 0": (1 - s) * np.roll(hot, -1, 1) + s / classes,
            "one row for each label, one column for each class": ((1 - s) * hot + s / classes).T,
        }
        with part():
            same(call(function, labels, classes, s), (1 - s) * hot + s / classes, property, "work one row out by hand",
                 mistakes={why: wrong for why, wrong in mistakes.items() if wrong.shape != hot.shape or not close(
                     wrong, (1 - s) * hot + s / classes)})  # fmt: skip


def soft_loss(function):
    """Assignment: `function(logits, targets)` returns the mean cross-entropy of logits (N, C) with rows of probabilities."""
    draws = rng(803)
    soft = draws.dirichlet(np.ones(5), 8)
    cases = {
        "equal logits, one-hot targets": (np.zeros((2, 4)), np.eye(4)[[1, 3]]),
        "equal logits, soft targets": (np.full((3, 4), 7.0), np.full((3, 4), 0.25)),
        "two rows by hand": (np.log([[1.0, 2, 5], [4, 2, 2]]), np.array([[0.0, 0, 1], [0.5, 0.5, 0]])),
        "one-hot targets": (draws.normal(size=(6, 10)) * 2, np.eye(10)[draws.integers(0, 10, 6)]),
        "soft targets": (draws.normal(size=(8, 5)) * 2, soft),
        "a single row": (draws.normal(size=(1, 7)), draws.dirichlet(np.ones(7), 1)),
        "float32": (draws.normal(size=(9, 4)).astype("float32"), draws.dirichlet(np.ones(4), 9).astype("float32")),
        "large logits": (1000 * draws.normal(size=(4, 5)), soft[:4]),
    }
    hints = {
        "equal logits, one-hot targets": "a network that knows nothing of C classes has the loss log C",
        "equal logits, soft targets": "a network that knows nothing of C classes has the loss log C",
        "two rows by hand": "the softmax of the logarithms of 1, 2, 5 is 1/8, 2/8, 5/8",
        "large logits": "subtract the largest logit of each row before you take e to their power",
    }
    for property, (logits, targets) in cases.items():
        z = logits.astype(float)

        def log_softmax(axis, z=z):
            z = z - z.max(axis, keepdims=True)
            return z - np.log(np.exp(z).sum(axis, keepdims=True))

        terms = targets * log_softmax(1)
        right = -terms.sum(1).mean()
        mistakes = {
            "this is the sum over the examples; the mean is asked": -terms.sum(),
            "add over the classes, take the mean over the examples only": -terms.mean(),
            "the sign: a cross-entropy is never negative": -right,
            "log is the natural logarithm, np.log": right / np.log(2),
            "each class counts by its target, not the likeliest alone":
                -log_softmax(1)[np.arange(len(z)), targets.argmax(1)].mean(),
            "the softmax goes over the classes of a row": -(targets * log_softmax(0)).sum(1).mean(),
            "each row has a loss; the mean of all is asked": -terms.sum(1),
        }  # fmt: skip
        with part():
            got = numbers(call(function, logits, targets), property)
            if got.shape == () and not np.isfinite(got):
                fail(f"{property}: the loss is {got}", hints.get(property, "where does it divide, or take a logarithm of 0"))
            same(got, right, property, hints.get(property, "−Σ target · log softmax, then the mean"),
                 mistakes={why: wrong for why, wrong in mistakes.items() if np.size(wrong) > 1 or abs(wrong - right) > 1e-4})


def accuracies(function):
    """Assignment: `function(probabilities, labels)` returns the accuracy and the binary accuracy."""
    draws = rng(804)
    hand = np.array([[0.7, 0.2, 0.1], [0.3, 0.1, 0.6], [0.2, 0.6, 0.2], [0.45, 0.3, 0.25]])
    sharp, labels = draws.dirichlet(np.full(10, 0.1), 200), draws.integers(0, 10, 200)
    flat = draws.dirichlet(np.full(10, 50.0), 100)
    cases = {
        "four answers by hand": (hand, np.array([0, 1, 0, 0])),
        "a network that knows nothing": (flat, labels[:100]),
        "a network that is sure": (sharp, labels),
        "sure and right": (np.where(draws.uniform(size=(200, 1)) < 0.8, np.eye(10)[labels], sharp), labels),
    }
    for place, what in enumerate(("accuracy", "binary accuracy")):
        for property, (p, labels) in cases.items():
            hot, answers = np.eye(p.shape[1])[labels], np.eye(p.shape[1])[p.argmax(1)]
            right = (p.argmax(1) == labels).mean(), ((p > 0.5) == hot).mean()
            mistakes = {
                "this is a percentage; a share between 0 and 1 is asked": 100 * right[place],
                "this is the binary accuracy; return the accuracy first": right[1],
                "this is a number of answers; divide by how many there were": (p.argmax(1) == labels).sum(),
                "an answer counts by its likeliest class, above 0.5 or not": ((p > 0.5) & (hot == 1)).any(1).mean(),
            } if place == 0 else {
                "this is a percentage; a share between 0 and 1 is asked": 100 * right[place],
                "this is the accuracy; now each of the N · C outputs counts on its own": right[0],
                "an output lies on the right side of 0.5, whichever is the largest": (answers == hot).mean(),
                "the outputs of the other classes count, too": ((p > 0.5) & (hot == 1)).any(1).mean(),
                "this is a number of outputs; divide by how many there were": ((p > 0.5) == hot).sum(),
            }  # fmt: skip
            with part():
                same(_two(call(function, p, labels))[place], right[place], f"{what}, {property}", "count a row by hand",
                     mistakes={why: wrong for why, wrong in mistakes.items() if abs(wrong - right[place]) > 1e-4})  # fmt: skip


def standardised(function):
    """Assignment: `function(paper)` makes of a drawing (H, W) a picture (28, 28) like MNIST's."""
    draws = rng(805)
    #             sheet, box of the ink: top, left, rows, columns, ground, smudges
    cases = {
        "a tall drawing": ((90, 90), (25, 35, 40, 20), 255, 0),
        "a wide drawing": ((90, 90), (35, 15, 20, 60), 255, 0),
        "a drawing in the corner": ((90, 90), (0, 50, 40, 40), 255, 0),
        "a sheet that is not square": ((60, 150), (10, 100, 40, 20), 255, 0),
        "a small drawing": ((60, 60), (30, 20, 10, 5), 255, 0),
        "sides that 20 does not divide": ((120, 100), (20, 20, 73, 34), 255, 0),
        "chalk on a blackboard": ((90, 90), (25, 15, 40, 20), 0, 0),
        "smudges are no ink": ((90, 90), (25, 35, 40, 20), 255, 40),
        "heavy at the bottom": ((80, 80), (10, 15, 60, 60), 255, 0),
    }
    hints = {
        "a drawing in the corner": "the ink may touch the border of the sheet",
        "a sheet that is not square": "crop to the ink first; the sheet does not matter any more",
        "a small drawing": "the longer side becomes 20 pixels, also if it was shorter",
        "chalk on a blackboard": "a sheet whose border is dark shows bright ink already",
        "smudges are no ink": "only what has more than 50 of ink counts for the box",
        "heavy at the bottom": "what would stick out is moved back inside",
    }
    for property, (sheet, box, ground, smudges) in cases.items():
        paper = _paper(draws, sheet, box, ground, smudges, heavy=property.startswith("heavy"))
        right = _standard(paper)
        mistakes = {
            "ink is bright in MNIST, the ground is 0": _standard(paper, bright=ground == 0),
            "the drawing was not cropped to its ink": _standard(paper, crop=False),
            "the proportions have changed; only the longer side becomes 20": _standard(paper, keep=False),
            "this centres the box of the ink; centre its mass": _standard(paper, by_mass=False),
            "the middle is row 14, column 14": _standard(paper, middle=13),
            "the longer side has 20 pixels, not 28": _standard(paper, side=28),
            "only what has more than 50 of ink counts for the box": _standard(paper, above=0),
        }
        with part():
            same(call(function, paper), right, property, hints.get(property, "invert, crop, shrink, centre: look at each step"),
                 tolerance=0.01, mistakes=mistakes)  # fmt: skip
    blank = np.full((50, 70), 255, np.uint8)
    with part():
        same(call(function, blank), np.zeros((28, 28)), "a blank sheet gives a blank picture", "without ink there is no box")


def _paper(draws, sheet, box, ground, smudges, heavy):
    """A sheet with strokes that touch all sides of the box, and whose centre, once shrunk, lies clearly between pixels."""
    top, left, rows, columns = box
    while True:
        ink = np.zeros(sheet)
        a, b = (slice(start, start + size) for start, size in ((top, rows), (left, columns)))
        ink[a, left:left + max(1, columns // 4)] = draws.integers(150, 256)
        ink[top + rows - max(1, rows // 5):top + rows, b] = draws.integers(150, 256)
        i, j = (int(draws.integers(size // 2)) for size in (rows, columns))
        ink[a, b][i:i + rows // 3, j:j + columns // 3] = 60 if heavy else draws.integers(100, 256)
        if heavy:  # a thin line that stands on a heavy foot
            ink[a, b][: rows - rows // 5] *= np.arange(columns) < max(1, columns // 12)
        place = mass(_shrunk(ink[a, b].astype(np.uint8)))
        if min(abs(place % 1 - 0.5)) > 0.05 and (place[0] > 14.5 or not heavy):
            break
    if smudges:
        ink[2, 3] = ink[-3, -5] = smudges
    return np.where(ground, ground - ink, ink).astype(np.uint8)


def _standard(paper, bright=None, crop=True, keep=True, by_mass=True, middle=14, side=20, above=50):
    """The drawing as MNIST would show it; the options make the usual mistakes."""
    border = np.concatenate([paper[0], paper[-1], paper[:, 0], paper[:, -1]])
    ink = 255 - paper if (border.mean() > 127 if bright is None else bright) else paper
    rows, columns = (np.flatnonzero((ink > above).any(axis)) for axis in (1, 0))
    if crop:
        ink = ink[rows[0]:rows[-1] + 1, columns[0]:columns[-1] + 1]
    small = _shrunk(ink, side) if keep else np.asarray(Image.fromarray(ink).resize((side, side), Image.Resampling.BOX))
    place = mass(small) if by_mass else (np.array(small.shape) - 1) / 2
    picture = np.zeros((28, 28), np.uint8)
    top, left = (min(max(round(middle - float(at)), 0), 28 - size) for at, size in zip(place, small.shape, strict=True))
    picture[top:top + small.shape[0], left:left + small.shape[1]] = small
    return picture


def _shrunk(ink, side=20):
    rows, columns = (max(1, round(side * size / max(ink.shape))) for size in ink.shape)
    return np.asarray(Image.fromarray(ink).resize((columns, rows), Image.Resampling.BOX))


def channels_first(function):
    """Assignment: `function(weights, shape)` returns Keras's weights for a library that puts channels first."""
    draws = rng(806)

    def net(shape, kernels, units):
        sizes = [*((p, q, c, f) for (p, q), (c, f) in kernels)]
        widths = [int(np.prod(shape)), *units]
        sizes += list(zip(widths[:-1], widths[1:], strict=True))
        return [array for size in sizes for array in (draws.normal(size=size), draws.normal(size=size[-1]))]

    cases = {
        "the kernels": (net((2, 2, 5), [((3, 4), (2, 5))], (3,)), (2, 2, 5), [0]),
        "the biases stay as they are": (net((2, 3, 4), [((2, 2), (1, 4))], (5,)), (2, 3, 4), [1, 3]),
        "a dense layer behind a single pixel": (net((1, 1, 6), [], (4,)), (1, 1, 6), [0]),
        "a dense layer behind a grey picture": (net((3, 4, 1), [], (5,)), (3, 4, 1), [0]),
        "a dense layer behind a picture with channels": (net((3, 4, 2), [], (5,)), (3, 4, 2), [0]),
        "a dense layer behind a dense layer": (net((2, 2, 3), [], (6, 4)), (2, 2, 3), [2]),
        "two convolutions and three dense layers": (net((3, 2, 5), [((3, 2), (1, 3)), ((2, 2), (3, 5))], (7, 4, 3)), (3, 2, 5),
                                                    range(10)),
    }  # fmt: skip
    for property, (weights, shape, shown) in cases.items():
        right = _channels_first(weights, shape)
        with part():
            got = call(function, [w.copy() for w in weights], shape)
            if not isinstance(got, list | tuple) or len(got) != len(weights):
                fail(f"{property}: expected {len(weights)} results, an array for each", "return a list, in the same order")
            for n in shown:
                w, wanted = weights[n], right[n]
                mistakes = {
                    "nothing has changed": w,
                    "reshape counts the numbers anew; the axes must change places": w.reshape(wanted.shape),
                }
                if w.ndim == 4:
                    mistakes |= {"(C, F, P, Q) is the wrong way round": w.transpose(2, 3, 0, 1),
                                 "rows and columns have changed places": w.transpose(3, 2, 1, 0)}  # fmt: skip
                if w.ndim == 2:
                    mistakes |= {"the rows of the first dense layer stood in the order h, w, c": w.T}
                    if len(w) == np.prod(shape):
                        turned = w.reshape(*shape, -1).transpose(2, 1, 0, 3).reshape(w.shape).T
                        mistakes |= {"the new order is c, h, w": turned, "now the rows are to be the units": wanted.T}
                hint = "which axis of the one is which axis of the other" if w.ndim > 1 else "a bias has one axis only"
                _same_quietly(got[n], wanted, f"{property}: array {n}", hint, mistakes)
            ok(property)
    weights, shape, _ = cases["two convolutions and three dense layers"]
    x = draws.normal(size=(2, *shape))
    with part():
        dense = [np.asarray(w) for w in call(function, [w.copy() for w in weights], shape)[4:]]
        y, wanted = x.transpose(0, 3, 1, 2).reshape(2, -1), x.reshape(2, -1)
        for n in (0, 2, 4):
            y, wanted = y @ dense[n].T + dense[n + 1], wanted @ weights[4 + n] + weights[5 + n]
        same(y, wanted, "the dense layers give the same logits in the other order", "send one picture through both by hand")


def _channels_first(weights, shape):
    made, dense = [], 0
    for w in weights:
        if w.ndim == 2 and not dense:
            w = w.reshape(*shape, -1).transpose(2, 0, 1, 3).reshape(w.shape)
        dense += w.ndim == 2
        made.append(w.transpose(3, 2, 0, 1) if w.ndim == 4 else w.T)
    return made


def _same_quietly(got, wanted, property, hint, mistakes):
    """Like `same`, without a line of its own."""
    got = numbers(got, property)
    for diagnosis, wrong in mistakes.items():
        if close(got, wrong) and not close(got, wanted):
            fail(f"{property} is not yet right", diagnosis)
    if got.shape != wanted.shape:
        fail(f"{property} has shape {got.shape}", hint)
    if not close(got, wanted):
        fail(f"{property} has the right shape and wrong numbers", hint)


def margin(function):
    """Assignment: `function(first, second)` returns the difference of two accuracies on the same pictures, its standard error."""
    draws = rng(807)
    hard = draws.uniform(size=(2000, 1)) < 0.04  # pictures that both find hard
    near = np.ones((2, 1), bool)
    while near[0].sum() == near[1].sum():
        near = np.where(hard, draws.uniform(size=(2000, 2)) < 0.5, draws.uniform(size=(2000, 2)) < 0.995).T
    apart = draws.uniform(size=(2, 500)) < np.array([[0.9], [0.7]])
    half = draws.uniform(size=301) < 0.5
    cases = {
        "eight pictures by hand": (np.array([1, 1, 1, 1, 1, 1, 0, 0], bool), np.array([1, 1, 1, 0, 0, 1, 1, 0], bool)),
        "the same answers": (half, half),
        "always the opposite": (half, ~half),
        "two good networks": (near[0], near[1]),
        "a good and a poor one": (apart[0], apart[1]),
        "the second one is better": (apart[1], apart[0]),
        "0 and 1 as whole numbers": (near[1].astype("uint8"), near[0].astype("uint8")),
    }
    for place, what in enumerate(("difference", "standard error")):
        for property, (one, other) in cases.items():
            n, a, b, d = len(one), one.mean(), other.mean(), one.astype(float) - other
            alone, together = np.sqrt(a * (1 - a) / n), np.sqrt((a * (1 - a) + b * (1 - b)) / n)
            rights = [d.mean()] if place == 0 else [d.std() / np.sqrt(n), d.std(ddof=1) / np.sqrt(n)]  # either is in use
            mistakes = [
                {"this is a percentage; a share is asked": 100 * d.mean(),
                 "first minus second; the sign says which is better": -d.mean(),
                 "this is a number of pictures; divide by how many there were": d.sum(),
                 "how many are better, less how many are worse": np.abs(d).mean()},
                {"the two saw the same pictures: take the differences picture by picture": together,
                 "this is the standard error of one accuracy": alone,
                 "this is how single pictures scatter; the mean of n of them scatters less": d.std(),
                 "this is a variance; take its root": d.var() / n,
                 "divide by the root of n, not by n": d.std() / n},
            ][place]  # fmt: skip
            with part():
                got = _two(call(function, one, other))[place]
                if not any(close(got, right, 1e-6) for right in rights):
                    for diagnosis, wrong in mistakes.items():
                        if close(got, wrong, 1e-6):
                            fail(f"{what}, {property}: not yet", diagnosis)
                    fail(f"{what}, {property}: you have {got:.6g}", "write first − second under each picture: 1, 0 or −1")
                ok(f"{what}, {property}")


def _own_numbers(student):
    """Return the numbers of one student's own network: two convolutions (filters, rows, columns), units of a dense layer."""
    first = draw(student, "first size", [(3, 5), (5, 3), (3, 4), (4, 3), (2, 5), (5, 2), (4, 5), (5, 4)])
    second = draw(student, "second size", [(2, 3), (3, 2), (3, 4), (4, 3)])
    filters = draw(student, "first filters", range(8, 20)), draw(student, "second filters", range(20, 36))
    return (filters[0], *first), (filters[1], *second), draw(student, "units", range(40, 91))


def own_words(student):
    """Return one student's own network in words, to be built with Keras.

    >>> print(own_words("learner"))
    The network of learner, for pictures of 28 × 28 with one channel:
        a convolution with 14 kernels, each 3 rows high and 4 columns wide, no padding; ReLU; max pooling 2 × 2
        a convolution with 29 kernels, each 3 rows high and 4 columns wide, no padding; ReLU; max pooling 2 × 2
        flatten; a dense layer of 82 units; ReLU; a dense layer of 10 units with softmax
    """
    (f, P, Q), (g, R, S), units = _own_numbers(student)
    return (
        f"The network of {student}, for pictures of 28 × 28 with one channel:\n"
        f"    a convolution with {f} kernels, each {P} rows high and {Q} columns wide, no padding; ReLU; max pooling 2 × 2\n"
        f"    a convolution with {g} kernels, each {R} rows high and {S} columns wide, no padding; ReLU; max pooling 2 × 2\n"
        f"    flatten; a dense layer of {units} units; ReLU; a dense layer of 10 units with softmax"
    )


def own_network(student):
    """Return the check of one student's trained network, given as the list of arrays that Keras's `get_weights` returns."""
    (f, P, Q), (g, R, S), units = _own_numbers(student)
    rows, columns = ((((28 - a + 1) // 2) - b + 1) // 2 for a, b in ((P, R), (Q, S)))
    named = {
        "the first convolution": [(P, Q, 1, f), (f,)],
        "the second convolution": [(R, S, f, g), (g,)],
        "the first dense layer": [(rows * columns * g, units), (units,)],
        "the last layer": [(units, 10), (10,)],
    }

    def arrays(weights):
        """The weights, two arrays for each layer."""
        if not isinstance(weights, list | tuple):
            fail("my_weights is no list of arrays yet", "the weights of a Keras model are model.get_weights()")
        if len(weights) != 8:
            fail(f"{len(weights)} arrays came, from a network of four layers with weights", "each has weights and biases")
        return [[numbers(w, "the weights") for w in weights[n:n + 2]] for n in (0, 2, 4, 6)]

    def check(weights):
        for n, (layer, shapes) in enumerate(named.items()):
            with part():
                got = [w.shape for w in arrays(weights)[n]]
                look = "compare with the words, layer by layer"
                if n < 2 and len(got[0]) == 4 and (got[0][1], got[0][0], *got[0][2:]) == shapes[0]:
                    look = "rows come before columns"
                if n < 2 and len(got[0]) == 4 and got[0][:2] == shapes[0][:2] and got[0][2:] == shapes[0][:1:-1]:
                    look = "kernels as Keras has them: rows, columns, channels, filters"
                if n == 2 and got[0][1:] == shapes[0][1:]:
                    look = "how many numbers does Flatten hand on · is there padding, is each pooling in its place"
                if got != shapes:
                    fail(f"{layer} has weights and biases of the shapes {got[0]} and {got[1]}", look)
                ok(f"{layer} has the right shapes")
        chosen = rng(808).choice(10_000, 1000, replace=False)
        for least, look in ((50, "is it trained, with pixels from 0 to 1 and labels that belong to them"),
                            (90, "a few more digits, or another epoch, will do")):  # fmt: skip
            with part(2):
                pairs = arrays(weights)
                if [[w.shape for w in pair] for pair in pairs] != list(named.values()):
                    fail("it is not tried on digits", "first all shapes must be right")
                x, y = _test_digits()
                read = (_answers(pairs, np.float32(x[chosen, ..., None]) / 255) == y[chosen]).mean()
                if not read >= least / 100:
                    fail(f"it reads {100 * read:.0f} of 100 digits that it has not seen, {least} are asked", look)
                ok(f"it reads at least {least} of 100 digits that it has not seen")

    return check


@functools.cache
def _test_digits():
    return data.load_mnist()[1]


def _answers(pairs, x):
    """The answers of such a network to pictures (N, 28, 28, 1), with NumPy alone."""
    *convolutions, (w, b), (w_last, b_last) = [[np.float32(array) for array in pair] for pair in pairs]
    for k, c in convolutions:
        windows = np.lib.stride_tricks.sliding_window_view(x, k.shape[:2], (1, 2))  # (N, H', W', C, P, Q)
        x = np.maximum(np.tensordot(windows, k, ((3, 4, 5), (2, 0, 1))) + c, 0)
        N, H, W, F = x.shape
        x = x[:, :H // 2 * 2, :W // 2 * 2].reshape(N, H // 2, 2, W // 2, 2, F).max((2, 4))
    hidden = np.maximum(x.reshape(len(x), -1) @ w + b, 0)
    return (hidden @ w_last + b_last).argmax(1)
