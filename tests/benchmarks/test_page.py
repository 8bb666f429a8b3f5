"""The stored numbers and the page made of them: their form, the bars, and that the committed page is the generated one."""

import getpass
import io
import json
import math
import platform
import re

import numpy as np
import pytest
from PIL import Image

from . import __main__ as bench
from . import page, pictures, store, tables


@pytest.fixture(scope="module")
def stored():
    return store.load()


def leaves(value, path=""):
    """(path, number, text or truth) of everything in nested dicts and lists."""
    if isinstance(value, dict):
        return [leaf for key, each in value.items() for leaf in leaves(each, f"{path}/{key}")]
    if isinstance(value, list):
        return [leaf for n, each in enumerate(value) for leaf in leaves(each, f"{path}/{n}")]
    return [(path, value)]


# ── the stored numbers ────────────────────────────────────────────────────────────────────────────────────────


def test_every_part_is_stored_with_its_conditions(stored):
    assert stored.keys() == {"parts", "bars"}
    assert stored["parts"].keys() == bench.PARTS.keys()
    for part in stored["parts"].values():
        assert part.keys() == {"conditions", "others_percent", "rows"}
        assert part["conditions"].keys() == {"day", "cpu", "cores", "system", "versions"}
        assert {"python", "numpy", "numba", "keras", "tensorflow"} <= part["conditions"]["versions"].keys()
        assert part["rows"] and all("name" in row for row in part["rows"])


def test_times_and_ratios_are_complete_positive_and_ordered(stored):
    timed = [row for part in stored["parts"].values() for row in part["rows"] if "ms" in row]
    assert len(timed) >= 2 * 16 + 2 * 4 + 2 * 6 + 3
    for row in timed:
        assert list(row["ms"])[0] == "cnnlib" and row["ratio"].keys() == row["low"].keys() == row["high"].keys()
        assert row["ms"].keys() - {"cnnlib"} == row["ratio"].keys() and min(row["ms"].values()) > 0
        assert all(0 < row["low"][name] <= row["ratio"][name] <= row["high"][name] for name in row["ratio"])
        assert row["rounds"] >= (3 if "epoch" in row["name"] else 7)


def test_the_table_of_shapes_covers_what_it_should():
    shapes = bench.operations.CONV2D
    assert len(shapes) >= 12
    assert {1, 3, 5, 7} == {side for shape in shapes for side in shape.window}
    assert {1, 2} == {stride for shape in shapes for stride in shape.stride}
    assert {1, 256} <= {channels for shape in shapes for channels in (shape.c, shape.f)}
    assert {28, 224} <= {size for shape in shapes for size in shape.size}
    assert {"valid", "same"} == {shape.padding for shape in shapes}
    assert len(bench.operations.CONV3D) == 4


def test_numbers_are_finite_and_nothing_tells_whose_machine_it_was(stored):
    for path, value in leaves(stored):
        if isinstance(value, float):
            assert math.isfinite(value), path
    text = json.dumps(stored, ensure_ascii=False)
    assert not re.search(r"/(home|root|tmp|work|Users|usr)\b|\\\\", text)
    names = [name for name in (platform.node(), getpass.getuser()) if len(name) > 4]  # "vm" or "root" may be part of a word
    assert not [name for name in names if name in text]


def test_storing_replaces_one_part_whole_or_not_at_all(tmp_path, stored):
    path = tmp_path / "performance.json"
    store.store("pool", stored["parts"]["pool"]["rows"], 1.0, path)
    store.store("conv2d", stored["parts"]["conv2d"]["rows"], 2.0, path)
    assert store.load(path)["parts"]["pool"]["rows"] == stored["parts"]["pool"]["rows"]
    before = path.read_bytes()
    with pytest.raises(ValueError):
        store.store("pool", [{"name": "spoilt", "ms": {"cnnlib": math.nan}}], 1.0, path)
    assert path.read_bytes() == before and [file.name for file in tmp_path.iterdir()] == ["performance.json"]


# ── the bars ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("ratio, reached", [(0.69, True), (0.7, True), (0.71, False)])
def test_a_bar_is_reached_up_to_its_bound(ratio, reached):
    bar, = store.bars({"predict": {"rows": [{"ratio": {"keras": ratio}}]}})
    assert (bar["value"], bar["at_most"], bar["reached"]) == (ratio, 0.7, reached)


