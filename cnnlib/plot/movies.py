"""Playable clips: an HTML5 video with a still, controls, a caption and a text for readers who cannot see it."""

import base64
import html
import io
import math

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from cnnlib.errors import RangeError, ShapeError
from cnnlib.plot.style import BookFigure
from cnnlib.video.encoding import encode
from cnnlib.video.pixels import to_rgb, to_uint8


class Clip:
    """A short silent film that plays in the page: `frames` uint8 (T,H,W,3), `fps`, `caption`, `alt`, bytes `mp4`."""

    def __init__(self, frames, fps, caption, alt, poster, quality):
        self.frames, self.fps, self.caption = frames, fps, caption
        count, height, width = frames.shape[:3]
        self.alt = alt or caption or (f"A film of {count} frames, {width} by {height} pixels, {fps:g} frames per second")
        self.poster = poster
        self.mp4 = encode(frames, fps, quality)

    def __repr__(self):
        count, height, width = self.frames.shape[:3]
        return (
            f"Clip: {self.alt} · {count} frames of {width} × {height} pixels · {self.fps:g} frames per second · "
            f"{count / self.fps:.1f} s · {len(self.mp4) / 1000:.0f} kB"
        )

    def _repr_html_(self):
        _, height, width = self.frames.shape[:3]
        kind, still = _still(self.frames[self.poster])
        caption = f"<figcaption>{html.escape(self.caption)}</figcaption>" if self.caption else ""
        return (
            f'<figure class="cnnlib-clip" style="margin:0.5em 0;text-align:center">'
            f'<video controls loop muted playsinline width="{width}" height="{height}" '
            f'style="{_CONTROLS_BELOW.format(width=width, height=height + 56)}" '
            f'aria-label="{html.escape(self.alt)}" poster="data:{kind};base64,{_text(still)}">'
            f'<source type="video/mp4" src="data:video/mp4;base64,{_text(self.mp4)}">'
            f"{html.escape(self.alt)}</video>{caption}</figure>"
        )


# Browsers lay the controls over the lowest part of a video: 56 spare pixels below keep them off the picture.
_CONTROLS_BELOW = "max-width:100%;height:auto;aspect-ratio:{width}/{height};object-fit:contain;object-position:top"


def _text(data):
    return base64.b64encode(data).decode("ascii")


def _still(picture):
    """Return the smaller of a PNG and a JPEG of one picture: (MIME type, bytes)."""
    image, files = Image.fromarray(picture), []
    for kind, options in (("png", {"optimize": True}), ("jpeg", {"quality": 80, "optimize": True})):
        target = io.BytesIO()
        image.save(target, kind.upper(), **options)
        files.append((f"image/{kind}", target.getvalue()))
    return min(files, key=lambda file: len(file[1]))


def clip(frames, fps=24, caption="", alt="", scale=1, poster=0, quality=26):
    """Make a clip that plays in the page, as H.264 video inside the HTML; the same frames always give the same bytes.

    Takes (T,H,W,3), (T,H,W,1), (T,H,W) or a list of pictures or Figures; uint8 0..255, float 0..1 or bool.
    Units: fps in frames per second; `scale` a whole number that repeats each pixel (28 × 28 pixels want about
    8); `poster` the frame shown before playing, negative from the end; `quality` 0 (best) to 51 (smallest).
    `alt` says in words what is seen (the caption stands in when it is missing). Odd sizes are made even by
    repeating the last row or column. Returns a `Clip`.
    Errors: ShapeError for no frames, wrong rank or unequal sizes; DtypeError, RangeError, NonFiniteError for
    values that are not pixels.

    >>> clip(np.zeros((12, 4, 6)), fps=24, alt="Darkness").frames.shape
    (12, 4, 6, 3)
    """
    if isinstance(scale, bool) or scale != int(scale) or scale < 1:
        raise RangeError(f"plot.clip: scale={scale} · give a whole number from 1; it repeats each pixel that often")
    pictures = _stack(frames)
    if not -len(pictures) <= poster < len(pictures):
        raise RangeError(f"plot.clip: poster={poster} · the clip has {len(pictures)} frames, counted from 0")
    if not (math.isfinite(fps) and fps > 0):
        raise RangeError(f"plot.clip: fps={fps} · give frames per second above 0")
    grown = pictures.repeat(int(scale), axis=1).repeat(int(scale), axis=2)
    return Clip(grown, fps, caption, alt, poster, quality)


def _stack(frames):
    """Bring a clip into one form, uint8 (T,H,W,3)."""
    if isinstance(frames, np.ndarray) and frames.ndim == 4 and frames.shape[3] == 3 and frames.size:
        return to_uint8(frames, "plot.clip")
    if isinstance(frames, np.ndarray) and (frames.ndim not in (3, 4) or frames.ndim == 3 and frames.shape[2] in (1, 3, 4)):
        raise ShapeError(
            f"plot.clip: a clip has shape (T,H,W,3), (T,H,W,1) or (T,H,W), not {frames.shape} · "
            "for one picture use plot.images, for a narrow grey clip give clip[..., None]"
        )
    found = [figure_pixels(f) if isinstance(f, Figure) else to_rgb(f, f"plot.clip (frame {t})") for t, f in enumerate(frames)]
    if not found:
        raise ShapeError("plot.clip: the clip has no frames (T=0) · give at least one picture")
    sizes = {f.shape for f in found}
    if len(sizes) > 1:
        raise ShapeError(f"plot.clip: frames of different sizes {sorted(sizes)} · all frames of a clip have one size")
    return np.stack(found)


def figure_pixels(figure, dpi=100):
    """Draw a figure and return its pixels, uint8 (H,W,3); `dpi` in dots per inch (100 gives 700 pixels width)."""
    if not isinstance(figure, BookFigure):
        raise ShapeError("plot.figure_pixels: expected a figure made by cnnlib.plot · build it with plot.new_figure(height)")
    return figure.pixels(dpi)


def pictures_to_clip(figures, fps=4, caption="", alt="", poster=0):
    """Play a sequence of Figures as a clip; units and errors as in `clip`."""
    return clip(list(figures), fps=fps, caption=caption, alt=alt, poster=poster)
