"""Measured numbers: `record` checks a number against its band, prints both and stores both with the notebook.

A stored record is an output of the notebook in the form of MyST-NB's glue, so a page quotes it by its key. Run as a
program, `python -m cnnlib.results [repository]` reads the stored records of all chapters and writes the two pages
book/results.md (value, band, chapter) and book/run_times.md (seconds of each chapter).
"""

import json
import math
import numbers
import re
import sys
import time
from pathlib import Path

from cnnlib.errors import RecordError

MIME = "application/papermill.record/text/plain"
KEY = re.compile(r"ch\d\d\.[a-z][a-z0-9_]*")
_START = time.perf_counter()


def run_seconds():
    """Return the seconds since cnnlib.results was imported: in a notebook, the time its cells have taken so far."""
    return time.perf_counter() - _START


def record(key, value, *, at_least=None, at_most=None, equal=None, unit="", digits=4):
    """Assert `at_least <= value <= at_most` (or `value == equal`), print the number with its band, and store both.

    key     `chNN.name`, lower case, unique in the course
    value   one finite number; `digits` significant digits of it are printed and quoted, all of them are checked
    unit    printed behind the value, for example "s", "px" or "dB"

    Raises RecordError when the number lies outside its band, is NaN or infinite, or the key has another form.

    >>> record("ch02.learned_kernel_error", 0.00312, at_most=0.01)
    ch02.learned_kernel_error = 0.00312 (at most 0.01)
    >>> record("ch08.differing_predictions", 0, equal=0)
    ch08.differing_predictions = 0 (exactly 0)
    """
    if not (isinstance(key, str) and KEY.fullmatch(key)):
        raise RecordError(f"record: the key {key!r} has another form · write it as 'ch02.learned_kernel_error'")
    value = _plain(key, "value", value)
    bounds = {"at_least": at_least, "at_most": at_most, "equal": equal}
    if equal is not None and (at_least, at_most) != (None, None):
        raise RecordError(f"record: {key} has equal and another bound · give either equal, or at_least and at_most")
    bounds = {name: None if bound is None else _plain(key, name, bound) for name, bound in bounds.items()}
    facts = {"value": value, **bounds, "unit": unit}
    shown, band = show(value, digits), band_text(facts)
    line = f"{key} = {with_unit(shown, unit)}" + (f" ({band})" if band else "")
    if not _inside(value, **bounds):
        raise RecordError(f"record: outside its band · {key} = {with_unit(repr(value), unit)} · wanted {band}")
    print(line)
    _store(key, shown, facts)


def show(value, digits=4):
    """Return a number as text with `digits` significant digits; whole parts and integers are never cut.

    >>> show(0.98765432), show(3.14159e-9), show(123456.7), show(10000), show(99.5, digits=2)
    ('0.9877', '3.142e-09', '123457', '10000', '100')
    """
    if isinstance(value, int):
        return str(value)
    return f"{value:.0f}" if abs(value) >= 10 ** (digits - 1) else f"{value:.{digits}g}"


def with_unit(text, unit):
    """Return a number's text with its unit, if it has one.

    >>> with_unit("3.1", "px"), with_unit("3.1", "")
    ('3.1 px', '3.1')
    """
    return f"{text} {unit}" if unit else text


def band_text(facts):
    """Return the band of a record in words.

    >>> band_text({"at_least": 0.988, "at_most": None, "equal": None, "unit": ""})
    'at least 0.988'
    >>> band_text({"at_least": 3.9, "at_most": 4.1, "equal": None, "unit": "px"})
    'between 3.9 and 4.1 px'
    """
    low, high, exact = (None if facts[n] is None else f"{facts[n]:.6g}" for n in ("at_least", "at_most", "equal"))
    if exact is not None:
        text = f"exactly {exact}"
    elif low is not None and high is not None:
        text = f"between {low} and {high}"
    else:
        text = f"at least {low}" if low is not None else f"at most {high}" if high is not None else ""
    return with_unit(text, facts["unit"] if text else "")


