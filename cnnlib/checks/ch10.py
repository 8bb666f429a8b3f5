"""Checks for chapter 10, Overfitting: six exercises of the chapter, then two of its assignment alone."""

import numpy as np

from cnnlib.checks.common import call, fail, numbers, ok, same
from cnnlib.checks.points import draw, part, rng


def mean_and_error(function):
    """Check mean_and_error(scores): scores (R, S) of R recipes and S seeds → means (R,) and standard errors (R,)."""
    hand = np.array([[0.90, 0.92, 0.94], [0.80, 0.80, 0.80]])
    error = 0.02 / np.sqrt(3)
    with part():
        mean, _ = _pair(function, hand)
        same(mean, [0.92, 0.80], "the means of two recipes, by hand", "one mean for each row, over its seeds")
    with part():
        _, got = _pair(function, hand)
        look = "the deviations of the first row are −0.02, 0 and 0.02"
        same(got, [error, 0], "their standard errors, by hand", look, mistakes={
            "this is the standard deviation of single runs; the error of their mean is smaller": [0.02, 0],
            "this divides the squares by S; with the mean taken from the same numbers, divide by S − 1":
                [np.std(hand[0]) / np.sqrt(3), 0],
            "the standard deviation is divided by S; the error of a mean falls more slowly": [0.02 / 3, 0],
            "this is the variance; a root is missing": [0.02**2 / 3, 0],
            "this is the range from worst to best": [0.04, 0],
        })
    draws = rng(1)
    for property, shape in {"twelve recipes, three seeds": (12, 3), "three recipes, twelve seeds": (3, 12),
                            "two seeds": (5, 2)}.items():
        scores = draws.normal(0.9, 0.02, shape)
        with part():
            same(_pair(function, scores)[0], scores.mean(1), f"{property}: means", "recipes are rows, seeds are columns",
                 mistakes={"these are medians": np.median(scores, axis=1)})
        with part():
            same(_pair(function, scores)[1], scores.std(1, ddof=1) / np.sqrt(shape[1]), f"{property}: errors",
                 "count the seeds of a row, not its recipes")
    scores = draws.normal(0.9, 0.02, (4, 6)).astype(np.float32)
    with part():
        same(_pair(function, scores)[1], scores.std(1, ddof=1) / np.sqrt(6), "float32 scores", "the same formula", tolerance=1e-3)


def penalty_gradient(function):
    """Check penalty_gradient(w, l1, l2): the gradient of l1 · Σ|w| + l2 · Σw² with respect to w, of w's shape."""
    w = np.array([3.0, -4.0, 0.0])
    with part():
        got = numbers(call(function, w, 0.0, 0.01), "L2 alone, by hand")
        if np.isnan(got).any():
            fail("L2 alone, by hand: a weight of 0 gives NaN", "do not divide by a weight, nor by its size")
        same(got, [0.06, -0.08, 0], "L2 alone, by hand", "differentiate w² first", mistakes={
            "the derivative of w² has a factor 2": [0.03, -0.04, 0], "this is the penalty itself, not its gradient": 0.25,
            "these are the terms of the penalty; its derivative is asked": [0.09, 0.16, 0],
            "the gradient points uphill, away from 0; turn the sign": [-0.06, 0.08, 0]})
    with part():
        same(call(function, w, 0.1, 0.0), [0.1, -0.1, 0], "L1 alone, by hand", "which slope does |w| have left and right of 0?",
             mistakes={"the push of L1 depends on the side of 0 only: 0 itself is pushed to neither side": [0.1, -0.1, 0.1],
                       "all weights are pushed the same way; |w| falls on the left of 0": [0.1, 0.1, 0.0],
                       "the push of L1 does not grow with the weight": [0.3, -0.4, 0]})
    draws = rng(2)
    for property, shape in {"a dense weight (I, O)": (5, 4), "a kernel (P, Q, C, F)": (3, 2, 2, 4)}.items():
        w = draws.normal(size=shape)
        with part():
            right = 0.03 * np.sign(w) + 0.4 * w
            same(call(function, w, 0.03, 0.2), right, f"both together, {property}", "add the two", mistakes={
                "λ₁ and λ₂ have changed places": 0.2 * np.sign(w) + 0.06 * w,
                "one of the two penalties is missing": 0.4 * w, "one of the two penalties is missing, L2": 0.03 * np.sign(w)})
    w = draws.normal(size=(6, 3)).astype(np.float32)
    with part():
        got = call(function, w, 0.03, 0.2)
        same(got, 0.03 * np.sign(w) + 0.4 * w, "float32 weights", "the same formula")


