"""Every assignment end to end, behind the wall: the solution wins all points, the release none, mistakes win their share.

A new folder in source/ joins by itself. Where tests/classroom/test_chNN.py has a table

    HANDED_IN = {"over": (wholly_inside, 2.4), …}     {id of a solution cell: (function or source of the cell, points)}

a third notebook with these wrong answers is handed in, too.
"""

import importlib
import inspect
import re

import pytest
from hand_in import hand_in, notebook, stub
from nbgrader.utils import is_grade

from cnnlib.classroom import grade, release

pytestmark = pytest.mark.slow


def wrong_answers(name):
    """The table HANDED_IN of an assignment's chapter; empty where there is none."""
    return getattr(importlib.import_module(f"test_ch{name[:2]}"), "HANDED_IN", {})


def source(name, cell, answer):
    """The wrong answer as the source of a cell that defines the name which the checking cell uses."""
    if isinstance(answer, str):
        return answer
    checking = next(c.source for c in stub(name).cells if c.id == f"{cell}_points")
    asked = re.search(r"points\(.+, (\w+), [\d.]+\)", checking)[1]
    return inspect.getsource(answer) + f"\n\n{asked} = {answer.__name__}"


@pytest.fixture(scope="module", params=release.assignments())
def graded(request, tmp_path_factory):
    """(name of the assignment, {checking cell: its points}, {student: result}, folder of the results)."""
    name, folder = request.param, tmp_path_factory.mktemp("graded")
    full = {cell.id: cell.metadata.nbgrader.points for cell in stub(name).cells if is_grade(cell)}
    hand_in(folder / name, "learner", notebook(name, "learner"))  # whose numbers the solution holds
    hand_in(folder / name, "stub", stub(name))
    if table := wrong_answers(name):
        replaced = {cell: source(name, cell, answer) for cell, (answer, _) in table.items()}
        hand_in(folder / name, "mistaken", notebook(name, "mistaken", replaced))
    results = grade.grade_all(name, folder / name, output=folder / "out", jobs=2)
    return name, full, {result["student"]: result for result in results}, folder / "out"


def feedback(graded, student):
    name, _, _, out = graded
    return (out / "feedback" / student / name / f"{name}.html").read_text(encoding="utf-8")


def test_the_solution_wins_all_points(graded):
    _, full, results, _ = graded
    assert results["learner"]["points"] == full, feedback(graded, "learner")
    assert results["learner"]["total"] == sum(full.values()) and results["learner"]["remarks"] == []
    assert "--  " not in feedback(graded, "learner")


def test_what_was_released_wins_nothing(graded):
    _, full, results, _ = graded
    assert results["stub"]["points"] == dict.fromkeys(full, 0) and results["stub"]["status"] == "graded"
    assert "ok  " not in feedback(graded, "stub")


def test_wrong_answers_win_their_share(graded):
    name, full, results, _ = graded
    if "mistaken" not in results:
        pytest.skip(f"test_ch{name[:2]}.py has no table HANDED_IN")
    drawn = {cell.id: 0 for cell in stub(name).cells if is_grade(cell) and "(student)" in cell.source}  # another one's numbers
    expected = {f"{cell}_points": points for cell, (_, points) in wrong_answers(name).items()}
    assert results["mistaken"]["points"] == {**full, **drawn, **expected}
    assert "--  " in feedback(graded, "mistaken")
