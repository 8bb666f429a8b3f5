"""MNIST: 70,000 handwritten digits, from the four original IDX files."""

import lzma

import numpy as np

from cnnlib.data.assets import asset
from cnnlib.errors import AssetError


def parse_idx(raw, name="IDX file"):
    """Turn the bytes of an IDX file into an array.

    The file holds two zero bytes, the type (8 = uint8), the rank, the sizes and then the numbers. The sizes are
    32-bit integers, highest byte first. Returns a writable uint8 array.
    Errors: AssetError if the header is not one of IDX with uint8, or the number of bytes does not fit it.
    Source: Y. LeCun, C. Cortes, C. J. C. Burges, The MNIST database of handwritten digits.

    >>> parse_idx(bytes([0, 0, 8, 1, 0, 0, 0, 3, 5, 0, 4]))
    array([5, 0, 4], dtype=uint8)
    """
    if len(raw) < 4 or raw[:3] != b"\x00\x00\x08" or len(raw) < 4 + 4 * raw[3]:
        raise AssetError(f"data.parse_idx: {name} does not start like an IDX file of uint8 · it must be 0, 0, 8, rank, sizes")
    start = 4 + 4 * raw[3]
    shape = tuple(np.frombuffer(raw[4:start], dtype=">u4").tolist())
    expected = start + int(np.prod(shape, dtype=np.int64))
    if len(raw) != expected:
        raise AssetError(
            f"data.parse_idx: {name} has {len(raw)} bytes, its header {shape} asks for {expected} · "
            "the file is truncated or altered"
        )
    return np.frombuffer(raw, dtype=np.uint8, offset=start).reshape(shape).copy()


def _load(name):
    with lzma.open(asset(f"mnist/{name}.xz")) as file:
        return parse_idx(file.read(), name)


def load_mnist():
    """Load all of MNIST in the shape of `keras.datasets.mnist.load_data()`.

    Returns `(x_train, y_train), (x_test, y_test)`: uint8 pictures (60000,28,28) and (10000,28,28), 0 = background,
    255 = ink; uint8 labels 0..9, (60000,) and (10000,).
    Errors: AssetError if a bundled file is missing, truncated or altered.
    Source: LeCun, Bottou, Bengio, Haffner, Gradient-based learning applied to document recognition, 1998,
    doi:10.1109/5.726791.
    """
    train = _load("train-images-idx3-ubyte"), _load("train-labels-idx1-ubyte")
    test = _load("t10k-images-idx3-ubyte"), _load("t10k-labels-idx1-ubyte")
    return train, test
