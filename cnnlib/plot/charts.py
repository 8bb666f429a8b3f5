"""Charts of numbers: learning curves, confusion tables, bars."""

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from cnnlib.errors import NonFiniteError, RangeError, ShapeError
from cnnlib.plot.style import BLUE, INK, ORANGE, PALETTE, QUIET, RULE, WIDTH, axes_at, new_figure, styled

MARKERS = ("o", "s", "^", "D", "v", "P")


@styled
def curves(histories, keys=("loss", "accuracy"), title=None):
    """Draw learning curves, one panel per key: training as a solid line, validation ("val_" + key) dashed.

    Takes one history (a dict of lists, one number per epoch) or a dict name -> history. Units: epochs counted from 1; accuracy as a
    fraction. Runs differ by colour and marker. Returns a Figure. Errors: RangeError for a key no history has or more than six runs,
    NonFiniteError for NaN or infinity.
    """
    if histories and all(np.ndim(v) == 1 for v in histories.values()) and not any(hasattr(v, "keys") for v in histories.values()):
        histories = {"": histories}
    if not 1 <= len(histories) <= len(PALETTE):
        raise RangeError(f"plot.curves: {len(histories)} runs · one figure tells 1 to {len(PALETTE)} runs apart; split them")
    keys = [keys] if isinstance(keys, str) else list(keys)
    for key in keys:
        if not any(key in h or f"val_{key}" in h for h in histories.values()):
            known = sorted({k for h in histories.values() for k in h})
            raise RangeError(f"plot.curves: no history has {key!r} · it may be one of {', '.join(known)}")
    figure = new_figure(2.9)
    wide = (WIDTH - 0.65 * len(keys) - 0.1) / len(keys)
    dashed = False
    for p, key in enumerate(keys):
        axes = axes_at(figure, 0.6 + p * (wide + 0.65), 0.42, wide, 1.95)
        for n, history in enumerate(histories.values()):
            for name, style in ((key, "-"), (f"val_{key}", "--")):
                if name not in history or len(history[name]) == 0:
                    continue
                values = np.asarray(history[name], dtype=float)
                if not np.isfinite(values).all():
                    raise NonFiniteError(f"plot.curves: {name!r} holds NaN or infinity · the training diverged; "
                                         "lower the learning rate")
                dashed = dashed or style == "--"
                axes.plot(np.arange(1, len(values) + 1), values, style, color=PALETTE[n], marker=MARKERS[n],
                          markerfacecolor="white" if style == "--" else PALETTE[n])
        axes.set(xlabel="epoch")
        axes.set_title(key.replace("_", " "), loc="left", fontweight="bold")
        axes.xaxis.set_major_locator(MaxNLocator(8, integer=True, min_n_ticks=1))
        axes.margins(x=0.04, y=0.08)
        axes.grid(axis="y")
    handles = [Line2D([], [], color=PALETTE[n], marker=MARKERS[n], label=name) for n, name in enumerate(histories) if name]
    if dashed:
        handles += [Line2D([], [], color=QUIET, label="training"), Line2D([], [], color=QUIET, ls="--", label="validation")]
    if handles:
        figure.legend(handles=handles, loc="upper right", ncols=len(handles), borderaxespad=0.2, columnspacing=1.4)
    if title:
        figure.text(0.02, 0.985, title, va="top")
    return figure


@styled
def confusion(counts, names=None, title=None):
    """Show a confusion table: row = true class, column = predicted class, each cell its count.

    Takes counts (K,K), whole numbers from 0. Blue marks the right answers, orange the mistakes, each deeper with its
    share of the row; the mistakes have their own range, so that rare ones can be seen. Returns a Figure.
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
    off = np.where(np.eye(size, dtype=bool), 0.0, share)
    worst = off.max() or 1.0
    right, wrong = _rgb(BLUE), _rgb(ORANGE)
    depth = np.where(np.eye(size, dtype=bool), 0.75 * share, 0.75 * off / worst)[:, :, None]
    colours = 1 - depth + depth * np.where(np.eye(size, dtype=bool)[:, :, None], right, wrong)
    cell = min(0.46, 5.0 / size)
    margin = 0.55 + 0.075 * max(len(str(n)) for n in names)
    figure = new_figure(size * cell + margin + 0.12 + (0.25 if title else 0))
    axes = axes_at(figure, max((WIDTH - size * cell) / 2, margin), margin + (0.25 if title else 0), size * cell, size * cell)
    axes.imshow(colours, aspect="auto")
    for (i, j), count in np.ndenumerate(counts):
        if count:
            axes.text(j, i, f"{int(count)}", ha="center", va="center", fontsize=min(8.5, cell * 19),
                      color="white" if i == j and depth[i, j, 0] > 0.5 else INK)
    upright = max(len(str(n)) for n in names) * 0.085 > cell
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


def _rgb(colour):
    return np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])


@styled
def bars(values, unit="", digits=2, title=None, reference=None, highlight=None, spread=None):
    """Compare a few numbers as horizontal bars with their values written at the end.

    Takes a dict name -> number. `unit` stands at the axis, `digits` are the decimals written, `reference` is (name, value) for a
    vertical line such as chance or a target, `highlight` a name (or several) to draw in orange, `spread` a dict name -> half-width of the
    error bar. Returns a Figure. Errors: ShapeError for no bar, NonFiniteError for NaN or infinity, RangeError for an unknown name.
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
    half = [float((spread or {}).get(name, 0)) for name in values]
    axes.barh(range(len(values)), heights, height=0.66, color=[ORANGE if name in marked else BLUE for name in values],
              xerr=half if spread else None, error_kw={"ecolor": INK, "elinewidth": 1, "capsize": 2.5})
    for n, (value, extra) in enumerate(zip(heights, half, strict=True)):
        axes.annotate(f"{value:,.{digits}f}".replace("-", "−"), (value + (extra if value >= 0 else -extra), n),
                      xytext=(4 if value >= 0 else -4, 0), textcoords="offset points", va="center",
                      ha="left" if value >= 0 else "right", fontsize=8.5)
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
        axes.annotate(reference[0], (reference[1], 1), xycoords=("data", "axes fraction"), xytext=(0, 3),
                      textcoords="offset points", ha="center", fontsize=8)
    if title:
        figure.text(0.02, 1 - 0.06 / figure.get_size_inches()[1], title, va="top")
    return figure


