"""The first 30 seconds of the film Big Buck Bunny, 320 × 180 pixels."""

from cnnlib.data.assets import asset
from cnnlib.video import read

FILM_FPS = 24


def load_film(start=0, stop=None, step=1, size=None):
    """Load the bundled film clip, or a part of it.

    Returns uint8 (T,H,W,3), values 0..255; all of it is (720,180,320,3) and takes 124 MB, so ask for a part
    where a part will do.
    Units: start, stop and step in frames at FILM_FPS = 24 frames per second; size=(H,W) in pixels.
    Errors: AssetError if the bundled file is missing, truncated or altered; RangeError for a range without frames.
    Source: Big Buck Bunny, © 2008 Blender Foundation, www.bigbuckbunny.org, CC BY 3.0.
    """
    return read(asset("video/big_buck_bunny_30s.mp4"), start, stop, step, size)
