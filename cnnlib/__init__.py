"""cnnlib: convolutional networks from the printed formula to the fast kernel."""

__version__ = "0.1.0"
