"""The bundled data: right values, and a damaged file refused before anything is loaded."""

import hashlib
import json
import lzma
import shutil

import numpy as np
import pytest

from cnnlib import data
from cnnlib.data import assets, mnist, sprites
from cnnlib.errors import AssetError, RangeError, ShapeError


@pytest.fixture
def small_pack(tmp_path, monkeypatch):
    """A pack of one file, "a.bin" holding b"hello", in place of the real one."""
    (tmp_path / "a.bin").write_bytes(b"hello")
    entry = {"path": "a.bin", "bytes": 5, "sha256": hashlib.sha256(b"hello").hexdigest(), "source": "s", "licence": "l"}
    (tmp_path / "MANIFEST.json").write_text(json.dumps([entry]))
    monkeypatch.setattr(assets, "ASSETS", tmp_path)
    return tmp_path


def test_idx_by_hand():
    # 0, 0, type 8, rank 2, sizes 2 and 3, then six numbers row by row
    raw = bytes([0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6])
    array = data.parse_idx(raw)
    assert array.tolist() == [[1, 2, 3], [4, 5, 6]]
    assert array.dtype == np.uint8 and array.flags.writeable


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\0\0\x08",
        b"\0\0\x0d\x01\0\0\0\x01\x05",
        b"\0\0\x08\x02\0\0\0\x02",
        b"\0\0\x08\x01\0\0\0\x03ab",
        b"\0\0\x08\x01\0\0\0\x03abcd",
    ],
    ids=["empty", "short", "floats", "header cut", "one number missing", "one too many"],
)
def test_idx_refuses_a_damaged_file(raw):
    with pytest.raises(AssetError, match="train-images"):
        data.parse_idx(raw, "train-images")


def test_mnist_has_the_shape_and_the_known_counts_of_keras():
    (x_train, y_train), (x_test, y_test) = data.load_mnist()
    assert x_train.shape == (60000, 28, 28) and x_test.shape == (10000, 28, 28)
    assert x_train.dtype == x_test.dtype == y_train.dtype == y_test.dtype == np.uint8
    assert y_train[:5].tolist() == [5, 0, 4, 1, 9] and y_test[:3].tolist() == [7, 2, 1]
    assert np.bincount(y_train).tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert np.bincount(y_test).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    # the published mean and standard deviation of the training pixels, 0.1307 and 0.3081
    assert x_train.mean() / 255 == pytest.approx(0.1307, abs=5e-5)
    assert x_train.std() / 255 == pytest.approx(0.3081, abs=5e-5)


def test_film_part_equals_the_same_part_of_a_longer_read():
    longer = data.load_film(0, 60)
    part = data.load_film(20, 60, 10)
    assert longer.shape == (60, 180, 320, 3) and longer.dtype == np.uint8
    assert part.shape[0] == 4 and np.array_equal(part, longer[20::10])
    assert data.FILM_FPS == 24
    assert longer.max() > 100 and not np.array_equal(part[0], part[-1])


def test_film_is_complete():
    assert data.load_film(0, None, 100, size=(18, 32)).shape == (8, 18, 32, 3)  # frames 0, 100, …, 700
    assert len(data.load_film(719)) == 1
    with pytest.raises(RangeError, match="720 frames"):
        data.load_film(720)


def test_spoken_digits():
    recordings, labels = data.load_spoken_digits()
    assert len(recordings) == 3000 and labels.shape == (3000,)
    assert np.bincount(labels).tolist() == [300] * 10
    assert sum(len(r) for r in recordings) == 53999
    assert all(r.dtype == np.float32 and r.shape[1] == 13 and len(r) > 0 and np.isfinite(r).all() for r in recordings)
    assert recordings[0].shape == (14, 13) and recordings[0][0, 0] == pytest.approx(-160.8, abs=0.1)


def test_every_sprite_exists_and_names_are_complete():
    for character in data.CHARACTERS:
        for pose in data.POSES:
            picture = data.sprite(character, pose)
            assert picture.shape == (128, 96, 4) and picture.dtype == np.uint8
            assert picture[..., 3].min() == 0 and picture[..., 3].max() == 255
    assert [len(data.names(kind)) for kind in ("characters", "poses", "enemies", "items", "tiles")] == [6, 13, 19, 32, 150]
    assert data.enemy("bee").shape == data.tile("stone").shape == (128, 128, 4)
    assert data.item("star").shape == (128, 128, 4)
    assert not np.array_equal(data.sprite("robot", "walk0"), data.sprite("robot", "walk1"))
    assert (data.tile("stoneCenter")[:, :, 3] == 255).all()  # stored without opacity: solid


def test_a_sprite_may_be_painted_over():
    data.sprite("zombie")[:] = 7
    assert (data.sprite("zombie") != 7).any()