def _plain(key, name, number):
    """The number as a Python int or float (also from a NumPy scalar), or RecordError when it is not a finite one."""
    if getattr(number, "shape", None) == () and hasattr(number, "item"):
        number = number.item()
    if not isinstance(number, numbers.Real) or not math.isfinite(number):
        raise RecordError(f"record: {name} of {key} is {number!r} · give one finite number")
    return int(number) if isinstance(number, numbers.Integral) else float(number)


def _inside(value, at_least, at_most, equal):
    return (
        (at_least is None or value >= at_least)
        and (at_most is None or value <= at_most)
        and (equal is None or value == equal)
    )


def _store(key, shown, facts):
    """Publish the record as a hidden output of the cell; outside a notebook there is no cell, and nothing to do."""
    from IPython import get_ipython

    if get_ipython() is not None:
        from IPython.display import publish_display_data

        scrapbook = {"name": key, "mime_prefix": MIME.removesuffix("text/plain")}
        publish_display_data({MIME: shown}, {"scrapbook": scrapbook, "cnnlib": facts})


# The pages that the book makes of the records.


def read_records(notebook):
    """Return the records stored in one .ipynb file: {key: {value, at_least, at_most, equal, unit, shown}}."""
    records = {}
    for cell in json.loads(Path(notebook).read_text(encoding="utf-8"))["cells"]:
        for output in cell.get("outputs", []):
            key = output.get("metadata", {}).get("scrapbook", {}).get("name")
            if key is None or MIME not in output["data"]:
                continue
            if key in records:
                raise RecordError(f"read_records: {Path(notebook).name} records {key} twice · give each its own key")
            records[key] = {**output["metadata"]["cnnlib"], "shown": "".join(output["data"][MIME])}
    return records


def title_of(notebook):
    """Return the text of the first heading of a notebook."""
    for cell in json.loads(Path(notebook).read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "markdown":
            heading = re.search(r"^# +(.+)$", "".join(cell["source"]), re.MULTILINE)
            if heading:
                return heading[1].strip()
    raise RecordError(f"title_of: {Path(notebook).name} has no heading · begin it with '# Title'")


def results_page(notebooks):
    """Return book/results.md as text: for each chapter, every recorded number with its band."""
    lines = [
        "# Results",
        "",
        "Every number below was measured by the code of its chapter. The cell that measured it also checks it against",
        "the band, each time the chapter runs. This page is generated from the stored outputs (`make execute`).",
        "",
    ]
    for notebook in sorted(notebooks):
        rows = [
            f"| `{key}` | {with_unit(r['shown'], r['unit'])} | {band_text(r) or '—'} |"
            for key, r in read_records(notebook).items()
            if not key.endswith(".run_seconds")
        ]
        if rows:
            lines += [f"## {_link(notebook)}", "", "| record | measured | band |", "|---|---|---|", *rows, ""]
    return "\n".join(lines)


def run_times_page(notebooks):
    """Return book/run_times.md as text: the measured seconds of each chapter, and their sum."""
    rows, total = [], 0.0
    for notebook in sorted(notebooks):
        for key, r in read_records(notebook).items():
            if key.endswith(".run_seconds"):
                rows.append(f"| {_link(notebook)} | {r['value']:.0f} | {r['at_most']:.0f} |")
                total += r["value"]
    return "\n".join([
        "# Run times",
        "",
        "How long each chapter takes to run from its first cell to its last, on a machine with two processor cores and",
        "no GPU. The numbers come from the stored outputs; a chapter fails its test when it passes its limit.",
        "",
        "| chapter | seconds | limit in seconds |",
        "|---|---:|---:|",
        *rows,
        f"| **all chapters** | **{total:.0f}** | |",
        "",
    ])


def _link(notebook):
    return f"[{title_of(notebook)}](../notebooks/{Path(notebook).name})"


def write_pages(repository="."):
    """Write book/results.md and book/run_times.md from the notebooks of a repository."""
    repository = Path(repository)
    notebooks = sorted((repository / "notebooks").glob("*.ipynb"))
    for name, page in (("results.md", results_page), ("run_times.md", run_times_page)):
        (repository / "book" / name).write_text(page(notebooks), encoding="utf-8")


if __name__ == "__main__":
    write_pages(*sys.argv[1:])