def dropout_step(function):
    """Check dropout_step(x, dy, keep, rate) → (y, dx), with keep (bool) of x's shape: the numbers that stay."""
    x, dy = np.array([[2.0, 4.0, 6.0, 8.0]]), np.array([[1.0, 10.0, 100.0, 1000.0]])
    keep = np.array([[True, False, True, True]])
    with part():
        same(_pair(function, x, dy, keep, 0.2)[0], [[2.5, 0, 7.5, 10]], "four numbers forward, by hand",
             "at rate 0.2 eight tenths stay on average: by what must they grow?", mistakes={
                 "the numbers that stay must grow, so that the mean over many masks is x": x * keep,
                 "they grow by too much: the share that stays is 1 − rate": x * keep / 0.2,
                 "they shrink: divide by the share that stays": x * keep * 0.8,
                 "kept and dropped have changed places": x * ~keep / 0.8,
                 "the sum over this one mask was kept; the factor comes from the rate": x * keep * 4 / 3})
    with part():
        same(_pair(function, x, dy, keep, 0.2)[1], [[1.25, 0, 125, 1250]], "and backward, by hand",
             "y(i) = factor(i) · x(i): what is ∂y/∂x?", mistakes={
                 "the gradient passes dropped numbers too; they had no influence": dy / 0.8,
                 "the gradient goes unchanged; dropped numbers had no influence": dy,
                 "the factor of the forward direction is missing": dy * keep,
                 "dx depends on dy; this is y again": x * keep / 0.8})
    draws = rng(3)
    for property, shape, rate in (("a batch (N, I) at rate 0.5", (7, 5), 0.5), ("feature maps (N, H, W, C) at rate 0.3",
                                                                             (2, 4, 3, 5), 0.3)):
        x, dy, keep = draws.normal(size=shape), draws.normal(size=shape), draws.random(shape) >= rate
        with part():
            y, dx = _pair(function, x, dy, keep, rate)
            same(y, x * keep / (1 - rate), f"{property}: forward", "every number has its own place in `keep`")
            same(dx, dy * keep / (1 - rate), f"{property}: backward", "the same factors as forward")
    x, dy = draws.normal(size=(2, 3, 4))
    with part():
        y, dx = _pair(function, x, dy, np.ones((3, 4), bool), 0.0)
        same(y, x, "rate 0 changes nothing", "1 − 0 = 1")
        same(dx, dy, "nor does its gradient", "1 − 0 = 1")
    many = draws.random((100, 400)) >= 0.25
    with part():
        y, _ = _pair(function, np.ones((100, 400)), np.ones((100, 400)), many, 0.25)
        same(np.mean(y), 1.0, "the mean over 40,000 numbers is x", "what stays must make up for what is dropped", tolerance=0.02)