def test_unknown_names_are_answered_with_the_known_ones():
    for call in (
        lambda: data.sprite("dragon"),
        lambda: data.sprite("robot", "swim"),
        lambda: data.enemy("wolf"),
        lambda: data.item("sword"),
        lambda: data.tile("glass"),
        lambda: data.names("heroes"),
    ):
        with pytest.raises(RangeError, match="choose from|give"):
            call()
    with pytest.raises(RangeError, match="robot"):
        data.sprite("Robot")


def test_on_background_by_hand():
    # opacity 102 of 255 is 0.4: 0.4·200 + 0.6·100 = 140 and 0.4·0 + 0.6·50 = 30
    picture = np.array([[[200, 0, 0, 102]]], dtype=np.uint8)
    assert data.on_background(picture, (100, 50, 0)).tolist() == [[[140, 30, 0]]]
    assert data.on_background(np.stack([picture, picture])).shape == (2, 1, 1, 3)
    with pytest.raises(ShapeError):
        data.on_background(picture[..., :3])
    with pytest.raises(RangeError):
        data.on_background(picture, (0, 0, 256))


def test_sound_asset_passes_and_is_hashed_once(small_pack):
    assets._digest.cache_clear()
    assert assets.asset("a.bin") == small_pack / "a.bin"
    assert assets.asset("a.bin").read_bytes() == b"hello"
    assert assets._digest.cache_info().misses == 1


@pytest.mark.parametrize(
    ("content", "word"), [(b"hell", "truncated"), (b"", "truncated"), (b"hellO", "altered"), (b"hello!", "altered")]
)
def test_damaged_asset_names_file_and_fix(small_pack, content, word):
    assets.asset("a.bin")  # verified once; a change afterwards must still be seen
    (small_pack / "a.bin").unlink()
    (small_pack / "a.bin").write_bytes(content)
    with pytest.raises(AssetError, match=rf"'a\.bin' is {word}.*git checkout"):
        assets.asset("a.bin")


def test_missing_and_foreign_assets(small_pack):
    (small_pack / "a.bin").unlink()
    with pytest.raises(AssetError, match="missing"):
        assets.asset("a.bin")
    with pytest.raises(AssetError, match="not part of the data pack"):
        assets.asset("../errors.py")
    with pytest.raises(AssetError, match="did you mean a.bin"):
        assets.asset("aa.bin")


@pytest.mark.parametrize("content", [None, "", "{", '[{"bytes": 1}]', "3"])
def test_damaged_manifest(tmp_path, monkeypatch, content):
    if content is not None:
        (tmp_path / "MANIFEST.json").write_text(content)
    monkeypatch.setattr(assets, "ASSETS", tmp_path)
    with pytest.raises(AssetError, match="MANIFEST.json"):
        assets.asset("a.bin")


def test_loaders_raise_before_anything_is_loaded(tmp_path, monkeypatch):
    """One flipped byte in the last of the four MNIST files: no picture comes out."""
    shutil.copytree(assets.ASSETS / "mnist", tmp_path / "mnist")
    shutil.copy(assets.ASSETS / "MANIFEST.json", tmp_path)
    file = tmp_path / "mnist" / "t10k-labels-idx1-ubyte.xz"
    raw = bytearray(file.read_bytes())
    raw[2000] ^= 1
    file.write_bytes(raw)
    monkeypatch.setattr(assets, "ASSETS", tmp_path)
    with pytest.raises(AssetError, match="t10k-labels"):
        data.load_mnist()
    with pytest.raises(AssetError, match="missing"):
        data.load_film()
    with pytest.raises(AssetError, match="missing"):
        data.load_spoken_digits()
    with pytest.raises(AssetError, match="missing"):
        sprites.sprite("robot")


def test_every_file_of_the_pack_is_as_the_manifest_says():
    for path in assets.manifest(assets.ASSETS):
        assets.asset(path)
    stored = {str(p.relative_to(assets.ASSETS).as_posix()) for p in assets.ASSETS.rglob("*") if p.is_file()}
    assert stored == set(assets.manifest(assets.ASSETS)) | {"MANIFEST.json"}


def test_mnist_raw_bytes_are_the_original_ones():
    entry = assets.manifest(assets.ASSETS)["mnist/t10k-images-idx3-ubyte.xz"]
    raw = lzma.decompress(data.asset(entry["path"]).read_bytes())
    assert hashlib.sha256(raw).hexdigest() == entry["raw_sha256"]
    assert np.array_equal(mnist.parse_idx(raw), data.load_mnist()[1][0])


def test_licence_table_has_every_file():
    table = data.licences().splitlines()
    assert table[0].startswith("| folder |") and len(table) == 7
    assert sum(int(line.split("|")[2]) for line in table[2:]) == len(assets.manifest(assets.ASSETS))
    for words in ("CC BY 3.0", "CC0 1.0", "CC BY-SA 3.0", "CC BY-SA 4.0", "Apache-2.0"):
        assert words in data.licences()
