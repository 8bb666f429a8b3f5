"""A network in one line of text: `C32-3,P2,C64-3,P2,F,D128` is the network of the article.

`C32-3` is a convolution with 32 kernels of 3 × 3 and a ReLU, `P2` max pooling of 2 × 2, `F` flattening, `D128` a dense
layer of 128 units and a ReLU. The last dense layer, one output for each class, is added by itself.
"""

import re
from typing import NamedTuple

from . import layers as L
from .errors import NetworkError
from .model import Sequential
from .shapes import out_size, resolve_padding

PATTERNS = {"C": r"C(\d{1,4})-(\d{1,4})", "P": r"P(\d{1,4})", "F": r"F", "D": r"D(\d{1,4})"}
FORMS = {"C": "C<kernels>-<size>, such as C32-3", "P": "P<window>, such as P2", "F": "F alone", "D": "D<units>, such as D128"}
LARGEST = 200_000_000  # parameters; a larger number is a slip of the finger and would fill the memory


class Row(NamedTuple):
    """What one token of a network costs for one picture.

    `shape` of its output, `parameters`, `flops` of the forward pass (products and their sums, two for each
    multiplication) and `sees`, the side of its receptive field in pixels (None where every pixel may count).
    """

    token: str
    shape: tuple
    parameters: int
    flops: int
    sees: int | None


def network(text, input_shape=(28, 28, 1), classes=10, padding="valid", seed=0):
    """Build the cnnlib `Sequential` of a network string; it gives logits (N, classes). `padding` is that of the convolutions.

    Raises NetworkError, which names the token that cannot be read or does not fit, and the fix.

    >>> network("C2-3,P2,F,D5").layers
    [Conv2D(filters=2, size=(3, 3), stride=1, padding='valid', dilation=1, groups=1), ReLU(), \
MaxPool2D(window=2, stride=None, padding='valid'), Flatten(), Dense(units=5), ReLU(), Dense(units=10)]
    """
    parameters, _ = cost(text, input_shape, classes, padding)
    if parameters > LARGEST:
        raise NetworkError(f"network: {text!r} has {parameters:,} parameters · use fewer or smaller kernels, or pool more")
    made = []
    for _, letter, numbers in tokens(text):
        match letter:
            case "C":
                made += [L.Conv2D(*numbers, padding=padding), L.ReLU()]
            case "P":
                made.append(L.MaxPool2D(*numbers))
            case "F":
                made.append(L.Flatten())
            case "D":
                made += [L.Dense(*numbers), L.ReLU()]
    return Sequential([*made, L.Dense(classes)], input_shape=input_shape, seed=seed)


def rows(text, input_shape=(28, 28, 1), classes=10, padding="valid"):
    """Follow one picture (H, W, C) through a network string: a `Row` for each token, and one for the last dense layer.

    Nothing is built; these are sums a reader can do on paper. A convolution P × P from C to F channels has
    (P·P·C + 1)·F parameters and 2·H'·W'·P·P·C·F FLOP, a dense layer (I + 1)·O and 2·I·O.

    Raises NetworkError for a token that does not fit.

    >>> [row.parameters for row in rows("C32-3,P2,C64-3,P2,F,D128")]
    [320, 0, 18496, 0, 0, 204928, 1290]
    """
    shape, sees, step, found = tuple(input_shape), 1, 1, []
    for place, (token, letter, numbers) in enumerate(tokens(text), start=1):
        parameters = flops = 0
        match letter:
            case "C" | "P":
                stride, size = (numbers[0] if letter == "P" else 1), numbers[-1]
                sides = resolve_padding("network", padding if letter == "C" else "valid", shape[:2], (size, size), (1, 1), (1, 1))
                out = tuple(out_size(side, size, stride, pad) for side, pad in zip(shape[:2], sides, strict=True))
                if min(out) < 1:
                    _fail(text, place, token, f"a window of {size} × {size} on a picture of {shape[0]} × {shape[1]}",
                          "make it smaller or pool less before it")
                sees, step = sees + (size - 1) * step, step * stride
                if letter == "C":
                    weights = size * size * shape[2] * numbers[0]
                    parameters, flops = weights + numbers[0], 2 * out[0] * out[1] * weights
                shape = (*out, numbers[0] if letter == "C" else shape[2])
            case "F":
                shape, sees = (shape[0] * shape[1] * shape[2],), None
            case "D":
                parameters, flops, shape = (shape[0] + 1) * numbers[0], 2 * shape[0] * numbers[0], numbers
        found.append(Row(token, shape, parameters, flops, sees))
    return [*found, Row("classes", (classes,), (shape[0] + 1) * classes, 2 * shape[0] * classes, None)]


