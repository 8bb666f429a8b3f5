"""Network strings: read, counted, built, and refused with the token that is wrong."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnlib import layers as L
from cnnlib.errors import CnnlibError, NetworkError, RangeError
from cnnlib.networks import cost, network, rows, table, tokens

ARTICLE = "C32-3,P2,C64-3,P2,F,D128"

REFUSED = {
    "empty": ("", "not ''", "write it like"),
    "blank": ("  ", "not '  '", "write it like"),
    "not a string": (None, "not None", "write it like"),
    "two commas": ("C4-3,,F", "token 2, ''", "remove the comma"),
    "comma at the end": ("C4-3,F,", "token 3, ''", "remove the comma"),
    "unknown letter": ("C4-3,Q2,F", "token 2, 'Q2': there is no layer 'Q'", "P<window>"),
    "small letter": ("c4-3,F", "token 1, 'c4-3': letters are capitals", "write C4-3"),
    "no size": ("C4,F", "token 1, 'C4'", "write C<kernels>-<size>"),
    "no number": ("C-3,F", "token 1, 'C-3'", "C32-3"),
    "a dash of another kind": ("C4–3,F", "token 1, 'C4–3'", "C32-3"),
    "digits of another script": ("C4-٣,F", "token 1", "C32-3"),
    "a fraction": ("C4-3,P1.5,F", "token 2, 'P1.5'", "P<window>"),
    "a line behind it": ("C4-3,F,D5\n6", "token 3", "D<units>"),
    "too many digits": ("C12345-3,F", "token 1", "up to 9999"),
    "flatten with a number": ("F3", "token 1, 'F3'", "F alone"),
    "no kernels": ("C0-3,F", "0 makes no layer", "use 1 or more"),
    "window of nothing": ("P0,F", "token 1, 'P0'", "use 1 or more"),
    "never flat": ("C4-3,P2", "token 2, 'P2': the string ends in a picture", "end it with ,F"),
    "dense on a picture": ("C4-3,D9,F", "token 2, 'D9': a dense layer takes a vector", "put F before it"),
    "convolution behind F": ("F,C4-3", "token 2, 'C4-3': stands behind F", "behind all C and P"),
    "flat twice": ("C4-3,F,F", "token 3, 'F': stands behind F", "F comes once"),
    "kernel too large": ("C4-3,P2,C4-14,F", "token 3, 'C4-14': a window of 14 × 14 on a picture of 13 × 13", "make it smaller"),
    "pooling too large": ("P29,F", "token 1, 'P29': a window of 29 × 29", "make it smaller"),
    "fills the memory": ("C9999-99,C9999-9,F", "parameters", "fewer or smaller kernels"),
}


@pytest.mark.parametrize("text, wrong, fix", REFUSED.values(), ids=REFUSED)
def test_a_malformed_string_is_refused_with_its_token_and_the_fix(text, wrong, fix):
    with pytest.raises(NetworkError) as caught:
        network(text, padding="same" if "9999" in str(text) else "valid")
    message = str(caught.value)
    assert message.startswith("network: ") and wrong in message and fix in message.split(" · ")[-1]
    assert issubclass(NetworkError, CnnlibError)
    assert not isinstance(text, str) or not text.strip() or repr(text) in message


def test_the_article_s_network_by_hand():
    assert [row.parameters for row in rows(ARTICLE)] == [320, 0, 18_496, 0, 0, 204_928, 1_290]
    assert [row.shape for row in rows(ARTICLE)][1::2] == [(13, 13, 32), (5, 5, 64), (128,)]
    flops = [2 * 26 * 26 * 9 * 32, 0, 2 * 11 * 11 * 9 * 32 * 64, 0, 0, 2 * 1600 * 128, 2 * 128 * 10]
    assert [row.flops for row in rows(ARTICLE)] == flops
    assert cost(ARTICLE) == (225_034, sum(flops))
    assert [row.sees for row in rows(ARTICLE)] == [3, 4, 8, 10, None, None, None]
    assert [type(layer) for layer in network(ARTICLE).layers] == [
        L.Conv2D, L.ReLU, L.MaxPool2D, L.Conv2D, L.ReLU, L.MaxPool2D, L.Flatten, L.Dense, L.ReLU, L.Dense]


def test_spaces_do_not_matter_and_the_seed_does():
    assert tokens(" C4-3 ,P2, F") == tokens("C4-3,P2,F")
    first, again, other = (network("C4-3,F", seed=seed).parameters["1.Conv2D.k"] for seed in (1, 1, 2))
    assert np.array_equal(first, again) and not np.array_equal(first, other)


def test_an_unknown_padding_is_refused():
    with pytest.raises(RangeError, match="padding='full'"):
        network("C4-3,F", padding="full")


PICTURE = st.lists(st.one_of(st.tuples(st.integers(1, 6), st.integers(1, 5)).map(lambda n: f"C{n[0]}-{n[1]}"),
                             st.integers(1, 3).map(lambda n: f"P{n}")), max_size=4)
DENSE = st.lists(st.integers(1, 20).map(lambda n: f"D{n}"), max_size=2)


@settings(max_examples=60, deadline=None)
@given(PICTURE, DENSE, st.sampled_from(["valid", "same"]), st.tuples(*[st.integers(5, 12)] * 2, st.integers(1, 3)))
def test_what_is_counted_is_what_is_built(picture, dense, padding, shape):
    text = ",".join([*picture, "F", *dense])
    try:
        counted = rows(text, shape, classes=4, padding=padding)
    except NetworkError as error:
        assert "a window of" in str(error)
        return
    model = network(text, shape, classes=4, padding=padding)
    built = [(made, layer) for made, layer in zip(model.shapes[1:], model.layers, strict=True) if not isinstance(layer, L.ReLU)]
    assert [row.shape for row in counted] == [made for made, _ in built]
    assert [row.parameters for row in counted] == [sum(p.size for p in layer.params.values()) for _, layer in built]
    assert model.predict(np.ones((2, *shape), "float32")).shape == (2, 4)
    assert cost(text, shape, 4, padding) == (sum(p.size for p in model.parameters.values()), sum(row.flops for row in counted))


@pytest.mark.parametrize("text", ["C2-3,P2,C3-5", "C2-5,C2-3,P3,C1-2", "C2-3,C2-3,C2-3"])
def test_the_pixels_it_sees_are_those_that_move_it(text):
    """Change one pixel at a time: the first output changes for exactly sees × sees of them."""
    sees = rows(text + ",F", (24, 24, 1))[-3].sees
    model = network(text + ",F", (24, 24, 1), seed=3)
    for layer in model.layers:  # positive weights: no pixel cancels out, no ReLU hides one
        for w in layer.params.values():
            np.abs(w, out=w)
    stages = model.layers[: next(n for n, layer in enumerate(model.layers) if isinstance(layer, L.Flatten))]

    def first_output(x):
        for layer in stages:
            x = layer.forward(x)
        return x[:, 0, 0].sum(axis=-1)

    pictures = np.ones((24 * 24, 24, 24, 1), "float32")
    pictures.reshape(576, 576)[np.arange(576), np.arange(576)] = 9
    moved = (first_output(pictures) != first_output(np.ones((1, 24, 24, 1), "float32"))).reshape(24, 24)
    expected = np.zeros((24, 24), bool)
    expected[:sees, :sees] = True
    assert np.array_equal(moved, expected)


def test_the_table_shows_every_number():
    lines = table(ARTICLE).splitlines()
    assert len(lines) == 1 + 7 + 1 and lines[-1].split() == ["together", "225,034", "5,262,080"]
    assert re.search(r"C64-3 +11 × 11 × 64 +18,496 +4,460,544 +8 × 8", table(ARTICLE))
