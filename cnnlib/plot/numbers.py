"""Small arrays with their values written in the cells."""

import numpy as np
from matplotlib.patches import Rectangle

from cnnlib.errors import NonFiniteError, ShapeError
from cnnlib.plot.style import ORANGE, SIGNED, WIDTH, axes_at, new_figure, readable_on, styled

CELL = 0.42  # inches; the largest cell


def written(value, digits=None):
    """Write one number briefly: whole numbers without a point, others with `digits` decimals (2 unless told).

    >>> written(3.0), written(-0.5), written(0.12345, 3)
    ('3', '−0.50', '0.123')
    """
    if digits is None and float(value) == int(value):
        return str(int(value)).replace("-", "−")
    digits = 2 if digits is None else digits
    return f"{round(float(value), digits) + 0.0:.{digits}f}".replace("-", "−")


def shading(array):
    """Return colour map and range for an array: grey for 0..255 or 0..1, blue to orange when a value is negative."""
    if array.min() < 0:
        return SIGNED, -2.2 * float(np.abs(array).max()), 2.2 * float(np.abs(array).max())
    if array.dtype == np.uint8:
        return "gray", 0.0, 255.0
    return "gray", 0.0, max(1.0, float(array.max()))


def draw_cells(axes, array, digits=None, size=9.0, filled=None):
    """Draw one array (H,W) as cells with values; where `filled` is False the cell stays empty."""
    cmap, low, high = shading(array)
    filled = np.ones(array.shape, bool) if filled is None else filled
    drawn = axes.imshow(np.ma.masked_array(array, ~filled), cmap=cmap, vmin=low, vmax=high, aspect="auto")
    for (i, j), value in np.ndenumerate(array):
        if filled[i, j]:
            ink = readable_on(drawn.to_rgba(value))
            axes.text(j, i, written(value, digits), ha="center", va="center", fontsize=size, color=ink)
    height, width = array.shape
    axes.set(
        xticks=np.arange(-0.5, width),
        yticks=np.arange(-0.5, height),
        xlim=(-0.5, width - 0.5),
        ylim=(height - 0.5, -0.5),
    )
    axes.tick_params(length=0, labelbottom=False, labelleft=False)
    axes.grid(color="#9AA0A6", linewidth=0.5)
    axes.set_axisbelow(False)
    for spine in axes.spines.values():
        spine.set(visible=True, color="#9AA0A6", linewidth=0.8)


def frame_cells(axes, row, column, height, width, colour=ORANGE):
    """Draw a thick frame around a block of cells."""
    axes.add_patch(
        Rectangle(
            (column - 0.5, row - 0.5),
            width,
            height,
            fill=False,
            edgecolor=colour,
            linewidth=2.4,
            zorder=5,
            clip_on=False,
            joinstyle="miter",
        )
    )


@styled
def numbers(arrays, titles=None, highlight=None, between=None, digits=None):
    """Show one small array, or several side by side, with every value written in its cell.

    Takes (H,W) or a list of such arrays, at most about 16 cells wide together for large type. `titles` stand
    above, `between` gives one sign between each two arrays, such as ["⋆", "="]. `highlight` frames blocks of
    cells: (row, column, height, width), a list of them, or for several arrays one entry (block, list of blocks
    or None) per array; units are cells, counted from the upper left. `digits` is the number of decimals (whole
    numbers are written without a point). Returns a Figure.
    Errors: ShapeError for another rank, an empty array or lists that do not match; NonFiniteError for NaN or infinity.
    """
    single = isinstance(arrays, np.ndarray) and arrays.ndim == 2
    found = [np.asarray(a) for a in ([arrays] if single else arrays)]
    for n, a in enumerate(found):
        if a.ndim != 2 or a.size == 0 or a.dtype.kind not in "buif":
            raise ShapeError(f"plot.numbers: array {n} has shape {a.shape} · each array is (H,W) with at least one number")
        if not np.isfinite(a).all():
            raise NonFiniteError(f"plot.numbers: array {n} holds NaN or infinity · np.isfinite shows where")
    if not found:
        raise ShapeError("plot.numbers: there is no array · give (H,W) or a list of (H,W)")
    titles = [titles] if isinstance(titles, str) else titles
    for what, given, wanted in (("titles", titles, len(found)), ("between", between, len(found) - 1)):
        if given is not None and len(given) != wanted:
            raise ShapeError(f"plot.numbers: {len(given)} {what} for {len(found)} arrays · give {wanted}")
    blocks = _blocks(highlight, single, len(found))
    gap, head = 0.45, 0.28 if titles is not None else 0.06
    cell = min(CELL, (WIDTH - 0.1 - gap * (len(found) - 1)) / sum(a.shape[1] for a in found))
    tallest = max(a.shape[0] for a in found) * cell
    figure = new_figure(tallest + head + 0.08)
    left = (WIDTH - cell * sum(a.shape[1] for a in found) - gap * (len(found) - 1)) / 2
    for n, a in enumerate(found):
        wide, high = a.shape[1] * cell, a.shape[0] * cell
        top = head + (tallest - high) / 2
        axes = axes_at(figure, left, top, wide, high)
        longest = max(len(written(v, digits)) for v in a.flat)
        draw_cells(axes, a, digits, size=min(10.0, cell * 72 / (0.68 * max(longest, 2))))
        for block in blocks[n]:
            frame_cells(axes, *block)
        if titles is not None:
            axes.set_title(titles[n], pad=4)
        if between is not None and n < len(between):
            figure.text(
                (left + wide + gap / 2) / WIDTH,
                1 - (head + tallest / 2) / figure.get_size_inches()[1],
                between[n],
                ha="center",
                va="center",
                fontsize=18 if between[n] in "⋆∗" else 14,
            )
        left += wide + gap
    return figure


def _blocks(highlight, single, count):
    """Bring `highlight` into one form: for each array a list of (row, column, height, width)."""

    def listed(entry):
        if entry is None or len(entry) == 0:
            return []
        return [tuple(entry)] if np.isscalar(entry[0]) else [tuple(block) for block in entry]

    if highlight is None:
        return [[] for _ in range(count)]
    entries = [listed(highlight)] if single else [listed(entry) for entry in highlight]
    if len(entries) != count or any(len(block) != 4 for entry in entries for block in entry):
        raise ShapeError("plot.numbers: highlight does not fit · give (row, column, height, width), and one entry per array")
    return entries
