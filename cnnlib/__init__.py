"""cnnlib: convolutional networks from the printed formula to the fast kernel."""

__version__ = "0.1.0"

from .threads import set_threads

__all__ = ["set_threads"]
