"""The typed errors of cnnlib: each message names the call, what was given, and the fix."""


class CnnlibError(ValueError):
    """Base of every error that cnnlib raises on purpose, so that one `except` catches them all."""


class ShapeError(CnnlibError):
    """An array has the wrong number of axes or sizes that do not fit together."""


class DtypeError(CnnlibError, TypeError):
    """An array holds numbers of a kind the call cannot compute with."""


class RangeError(CnnlibError):
    """A value lies outside its allowed range: a label, a rate, a stride, a probability."""


class NonFiniteError(CnnlibError, ArithmeticError):
    """A loss, gradient or input became NaN or infinite."""


class GradientError(CnnlibError, AssertionError):
    """A gradient does not match the slope measured by central differences."""


class RecordError(CnnlibError, AssertionError):
    """A recorded number lies outside the band that stands in its cell."""


class CheckFailed(CnnlibError, AssertionError):
    """An exercise does not satisfy its check yet."""


class AssetError(CnnlibError, OSError):
    """A bundled file is missing, truncated or altered."""


class VideoError(CnnlibError, OSError):
    """A video cannot be decoded or encoded."""


class WeightFileError(CnnlibError, OSError):
    """A weight file is damaged, or belongs to another model."""


class NetworkError(CnnlibError):
    """A string that describes a network cannot be read, or its layers do not fit together."""


class StoreError(CnnlibError, OSError):
    """A folder of results cannot be read or written."""
