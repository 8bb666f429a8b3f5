"""The assignment on digits made like MNIST's."""

import numpy as np
from PIL import Image

from cnnlib.checks.common import call, same
from cnnlib.checks.points import part, rng

from .chapter import mass


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
