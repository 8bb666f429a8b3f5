"""The notebooks as they are stored: complete in form, executed in order, clean, and inside the bars of the course."""

import base64
import io
import re
import sys
from pathlib import Path

import nbformat
import numpy as np
import pytest
from PIL import Image

from cnnlib import results

REPOSITORY = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((REPOSITORY / "notebooks").glob("*.ipynb"))
LARGEST = 1_000_000  # bytes of a stored notebook
TEXT_TYPES = ("text/plain", "text/html", "text/markdown", "text/latex", results.MIME)

SECTIONS = ["How this goes wrong", "Key points", "Check yourself", "Exercises", "Further reading"]

# The numbers that a chapter must record, and the bar for each: (at least, at most).
BARS = {
    "02": {"learned_kernel_error": (None, 0.01)},
    "05": {"worst_gradient_error": (None, 1e-6)},
    "06": {"test_accuracy": (0.988, None)},
    "07": {"step_ratio_to_keras": (None, 0.7), "fraction_of_matmul_rate": (0.6, None)},
    "08": {
        "test_accuracy": (0.990, None),
        "largest_logit_difference": (None, 1e-4),
        "differing_predictions": (0, 0),
    },
    "09": {"grid_points": (12, None), "seeds": (3, None)},
    "10": {"gain_of_best": (0.015, None)},
    "11": {"two_worker_weight_difference": (None, 1e-5)},
}
LONGEST = {"08": 300}  # seconds to run; any other chapter 120

PATHS = re.compile(r"(?<![\w.:/<])/[A-Za-z][\w.-]*/[\w.-]+|site-packages|\b[A-Z]:\\")
WARNINGS = re.compile(r"\b\w*Warning:|\bWARNING\b|oneDNN|\bE0000\b|\bW0000\b|\bI0000\b|cuda_", re.IGNORECASE)


def problems_of(notebook):
    """Everything about the stored outputs of one notebook that a reader should not meet, as a list of sentences."""
    found = []
    code_cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for count, cell in enumerate(code_cells, start=1):
        where = f"cell {cell.id}"
        if cell.execution_count != count:
            found.append(f"{where}: execution count {cell.execution_count}, expected {count}")
        if "execution" in cell.metadata:
            found.append(f"{where}: stores the time of its execution")
        for output in cell.outputs:
            if output.output_type == "error":
                found.append(f"{where}: shows the error {output.ename}")
            if output.get("name") == "stderr":
                found.append(f"{where}: shows stderr {output.text[:60]!r}")
            for text in texts_of(output):
                for name, pattern in (("an absolute path", PATHS), ("a warning or log", WARNINGS)):
                    if hit := pattern.search(text):
                        found.append(f"{where}: shows {name}: {text[max(hit.start() - 20, 0) : hit.end() + 20]!r}")
            found += [f"{where}: {problem}" for problem in picture_problems(cell, output)]
    return found


def texts_of(output):
    """The texts of one output, without the encoded bytes of pictures and clips."""
    texts = [output.text] if output.output_type == "stream" else []
    texts += ["".join(text) for kind, text in output.get("data", {}).items() if kind in TEXT_TYPES]
    return [re.sub(r"base64,[A-Za-z0-9+/=]+", "", text) for text in texts]


def picture_problems(cell, output):
    """What a picture or clip lacks: something to see, and words for those who cannot see it."""
    data = output.get("data", {})
    for kind in ("image/png", "image/jpeg"):
        if kind in data:
            if not cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "").strip():
                yield "a picture without alt text (metadata mystnb.image.alt)"
            pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(data[kind]))).convert("RGBA"))
            if pixels.min(axis=(0, 1)).tolist() == pixels.max(axis=(0, 1)).tolist():
                yield "an empty picture"
    markup = "".join(data.get("text/html", ""))
    for tag in re.findall(r"<video\b[^>]*>", markup):
        for attribute in ("controls", "poster", "aria-label"):
            if attribute not in tag:
                yield f"a clip without {attribute}"
    for tag in re.findall(r"<img\b[^>]*>", markup):
        if not re.search(r'\balt="[^"]', tag):
            yield "an <img> without alt text"


def prose_of(notebook):
    return "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


@pytest.fixture(params=NOTEBOOKS, ids=[path.stem for path in NOTEBOOKS])
def path(request):
    return request.param


@pytest.fixture
def notebook(path):
    return nbformat.read(path, as_version=4)


def test_every_notebook_of_the_book_exists_and_every_notebook_is_in_the_book():
    listed = re.findall(r"notebooks/(\w+)", (REPOSITORY / "book" / "_toc.yml").read_text(encoding="utf-8"))
    assert listed == [path.stem for path in NOTEBOOKS]


def test_outputs_are_clean(notebook):
    assert problems_of(notebook) == []


def test_the_file_is_small_and_minimal(path, notebook):
    sys.path.insert(0, str(REPOSITORY / "book"))
    from execute import METADATA

    assert path.stat().st_size <= LARGEST
    nbformat.validate(notebook)
    assert notebook.metadata == METADATA
    ids = [cell.id for cell in notebook.cells]
    assert len(set(ids)) == len(ids)


def test_the_chapter_has_its_form(path, notebook):
    prose = prose_of(notebook)
    assert re.match(r"# \S", notebook.cells[0].source), "the first cell begins with the title"
    assert "You will be able to" in prose
    opening = prose.split("\n## ")[0]
    assert re.search(r"\bminutes to read\b", opening), "the opening says how many minutes it takes to read"
    assert f"ch{path.stem[:2]}.run_seconds" in opening, "and quotes the measured seconds to run"
    headings = re.findall(r"^#{2,} +(.+)$", prose, re.MULTILINE)
    missing = [name for name in SECTIONS if not any(name.lower() in heading.lower() for heading in headings)]
    assert not missing
    answers = len(re.findall(r"^:{3,}\{dropdown\}", prose, re.MULTILINE))
    assert answers >= 3, "check yourself: three questions or more, answers folded"
    assert "{cite" in prose, "further reading cites the bibliography"


