"""Figures and playable clips for notebooks: every function returns an object that shows itself, none calls show()."""

from cnnlib.plot.bars import bars
from cnnlib.plot.confusion import confusion
from cnnlib.plot.curves import curves
from cnnlib.plot.movies import Clip, clip, figure_pixels, pictures_to_clip
from cnnlib.plot.numbers import numbers
from cnnlib.plot.pictures import feature_maps, images, kernels
from cnnlib.plot.slices import space_time
from cnnlib.plot.sliding import convolution_animation
from cnnlib.plot.style import PALETTE, axes_at, new_figure

__all__ = [
    "PALETTE",
    "Clip",
    "axes_at",
    "bars",
    "clip",
    "confusion",
    "convolution_animation",
    "curves",
    "feature_maps",
    "figure_pixels",
    "images",
    "kernels",
    "new_figure",
    "numbers",
    "pictures_to_clip",
    "space_time",
]
