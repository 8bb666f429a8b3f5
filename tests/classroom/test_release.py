"""The assignments: generated from their solutions, the same each time, and of use to a learner who is alone with them."""

import shutil

import nbformat
import pytest
from nbclient import NotebookClient
from nbgrader.utils import is_grade, is_locked, is_solution

from cnnlib.classroom import release

NAMES = release.assignments()
pytestmark = pytest.mark.parametrize("name", NAMES)


def read(kind, name):
    return nbformat.read(release.COURSE / kind / name / f"{name}.ipynb", as_version=4)


def contents(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_release_is_what_the_source_gives(name, tmp_path):
    release.generate(release.COURSE, name, tmp_path / "release")
    assert contents(tmp_path / "release") == contents(release.COURSE / "release" / name), "run: make assignments"


def test_a_changed_source_changes_the_release(name, tmp_path):
    course = tmp_path / "course"
    shutil.copytree(release.COURSE / "source" / name, course / "source" / name)
    shutil.copy(release.COURSE / "nbgrader_config.py", course)
    path = course / "source" / name / f"{name}.ipynb"
    path.write_text(path.read_text(encoding="utf-8").replace("# Assignment", "# Drifted assignment", 1), encoding="utf-8")
    release.generate(course, name, tmp_path / "release")
    assert contents(tmp_path / "release") != contents(release.COURSE / "release" / name)


def test_no_solution_no_hidden_test_and_no_output_is_released(name):
    source, released = read("source", name), read("release", name)
    text = "\n".join(cell.source for cell in released.cells)
    assert "SOLUTION" not in text and "HIDDEN" not in text
    assert [cell.id for cell in released.cells] == [cell.id for cell in source.cells]
    for before, after in zip(source.cells, released.cells, strict=True):
        if is_solution(before):
            assert "BEGIN SOLUTION" in before.source and "Write your code here" in after.source
            removed = before.source.split("### BEGIN SOLUTION")[1].split("### END SOLUTION")[0].strip()
            assert removed and removed not in text
        if after.cell_type == "code":
            assert not after.outputs and after.execution_count is None


def test_form_of_the_source(name):
    cells = read("source", name).cells
    graded = [cell for cell in cells if is_grade(cell)]
    title = cells[0].source
    total = sum(cell.metadata.nbgrader.points for cell in graded)
    assert title.startswith("# Assignment ") and f"{total:g} points" in title
    assert sum(cell.source == 'student = "learner"' for cell in cells) == 1
    for cell in graded:
        given = cell.metadata.nbgrader
        assert is_locked(cell) and given.grade_id == cell.id and cell.id.endswith("_points")
        if "points(" in cell.source:
            assert f", {given.points:g})" in cell.source, "the points of the cell and of its call differ"
    exercises = [cell.source for cell in cells if cell.cell_type == "markdown" and cell.source.startswith("## ")]
    assert all("★" in text.splitlines()[0] and "point" in text.splitlines()[0] for text in exercises)


def run(notebook, folder):
    NotebookClient(notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(folder)}}).execute()
    return {c.id: "".join(o.get("text", "") for o in c.outputs) for c in notebook.cells if c.cell_type == "code"}


@pytest.mark.slow
def test_a_learner_alone_can_run_it_unfinished(name, tmp_path):
    said = run(read("release", name), tmp_path)
    checks = [text for cell, text in said.items() if cell.endswith("_points")]
    assert checks and all("--  " in text and "ok  " not in text for text in checks)


@pytest.mark.slow
def test_the_solution_satisfies_a_learner_s_own_checks(name, tmp_path):
    said = run(read("source", name), tmp_path)
    checks = [text for cell, text in said.items() if cell.endswith("_points")]
    assert checks and all("ok  " in text and "--  " not in text for text in checks)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Object of type")
def test_nbgrader_alone_can_grade_it(name, tmp_path):
    api = release.nbgrader(release.COURSE, tmp_path)
    shutil.copytree(release.COURSE / "source" / name, tmp_path / "source" / name)
    shutil.copytree(release.COURSE / "source" / name, tmp_path / "submitted" / "learner" / name)
    for done in (api.generate_assignment(name), api.autograde(name, "learner")):
        assert done["success"], done
    with api.gradebook as gradebook:
        result = gradebook.find_submission_notebook(name, name, "learner")
        assert result.score == result.max_score > 0
