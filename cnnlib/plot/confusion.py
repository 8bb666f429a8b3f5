"""Confusion tables: which class is taken for which."""

import numpy as np
from matplotlib.colors import to_rgb

from cnnlib.errors import RangeError, ShapeError
from cnnlib.plot.style import BLUE, ORANGE, RULE, WIDTH, axes_at, new_figure, readable_on, styled


@styled
def confusion(counts, names=None, title=None):
    """Show a confusion table: row = true class, column = predicted class, each cell its count.

    Takes counts (K,K), whole numbers from 0. Blue marks the right answers, orange the mistakes, each deeper
    with its share of the row; the mistakes have their own range, so that rare ones can be seen. An empty cell
    is 0. Returns a Figure.
    Errors: ShapeError if the table is not square or `names` does not fit, RangeError for negative or broken counts.
    """
    counts = np.asarray(counts)
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1] or counts.size == 0:
        raise ShapeError(f"plot.confusion: counts must be (K,K), got {counts.shape} · one row and one column per class")
    if counts.dtype.kind not in "iuf" or not np.isfinite(counts).all() or (counts < 0).any() or (counts % 1 != 0).any():
        raise RangeError("plot.confusion: counts are whole numbers from 0 · give counts, not shares")
    size = len(counts)
    names = list(range(size)) if names is None else names
    if len(names) != size:
        raise ShapeError(f"plot.confusion: {len(names)} names for {size} classes · give one name per class")
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    off = share * (1 - np.eye(size))
    worst = off.max() or 1.0
    right, wrong = to_rgb(BLUE), to_rgb(ORANGE)
    right_cell = np.eye(size, dtype=bool)
    depth = np.where(right_cell, share, 0.75 * off / worst)[:, :, None]
    colours = 1 - depth + depth * np.where(right_cell[:, :, None], right, wrong)
    cell = min(0.46, 5.0 / size)
    longest = max(len(str(n)) for n in names)
    upright = longest * 0.085 > cell
    top = (0.34 + 0.06 * longest if upright else 0.45) + (0.25 if title else 0)
    figure = new_figure(top + size * cell + 0.1)
    axes = axes_at(figure, max((WIDTH - size * cell) / 2, 0.45 + 0.07 * longest), top, size * cell, size * cell)
    axes.imshow(colours, aspect="auto")
    for (i, j), count in np.ndenumerate(counts):
        if count:
            ink, size_pt = readable_on(colours[i, j]), min(8.5, cell * 19)
            axes.text(j, i, f"{int(count)}", ha="center", va="center", fontsize=size_pt, color=ink)
    axes.set(xticks=range(size), yticks=range(size), xlabel="predicted", ylabel="true")
    axes.set_xticklabels(names, rotation=90 if upright else 0)
    axes.set_yticklabels(names)
    axes.xaxis.tick_top()
    axes.xaxis.set_label_position("top")
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set(visible=True, color=RULE)
    if title:
        figure.text(0.5, 0.985, title, ha="center", va="top")
    return figure
