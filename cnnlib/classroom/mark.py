"""One student: nbgrader's autograde, with its execution divided between the desk and this process.

`python -m cnnlib.classroom.mark JOB` reads what `grade.py` wrote into the folder JOB and leaves the autograded notebook, the
result and the feedback there. It ends when `grade.py` ends.
"""

import ast
import builtins
import contextlib
import io
import json
import os
import shutil
import sys
import threading
import time
from pathlib import Path

import nbformat
from nbgrader.converters import Autograde
from nbgrader.preprocessors import CheckCellMetadata, LimitOutput, NbGraderPreprocessor, SaveAutoGrades
from nbgrader.utils import is_grade, is_locked, is_solution

from cnnlib.checks import points as checks
from cnnlib.classroom import feedback, release
from cnnlib.classroom.clean import clean, remarks
from cnnlib.classroom.handed_in import LARGEST
from cnnlib.classroom.session import Limits, Session
from cnnlib.errors import CheckFailed
from cnnlib.files import atomic


class DividedExecution(NbGraderPreprocessor):
    """Cells of the student run at the desk; cells that give points run here, with stand-ins for the student's functions.

    Cells that are locked and give no points, such as imports, run on both sides. The name `student` is the one under which the
    notebook was handed in, whatever the notebook says.
    """

    session = None
    student = ""

    def preprocess(self, nb, resources):
        names = {"__name__": "grader", "student": self.student}  # what the grader itself knows
        for cell in nb.cells:
            if cell.cell_type == "code" and cell.source.strip():
                if is_grade(cell) and not is_solution(cell):
                    self._grade(cell, names)
                else:
                    self._run(cell, names)
        return nb, resources

    def _run(self, cell, names):
        text, error = self.session.run(cell.source)
        if is_locked(cell):
            with contextlib.redirect_stdout(io.StringIO()):
                exec(cell.source, names)
        cell.outputs = _outputs(text, error)

    def _grade(self, cell, names):
        tree = ast.parse(cell.source)
        used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
        names = {**self.session.look(used - names.keys() - vars(builtins).keys()), **names}
        last = ast.Expression(tree.body.pop().value) if isinstance(tree.body[-1], ast.Expr) else None
        printed, value, error = io.StringIO(), None, None
        with contextlib.redirect_stdout(printed):
            try:
                exec(compile(tree, "check", "exec"), names)
                value = last and eval(compile(last, "check", "eval"), names)
            except Exception as problem:
                error = [type(problem).__name__, str(problem)]
        cell.outputs = _outputs(printed.getvalue(), error)
        if value is not None:
            data = {"text/plain": repr(value)}
            cell.outputs.append(nbformat.v4.new_output("execute_result", data, execution_count=None))


class Divided(Autograde):
    """nbgrader's autograde: clean, restore locked cells from the gradebook, execute, save the points."""

    autograde_preprocessors = [DividedExecution, LimitOutput, SaveAutoGrades, CheckCellMetadata]


def _outputs(text, error):
    outputs = [nbformat.v4.new_output("stream", name="stdout", text=text)] if text else []
    if error:
        name, message = error
        outputs.append(nbformat.v4.new_output("error", ename=name, evalue=message, traceback=[f"{name}: {message}"]))
    return outputs


def mark(job):
    """Mark one student; write job/result.json, job/notebook.ipynb and job/feedback.html."""
    told = json.loads((job / "job.json").read_text(encoding="utf-8"))
    assignment, student, limits = told["assignment"], told["student"], Limits(**told["limits"])
    began = time.monotonic()
    released = nbformat.read(job / "release" / f"{assignment}.ipynb", as_version=4)
    out_of = {cell.metadata.nbgrader.grade_id: cell.metadata.nbgrader.points for cell in released.cells if is_grade(cell)}
    result = {**told["labels"], "student": student, "assignment": assignment, "status": "graded", "remarks": [],
              "out_of": out_of, "points": dict.fromkeys(out_of, 0.0)}  # fmt: skip
    notebook = released
    try:
        notebook, result["remarks"] = clean(_read(job / "notebook"), released)
    except Exception as error:
        result["status"] = "unreadable" if (job / "notebook").exists() else "missing"
        result["remarks"] = [f"the notebook cannot be read: {error}" if isinstance(error, CheckFailed) else
                             "the notebook cannot be read: the file is not a Jupyter notebook"]  # fmt: skip
    else:
        checks.set_seed(*told["seed"])
        notebook, result["points"], more = _autograde(job, told["course"], notebook, assignment, student, limits)
        result["remarks"] += more
    result["total"] = round(sum(result["points"].values()), 2)
    result["seconds"] = round(time.monotonic() - began, 1)
    nbformat.write(notebook, job / "autograded.ipynb")
    (job / "feedback.html").write_text(feedback.page(result, notebook), encoding="utf-8")
    with atomic(job / "result.json") as beside:
        beside.write_text(json.dumps(result, indent=1, ensure_ascii=False), encoding="utf-8")


def _read(path):
    if not path.exists():
        raise CheckFailed("there is none")
    if path.stat().st_size > LARGEST:
        raise CheckFailed(f"it has more than {LARGEST // 2**20} MB; clear its outputs and hand it in again")
    return path.read_text(encoding="utf-8")


def _autograde(job, course, notebook, assignment, student, limits):
    """Let nbgrader autograde the cleaned notebook in a course of its own with a copy of the gradebook."""
    root = job / "course"
    submitted = root / "submitted" / student / assignment
    for folder in (submitted, root / "source" / assignment, root / "desk"):
        folder.mkdir(parents=True)
    shutil.copy(job / "gradebook.db", root / "gradebook.db")
    nbformat.write(notebook, submitted / f"{assignment}.ipynb")
    session = Session(job / "files", root / "desk", limits)
    DividedExecution.session, DividedExecution.student = session, student
    api = release.nbgrader(course, root)
    api.coursedir.assignment_id, api.coursedir.student_id = assignment, student
    with contextlib.closing(session):
        Divided(coursedir=api.coursedir, parent=api).start()
    done = nbformat.read(root / "autograded" / student / assignment / f"{assignment}.ipynb", as_version=4)
    with api.gradebook as gradebook:
        saved = gradebook.find_submission_notebook(assignment, assignment, student)
        points = {grade.name: float(grade.score) for grade in saved.grades}
    return done, points, remarks(done, student)


def _end_with_parent():
    sys.stdin.buffer.read()
    if DividedExecution.session is not None:
        DividedExecution.session.close()
    os._exit(1)


if __name__ == "__main__":
    threading.Thread(target=_end_with_parent, daemon=True).start()
    mark(Path(sys.argv[1]))
