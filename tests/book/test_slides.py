"""The slides: made from the notebooks' own pictures, formulas and numbers, with few words, complete without a network."""

import html as markup
import json
import re
import sys
from pathlib import Path

import nbformat
import pytest
from test_book_browser import BROWSER, visit
from test_book_pages import Page, is_remote

from cnnlib import results

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "book"))

import slides  # noqa: E402

CHAPTERS = ["02_convolution", "03_pooling", "05_backpropagation"]
WIDTH, HEIGHT = 1280, 720
MOST_WORDS = 50

in_a_browser = [
    pytest.mark.slow,
    pytest.mark.skipif(BROWSER is None, reason="no Chromium or Chrome on this machine"),
]


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("slides") / "new"
    slides.write(folder)
    return folder


def chapter(name):
    return nbformat.read(REPOSITORY / "notebooks" / f"{name}.ipynb", 4)


def slide_texts(deck):
    """The text of each slide, the cells that continue it included, notes left out."""
    texts = []
    for cell in deck.cells:
        kind = cell.metadata.slideshow.slide_type
        if kind == "slide":
            texts.append("")
        if kind != "notes" and cell.cell_type == "markdown":
            texts[-1] += cell.source + "\n"
    return texts


# What becomes of cells.


def small_notebook(tmp_path):
    md, code, output = nbformat.v4.new_markdown_cell, nbformat.v4.new_code_cell, nbformat.v4.new_output
    record = {"scrapbook": {"name": "ch42.answer"}, "cnnlib": {"value": 42, "unit": "px"}}
    loop = 'def f(x):\n    """Say\n\n    what.\n    """\n    return x\n\n'
    cells = [
        md("# 42 · Answer\n\n$$a$$ and $$\nb + c\n$$", metadata={"slideshow": {
            "slide_type": "slide", "title": "Sum", "words": "It is {glue}`ch42.answer`.", "show": ["formula:1"], "notes": "Ask",
            "more": [{"slide_type": "slide", "title": "Again", "show": ["formula:0"]}]}}),
        md("## Left out"),
        code("show()", metadata={"slideshow": {"slide_type": "-"}, "mystnb": {"image": {"alt": "a dot"}}}, outputs=[
            output("stream", text="ch42.answer = 42 px (exactly 42)\nseen\n"),
            output("display_data", {results.MIME: "42"}, metadata=record),
            output("display_data", {"image/png": "aGk="})]),
        code("print(f)", metadata={"slideshow": {"slide_type": "slide", "show": ["loop"]}},
             outputs=[output("stream", text=loop)]),
        code("secret()", outputs=[output("stream", text="hidden")]),
    ]  # fmt: skip
    path = tmp_path / "42_answer.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


def test_cells_become_slides(tmp_path):
    deck = slides.deck(small_notebook(tmp_path))
    first, notes, again, seen, loop, last = deck.cells
    assert first.source == "## Sum\n\nIt is 42 px.\n\n$$b + c$$"
    assert again.source == "## Again\n\n$$a$$"
    assert notes.source == "Ask" and notes.metadata.slideshow.slide_type == "notes"
    assert [o.get("text") for o in seen.outputs] == ["seen\n", None]
    assert seen.outputs[1].data["text/html"] == '<img src="data:image/png;base64,aGk=" alt="a dot">' and seen.source == ""
    assert loop.source == "```python\ndef f(x):\n    return x\n```"
    kinds = [cell.metadata.slideshow.slide_type for cell in deck.cells]
    assert kinds == ["slide", "notes", "slide", "-", "slide", "slide"] and last.source.startswith("## Where this comes from")
    page = slides.export(tmp_path / "42_answer.ipynb")
    assert page.count("<section") == 2 * 4  # nbconvert puts each slide into a column of its own
    assert 'alt="a dot"' in page and "Left out" not in page and "hidden" not in page


@pytest.mark.parametrize("wrong", [{"words": "{glue}`ch42.unknown`"}, {"show": ["formula:7"]}], ids=["number", "formula"])
def test_what_a_notebook_does_not_have_stops_the_slides(tmp_path, wrong):
    path = small_notebook(tmp_path)
    notebook = nbformat.read(path, 4)
    notebook.cells[0].metadata.slideshow.update(wrong)
    nbformat.write(notebook, path)
    with pytest.raises((KeyError, IndexError)):
        slides.deck(path)


# The slides of the course.


def test_three_chapters_have_slides():
    assert [path.stem for path in slides.decks()] == CHAPTERS


@pytest.mark.parametrize("name", CHAPTERS)
def test_slides_have_a_title_each_and_few_words(name):
    texts = slide_texts(slides.deck(REPOSITORY / "notebooks" / f"{name}.ipynb"))
    assert 12 <= len(texts) <= 25
    titles = [re.match(r"##? (.+)\n", text)[1] for text in texts]
    assert len(set(titles)) == len(titles)
    for text in texts:
        prose = re.sub(r"```.*?```|[$]+[^$]+[$]+|[*#`]", " ", text, flags=re.DOTALL)
        assert len(re.findall(r"\w[\w,.]*", prose)) <= MOST_WORDS, text