def cost(text, input_shape=(28, 28, 1), classes=10, padding="valid"):
    """Return (parameters, FLOP of the forward pass for one picture) of a network string.

    >>> cost("C32-3,P2,C64-3,P2,F,D128")
    (225034, 5262080)
    """
    counted = rows(text, input_shape, classes, padding)
    return sum(row.parameters for row in counted), sum(row.flops for row in counted)


def table(text, input_shape=(28, 28, 1), classes=10, padding="valid"):
    """Return the rows of a network as text: token, output, parameters, FLOP for one picture, pixels it sees."""
    counted = rows(text, input_shape, classes, padding)
    lines = [("token", "output", "parameters", "FLOP", "sees")]
    lines += [(row.token, " × ".join(map(str, row.shape)), f"{row.parameters:,}", f"{row.flops:,}",
               f"{row.sees} × {row.sees}" if row.sees else "all") for row in counted]
    lines.append(("together", "", *(f"{number:,}" for number in cost(text, input_shape, classes, padding)), ""))
    wide = [max(len(line[column]) for line in lines) for column in range(5)]
    return "\n".join(f"{a:<{wide[0]}}  {b:<{wide[1]}}  {c:>{wide[2]}}  {d:>{wide[3]}}  {e:>{wide[4]}}".rstrip()
                     for a, b, c, d, e in lines)


def tokens(text):
    """Read a network string: a list of (token, letter, numbers).

    Raises NetworkError for a token that cannot be read, or that stands in a place where it means nothing.

    >>> tokens("C32-3, P2, F")
    [('C32-3', 'C', (32, 3)), ('P2', 'P', (2,)), ('F', 'F', ())]
    """
    if not isinstance(text, str) or not text.strip():
        raise NetworkError(f"network: a string of tokens is needed, not {text!r} · write it like 'C32-3,P2,F,D128'")
    found, flat = [], False
    for place, token in enumerate((part.strip() for part in text.split(",")), start=1):
        letter = token[:1]
        if not token:
            _fail(text, place, token, "nothing stands between two commas, or behind the last", "remove the comma")
        if letter not in PATTERNS:
            capital = letter.upper() in PATTERNS
            _fail(text, place, token, "letters are capitals" if capital else f"there is no layer {letter!r}",
                  f"write {token.upper()}" if capital else f"use {'; '.join(FORMS.values())}")
        read = re.fullmatch(PATTERNS[letter], token, re.ASCII)
        if not read:
            _fail(text, place, token, "cannot be read", f"write {FORMS[letter]} (whole numbers up to 9999)")
        numbers = tuple(map(int, read.groups()))
        if 0 in numbers:
            _fail(text, place, token, "0 makes no layer", "use 1 or more")
        if flat and letter != "D":
            _fail(text, place, token, "stands behind F, where no picture is left", "F comes once, behind all C and P")
        if not flat and letter == "D":
            _fail(text, place, token, "a dense layer takes a vector, here is a picture", "put F before it")
        flat = flat or letter == "F"
        found.append((token, letter, numbers))
    if not flat:
        _fail(text, len(found), found[-1][0], "the string ends in a picture; the last layer takes a vector", "end it with ,F")
    return found


def _fail(text, place, token, wrong, fix):
    raise NetworkError(f"network: token {place}, {token!r}: {wrong} · in {text!r} · {fix}")