def test_the_minutes_to_read_are_counted(notebook):
    """200 words or 12 lines of code a minute, to the nearest five minutes, as `how_to_use` says."""
    prose = prose_of(notebook)
    words = len(re.sub(r"\$[^$]*\$", " x ", prose).split())
    lines = sum(len(re.findall(r"^.*\S", cell.source, re.MULTILINE)) for cell in notebook.cells if cell.cell_type == "code")
    stated = int(re.search(r"(\d+) minutes to read", prose)[1])
    assert stated == 5 * round((words / 200 + lines / 12) / 5)


def test_the_chapter_has_four_exercises_each_with_a_folded_executed_solution(path, notebook):
    heading = re.compile(rf"^#+ (Exercise {int(path.stem[:2])}\.\d+)", re.MULTILINE)
    starts = [i for i, cell in enumerate(notebook.cells) if cell.cell_type == "markdown" and heading.search(cell.source)]
    assert len(starts) >= 4
    for start, end in zip(starts, [*starts[1:], len(notebook.cells)], strict=True):
        cells, title = notebook.cells[start:end], heading.search(notebook.cells[start].source)[1]
        folded = [c for c in cells if {"hide-input", "hide-cell"} & set(c.metadata.get("tags", []))]
        assert folded and all(cell.execution_count for cell in folded), f"{title}: no solution that is folded and run"
        labels = [cell.source for cell in cells if cell.cell_type == "markdown"]
        assert any("**Solution" in label for label in labels), f"{title}: write **Solution** before the folded cell"


def test_two_exercises_have_an_automatic_check(path, notebook):
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    calls = re.findall(rf"^[^#\n]*\bch{path.stem[:2]}\.(\w+)\(", code, re.MULTILINE)
    assert len(set(calls)) >= 2


def test_the_required_numbers_are_recorded_inside_their_bars(path):
    number = path.stem[:2]
    records = results.read_records(path)
    assert {key.split(".")[0] for key in records} == {f"ch{number}"}
    bars = {**BARS.get(number, {}), "run_seconds": (None, LONGEST.get(number, 120))}
    for name, (at_least, at_most) in bars.items():
        record = records[f"ch{number}.{name}"]
        low, high = (record[k] if record["equal"] is None else record["equal"] for k in ("at_least", "at_most"))
        if at_least is not None:  # the band in the cell is as tight as the bar, and the number is inside
            assert low is not None and record["value"] >= low >= at_least, name
        if at_most is not None:
            assert high is not None and record["value"] <= high <= at_most, name


def test_the_run_time_is_recorded_by_the_last_cell(path, notebook):
    last = [cell for cell in notebook.cells if cell.cell_type == "code"][-1]
    assert f'"ch{path.stem[:2]}.run_seconds"' in last.source.replace("'", '"')
    assert "nbval-ignore-output" in last.metadata.get("tags", [])


def test_cells_kept_from_comparison_record_or_draw_something(notebook):
    """A cell that is not compared still proves something: it records a number, or it only shows a picture or a time."""
    for cell in notebook.cells:
        if "nbval-ignore-output" in cell.metadata.get("tags", []):
            assert cell.cell_type == "code"
            assert "nbval-skip" not in cell.metadata.tags and "raises-exception" not in cell.metadata.tags


# The checks above must be able to fail.


def planted(output=None, **metadata):
    cell = nbformat.v4.new_code_cell("...", execution_count=1, outputs=[output] if output else [], metadata=metadata)
    return nbformat.v4.new_notebook(cells=[cell])


def png(pixels):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return nbformat.v4.new_output("display_data", {"image/png": base64.b64encode(file.getvalue()).decode()})


EMPTY, FULL = np.zeros((4, 4), np.uint8), np.arange(16, dtype=np.uint8).reshape(4, 4)
ALT = {"mystnb": {"image": {"alt": "a ramp from dark to light"}}}


@pytest.mark.parametrize(
    "notebook, words",
    [
        (planted(nbformat.v4.new_output("error", ename="ShapeError", evalue="", traceback=[])), "the error ShapeError"),
        (planted(nbformat.v4.new_output("stream", name="stderr", text="a log")), "stderr"),
        (planted(nbformat.v4.new_output("stream", text="saved in /srv/ada/weights.npz")), "an absolute path"),
        (planted(nbformat.v4.new_output("stream", text="UserWarning: old")), "a warning or log"),
        (planted(nbformat.v4.new_output("display_data", {"text/html": "<video controls>"})), "a clip without poster"),
        (planted(nbformat.v4.new_output("display_data", {"text/html": '<img alt="">'})), "an <img> without alt"),
        (planted(png(EMPTY), **ALT), "an empty picture"),
        (planted(png(FULL)), "a picture without alt text"),
        (planted(execution={}), "the time of its execution"),
        (nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1")]), "execution count None"),
    ],
)
def test_a_planted_problem_is_found(notebook, words):
    assert words in "\n".join(problems_of(notebook))


def test_a_clean_output_is_not_blamed():
    assert problems_of(planted(png(FULL), **ALT)) == []
    assert problems_of(planted(nbformat.v4.new_output("stream", text="loss 1/2 · a/b · 3 s\n"))) == []