@pytest.mark.parametrize("name", CHAPTERS)
def test_pictures_are_those_of_the_notebook(folder, name):
    page = (folder / f"{name}.html").read_text(encoding="utf-8")
    stored = [o.data for cell in chapter(name).cells if cell.cell_type == "code" for o in cell.outputs if "data" in o]
    known = {re.sub(r"\s", "", data[kind]) for data in stored for kind in ("image/png", "image/jpeg") if kind in data}
    shown = re.findall(r'src="data:image/\w+;base64,([^"]+)"', page)
    assert len(shown) >= 6 and set(map(str.strip, shown)) <= known
    assert not re.findall(r"ch\d\d\.\w+ =|\{(?:glue|term|doc|cite)\}", page)


@pytest.mark.parametrize("name", [*CHAPTERS, "index"])
def test_nothing_comes_from_another_machine(folder, name):
    text = (folder / f"{name}.html").read_text(encoding="utf-8")
    page = Page(text)
    assert not [url for url in page.loads if is_remote(url)]
    assert not page.silent and "No description" not in text, "pictures without alternative text"
    for url in page.loads + page.links + re.findall(r'src="([^"]+)"', text):
        assert url.startswith(("data:", "#")) or (folder / url).is_file(), url[:80]
    style = (folder / "slides.css").read_text(encoding="utf-8")
    assert "url(" not in style and "@import" not in style


def test_what_is_borrowed_comes_with_its_licence(folder):
    assert "Permission is hereby granted" in (folder / "reveal/LICENSE").read_text(encoding="utf-8")


# In a browser.

MEASURE = """<script>
addEventListener("DOMContentLoaded", async () => {
  const pause = () => new Promise((go) => setTimeout(go, 60));
  while (document.body.dataset.ready !== "yes") await pause();
  const found = [];
  for (let n = 0; n < Reveal.getTotalSlides(); n++) {
    Reveal.slide(n);
    await pause();
    const slide = Reveal.getCurrentSlide(), scale = Reveal.getScale();
    const origin = document.querySelector(".slides").getBoundingClientRect();
    let right = 0, bottom = 0;
    for (const part of slide.querySelectorAll("h1, h2, p, li, pre, img, video, figcaption, svg")) {
      if (part.closest("aside, mjx-assistive-mml")) continue;
      const box = part.getBoundingClientRect();
      right = Math.max(right, (box.right - origin.left) / scale);
      bottom = Math.max(bottom, (box.bottom - origin.top) / scale);
      if (part.tagName === "PRE") right = Math.max(right, (box.left - origin.left) / scale + part.scrollWidth);
    }
    const pictures = [...slide.querySelectorAll("img, video")].map((p) => p.getBoundingClientRect().width / scale);
    const title = slide.querySelector("h1, h2"), middle = (box) => [box.left + box.width / 4, box.top + box.height / 2];
    const seen = title.contains(document.elementFromPoint(...middle(title.getBoundingClientRect())));
    found.push({title: title.textContent, right, bottom, pictures, seen});
  }
  document.body.dataset.slides = JSON.stringify(found);
});
</script></body>"""


def measured(folder, name, tmp_path, more=""):
    """Visit a deck; return (page after its scripts ran, remote requests, right and lower end of what each slide shows)."""
    page = (folder / f"{name}.html").read_text(encoding="utf-8").replace("</body>", MEASURE)
    (folder / "measured.html").write_text(page.replace("</h2>", "</h2>" + more, 1), encoding="utf-8")
    dom, remote = visit((folder / "measured.html").as_uri(), tmp_path)
    return dom, remote, json.loads(markup.unescape(re.search(r'data-slides="([^"]*)"', dom)[1]))


def overflowing(found):
    return [slide["title"] for slide in found if slide["right"] > WIDTH + 1 or slide["bottom"] > HEIGHT + 1]


class TestInABrowser:
    pytestmark = in_a_browser

    @pytest.mark.parametrize("name", CHAPTERS)
    def test_slides_appear_whole_with_their_formulas(self, folder, tmp_path, name):
        dom, remote, found = measured(folder, name, tmp_path)
        texts = slide_texts(slides.deck(REPOSITORY / "notebooks" / f"{name}.ipynb"))
        assert remote == []
        assert len(found) == len(texts)
        assert all(slide["seen"] for slide in found)
        assert overflowing(found) == []
        assert min(width for slide in found for width in slide["pictures"]) > WIDTH / 3
        prose = re.sub(r"```.*?```", "", "\n".join(texts), flags=re.DOTALL)
        formulas = len(re.findall(r"\$\$.+?\$\$|\$[^$]+\$", prose, re.DOTALL))
        assert len(re.findall("<mjx-container", dom)) == formulas >= 6
        assert "<mjx-merror" not in dom and "data-mjx-error" not in dom

    def test_a_slide_that_is_too_full_is_found(self, folder, tmp_path):
        found = measured(folder, "03_pooling", tmp_path, "<p>one more line</p>" * 14)[2]
        assert overflowing(found) == ["One number for each window"]
