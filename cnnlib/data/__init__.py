"""The bundled data: MNIST, a film clip, spoken digits and sprite art, verified before use, no network needed."""

from cnnlib.data.assets import asset, licences
from cnnlib.data.film import FILM_FPS, load_film
from cnnlib.data.mnist import load_mnist, parse_idx
from cnnlib.data.spoken_digits import load_spoken_digits
from cnnlib.data.sprites import CHARACTERS, POSES, enemy, item, names, on_background, sprite, tile

__all__ = [
    "CHARACTERS",
    "FILM_FPS",
    "POSES",
    "asset",
    "enemy",
    "item",
    "licences",
    "load_film",
    "load_mnist",
    "load_spoken_digits",
    "names",
    "on_background",
    "parse_idx",
    "sprite",
    "tile",
]