def stop_at(function):
    """Check stop_at(losses, patience) → (last, best): epochs counted from 1."""
    _stop(function, "five epochs, by hand", [5.0, 4.0, 3.0, 3.5, 3.2, 3.4, 3.6, 2.0], 2, (5, 3), {
        "epochs are counted from 1": (4, 2),
        "the run stops before the loss of 2.0 is seen: `best` is the best epoch until then": (5, 8),
        "it looks at the whole list; a running training has not seen the future": (8, 8),
        "it stopped one epoch early: wait until `patience` epochs have passed without a new best": (4, 3),
        "it stopped one epoch late": (6, 3),
        "3.2 is below the epoch before it, yet above the best so far: compare with the best": (7, 5)})
    _stop(function, "the loss falls to the end", [3.0, 2.0, 1.0], 1, (3, 3), {"epochs are counted from 1": (2, 2)})
    _stop(function, "an equal loss is no new best", [2.0, 1.0, 1.0, 1.0, 0.5], 2, (4, 2), {
        "an equal loss is no improvement": (5, 5)})
    _stop(function, "the count begins again at every new best", [5.0, 6.0, 4.0, 6.0, 3.0, 6.0, 7.0, 1.0], 2, (7, 5), {
        "the epochs without a new best are counted from the last one, not all together": (4, 3)})
    _stop(function, "the first epoch stays the best", [1.0, 2.0, 3.0, 4.0, 0.1], 3, (4, 1), {})
    _stop(function, "the list ends before patience does", [2.0, 3.0, 3.5], 5, (3, 1), {})
    draws = rng(4)
    cases = [(np.round(draws.random(30) + np.linspace(1, 0, 30), 2).tolist(), int(p)) for p in draws.integers(1, 7, 25)]
    with part():
        for losses, patience in cases:
            if _whole(function, losses, patience) != _stopped(losses, patience):
                fail(f"25 random runs: not yet, first for losses that begin {losses[:5]} with patience {patience}",
                     "follow your function through this list with a pencil")
        ok("25 random runs")


def shifted(function):
    """Check shifted(x, down, right): pictures x (N, H, W, C) moved by whole pixels; what becomes free is 0."""
    x = np.arange(1.0, 13).reshape(1, 3, 4, 1)
    hand = np.array([[0, 0, 0, 0], [0, 0, 1, 2], [0, 0, 5, 6]], float).reshape(x.shape)
    with part():
        look = "draw the 3 × 4 numbers and move them"
        same(call(function, x, 1, 2), hand, "1 down and 2 to the right, by hand", look, mistakes={
            "what leaves on one side comes back on the other; the free pixels are 0": np.roll(x, (1, 2), (1, 2)),
            "down and right have changed places": _moved(x, 2, 1),
            "it moved up and to the left": _moved(x, -1, -2),
            "the border is repeated; the free pixels are 0": np.pad(x, ((0, 0), (1, 0), (2, 0), (0, 0)), mode="edge")[:, :3, :4],
            "the picture has grown; what leaves it is lost": np.pad(x, ((0, 0), (1, 0), (2, 0), (0, 0)))})
    draws = rng(5)
    x = draws.random((3, 6, 7, 2))
    for property, down, right in (("up and to the left", -2, -1), ("up and to the right", -1, 3), ("down only", 2, 0),
                                  ("to the left only", 0, -3), ("by nothing", 0, 0)):
        with part():
            same(call(function, x, down, right), _moved(x, down, right), f"a batch in colour, {property}",
                 "a negative number moves the other way; 0 keeps the axis as it is",
                 mistakes={"what leaves on one side comes back on the other": np.roll(x, (down, right), (1, 2))} if down or right
                 else {})
    with part():
        same(call(function, x, 9, 1), np.zeros_like(x), "further than the picture is tall", "nothing is left")
    x = draws.integers(1, 256, (2, 5, 4, 1)).astype(np.uint8)
    with part():
        got = call(function, x, 1, -1)
        same(got, _moved(x, 1, -1), "pictures of type uint8", "the same pixels")
        if np.asarray(got).dtype != np.uint8:
            fail(f"pictures of type uint8 came back as {np.asarray(got).dtype}", "np.zeros_like keeps the type")


