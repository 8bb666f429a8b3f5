"""`make execute`: fresh outputs in place, nothing else changed, nothing half-written."""

import sys
from pathlib import Path

import nbformat
import pytest
from nbclient.exceptions import CellExecutionError

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "book"))
import execute

from cnnlib import results


def write(path, *sources):
    cells = [nbformat.v4.new_code_cell(s, id=f"ch02-{i:03d}", metadata={"tags": ["a"]}) for i, s in enumerate(sources)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"widgets": {}}), path)


def test_outputs_are_fresh_and_ids_and_tags_are_kept(tmp_path):
    path = tmp_path / "02_small.ipynb"
    record = "from cnnlib import results\nresults.record('ch02.error', 0.5)"
    write(path, "print(1)\nprint(2)", record, "import os\nos.environ.get('CNNLIB_PROGRESS')")
    assert execute.main(["02_small"], tmp_path) == 0
    once = path.read_bytes()
    notebook = nbformat.read(path, as_version=4)
    assert [cell.id for cell in notebook.cells] == ["ch02-000", "ch02-001", "ch02-002"]
    assert notebook.metadata == execute.METADATA and notebook.cells[0].metadata == {"tags": ["a"]}
    assert [output.text for output in notebook.cells[0].outputs] == ["1\n2\n"]
    assert notebook.cells[2].outputs[0].data["text/plain"] == "'off'"
    assert results.read_records(path)["ch02.error"]["value"] == 0.5
    assert execute.main([], tmp_path) == 0
    assert path.read_bytes() == once
    assert [file.name for file in tmp_path.iterdir()] == ["02_small.ipynb"]


def test_a_notebook_that_stops_is_left_as_it_was(tmp_path, capsys):
    path = tmp_path / "02_small.ipynb"
    write(path, "print(1)", "1 / 0")
    before = path.read_bytes()
    with pytest.raises(CellExecutionError):
        execute.execute(path)
    assert execute.main([], tmp_path) == 1
    assert "02_small.ipynb: stopped" in capsys.readouterr().err
    assert path.read_bytes() == before


def test_an_unknown_name_is_refused(tmp_path):
    with pytest.raises(SystemExit, match="no notebook 99_none"):
        execute.main(["99_none"], tmp_path)
