"""The teaching guide: numbers that come from the chapters, words that the checks really say, a section for each chapter."""

import ast
import re
import sys
from pathlib import Path

import nbformat
import pytest

from cnnlib.classroom import grade
from cnnlib.classroom.session import Limits

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "book" / "_ext"))

import chapter_facts  # noqa: E402

CHAPTERS = chapter_facts.chapters()
PLANS = (REPOSITORY / "book/teaching.md").read_text(encoding="utf-8")
GUIDE = (REPOSITORY / "book/teaching_chapters.md").read_text(encoding="utf-8")
SECTIONS = {text[:2]: text for text in re.split(r"^## Chapter ", GUIDE, flags=re.MULTILINE)[1:]}
QUOTES = [
    (number, quote) for number, text in SECTIONS.items() for quote in re.findall(r"^\|.*\| `([^`|]+)` \|$", text, re.MULTILINE)
]
CHECKED = [pair for pair in QUOTES if pair[0] in CHAPTERS]  # a chapter that is still to come has no checks to compare with


def strings(path):
    """All texts in a Python file; a formatted one has … for each value."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.JoinedStr):
            found.append("".join(part.value if isinstance(part, ast.Constant) else "…" for part in node.values))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.append(node.value)
    return found


def modules(number):
    """The files that hold the checks of one chapter: a module, or the modules of a package."""
    checks = REPOSITORY / "cnnlib/checks"
    return [*checks.glob(f"ch{number}.py"), *checks.glob(f"ch{number}/*.py")]


def test_every_chapter_of_the_book_has_a_section():
    assert list(SECTIONS) == sorted(SECTIONS)
    assert not set(CHAPTERS) - set(SECTIONS), "add the chapter to book/teaching_chapters.md"


def test_sections_of_chapters_still_to_come_are_left_out():
    page = "# Guide\n\n## Chapter 01\n\na\n\n## Chapter 77\n\nb\n\n## Other\n\nc\n"
    assert chapter_facts.drop_missing(page, {"01": None}) == "# Guide\n\n## Chapter 01\n\na\n\n## Other\n\nc\n"
    shown = chapter_facts.drop_missing(GUIDE, CHAPTERS)
    assert re.findall(r"^## Chapter (\d\d)$", shown, re.MULTILINE) == list(CHAPTERS)


@pytest.mark.parametrize("number", SECTIONS)
def test_a_section_says_all_that_a_teacher_needs(number):
    text = SECTIONS[number]
    for fact in (f"{{chapter}}`{number}`", f"{{minutes}}`{number}`", f"{{seconds}}`{number}`", f"```{{objectives}} {number}"):
        assert fact in text
    assert sum(chapter == number for chapter, _ in QUOTES) >= 4, "misconceptions"
    questions = text.split("**Questions for the room**")[1].split("**Short of time**")
    assert len(re.findall(r"^- \*.+?\?\*", questions[0], re.MULTILINE | re.DOTALL)) >= 3
    assert "](../notebooks/" in questions[1], "what to skip, as links to sections"


@pytest.mark.parametrize(("number", "quote"), CHECKED)
def test_the_quoted_words_are_those_of_the_check(number, quote):
    assert any(quote in text for path in modules(number) for text in strings(path))


@pytest.mark.parametrize("page", ["teaching.md", "teaching_chapters.md"])
def test_no_measured_time_is_written_by_hand(page):
    text = (REPOSITORY / "book" / page).read_text(encoding="utf-8")
    assert not re.findall(r"\d+ (?:minutes to read|minutes of reading|seconds to run|seconds of running)", text)


@pytest.mark.parametrize("number", CHAPTERS)
def test_facts_of_a_chapter(number):
    notebook = nbformat.read(CHAPTERS[number], as_version=4)
    prose = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    assert f"{chapter_facts.minutes(CHAPTERS[number])} minutes to read" in prose
    listed = chapter_facts.objectives(CHAPTERS[number]).splitlines()
    assert 3 <= sum(line.startswith(("- ", "* ")) for line in listed) <= 5
    assert all(line in prose for line in listed)


def test_facts_of_a_small_notebook(tmp_path):
    path = tmp_path / "notebooks" / "42_answer.ipynb"
    path.parent.mkdir()
    text = "# 42 · Answer\n\n**You will be able to**\n\n- ask\n  twice;\n- know.\n\n**Time** 7 minutes to read\n\n## Body\n\n- no"
    record = {"scrapbook": {"name": "ch42.run_seconds"}, "cnnlib": {"value": 1.6}}
    output = nbformat.v4.new_output("display_data", {"application/papermill.record/text/plain": "1.6"}, metadata=record)
    cells = [nbformat.v4.new_markdown_cell(text), nbformat.v4.new_code_cell("", outputs=[output])]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    assert chapter_facts.chapters(tmp_path) == {"42": path}
    assert (chapter_facts.minutes(path), chapter_facts.seconds(path)) == (7, 1.6)
    assert chapter_facts.objectives(path) == "- ask\n  twice;\n- know."
    assert chapter_facts.assignment(path) is None


@pytest.mark.parametrize("number", CHAPTERS)
def test_the_assignment_is_counted_as_its_first_cell_says(number):
    found = chapter_facts.assignment(CHAPTERS[number])
    if found is not None:
        slug = CHAPTERS[number].stem
        first = nbformat.read(REPOSITORY / f"notebooks/classroom/release/{slug}/{slug}.ipynb", as_version=4).cells[0].source
        words = ["none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
        assert f"{words[found[0]].capitalize()} exercises, {found[1]:g} points" in first


def test_assignments_with_a_task_for_each_name():
    own = chapter_facts.with_own_task(CHAPTERS)
    assert {"02", "03"} <= set(own)
    for number in own:
        assert any("def own_words(student)" in path.read_text(encoding="utf-8") for path in modules(number))


@pytest.mark.parametrize("page", ["book/teaching.md", "book/teaching_chapters.md", "book/how_to_use.md", "README.md"])
def test_every_make_target_that_is_named_exists(page):
    targets = re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    named = re.findall(r"(?:^|`)(?:CNNLIB_SCALE=gpu )?make ([a-z-]+)", (REPOSITORY / page).read_text("utf-8"), re.MULTILINE)
    assert named and set(named) <= set(targets)


def test_limits_and_words_of_the_grader():
    limits = Limits()
    sentence = f"A call may take {limits.call} seconds, a cell {limits.cell}, a notebook {limits.student}, and all of it"
    assert f"{sentence} {limits.memory // 2**30} GB of memory" in " ".join(PLANS.split())
    header, *_ = grade.table([]).splitlines()
    assert header == "student,total,status,seconds,remarks"
    assert "points of each exercise, total, status, seconds, remarks" in PLANS
    code = "".join((REPOSITORY / "cnnlib/classroom" / name).read_text("utf-8") for name in ("mark.py", "grade.py"))
    for status in re.findall(r"^\| `(\w+)` \|", PLANS, re.MULTILINE):
        assert f'"{status}"' in code
    assert set(re.findall(r'"status"[:\]] *=? ?"(\w+)"', code)) <= set(re.findall(r"^\| `(\w+)` \|", PLANS, re.MULTILINE))


@pytest.mark.slow
def test_the_built_pages_hold_the_numbers(html):
    text = {name: re.sub(r"<[^>]+>", "", (html / "book" / f"{name}.html").read_text("utf-8"))
            for name in ("teaching", "teaching_chapters")}  # fmt: skip
    for path in CHAPTERS.values():
        facts = f"{chapter_facts.minutes(path)} minutes to read, {chapter_facts.seconds(path):.0f} seconds to run"
        assert facts in " ".join(text["teaching_chapters"].split())
    total = sum(map(chapter_facts.minutes, CHAPTERS.values()))
    assert f"{total} minutes of reading" in " ".join(text["teaching"].split())
