"""The pictures of the performance page, in the look of the course's other figures."""

import numpy as np
from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter

from cnnlib import plot
from cnnlib.plot.style import BLUE, GREEN, INK, ORANGE, QUIET, WIDTH, axes_at, new_figure, styled

from .tables import NAMES, short

LOOK = {"cnnlib": (ORANGE, "D"), "keras": (BLUE, "o"), "torch": (GREEN, "s")}  # colour and marker of each library


def draw(parts):
    """{name: Figure} of all pictures whose parts are stored."""
    rows = {name: part["rows"] for name, part in parts.items()}
    return {name: picture(rows[name]) for name, picture in (("step", step), ("conv2d", dots), ("growth", growth)) if name in rows}


def floor(row):
    """Milliseconds that the products of a training step take at the rate of a plain matrix product."""
    return 1000 * row["gflop"] / row["product_gflop_per_s"]


def step(rows):
    """One bar per library, and the time that nobody can go below."""
    row, = rows
    values = {NAMES[name]: value for name, value in row["ms"].items()}
    return plot.bars(values, unit="milliseconds per training step", digits=1, highlight="cnnlib",
                     reference=("products alone", floor(row)))


@styled
def dots(rows):
    """Two panels, forward and both: for each shape one dot per library at the ratio of the times."""
    shapes = list(dict.fromkeys(row["name"] for row in rows))
    height, left, gap = 0.24 * len(shapes), 2.45, 0.15
    wide = (WIDTH - left - gap - 0.15) / 2
    figure = new_figure(height + 1.0)
    for n, (direction, title) in enumerate((("forward", "forward"), ("both", "forward and backward"))):
        axes = axes_at(figure, left + n * (wide + gap), 0.5, wide, height)
        some = {row["name"]: row for row in rows if row["direction"] == direction}
        for name in ("keras", "torch"):
            if name in rows[0]["ratio"]:
                colour, marker = LOOK[name]
                axes.plot([some[shape]["ratio"][name] for shape in shapes], range(len(shapes)), marker, color=colour,
                          label=NAMES[name], markersize=5.5, alpha=0.9, markeredgecolor="white", markeredgewidth=0.5)
        axes.axvline(1, color=INK, linestyle=":", linewidth=1.3)
        axes.set_title(title, loc="left", fontweight="bold")
        axes.set(xscale="log", ylim=(len(shapes) - 0.5, -0.5), yticks=range(len(shapes)))
        axes.set_yticklabels([short(shape) for shape in shapes] if n == 0 else [], color=INK, fontsize=7.5)
        axes.tick_params(axis="y", length=0)
        axes.grid(axis="both")
        axes.spines["left"].set_visible(False)
        _limits(axes, [value for row in rows for name, value in row["ratio"].items() if name in LOOK])
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="upper right", ncols=2, borderaxespad=0.2)
    figure.text((left + wide) / WIDTH, 0.08 / figure.get_size_inches()[1], "time of cnnlib / time of the library", ha="center",
                fontsize=9)
    return figure


def _limits(axes, values):
    """The same readable scale on both panels, with the numbers that fit on it."""
    low, high = min(*values, 0.9) / 1.15, max(*values, 1.1) * 1.15
    marks = [mark for mark in (0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5, 10) if low <= mark <= high]
    axes.set_xlim(low, high)
    axes.xaxis.set_major_locator(FixedLocator(marks))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.minorticks_off()


@styled
def growth(rows):
    """A panel for batch, pixels and channels: time against size for each library, and the slope of the work as a line."""
    figure = new_figure(3.1)
    wide = (WIDTH - 0.6 - 0.1 - 2 * 0.3) / 3
    times = [value for row in rows for each in row["milliseconds"].values() for value in each]
    for n, row in enumerate(rows):
        axes = axes_at(figure, 0.6 + n * (wide + 0.3), 0.55, wide, 2.05)
        factors = np.array(row["factors"])
        for name, values in row["milliseconds"].items():
            colour, marker = LOOK[name]
            axes.plot(factors, values, marker=marker, color=colour, label=NAMES[name])
        start = min(values[0] for values in row["milliseconds"].values()) * 0.8
        axes.plot(factors, start * factors ** row["slope"]["work"], ":", color=QUIET, label="the work itself")
        axes.set(xscale="log", yscale="log", ylim=(0.6 * min(times), 1.8 * max(times)))
        axes.set_title(row["name"], loc="left", fontweight="bold")
        axes.set_xlabel("times as large")
        axes.xaxis.set_major_locator(FixedLocator(factors))
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
            axis.set_minor_formatter(NullFormatter())
        axes.minorticks_off()
        axes.grid()
        if n == 0:
            axes.set_ylabel("milliseconds")
        else:
            axes.set_yticklabels([])
    figure.legend(*axes.get_legend_handles_labels(), loc="upper right", ncols=4, borderaxespad=0.2, columnspacing=1.4)
    return figure
