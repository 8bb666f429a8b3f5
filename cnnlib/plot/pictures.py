"""Pictures in a grid: photographs, kernels, feature maps."""

import numpy as np
from matplotlib.ticker import MaxNLocator

from cnnlib.errors import NonFiniteError, RangeError, ShapeError
from cnnlib.plot.style import AMOUNT, QUIET, RULE, SIGNED, WIDTH, axes_at, new_figure, styled
from cnnlib.video.pixels import to_uint8

LARGEST = 2.4  # inches; a picture is at most this wide at scale 1
GAP = 0.08  # inches between pictures, and between them and the edge


def as_list(pictures, call):
    """Turn an array (N,H,W), (N,H,W,C), one picture (H,W) or a sequence of pictures into a list of pictures."""
    if isinstance(pictures, np.ndarray) and pictures.ndim == 2:
        return [pictures]
    if isinstance(pictures, np.ndarray) and pictures.ndim not in (3, 4):
        raise ShapeError(f"{call}: expected pictures (N,H,W) or (N,H,W,C), got {pictures.shape} · for one picture give [picture]")
    found = [np.asarray(p) for p in pictures]
    found = [p[:, :, 0] if p.ndim == 3 and p.shape[2] == 1 else p for p in found]
    if not found:
        raise ShapeError(f"{call}: there are no pictures (N=0) · give at least one")
    for n, p in enumerate(found):
        if p.size == 0 or not (p.ndim == 2 or (p.ndim == 3 and p.shape[2] in (3, 4))):
            raise ShapeError(
                f"{call}: picture {n} has shape {p.shape} · each picture is (H,W), (H,W,1), (H,W,3) or (H,W,4); "
                "for one colour picture give [picture]"
            )
    return found


def shared_limits(pictures, limits, call):
    """Work out which values become the darkest and the brightest: a list of one (low, high) pair per picture."""
    for n, p in enumerate(pictures):
        if p.dtype.kind == "f" and not np.isfinite(p).all():
            raise NonFiniteError(f"{call}: picture {n} holds NaN or infinity · np.isfinite shows where")
    lows, highs = [float(p.min()) for p in pictures], [float(p.max()) for p in pictures]
    if limits == "own":
        return list(zip(lows, highs, strict=True))
    if limits == "signed":
        most = max(max(map(abs, lows)), max(map(abs, highs))) or 1.0
        return [(-most, most)] * len(pictures)
    if limits == "shared":
        return [(min(lows), max(highs))] * len(pictures)
    if isinstance(limits, str) or len(limits) != 2 or not limits[0] < limits[1]:
        raise RangeError(f'{call}: limits={limits!r} · give "pixels", "own", "shared", "signed" or (low, high) with low < high')
    return [tuple(limits)] * len(pictures)


