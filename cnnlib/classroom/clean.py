"""What is taken of a handed-in notebook, and what a teacher should know about it."""

import re

import nbformat
from nbgrader.utils import is_locked

# Words of those who go round the checks instead of through them: a remark for the teacher, no loss of points.
LOOK_AT = re.compile(r"setprofile|checks\.alone|import alone|_own_numbers|_thread\b|subprocess|ctypes|getsource|get_objects")


def clean(text, released):
    """Return a notebook that has only cells from the student, and everything else from the release; and remarks.

    Cells of the release that are missing are put back after the cell that they followed.
    """
    given = nbformat.reads(text, as_version=4)
    known = {cell.metadata.nbgrader.grade_id: cell for cell in released.cells if "nbgrader" in cell.metadata}
    cells, places, remarks = [], {}, []
    for cell in given.cells:
        name = (cell.metadata.get("nbgrader") or {}).get("grade_id")
        code = known[name].cell_type == "code" if name in known else cell.cell_type == "code"
        new = (nbformat.v4.new_code_cell if code else nbformat.v4.new_markdown_cell)(str(cell.source))
        if name in known:
            if is_locked(known[name]) and new.source != known[name].source:
                remarks.append(f"the cell {name} was changed; it was put back as it was")
            new.metadata.nbgrader = known[name].metadata.nbgrader.copy()
            places[name] = new
        cells.append(new)
    before = None
    for name, cell in known.items():
        if name not in places:
            cells.insert(cells.index(places[before]) + 1 if before else 0, cell)
            places[name] = cell
            remarks.append(f"the cell {name} was missing; it was put back")
        before = name
    return nbformat.v4.new_notebook(cells=cells, metadata=released.metadata), remarks


def remarks(notebook, student):
    """Return sentences about cells that were stopped, that use unusual means, or that name another student."""
    found = []
    for number, cell in enumerate(notebook.cells, 1):
        for output in cell.get("outputs", []):
            if output.output_type == "error" and output.ename in ("TimeLimit", "Stopped", "MemoryError"):
                found.append(f"cell {number} was stopped: {output.evalue[:100] or 'it needs too much memory'}")
        for word in sorted(set(LOOK_AT.findall(cell.source))):
            found.append(f"cell {number} uses {word}: have a look at it")
        said = cell.source.partition("=")[2].partition("#")[0].strip().strip("\"'")
        if cell.source.startswith("student =") and said != student:
            found.append(f"the notebook says that the student is {said}; it was handed in by {student}")
    return found
