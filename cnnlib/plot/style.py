"""One look for all figures: page width, colours that colour-blind readers can tell apart, and a small stored picture.

Figures are drawn in memory and never through pyplot, so nothing has to be shown, closed or configured.
"""

import base64
import io
from functools import wraps

import numpy as np
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from PIL import Image

WIDTH = 7.0  # inches; every figure is as wide as the page, so that type has one size throughout the book
DPI = 144  # dots per inch, about twice the 700 CSS pixels of a page
LIGHT = 60_000  # bytes; a heavier PNG is stored in a lighter form

# The colours of M. Okabe and K. Ito, Color Universal Design, 2008, without black and yellow.
BLUE, ORANGE, GREEN, PURPLE, SKY, AMBER = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00"
PALETTE = (BLUE, ORANGE, GREEN, PURPLE, SKY, AMBER)
INK, QUIET, RULE = "#222222", "#5F6368", "#D5D8DC"
SIGNED = LinearSegmentedColormap.from_list("signed", [BLUE, "#FFFFFF", ORANGE])
AMOUNT = LinearSegmentedColormap.from_list("amount", ["#FFFFFF", BLUE])

RULES = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": QUIET,
    "axes.titlesize": 9,
    "axes.labelsize": 9,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "legend.fontsize": 8.5,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.8,
    "axes.axisbelow": True,
    "grid.color": RULE,
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "lines.markersize": 4.5,
    "figure.facecolor": "white",
    "axes.facecolor": "white",
}


class BookFigure(Figure):
    """A matplotlib Figure that shows itself in a notebook as a small picture, the same bytes on every run."""

    def _ipython_display_(self):
        from IPython.display import display

        kind, data = self.picture_file()
        text = base64.b64encode(data).decode("ascii")
        display({kind: text, "text/plain": repr(self)}, raw=True, metadata={kind: {"width": int(WIDTH * 100)}})

    def pixels(self, dpi=DPI):
        """Draw the figure and return its pixels, uint8 (H,W,3)."""
        before = self.dpi
        self.dpi = dpi
        canvas = FigureCanvasAgg(self)
        with rc_context(RULES):
            canvas.draw()
        drawn = np.asarray(canvas.buffer_rgba())[:, :, :3].copy()
        self.dpi = before
        return drawn

    def picture_file(self):
        """Return the MIME type and the bytes of the stored picture: a PNG of at most about 60 kB or a JPEG.

        A PNG keeps every pixel. Where it is too heavy, a drawing is reduced to 256 colours, and a photograph
        (more than 4096 colours) becomes a JPEG of 100 dots per inch.
        """
        image, target = Image.fromarray(self.pixels()), io.BytesIO()
        image.save(target, "PNG", optimize=True)
        if target.tell() > LIGHT and image.getcolors(4096) is not None:
            target = io.BytesIO()
            image.quantize(256, dither=Image.Dither.NONE).save(target, "PNG", optimize=True)
        if target.tell() <= LIGHT:
            return "image/png", target.getvalue()
        target = io.BytesIO()
        Image.fromarray(self.pixels(100)).save(target, "JPEG", quality=82, subsampling=0, optimize=True)
        return "image/jpeg", target.getvalue()


def new_figure(height):
    """Return an empty page-wide figure; `height` in inches."""
    return BookFigure(figsize=(WIDTH, height), dpi=DPI)


def axes_at(figure, left, top, width, height):
    """Add axes at a place measured in inches from the upper left corner of the figure."""
    w, h = figure.get_size_inches()
    return figure.add_axes((left / w, 1 - (top + height) / h, width / w, height / h))


def readable_on(colour):
    """Return "black" or "white", whichever stands out more from a background colour (red, green, blue in 0..1).

    The contrast is at least 4.58 to 1 on every background. Source: relative luminance as in WCAG 2.2.

    >>> readable_on((1.0, 1.0, 0.9)), readable_on((0.1, 0.1, 0.4))
    ('black', 'white')
    """
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour[:3]]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "black" if luminance > 0.179 else "white"


def styled(function):
    """Decorator: run a drawing function under the course's matplotlib settings and leave the reader's own untouched."""

    @wraps(function)
    def drawing(*arguments, **options):
        with rc_context(RULES):
            return function(*arguments, **options)

    return drawing
