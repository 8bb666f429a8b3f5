"""Slides from notebooks, for reveal.js: `make slides`, or python book/slides.py [folder].

Which cells become slides, and with how few words, is written in the cells' metadata:

    "slideshow": {"slide_type": "slide", "title": "…", "words": "…", "show": ["formula:1"], "notes": "…"}

slide_type  "slide" begins a slide, "-" adds to the last one; a cell without it is left out
title       the heading of the slide
words       Markdown, shown in place of the cell's text; {glue}`chNN.name` becomes the recorded number
show        what is kept of the cell itself: of text "formula:0", the first displayed formula, and so on;
            of code "output" (this is meant where nothing is said), "picture" (no printed lines), or "loop" (a printed
            function without its docstring)
notes       for the speaker, in the window that the key S opens
more        a list of further slides of this cell

Pictures, formulas and numbers are the notebook's own, so slides and book cannot differ. Nothing is loaded from a network.
"""

import copy
import importlib.util
import re
import shutil
import sys
from html import escape
from pathlib import Path

import nbformat
from nbconvert import SlidesExporter
from traitlets.config import Config

from cnnlib import results

REPOSITORY = Path(__file__).resolve().parents[1]
TEMPLATE = REPOSITORY / "book" / "slides"
CREDITS = {  # what the code of a chapter loads, and whom to thank for it
    "load_film": "Film: *Big Buck Bunny*, © 2008 Blender Foundation, CC BY 3.0",
    "load_mnist": "Digits: MNIST, by LeCun, Cortes and Burges",
}
DOCSTRING = re.compile(r'^ +""".*?"""\n', re.MULTILINE | re.DOTALL)
CONTENTS = """<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>Slides</title></head>
<body><main>
<h1>Slides</h1>
<ul>
LINKS
</ul>
<p>Keys: arrows to go on and back, Esc for all slides, S for the speaker's notes, F for the whole screen.</p>
</main></body>
</html>
"""
FORMULA = re.compile(r"\$\$(.+?)\$\$", re.DOTALL)
RECORD_LINE = re.compile(r"^ch\d\d\.\w+ = .*\n?", re.MULTILINE)


def decks(repository=REPOSITORY):
    """Return the notebooks that have slides."""
    return [path for path in sorted((repository / "notebooks").glob("*.ipynb")) if slides_of(nbformat.read(path, 4))]


def slides_of(notebook):
    """Return the cells that have a place in the slides."""
    return [cell for cell in notebook.cells if cell.metadata.get("slideshow", {}).get("slide_type") in ("slide", "-")]


def deck(path):
    """Return a notebook of slides, made from the chapter at `path`."""
    chapter = nbformat.read(path, 4)
    numbers = {key: results.with_unit(r["shown"], r["unit"]) for key, r in results.read_records(path).items()}
    cells = [part for cell in slides_of(chapter) for part in parts(cell, numbers)]
    code = "\n".join(cell.source for cell in chapter.cells if cell.cell_type == "code")
    credits = [f"The notebook `{path.name}`; the numbers are those of its stored run", "Text and figures CC BY 4.0, code MIT"]
    credits += [credit for name, credit in CREDITS.items() if name in code]
    words = "## Where this comes from\n\n" + "\n".join(f"- {credit}" for credit in credits)
    cells.append(slide(nbformat.v4.new_markdown_cell(words), "slide"))
    return nbformat.v4.new_notebook(cells=cells, metadata={**chapter.metadata, "title": results.title_of(path)})


def parts(cell, numbers):
    """Return what becomes of one cell: its words, what is kept of it, and notes."""
    described = cell.metadata.slideshow
    return [part for wanted in (described, *described.get("more", [])) for part in parts_of(cell, wanted, numbers)]


def parts_of(cell, wanted, numbers):
    text = [f"{wanted.get('level', '##')} {wanted.title}"] if "title" in wanted else []
    if "words" in wanted:
        text.append(re.sub(r"\{glue\}`([^`]+)`", lambda key: numbers[key[1]], wanted.words))
    kept = []
    for what in wanted.get("show", ["output"] if cell.cell_type == "code" else []):
        kind, _, number = what.partition(":")
        if kind == "formula":
            text.append(f"$${FORMULA.findall(cell.source)[int(number)].strip()}$$")
        elif kind == "loop":
            text.append(f"```python\n{DOCSTRING.sub('', cell.outputs[0].text).strip()}\n```")
        else:
            kept.append(outputs_of(cell, printed=kind == "output"))
    made = [nbformat.v4.new_markdown_cell("\n\n".join(text)), *kept] if text else kept
    made = [slide(part, wanted.slide_type if n == 0 else "-") for n, part in enumerate(made)]
    if "notes" in wanted:
        made.append(slide(nbformat.v4.new_markdown_cell(wanted.notes), "notes"))
    return made


def slide(cell, kind):
    cell.metadata["slideshow"] = {"slide_type": kind}
    return cell


def outputs_of(cell, printed):
    """Return a code cell with its outputs only: pictures with their alternative text, printed lines, but no records."""
    alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
    made = nbformat.v4.new_code_cell("")
    for output in copy.deepcopy(cell.outputs):
        if output.output_type == "stream":
            output.text = RECORD_LINE.sub("", output.text)
            if printed and output.text.strip():
                made.outputs.append(output)
        elif results.MIME not in output.data:
            for kind in {"image/png", "image/jpeg"} & set(output.data):  # nbconvert itself leaves no place for alt
                picture = "".join(output.data[kind].split())
                output.data = {"text/html": f'<img src="data:{kind};base64,{picture}" alt="{escape(alt)}">'}
            made.outputs.append(output)
    return made


def export(path):
    """Return the page of slides of one chapter."""
    config = Config()
    config.SlidesExporter.extra_template_basedirs = [str(TEMPLATE.parent)]
    config.SlidesExporter.exclude_input = config.SlidesExporter.exclude_anchor_links = True
    exporter = SlidesExporter(template_name=TEMPLATE.name, config=config)
    page, _ = exporter.from_notebook_node(deck(path))
    return page


def package(name):
    """Return the folder of an installed package without importing it."""
    found = importlib.util.find_spec(name)
    if found is None:
        sys.exit(f"slides: the package {name} is missing · make slides installs it")
    return Path(found.submodule_search_locations[0])


def write(folder, repository=REPOSITORY):
    """Write all decks and what they load into a folder."""
    folder = Path(folder)
    reveal = package("sphinx_revealjs") / "_static" / "revealjs"
    mathjax = package("sphinx-mathjax-offline") / "static" / "mathjax"
    for name in ("dist/reveal.css", "dist/reveal.js", "plugin/notes/notes.js", "LICENSE"):
        target = folder / "reveal" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(reveal / name, target)
    (folder / "mathjax").mkdir(exist_ok=True)
    shutil.copy(mathjax / "tex-svg.js", folder / "mathjax")
    for name in ("slides.css", "slides.js"):
        shutil.copy(TEMPLATE / name, folder)
    links = []
    for path in decks(repository):
        (folder / f"{path.stem}.html").write_text(export(path), encoding="utf-8")
        links.append(f'<li><a href="{path.stem}.html">{results.title_of(path)}</a></li>')
        print(folder / f"{path.stem}.html")
    (folder / "index.html").write_text(CONTENTS.replace("LINKS", "\n".join(links)), encoding="utf-8")


if __name__ == "__main__":
    write(sys.argv[1] if len(sys.argv) > 1 else REPOSITORY / "_build" / "slides")