def test_bars_take_the_median_the_worst_and_the_larger_column():
    memory = {"first_mb": {"cnnlib": 30, "keras": 10}, "later_mb": {"cnnlib": 20, "keras": 20}}
    found = store.bars({"conv2d": {"rows": [{"best": 0.5}, {"best": 0.9}, {"best": 2.5}]}, "memory": {"rows": [memory]}})
    assert [(bar["value"], bar["reached"]) for bar in found] == [(0.9, True), (2.5, False), (1.5, True)]


def test_a_fraction_has_a_lower_bound():
    bars = store.bars({"step": {"rows": [{"ratio": {"keras": 0.5, "torch": 0.5}, "fraction": 0.599}]}})
    assert [bar["reached"] for bar in bars] == [True, True, False]


def test_the_stored_bars_are_those_of_the_stored_parts(stored):
    assert stored["bars"] == store.bars(stored["parts"])
    assert len(stored["bars"]) == 8


# ── the page ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_committed_page_is_the_generated_one(stored):
    committed = (store.PATH.parent / "performance.md").read_text(encoding="utf-8")
    assert committed == page.page(stored), "run: make bench, or PYTHONPATH=tests .venv/bin/python -m benchmarks.page"


def test_the_committed_pictures_are_the_drawn_ones(stored):
    """Pixel by pixel, but for the last grey level of letters."""
    for name, drawn in pictures.draw(stored["parts"]).items():
        committed = np.asarray(Image.open(store.PATH.parent / "_static" / f"performance_{name}.png").convert("RGB"), float)
        fresh = np.asarray(Image.open(io.BytesIO(drawn.picture_file()[1])).convert("RGB"), float)
        assert committed.shape == fresh.shape and np.abs(committed - fresh).mean() < 0.5, name


def test_the_page_shows_every_row_and_every_bar(stored):
    text = page.page(stored)
    for part in stored["parts"].values():
        for row in part["rows"]:
            line = f"| {tables.short(row['name'])} | " if "direction" in row else ""
            for name, value in row.get("ratio", {}).items():
                shown = {f"| {value:.2f} |", f"| {tables.ratio(row, name)} |"}
                lines = [each for each in text.splitlines() if each.startswith(line)]
                assert any(cell in each for each in lines for cell in shown), row["name"]
    assert text.count("| yes |") + text.count("| no |") == len(stored["bars"])


def test_the_page_leaves_out_what_was_not_measured(stored):
    parts = {name: stored["parts"][name] for name in ("pool", "memory")}
    text = page.page({"parts": parts, "bars": store.bars(parts)})
    assert "## Pooling" in text and "## Memory" in text and "## Growth" not in text


def test_the_page_says_where_conditions_differ(stored):
    parts = json.loads(json.dumps(stored["parts"]))
    parts["pool"]["conditions"]["day"] = "2001-01-01"
    assert "The part `pool` was measured under another condition: day 2001-01-01." in page.page({"parts": parts, "bars": []})


# ── the command ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """`make bench` with two parts, one of which fails, and its file in a folder of its own."""
    def fails(show):
        raise RuntimeError("no kernel")

    (tmp_path / "_static").mkdir()
    monkeypatch.setattr(store, "PATH", tmp_path / "performance.json")
    monkeypatch.setattr(bench, "PARTS", {"broken": fails, "pool": lambda show: store_rows(show)})
    return tmp_path


def store_rows(show):
    row = {"name": "max 2×2", "direction": "forward", "rounds": 7, "ms": {"cnnlib": 1.0, "keras": 2.0}, "ratio": {"keras": 0.5},
           "low": {"keras": 0.4}, "high": {"keras": 0.6}, "difference": {"keras": 0.0}, "best": 0.5}
    show(row)
    return [row, row | {"direction": "both"}]


def test_a_part_that_fails_is_named_and_the_others_go_on(elsewhere, capsys):
    assert bench.main() == 1
    printed = capsys.readouterr().out
    assert "broken\n  not measured: RuntimeError: no kernel" in printed
    assert "ratio keras 0.50 (0.40–0.60)" in printed
    assert list(store.load()["parts"]) == ["pool"] and "max 2×2" in (elsewhere / "performance.md").read_text("utf-8")
    assert bench.main("pool") == 0


def test_an_unknown_part_is_refused_before_anything_runs(elsewhere):
    with pytest.raises(SystemExit, match="there is no part speed · the parts are broken, pool"):
        bench.main("pool,speed")
    assert not store.PATH.exists()
