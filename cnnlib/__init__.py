"""cnnlib: convolutional networks from the printed formula to the fast kernel."""

__version__ = "0.1.0"

from . import compiling  # noqa: F401  tells the reader when a first call has to compile
from .threads import set_threads

__all__ = ["set_threads"]
