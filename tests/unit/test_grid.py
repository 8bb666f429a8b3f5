"""The grid: every cell once, resume after an interruption, damaged cells, and the rules of choice."""

import json
import os

import numpy as np
import pytest

from cnnlib import grid
from cnnlib.errors import NonFiniteError, RangeError, StoreError

POINTS, SEEDS = ["C4-3,F", "C8-3,F", ("C4-5,F", 56)], (0, 1)


class Trainer:
    """A stand-in for training that counts its calls and can be interrupted."""

    def __init__(self, stop_at=None):
        self.calls, self.stop_at = [], stop_at

    def __call__(self, point, seed):
        if len(self.calls) == self.stop_at:
            raise KeyboardInterrupt
        self.calls.append((point, seed))
        return {"accuracy": np.float32(1 / 3) + seed, "pieces": np.array([0.1, 0.2]), "right": np.int64(7)}


def expected():
    numbers = {"pieces": [0.1, 0.2], "right": 7}
    return {point: [{"accuracy": float(np.float32(1 / 3) + seed), **numbers} for seed in SEEDS] for point in POINTS}


def test_every_cell_is_trained_once_in_order_without_a_store(capsys):
    train = Trainer()
    assert grid.run(POINTS, SEEDS, train) == expected()
    assert train.calls == [(point, seed) for point in POINTS for seed in SEEDS]
    assert capsys.readouterr().out == ""


def test_an_interrupted_run_goes_on_where_it_stopped(tmp_path, capsys):
    with pytest.raises(KeyboardInterrupt):
        grid.run(POINTS, SEEDS, Trainer(stop_at=4), store=tmp_path / "new" / "folder")
    assert len(list((tmp_path / "new" / "folder").iterdir())) == 4, "whole files only"
    rest = Trainer()
    assert grid.run(POINTS, SEEDS, rest, store=tmp_path / "new" / "folder") == expected()
    assert rest.calls == [(POINTS[2], 0), (POINTS[2], 1)]
    assert capsys.readouterr().out.splitlines() == ["6 cells: 0 found, 6 to train", "6 cells: 4 found, 2 to train"]
    nothing_left = Trainer(stop_at=0)
    assert grid.run(POINTS, SEEDS, nothing_left, store=tmp_path / "new" / "folder") == expected()


def test_a_wider_grid_trains_only_what_is_new(tmp_path):
    grid.run(POINTS[:1], [0], Trainer(), store=tmp_path)
    wider = Trainer()
    grid.run(POINTS, SEEDS, wider, store=tmp_path)
    assert len(wider.calls) == 5


@pytest.mark.parametrize("other", [{"epochs": 2}, {"epochs": 1, "pictures": 9}, None])
def test_cells_of_other_settings_do_not_count(tmp_path, other):
    grid.run(POINTS, SEEDS, Trainer(), store=tmp_path, settings={"epochs": 1})
    train = Trainer()
    grid.run(POINTS, SEEDS, train, store=tmp_path, settings=other)
    assert len(train.calls) == 6


