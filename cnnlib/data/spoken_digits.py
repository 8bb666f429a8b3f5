"""Spoken digits: 3,000 recordings of the words zero to nine as sequences of 13 numbers per sound frame."""

import numpy as np

from cnnlib.data.assets import asset
from cnnlib.errors import AssetError


def load_spoken_digits():
    """Load the recordings and their labels.

    Returns `(recordings, labels)`: a list of 3,000 float32 arrays (T,13), one row of 13 mel-frequency cepstral
    coefficients per sound frame, T differing from word to word; labels uint8 (3000,), 0..9, 300 of each. The
    pack names no speakers, so a random split can put one voice on both sides.
    Errors: AssetError if the bundled file is missing, truncated or altered.
    Source: Z. Jackson and contributors, Free Spoken Digit Dataset, CC BY-SA 4.0.
    """
    with np.load(asset("audio/spoken_digits_mfcc.npz"), allow_pickle=False) as pack:
        rows, lengths, labels = pack["mfcc"].astype(np.float32), pack["length"].astype(np.int64), pack["label"]
    if lengths.sum() != len(rows) or len(lengths) != len(labels):
        raise AssetError(
            "data.load_spoken_digits: lengths, rows and labels of spoken_digits_mfcc.npz do not fit together · "
            "install cnnlib again"
        )
    return [part.copy() for part in np.split(rows, np.cumsum(lengths)[:-1])], labels