def draw_grid(pictures, titles, columns, scale, cmap, limits, call, bar=False):
    """Draw pictures row by row on one page-wide figure; titles above, and a colour bar at the right on request."""
    if columns < 1 or scale <= 0:
        raise RangeError(f"{call}: columns={columns}, scale={scale} · both must be above 0")
    if titles is not None and len(titles) != len(pictures):
        raise ShapeError(f"{call}: {len(titles)} titles for {len(pictures)} pictures · give one title each")
    columns = min(columns, len(pictures))
    rows = -(-len(pictures) // columns)
    page = WIDTH - (0.7 if bar else 0.0)
    room = (page - GAP * (columns + 1)) / columns
    wide = min(room, LARGEST * scale)
    high = wide * max(p.shape[0] / p.shape[1] for p in pictures)
    head = 0.24 if titles is not None else 0.0
    figure = new_figure(rows * (high + head) + GAP * (rows + 1))
    left = (page - columns * wide - GAP * (columns - 1)) / 2
    longest = max((len(str(t)) for t in titles), default=1) if titles is not None else 1
    size = float(np.clip((wide + GAP) * 72 / (0.62 * max(longest, 1)), 5.5, 9))
    for n, picture in enumerate(pictures):
        row, column = divmod(n, columns)
        axes = axes_at(figure, left + column * (wide + GAP), GAP + row * (high + head + GAP) + head, wide, high)
        if limits is None:
            shown = axes.imshow(to_uint8(picture, call), cmap=cmap, vmin=0, vmax=255)
        else:
            shown = axes.imshow(picture, cmap=cmap, vmin=limits[n][0], vmax=limits[n][1])
        axes.set(xticks=[], yticks=[])
        for spine in axes.spines.values():
            spine.set(visible=True, color=RULE, linewidth=0.6)
        if titles is not None:
            axes.set_title(str(titles[n]), fontsize=size, pad=3)
    if bar:
        tall = min(rows * (high + head + GAP) - head - GAP, 2.4)
        place = axes_at(figure, page - left + 0.12, GAP + head, 0.12, tall)
        ruler = figure.colorbar(shown, cax=place)
        ruler.outline.set(edgecolor=QUIET, linewidth=0.6)
        ruler.ax.tick_params(labelsize=7.5, length=2)
        ruler.locator = MaxNLocator(5)
        ruler.update_ticks()
    return figure


@styled
def images(pictures, titles=None, columns=8, scale=1.0, cmap="gray", limits="pixels"):
    """Show pictures side by side, row by row.

    Takes (N,H,W), (N,H,W,C) with C = 1, 3 or 4, one grey picture (H,W), or a list of pictures of any sizes.
    Units: uint8 0..255, float 0..1 or bool. Grey pictures that hold other values need `limits`: "own" (each
    from its smallest to its largest value), "shared" (one range for all), "signed" (0 in the middle, blue
    below, orange above) or (low, high). `scale` 1 makes a picture at most 2.4 inches (a third of the page)
    wide; `columns` is the most per row.
    Returns a Figure. Errors: ShapeError for no picture, wrong rank or the wrong number of titles; DtypeError,
    RangeError and NonFiniteError for values that are not pixels.
    """
    found = as_list(pictures, "plot.images")
    if isinstance(limits, str) and limits == "pixels":
        return draw_grid(found, titles, columns, scale, cmap, None, "plot.images")
    if any(p.ndim == 3 for p in found):
        raise ShapeError("plot.images: limits are for grey pictures (H,W) · colour pictures are shown as uint8 or 0..1")
    ranges = shared_limits(found, limits, "plot.images")
    signed = isinstance(limits, str) and limits == "signed"
    return draw_grid(found, titles, columns, scale, SIGNED if signed else cmap, ranges, "plot.images", bar=signed)


@styled
def kernels(k, titles=None, columns=8, scale=0.6):
    """Show the weights of a kernel: blue below 0, white at 0, orange above, one range for all.

    Takes (P,Q), (P,Q,F) or (P,Q,C,F); with C > 1 each row shows one input channel c and each column one
    filter f, at most 16.
    Returns a Figure. Errors: ShapeError for another rank or an empty kernel, NonFiniteError for NaN or infinity.
    """
    k = np.asarray(k)
    if k.ndim not in (2, 3, 4) or k.size == 0:
        raise ShapeError(
            f"plot.kernels: a kernel is (P,Q), (P,Q,F) or (P,Q,C,F), not {k.shape} · index the layer's weights first"
        )
    if k.ndim == 2:
        found = [k]
    elif k.ndim == 3 or k.shape[2] == 1:
        found = list(np.moveaxis(k.reshape(*k.shape[:2], -1), 2, 0))
    else:
        found = [k[:, :, c, f] for c in range(k.shape[2]) for f in range(k.shape[3])]
        columns = k.shape[3]
        if columns > 16:
            raise ShapeError(f"plot.kernels: F={columns} filters do not fit side by side · show 16 at a time, k[..., :16]")
        titles = titles or [f"c={c} f={f}" for c in range(k.shape[2]) for f in range(k.shape[3])]
    ranges = shared_limits(found, "signed", "plot.kernels")
    return draw_grid(found, titles, columns, scale, SIGNED, ranges, "plot.kernels", bar=True)


@styled
def feature_maps(y, titles=None, columns=8, scale=0.6):
    """Show the channels of one layer's output, one picture per channel, all on one range.

    Takes (H,W,C) or (1,H,W,C). Without negative values white is 0 and blue the largest value; with them blue is
    below 0 and orange above. Returns a Figure. Errors: ShapeError for another rank or an empty array,
    NonFiniteError.
    """
    y = np.asarray(y)
    if y.ndim == 4 and y.shape[0] == 1:
        y = y[0]
    if y.ndim != 3 or y.size == 0:
        raise ShapeError(f"plot.feature_maps: expected (H,W,C) or (1,H,W,C), got {y.shape} · choose one picture of the batch")
    found = list(np.moveaxis(y, 2, 0))
    titles = titles or [f"channel {c}" for c in range(len(found))]
    if y.min() < 0:
        colours, ranges = SIGNED, shared_limits(found, "signed", "plot.feature_maps")
    else:
        shared_limits(found, "own", "plot.feature_maps")
        colours, ranges = AMOUNT, [(0.0, float(y.max()) or 1.0)] * len(found)
    return draw_grid(found, titles, columns, scale, colours, ranges, "plot.feature_maps", bar=True)