DAMAGE = {
    "cut off": lambda raw: raw[: len(raw) // 2],
    "empty": lambda raw: b"",
    "a digit changed": lambda raw: raw.replace(b"0.2", b"0.3"),
    "a result of another cell": lambda raw: raw.replace(b'"seed": 0', b'"seed": 1'),
    "not text": lambda raw: bytes(range(256)),
    "another JSON": lambda raw: b"[1, 2]",
    "no check sum": lambda raw: json.dumps({k: v for k, v in json.loads(raw).items() if k != "check"}).encode(),
    "nested without end": lambda raw: b"[" * 100_000,
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_cell_is_trained_again_and_told(tmp_path, damage, capsys):
    grid.run(POINTS[:2], SEEDS, Trainer(), store=tmp_path)
    file = grid._file(tmp_path, None, POINTS[0], 0)
    whole = file.read_bytes()
    file.write_bytes(damage(whole))
    train = Trainer()
    results = grid.run(POINTS[:2], SEEDS, train, store=tmp_path)
    assert train.calls == [(POINTS[0], 0)]
    assert results == {point: expected()[point] for point in POINTS[:2]}
    assert "the stored cell of C4-3,F, seed 0, is damaged and is trained again" in capsys.readouterr().out
    assert file.read_bytes() == whole


def test_every_single_flipped_bit_is_noticed(tmp_path):
    grid.run(POINTS[:1], [0], Trainer(), store=tmp_path)
    file = grid._file(tmp_path, None, POINTS[0], 0)
    raw, identity = file.read_bytes(), grid._identity(None, POINTS[0], 0)
    right = grid._read(file, identity)
    for place in range(len(raw)):
        for bit in range(8):
            broken = bytearray(raw)
            broken[place] ^= 1 << bit
            file.write_bytes(broken)
            assert grid._read(file, identity) in (None, right), (place, bit)  # a space may turn into another blank


def test_a_cell_that_cannot_be_written_is_an_error_and_keeps_the_earlier_ones(tmp_path, monkeypatch):
    train, replace = Trainer(), os.replace

    def full(*paths):
        if len(train.calls) == 3:
            raise OSError(28, "No space left on device")
        return replace(*paths)

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(StoreError, match="cannot write .*No space left on device · free some space"):
        grid.run(POINTS, SEEDS, train, store=tmp_path)
    assert len(list(tmp_path.iterdir())) == 2, "no half a file is left"


def test_a_file_in_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "store").write_text("not a folder")
    with pytest.raises(StoreError, match="cannot use the folder store"):
        grid.run(POINTS, SEEDS, Trainer(), store=tmp_path / "store")


@pytest.mark.parametrize("points, seeds", [([], [0]), (["a"], []), (["a", "a"], [0]), (["a"], [0, 0])])
def test_empty_and_double_entries_are_refused(points, seeds):
    with pytest.raises(RangeError, match="name each once"):
        grid.run(points, seeds, Trainer())


@pytest.mark.parametrize("result", [None, {}, 0.9, [0.9], {"accuracy": "0.9"}, {"accuracy": None}, {"pieces": [[1], [1, 2]]}])
def test_a_result_that_is_no_dict_of_numbers_is_refused(result):
    with pytest.raises(RangeError, match=r"train\('a', 0\) returned .* · return "):
        grid.run(["a"], [0], lambda point, seed: result)


@pytest.mark.parametrize("value", [np.nan, np.inf, [0.5, np.nan]])
def test_a_result_that_is_not_finite_is_refused(value):
    with pytest.raises(NonFiniteError, match=r"train\('a', 0\) returned accuracy="):
        grid.run(["a"], [0], lambda point, seed: {"accuracy": value})


def test_progress_goes_to_stderr_and_can_be_switched_off(monkeypatch, capsys):
    monkeypatch.delenv("CNNLIB_PROGRESS", raising=False)
    grid.run(["a"], [0], lambda point, seed: {"n": 1})
    shown = capsys.readouterr()
    assert "cell/s" in shown.err and "a, seed 0" in shown.err and shown.out == ""
    monkeypatch.setenv("CNNLIB_PROGRESS", "off")
    grid.run(["a"], [0], lambda point, seed: {"n": 1})
    assert capsys.readouterr().err == ""


# Choosing.


def test_the_front_by_hand():
    costs, scores = [1, 2, 3, 3, 1, 2], [0.90, 0.95, 0.94, 0.97, 0.80, 0.95]
    assert grid.front(costs, scores).tolist() == [True, True, False, True, False, True]


def test_the_front_is_what_the_definition_says():
    rng = np.random.default_rng(0)
    costs, scores = rng.integers(0, 6, 60), rng.integers(0, 6, 60)
    for on_front, c, s in zip(grid.front(costs, scores), costs, scores, strict=True):
        beaten = any(cc <= c and ss >= s and (cc, ss) != (c, s) for cc, ss in zip(costs, scores, strict=True))
        assert on_front == (not beaten)


def test_the_standard_error_pools_the_points_and_shrinks_with_the_seeds():
    assert grid.standard_error([[1.0, 3.0], [2.0, 2.0]]) == pytest.approx(np.sqrt((2 + 0) / 2 / 2))
    scores = np.random.default_rng(0).normal(0, 0.01, (1000, 4)) + np.arange(1000)[:, None]
    assert grid.standard_error(scores) == pytest.approx(0.005, rel=0.05), "differences between points do not count"
    with pytest.raises(RangeError, match="two seeds or more"):
        grid.standard_error([[0.9], [0.8]])


def test_the_cheapest_of_those_that_cannot_be_told_from_the_best_is_chosen():
    scores = np.array([[0.80, 0.82], [0.95, 0.97], [0.96, 0.97]])  # standard error 0.0087; means 0.81, 0.96, 0.965
    assert grid.choose([1, 2, 3], scores) == 1
    assert grid.choose([1, 3, 2], scores) == 2, "the best itself, when it is the cheapest of the good ones"
    assert grid.choose([1, 2, 3], [[0.80, 0.80], [0.95, 0.95], [0.96, 0.96]]) == 2, "without scatter only the best is good enough"
