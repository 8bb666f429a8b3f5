"""Space-time slices: one line of pixels of every frame, laid side by side in time."""

import numpy as np

from cnnlib.errors import RangeError, ShapeError
from cnnlib.plot.style import ORANGE, QUIET, WIDTH, axes_at, new_figure, styled
from cnnlib.video.pixels import to_uint8


@styled
def space_time(clip, row=None, column=None, at=0, cmap="gray"):
    """Show one line of a clip through time: for a row the picture s(t,x) = clip(t,row,x), for a column s(y,t) =
    clip(t,y,column).

        In the slice a thing at rest draws a line along time, a thing that moves draws a slanted line whose slope is
        its speed in pixels per frame, and a cut draws a straight break. Takes (T,H,W) or (T,H,W,C) with C = 1 or 3;
        uint8 0..255 or float 0..1. Units: row and column in pixels, time in frames; `at` is the frame shown beside
        the slice with the line marked. Returns a Figure.
        Errors: ShapeError for another rank, RangeError unless exactly one of row and column is given and lies inside.
    """
    clip = np.asarray(clip)
    if clip.ndim == 4 and clip.shape[3] == 1:
        clip = clip[..., 0]
    if clip.ndim not in (3, 4) or (clip.ndim == 4 and clip.shape[3] != 3) or clip.size == 0:
        raise ShapeError(
            f"plot.space_time: a clip is (T,H,W), (T,H,W,1) or (T,H,W,3), not {clip.shape} · give all frames, not one picture"
        )
    count, high, wide = clip.shape[:3]
    if (row is None) == (column is None):
        raise RangeError("plot.space_time: give either row=… or column=… · one line of pixels is followed through time")
    for name, value, size in (("row", row, high), ("column", column, wide), ("at", at, count)):
        if value is not None and not 0 <= value < size:
            raise RangeError(f"plot.space_time: {name}={value} · it must lie in 0..{size - 1}")
    line = clip[:, row] if column is None else np.moveaxis(clip[:, :, column], 0, 1)
    frame_wide = 2.6
    frame_high = min(frame_wide * high / wide, 3.2)
    frame_wide = frame_high * wide / high
    slice_wide = WIDTH - frame_wide - 0.75
    tall = max(frame_high, 1.6)
    figure = new_figure(tall + 0.78)
    shown = axes_at(figure, 0.08, 0.3, frame_wide, frame_high)
    shown.imshow(to_uint8(clip[at], "plot.space_time"), cmap=cmap, vmin=0, vmax=255)
    shown.set(xticks=[], yticks=[])
    mark = shown.axhline if column is None else shown.axvline
    mark(row if column is None else column, color="white", linewidth=3)
    mark(row if column is None else column, color=ORANGE, linewidth=1.6)
    shown.set_title(f"frame {at}, {'row' if column is None else 'column'} {row if column is None else column}", pad=4)
    axes = axes_at(figure, frame_wide + 0.67, 0.3, slice_wide, tall)
    axes.imshow(to_uint8(line, "plot.space_time"), cmap=cmap, vmin=0, vmax=255, aspect="auto")
    axes.set_title("the same line in every frame", pad=4)
    across, down = ("x (pixels)", "t (frames)") if column is None else ("t (frames)", "y (pixels)")
    axes.set(xlabel=across, ylabel=down)
    for each in (shown, axes):
        for spine in each.spines.values():
            spine.set(visible=True, color=QUIET, linewidth=0.6)
    return figure
