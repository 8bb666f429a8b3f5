"""Small pieces of the page: names, numbers, paragraphs, tables and pictures in MyST."""

import textwrap

NAMES = {
    "cnnlib": "cnnlib",
    "keras": "Keras",
    "torch": "PyTorch",
    "scipy": "SciPy",
    "keras, no XLA": "Keras without XLA",
    "keras, best batch": "Keras, best batch size",
    "cnnlib, cold": "cnnlib, nothing cached",
    "cnnlib, warm": "cnnlib, cached",
}
def blocks(*pieces):
    """Join paragraphs (text, which is wrapped) and tables or pictures (lists of lines) with an empty line between them."""
    wrapped = [textwrap.fill(piece, 120, break_on_hyphens=False) if isinstance(piece, str) else "\n".join(piece)
               for piece in pieces]
    return "\n\n".join(wrapped)


def short(shape):
    """A shape's name where there is little room, as in 3×3/2, same, 56×56, 64 → 128, ×8."""
    for long, brief in ((" pixels", ""), (" channels", ""), ("batch ", "×"), (", stride ", "/"), ("/2×2", "/2")):
        shape = shape.replace(long, brief)
    return shape.replace(" → ", "\u00a0→\u00a0")  # no line ends at the arrow


def table(head, rows, align):
    """A table as lines of MyST; `align` has one letter per column: l, c or r."""
    marks = {"l": ":---", "c": ":---:", "r": "---:"}
    return [_line(head), _line(marks[letter] for letter in align), *map(_line, rows)]


def _line(cells):
    return "| " + " | ".join(cells) + " |"


def times(row, unit="ms"):
    """The table of one piece of work: a line per library."""
    scale = {"ms": 1, "s": 1000}[unit]
    cells = [(NAMES[name], number(value / scale), ratio(row, name) if name in row["ratio"] else "")
             for name, value in row["ms"].items()]
    return table(["library", f"time, {unit}", "ratio (smallest–largest)"], cells, "lrr")


def ratio(row, name):
    """The ratio of cnnlib's time to the named library's, with its range over the rounds."""
    return f"{row['ratio'][name]:.2f} ({row['low'][name]:.2f}–{row['high'][name]:.2f})"


def number(value):
    """Three significant digits; whole parts are never cut."""
    return f"{value:.0f}" if value >= 100 else f"{value:#.3g}"


def with_unit(text, unit):
    return f"{text} {unit}" if unit else text


def listed(values):
    """Named numbers in a sentence."""
    return ", ".join(f"{NAMES[name]} {number(value)}" for name, value in values.items())


def plain(value):
    return ", ".join(f"{name} {each}" for name, each in value.items()) if isinstance(value, dict) else str(value)


def figure(name, caption, alt):
    """A picture of the page with its caption and the text for those who cannot see it."""
    head = [f"```{{figure}} _static/performance_{name}.png", f":alt: {alt}", ":width: 100%", ""]
    return [*head, *textwrap.wrap(caption, 120), "```"]
