"""Sprite art: six characters in thirteen poses, enemies, items and tiles, drawn by Kenney (CC0)."""

from functools import cache
from pathlib import PurePosixPath

import numpy as np
from PIL import Image

from cnnlib.data import assets
from cnnlib.errors import RangeError, ShapeError

CHARACTERS = ("female_adventurer", "female_person", "male_adventurer", "male_person", "robot", "zombie")
POSES = ("idle", *(f"walk{i}" for i in range(8)), "climb0", "climb1", "fall", "jump")


def names(kind):
    """List what there is: kind is "characters", "poses", "enemies", "items" or "tiles".

    Returns a tuple of names in alphabetical order (poses in the order of movement). Errors: RangeError for
    another kind.

    >>> names("characters")[4], names("poses")[:2]
    ('robot', ('idle', 'walk0'))
    """
    if kind == "characters":
        return CHARACTERS
    if kind == "poses":
        return POSES
    if kind not in ("enemies", "items", "tiles"):
        raise RangeError(f"data.names: kind={kind!r} · give characters, poses, enemies, items or tiles")
    folder = f"kenney/{kind}/"
    return tuple(sorted(PurePosixPath(path).stem for path in assets.manifest(assets.ASSETS) if path.startswith(folder)))


@cache
def _picture(file):
    with Image.open(file) as image:
        return np.asarray(image.convert("RGBA"))


def _load(path):
    return _picture(assets.asset(path)).copy()


def _choose(call, what, name, known):
    if name not in known:
        shown = ", ".join(known[:20]) + (f", … ({len(known)} in all)" if len(known) > 20 else "")
        raise RangeError(f"data.{call}: there is no {what} {name!r} · choose from {shown}")
    return name


def sprite(character, pose="idle"):
    """Return one pose of one character, looking to the right.

    Returns uint8 (H=128,W=96,C=4): red, green, blue and opacity (0 transparent, 255 solid).
    Errors: RangeError for an unknown character or pose, AssetError for a damaged file.

    >>> sprite("robot", "walk0").shape
    (128, 96, 4)
    """
    _choose("sprite", "character", character, CHARACTERS)
    _choose("sprite", "pose", pose, POSES)
    first, *rest = character.split("_")
    return _load(f"kenney/characters/{character}/{first + ''.join(word.title() for word in rest)}_{pose}.png")


def enemy(name):
    """Return one enemy as uint8 (H=128,W=128,C=4); `names("enemies")` lists them. Errors: as `sprite`."""
    return _load(f"kenney/enemies/{_choose('enemy', 'enemy', name, names('enemies'))}.png")


def item(name):
    """Return one item as uint8 (H,W,4), 128 or 64 pixels wide; `names("items")` lists them. Errors: as `sprite`."""
    return _load(f"kenney/items/{_choose('item', 'item', name, names('items'))}.png")


def tile(name):
    """Return one tile as uint8 (H=128,W=128,C=4); `names("tiles")` lists them. Errors: as `sprite`."""
    return _load(f"kenney/tiles/{_choose('tile', 'tile', name, names('tiles'))}.png")


def on_background(picture, colour=(255, 255, 255)):
    """Lay a transparent picture on one plain colour: out = a·picture + (1 - a)·colour, with opacity a from 0 to 1.

    Shapes: uint8 (H,W,4) or (T,H,W,4) in, uint8 (…,3) out. Units: colour as red, green, blue 0..255.
    Errors: ShapeError without four channels, RangeError for a colour outside 0..255.
    Source: T. Porter and T. Duff, Compositing digital images, 1984, doi:10.1145/800031.808606.

    >>> on_background(np.array([[[200, 0, 0, 255], [200, 0, 0, 0]]], dtype=np.uint8))
    array([[[200,   0,   0],
            [255, 255, 255]]], dtype=uint8)
    """
    a = np.asarray(picture)
    if a.ndim < 3 or a.shape[-1] != 4 or a.dtype != np.uint8:
        raise ShapeError(
            f"data.on_background: expected uint8 (H,W,C=4), got {a.dtype} {a.shape} · pictures without opacity need no background"
        )
    if len(colour) != 3 or min(colour) < 0 or max(colour) > 255:
        raise RangeError(f"data.on_background: colour={colour} · give red, green and blue, each 0..255")
    alpha = a[..., 3:].astype(np.int64)
    mixed = alpha * a[..., :3] + (255 - alpha) * np.asarray(colour, dtype=np.int64)
    return ((mixed + 127) // 255).astype(np.uint8)
