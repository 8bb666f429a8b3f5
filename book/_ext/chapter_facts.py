"""Facts about chapters, read from the notebooks when the pages are built, so that no page repeats them by hand.

    {minutes}`02`                 the minutes to read that the chapter's opening states; {minutes}`all`: their sum
    {seconds}`02`                 its measured run time, from the stored record; {seconds}`all`: their sum
    {chapter}`09|project work`    a link to the chapter, or the words behind the bar while there is no such chapter
    {assignment}`09`              the number of its assignment, or nothing while there is none
    {assignment}`own`             the numbers of the assignments that have a task for each name, as in "02, 03 and 08"
    {objectives} 02               directive: what the opening promises under *You will be able to*
    {chapter-table}               directive: all chapters with minutes, seconds, and the points of their assignments

A page may have sections named `## Chapter 09` for chapters that are still to come: they are left out until the notebook is there.
"""

import json
import re
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective, SphinxRole

from cnnlib import results

REPOSITORY = Path(__file__).resolve().parents[2]


def chapters(repository=REPOSITORY):
    """Return {"02": path of the notebook} for all chapters."""
    return {path.name[:2]: path for path in sorted((repository / "notebooks").glob("[0-9][0-9]_*.ipynb"))}


def opening(notebook):
    """Return the text of a notebook before its first section."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    prose = "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    return prose.split("\n## ")[0]


def minutes(notebook):
    """Return the minutes to read that the opening states."""
    return int(re.search(r"(\d+) minutes to read", opening(notebook))[1])


def seconds(notebook):
    """Return the recorded seconds that the notebook takes to run."""
    return next(r["value"] for key, r in results.read_records(notebook).items() if key.endswith(".run_seconds"))


def objectives(notebook):
    """Return the list under *You will be able to*, as Markdown."""
    return re.search(r"\*\*You will be able to\*\*\n\n((?:[-*] .+\n(?: +.+\n)*)+)", opening(notebook) + "\n")[1].strip()


def released(notebook):
    """Return the cells of a chapter's assignment as students get it, or None while it has none."""
    path = notebook.parent / "classroom" / "release" / notebook.stem / notebook.name
    return json.loads(path.read_text(encoding="utf-8"))["cells"] if path.exists() else None


def assignment(notebook):
    """Return (exercises, points) of a chapter's assignment, or None while it has none."""
    cells = released(notebook)
    if cells is None:
        return None
    headings = [line for cell in cells if cell["cell_type"] == "markdown" for line in "".join(cell["source"]).splitlines()]
    graded = [cell["metadata"].get("nbgrader", {}) for cell in cells]
    return sum(bool(re.match(r"## \d+ ·", line)) for line in headings), sum(c.get("points", 0) for c in graded if c.get("grade"))


def with_own_task(known):
    """Return the numbers of the chapters in {number: notebook} whose assignment draws a task from the student's name."""
    sources = {number: "".join("".join(cell["source"]) for cell in released(path) or []) for number, path in known.items()}
    return [number for number, source in sources.items() if "own_words(student)" in source]


def drop_missing(text, known):
    """Return a page without the sections of chapters that do not exist."""
    parts = re.split(r"(?=^## )", text, flags=re.MULTILINE)
    return "".join(part for part in parts if not (found := re.match(r"## Chapter (\d\d)\n", part)) or found[1] in known)


class Sum(SphinxRole):
    """A number of one chapter, or the sum over all."""

    def __init__(self, measure):
        super().__init__()
        self.measure = measure

    def run(self):
        known = chapters()
        chosen = known.values() if self.text == "all" else [known[self.text]]
        for path in chosen:
            self.env.note_dependency(str(path))
        return [nodes.Text(f"{sum(map(self.measure, chosen)):.0f}")], []


class Chapter(SphinxRole):
    def run(self):
        number, _, otherwise = self.text.partition("|")
        path = chapters().get(number)
        if path is None:
            return [nodes.Text(otherwise)], []
        markdown = f"[{results.title_of(path)}](/notebooks/{path.name})"
        return self.inliner.parse(markdown, self.lineno, self.inliner, self.inliner.parent)


class Assignment(SphinxRole):
    def run(self):
        known = chapters()
        if self.text == "own":
            *most, last = with_own_task(known)
            return [nodes.Text(f"{', '.join(most)} and {last}")], []
        return [nodes.Text(self.text if self.text in known and assignment(known[self.text]) else "")], []


class Objectives(SphinxDirective):
    required_arguments = 1

    def run(self):
        path = chapters()[self.arguments[0]]
        self.env.note_dependency(str(path))
        return parsed(self, objectives(path).splitlines())


class ChapterTable(SphinxDirective):
    def run(self):
        lines = ["| chapter | minutes to read | seconds to run | assignment |", "|---|---:|---:|---|"]
        for path in chapters().values():
            self.env.note_dependency(str(path))
            given = assignment(path)
            task = f"{given[0]} exercises, {given[1]:g} points" if given else "—"
            link = f"[{results.title_of(path)}](/notebooks/{path.name})"
            lines.append(f"| {link} | {minutes(path)} | {seconds(path):.0f} | {task} |")
        measures = (sum(map(measure, chapters().values())) for measure in (minutes, seconds))
        lines.append("| **all chapters** | " + " | ".join(f"**{total:.0f}**" for total in measures) + " | |")
        return parsed(self, lines)


def parsed(directive, lines):
    container = nodes.Element()
    directive.state.nested_parse(StringList(lines, directive.env.docname), directive.content_offset, container)
    return container.children


def leave_out(app, docname, source):
    source[0] = drop_missing(source[0], chapters())


def setup(app):
    app.connect("source-read", leave_out)
    app.add_role("minutes", Sum(minutes))
    app.add_role("seconds", Sum(seconds))
    app.add_role("chapter", Chapter())
    app.add_role("assignment", Assignment())
    app.add_directive("objectives", Objectives)
    app.add_directive("chapter-table", ChapterTable)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