def split_groups(function):
    """Check split_groups(origin, share, rng) → (training, validation): index arrays; copies of one original stay together."""
    draws = rng(6)
    origin = draws.permutation(np.repeat(np.arange(50), 4))
    uneven = np.repeat(draws.permutation(300)[:60], draws.integers(1, 9, 60))
    for property, ids in (("200 pictures, four copies of each original", origin), ("originals with 1 to 8 copies", uneven)):
        with part():
            train, val = _split(function, ids, 0.2, 0)
            both = np.concatenate([train, val])
            counts = np.bincount(both, minlength=len(ids))
            if counts.max() > 1:
                fail(f"{property}: {np.sum(counts > 1)} indices come twice", "every picture goes to exactly one side")
            if counts.min() == 0:
                fail(f"{property}: {np.sum(counts == 0)} pictures are on neither side", "all copies of an original go along")
            leaked = np.intersect1d(ids[train], ids[val])
            if len(leaked):
                fail(f"{property}: {len(leaked)} originals have copies on both sides",
                     "divide the originals, then collect their copies")
            ok(f"{property}: each index once, no original on both sides")
    with part():
        train, val = _split(function, uneven, 0.25, 1)
        held = len(np.unique(uneven[val]))
        if held == 45:
            fail("60 originals, share 0.25: training and validation have changed places", "validation gets the share")
        if held != 15 or len(np.intersect1d(uneven[train], uneven[val])):
            fail("60 originals, share 0.25: validation should hold the copies of 15 originals", "the share counts originals")
        ok("the share of the originals goes to validation")
    with part():
        first, again, other = (sorted(_split(function, origin, 0.2, seed)[1].tolist()) for seed in (2, 2, 3))
        if first != again:
            fail("the same seed gave two different splits", "draw from the rng you are given, from no other source")
        if first == other:
            held = np.unique(origin[first])
            if np.ptp(held) == len(held) - 1:
                fail("two seeds gave the same split: neighbouring originals, in order", "shuffle the originals first")
            fail("two seeds gave the same split", "shuffle the originals with the rng you are given")
        ok("the split is drawn from rng")


def smooth_stop(function):
    """Check smooth_stop(losses, patience, least) → (last, best): a new best must be better by more than `least`. Assignment."""
    with part():
        same(_whole(function, [5.0, 4.0, 3.95, 3.9, 3.0], 2, 0.2), (4, 2), "small steps do not count, by hand",
             "4.0 is the best until a loss lies below 3.8", mistakes={
                 "a step of less than `least` counted as a new best": (5, 5), "epochs are counted from 1": (3, 1),
                 "compare with the last best, not with the epoch before": (3, 1)})
    with part():
        same(_whole(function, [5.0, 4.6, 4.5, 4.4, 4.3, 4.2], 9, 0.25), (6, 5), "many small steps add up",
             "4.3 lies more than 0.25 below the best, 4.6; the epochs between were no new best",
             mistakes={"it compares each epoch with the one before it: small steps never add up": (6, 2),
                       "the best moved with every small step": (6, 6)})
    with part():
        same(_whole(function, [4.0, 3.5, 3.0, 3.0], 1, 0.5), (2, 1), "exactly `least` is not more than `least`",
             "3.5 is better by 0.5, not by more", mistakes={"a step of exactly `least` was taken as a new best": (4, 3)})
    _stop(function, "with least 0, any step down counts", [5.0, 4.0, 3.0, 3.5, 3.2, 2.0], 2, (5, 3), {}, 0.0)
    draws = rng(7)
    cases = [(np.round(draws.random(30) + np.linspace(1, 0, 30), 2).tolist(), int(p), round(float(q) + 0.005, 3))
             for p, q in zip(draws.integers(1, 7, 25), draws.choice([0.0, 0.1, 0.2], 25), strict=True)]
    with part(2):
        for losses, patience, least in cases:
            if _whole(function, losses, patience, least) != _stopped(losses, patience, least):
                fail(f"25 random runs: not yet, first for losses that begin {losses[:5]}, patience {patience}, least {least}",
                     "follow your function through this list with a pencil")
        ok("25 random runs")


def own_words(student):
    """Return one student's own kind of copy in words, to be written as a function.

    >>> print(own_words("learner"))
    The copy of learner:
    first mirror the picture left to right,
    then move it 5 up and 1 to the left; free pixels get the value 0.55,
    and at last multiply every pixel by 1.25.
    """
    turn, down, right, free, factor = _own_numbers(student)
    names = {"rows": "mirror the picture upside down", "columns": "mirror the picture left to right",
             "half": "turn the picture by half a turn"}
    moves = f"{abs(down)} {'down' if down > 0 else 'up'} and {abs(right)} to the {'right' if right > 0 else 'left'}"
    return (f"The copy of {student}:\nfirst {names[turn]},\nthen move it {moves}; free pixels get the value {free},\n"
            f"and at last multiply every pixel by {factor}.")


