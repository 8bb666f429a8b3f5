"""Makes handed-in notebooks for the tests: the solution of an assignment with some cells replaced, dropped or added."""

import nbformat
from nbgrader.utils import is_solution

from cnnlib.classroom import release


def notebook(assignment, student="learner", replace=None, drop=(), start=(), end=()):
    """Return the solved notebook of an assignment under a student's name; `replace` is {cell id: new source}.

    `start` and `end` are sources of cells to put before and after all others.
    """
    made, solved = stub(assignment), nbformat.read(release.COURSE / "source" / assignment / f"{assignment}.ipynb", as_version=4)
    for cell, solution in zip(made.cells, solved.cells, strict=True):
        if is_solution(cell):
            cell.source = solution.source
    unknown = {*(replace or {}), *drop} - {cell.id for cell in made.cells}
    assert not unknown, f"no cell {unknown}"
    made.cells = [cell for cell in made.cells if cell.id not in drop]
    for cell in made.cells:
        if cell.id == "student":
            cell.source = f'student = "{student}"'
        cell.source = (replace or {}).get(cell.id, cell.source)
    extra = [[nbformat.v4.new_code_cell(source) for source in sources] for sources in (start, end)]
    made.cells = extra[0] + made.cells + extra[1]
    return made


def stub(assignment):
    """Return the notebook as it was released."""
    return nbformat.read(release.COURSE / "release" / assignment / f"{assignment}.ipynb", as_version=4)


def hand_in(folder, student, made, files=None):
    """Write folder/student/assignment/assignment.ipynb; `made` is a notebook, bytes to be written as they are, or None."""
    assignment = folder.name
    place = folder / student / assignment
    place.mkdir(parents=True, exist_ok=True)
    path = place / f"{assignment}.ipynb"
    if made is None:
        return path
    path.write_bytes(made if isinstance(made, bytes) else nbformat.writes(made).encode())
    for name, data in (files or {}).items():
        (place / name).write_bytes(data)
    return path
