"""Recorded numbers: checked against their band, printed, stored, and gathered into two pages."""

import json
import math

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from cnnlib import results
from cnnlib.errors import RecordError


@pytest.mark.parametrize(
    "value, band, line",
    [
        (0.9912, {"at_least": 0.988}, "ch06.x = 0.9912 (at least 0.988)"),
        (0.0031, {"at_most": 0.01}, "ch06.x = 0.0031 (at most 0.01)"),
        (0, {"equal": 0}, "ch06.x = 0 (exactly 0)"),
        (0.5, {"at_least": 0, "at_most": 1}, "ch06.x = 0.5 (between 0 and 1)"),
        (0.125, {}, "ch06.x = 0.125"),
        (17.26, {"at_most": 120, "unit": "s", "digits": 2}, "ch06.x = 17 s (at most 120 s)"),
        (np.float32(0.25), {"at_most": np.float64(0.25)}, "ch06.x = 0.25 (at most 0.25)"),
        (np.int64(12), {"at_least": 12}, "ch06.x = 12 (at least 12)"),
        (np.array(2.5), {}, "ch06.x = 2.5"),
    ],
)
def test_a_number_inside_its_band_is_printed_with_it(capsys, value, band, line):
    assert results.record("ch06.x", value, **band) is None
    assert capsys.readouterr().out == line + "\n"


@pytest.mark.parametrize(
    "value, band",
    [
        (0.98799, {"at_least": 0.988}),
        (0.010001, {"at_most": 0.01}),  # shows as 0.01 with four digits, and is outside all the same
        (1, {"equal": 0}),
        (-0.1, {"at_least": 0, "at_most": 1}),
        (1.1, {"at_least": 0, "at_most": 1}),
    ],
)
def test_a_number_outside_its_band_raises(capsys, value, band):
    with pytest.raises(RecordError, match="outside its band · ch06.x = "):
        results.record("ch06.x", value, **band)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, np.float32("nan"), None, "0.99", 1j, np.ones(1), [1]])
def test_only_one_finite_number_is_recorded(value):
    with pytest.raises(RecordError, match="give one finite number"):
        results.record("ch06.x", value)
    if value is not None:  # None means: no bound
        with pytest.raises(RecordError, match="at_most of ch06.x"):
            results.record("ch06.x", 0.5, at_most=value)


@pytest.mark.parametrize(
    "key", ["accuracy", "ch6.x", "ch06.", "ch06.Test", "ch06.a b", "ch06.x.y", "ch06-x", "ch06.x\n", 6]
)
def test_a_key_of_another_form_raises(key):
    with pytest.raises(RecordError, match="another form"):
        results.record(key, 0.5)


def test_equal_and_another_bound_are_refused():
    with pytest.raises(RecordError, match="either equal, or"):
        results.record("ch06.x", 1, equal=1, at_least=0)


def test_the_clock_runs():
    assert 0 <= results.run_seconds() <= results.run_seconds()


def chapter(title, *records):
    """A notebook as MyST-NB reads it: a heading and one cell per (key, value, facts)."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(f"# {title}\n\ntext")])
    for key, value, facts in records:
        facts = {"value": value, "at_least": None, "at_most": None, "equal": None, "unit": "", **facts}
        output = nbformat.v4.new_output(
            "display_data", {results.MIME: results.show(value)}, metadata={"scrapbook": {"name": key}, "cnnlib": facts}
        )
        notebook.cells.append(nbformat.v4.new_code_cell("...", outputs=[output]))
    return notebook


@pytest.fixture
def repository(tmp_path):
    (tmp_path / "book").mkdir()
    (tmp_path / "notebooks").mkdir()
    limit = {"at_most": 120, "unit": "s"}
    first = chapter("2 Convolution", ("ch02.error", 0.0031, {"at_most": 0.01}), ("ch02.run_seconds", 41.7, limit))
    second = chapter("3 Pooling", ("ch03.shift", 2.5, {"unit": "px"}), ("ch03.run_seconds", 8.2, limit))
    nbformat.write(second, tmp_path / "notebooks" / "03_pooling.ipynb")
    nbformat.write(first, tmp_path / "notebooks" / "02_convolution.ipynb")
    return tmp_path


def test_the_pages_gather_the_records_in_the_order_of_the_chapters(repository):
    results.write_pages(repository)
    lines = (repository / "book" / "results.md").read_text(encoding="utf-8").splitlines()
    second = lines.index("## [3 Pooling](../notebooks/03_pooling.ipynb)")
    assert "## [2 Convolution](../notebooks/02_convolution.ipynb)" in lines[:second]
    assert "| `ch02.error` | 0.0031 | at most 0.01 |" in lines[:second]
    assert "| `ch03.shift` | 2.5 px | — |" in lines[second:]
    assert not any("run_seconds" in line for line in lines)
    times = (repository / "book" / "run_times.md").read_text(encoding="utf-8")
    assert "| [2 Convolution](../notebooks/02_convolution.ipynb) | 42 | 120 |" in times
    assert "| **all chapters** | **50** | |" in times


def test_the_pages_are_the_same_each_time(repository):
    results.write_pages(repository)
    before = [path.read_bytes() for path in sorted((repository / "book").iterdir())]
    results.write_pages(repository)
    assert before == [path.read_bytes() for path in sorted((repository / "book").iterdir())]


def test_a_key_recorded_twice_is_refused(tmp_path):
    path = tmp_path / "02.ipynb"
    nbformat.write(chapter("Two", ("ch02.error", 0.1, {}), ("ch02.error", 0.2, {})), path)
    with pytest.raises(RecordError, match="records ch02.error twice"):
        results.read_records(path)


def test_a_chapter_without_a_heading_is_refused(tmp_path):
    path = tmp_path / "02.ipynb"
    nbformat.write(nbformat.v4.new_notebook(), path)
    with pytest.raises(RecordError, match="no heading"):
        results.title_of(path)


def test_a_record_is_stored_in_the_notebook_that_made_it(tmp_path):
    code = "from cnnlib import results\nresults.record('ch02.error', 1 / 320, at_most=0.01, unit='px')"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    NotebookClient(notebook, kernel_name="python3", timeout=60).execute()
    stream, output = notebook.cells[0].outputs
    assert stream["text"] == "ch02.error = 0.003125 px (at most 0.01 px)\n"
    assert output["data"] == {"application/papermill.record/text/plain": "0.003125"}
    assert output["metadata"]["scrapbook"]["name"] == "ch02.error"
    nbformat.write(notebook, tmp_path / "02.ipynb")
    facts = {"value": 0.003125, "at_least": None, "at_most": 0.01, "equal": None, "unit": "px", "shown": "0.003125"}
    assert results.read_records(tmp_path / "02.ipynb") == {"ch02.error": facts}
    assert json.loads(json.dumps(facts)) == facts


def test_a_record_outside_its_band_stops_the_notebook():
    code = "from cnnlib import results\nresults.record('ch02.error', 0.02, at_most=0.01)"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    with pytest.raises(CellExecutionError, match="RecordError"):
        NotebookClient(notebook, kernel_name="python3", timeout=60).execute()