def own_copy(student):
    """Return the check of own_copy(x) for one student: pictures x (N, H, W, C), changed as `own_words` says."""
    turn, down, right, free, factor = _own_numbers(student)

    def answer(x, down=down, right=right, free=free, factor=factor):
        return _moved(_turned(x, turn), down, right, free) * factor

    def check(function):
        draws = rng(8)
        shapes = {"one small picture": (1, 9, 8, 1), "a batch": (4, 11, 9, 1), "a batch in colour": (2, 10, 12, 3)}
        for property, shape in shapes.items():
            x = draws.random(shape) + 0.5
            with part():
                same(call(function, x), answer(x), property, "do the three steps in their order, on squared paper", mistakes={
                    "it was moved first; mirror or turn it first": _turned(_moved(x, down, right, free), turn) * factor,
                    "the free pixels were not multiplied": answer(x, free=free / factor),
                    "the free pixels are 0": answer(x, free=0.0),
                    "down and right have changed places": answer(x, down=right, right=down),
                    "it moved the other way": answer(x, down=-down, right=-right),
                    "the first step is missing": _moved(x, down, right, free) * factor,
                    "the last step is missing": answer(x, factor=1.0)})

    return check


def _own_numbers(student):
    far = [-5, -4, -3, -2, -1, 1, 2, 3, 4, 5]
    down, right = draw(student, "down", far), draw(student, "right", far)
    if down == right:
        right = -right  # so that an exchange of the two shows
    turn, free = draw(student, "turn", ["rows", "columns", "half"]), draw(student, "free", [n / 20 for n in range(1, 20)])
    return turn, down, right, free, draw(student, "times", [n / 20 for n in (*range(6, 18), *range(23, 35))])


def _turned(x, turn):
    return {"rows": x[:, ::-1], "columns": x[:, :, ::-1], "half": x[:, ::-1, ::-1]}[turn]


def _moved(x, down, right, free=0):
    """x (N, H, W, C), moved; the free pixels get the value `free`."""
    H, W = x.shape[1:3]
    room = ((0, 0), (H, H), (W, W), (0, 0))
    down, right = np.clip(down, -H, H), np.clip(right, -W, W)
    return np.pad(x, room, constant_values=free)[:, H - down:2 * H - down, W - right:2 * W - right]


def _stopped(losses, patience, least=0.0):
    best = 1
    for epoch, loss in enumerate(losses, start=1):
        if epoch == 1 or loss < losses[best - 1] - least:
            best = epoch
        if epoch - best == patience:
            return epoch, best
    return len(losses), best


def _stop(function, property, losses, patience, right, mistakes, *least):
    with part():
        same(_whole(function, losses, patience, *least), right, property,
             f"losses {losses}, patience {patience}: write down the best so far behind each", mistakes=mistakes)


def _whole(function, *arguments):
    """Two whole numbers."""
    pair = _pair(function, *arguments)
    if any(np.shape(numbers(value, "the epochs")) != () for value in pair):
        fail("the epochs are no single numbers", "return two whole numbers, the last epoch and the best one")
    return tuple(int(value) if value == int(value) else float(value) for value in pair)


def _split(function, origin, share, seed):
    """The two index arrays of a split."""
    train, val = (numbers(side, "the split") for side in _pair(function, origin, share, np.random.default_rng(seed)))
    if train.ndim != 1 or val.ndim != 1 or train.dtype.kind not in "iu" or val.dtype.kind not in "iu":
        fail("the split holds no rows of whole numbers", "return two arrays of indices")
    if min(len(train), len(val)) == 0 or max(train.max(), val.max()) >= len(origin):
        fail("one side is empty, or an index is too large", "indices point into `origin`; both sides hold some")
    return train, val


def _pair(function, *arguments):
    """Call and demand two results."""
    got = call(function, *arguments)
    if not isinstance(got, tuple | list) or len(got) != 2:
        fail(f"the function returns {type(got).__name__}, not 2 values", "return two things, separated by a comma")
    for value in got:
        numbers(value, "the result")
    return got
