"""One rule for what counts as a picture: uint8 0..255, float 0..1, or bool."""

import numpy as np

from cnnlib.errors import DtypeError, NonFiniteError, RangeError, ShapeError


def to_uint8(picture, call="to_uint8"):
    """Turn one picture or one clip into uint8 pixels, refusing values that have no single meaning as a brightness.

    Shapes: any, returned unchanged. Units: uint8 0..255 passes as it is, floats run from 0 to 1 and are
    multiplied by 255 and rounded, bool counts as 0 and 255.
    Errors: DtypeError for other kinds of number, NonFiniteError for NaN or infinity, RangeError for floats outside
    0..1 (rounding noise below 1e-6 is forgiven).

    >>> to_uint8(np.array([[0.0, 0.5, 1.0]]))
    array([[  0, 128, 255]], dtype=uint8)
    """
    a = np.asarray(picture)
    if a.dtype == np.uint8:
        return a
    if a.dtype == bool:
        return a.astype(np.uint8) * np.uint8(255)
    if a.dtype.kind != "f":
        raise DtypeError(
            f"{call}: pixels of type {a.dtype} have no agreed brightness · shape {a.shape} · "
            "give uint8 0..255, float 0..1 or bool"
        )
    if not np.isfinite(a).all():
        raise NonFiniteError(
            f"{call}: {np.count_nonzero(~np.isfinite(a))} of {a.size} pixels are NaN or infinite · shape {a.shape} · "
            "find the step that made them; np.isfinite shows where they are"
        )
    if a.size and (a.min() < -1e-6 or a.max() > 1 + 1e-6):
        raise RangeError(
            f"{call}: float pixels must lie in 0..1, these run from {a.min():.4g} to {a.max():.4g} · "
            f"shape {a.shape} · divide by 255, or np.clip(x, 0, 1) if the rest may be cut off"
        )
    return (np.clip(a, 0.0, 1.0) * 255.0 + 0.5).astype(np.uint8)


def to_rgb(picture, call="to_rgb"):
    """Turn one grey or colour picture into uint8 RGB.

    Shapes: (H,W), (H,W,1) or (H,W,3) in, (H,W,3) out. Units and errors: as `to_uint8`; ShapeError for another rank
    or number of channels, or for a picture without pixels.

    >>> to_rgb(np.array([[0, 255]], dtype=np.uint8)).shape
    (1, 2, 3)
    """
    a = np.asarray(picture)
    if a.ndim == 2:
        a = a[:, :, None]
    if a.ndim != 3 or a.shape[2] not in (1, 3) or a.size == 0:
        hint = (
            "lay it on a background with cnnlib.data.on_background"
            if a.ndim == 3 and a.shape[2] == 4
            else ("give (H,W), (H,W,1) or (H,W,3) with at least one pixel")
        )
        raise ShapeError(f"{call}: one picture has shape (H,W), (H,W,1) or (H,W,3), not {np.shape(picture)} · {hint}")
    return np.repeat(to_uint8(a, call), 3, axis=2) if a.shape[2] == 1 else to_uint8(a, call)
