"""Bars: a few numbers compared by length."""

import numpy as np

from cnnlib.errors import NonFiniteError, RangeError, ShapeError
from cnnlib.plot.style import BLUE, INK, ORANGE, QUIET, WIDTH, axes_at, new_figure, styled


@styled
def bars(values, unit="", digits=2, title=None, reference=None, highlight=None, spread=None):
    """Compare a few numbers as horizontal bars with their values written at the end.

    Takes a dict name -> number. `unit` stands at the axis, `digits` are the decimals written, `reference` is
    (name, value) for a vertical line such as chance or a target, `highlight` a name (or several) to draw in
    orange, `spread` a dict name -> half-width of the error bar. Returns a Figure. Errors: ShapeError for no
    bar, NonFiniteError for NaN or infinity, RangeError for an unknown name.
    """
    if not values:
        raise ShapeError("plot.bars: there are no bars · give a dict name -> number")
    heights = np.array([float(v) for v in values.values()])
    if not np.isfinite(heights).all():
        raise NonFiniteError("plot.bars: a value is NaN or infinite · leave it out or find its cause")
    marked = {highlight} if isinstance(highlight, str) else set(highlight or ())
    if unknown := (marked | set(spread or ())) - set(values):
        raise RangeError(f"plot.bars: there is no bar named {sorted(unknown)} · the bars are {', '.join(values)}")
    head = (0.28 if title else 0.06) + (0.2 if reference else 0)
    figure = new_figure(0.3 * len(values) + head + 0.5)
    margin = 0.2 + 0.073 * max(len(str(name)) for name in values)
    axes = axes_at(figure, margin, head, WIDTH - margin - 0.75, 0.3 * len(values))
    half = [float((spread or {}).get(name, np.nan)) for name in values]
    axes.barh(
        range(len(values)),
        heights,
        height=0.66,
        color=[ORANGE if name in marked else BLUE for name in values],
        xerr=half if spread else None,
        error_kw={"ecolor": INK, "elinewidth": 1, "capsize": 2.5},
    )
    for n, (value, extra) in enumerate(zip(heights, half, strict=True)):
        axes.annotate(
            f"{value:,.{digits}f}".replace("-", "−"),
            (value + np.nan_to_num(extra) * (1 if value >= 0 else -1), n),
            xytext=(4 if value >= 0 else -4, 0),
            textcoords="offset points",
            va="center",
            ha="left" if value >= 0 else "right",
            fontsize=8.5,
            zorder=4,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8},
        )
    axes.set(yticks=range(len(values)), ylim=(len(values) - 0.5, -0.5), xlabel=unit)
    axes.set_yticklabels([str(name) for name in values], color=INK, fontsize=8.5)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x")
    axes.axvline(0, color=QUIET, linewidth=0.8)
    axes.spines["left"].set_visible(False)
    if (heights < 0).any():
        axes.margins(x=0.12)
    if reference is not None:
        axes.axvline(reference[1], color=INK, linestyle=":", linewidth=1.3)
        axes.annotate(
            reference[0],
            (reference[1], 1),
            xycoords=("data", "axes fraction"),
            xytext=(0, 3),
            textcoords="offset points",
            ha="center",
            fontsize=8,
        )
    if title:
        figure.text(0.02, 1 - 0.06 / figure.get_size_inches()[1], title, va="top")
    return figure
