"""Show the library's docstrings as they are written: plain text, with aligned lines kept aligned.

A docstring of cnnlib is written for the reader of the code, not for a markup language. Here each of its blocks (between
blank lines) becomes a form that Sphinx renders without surprises:

- a doctest stays a doctest,
- a block with aligned columns or indented lines is shown exactly as it stands,
- anything else is a paragraph, in which `names` are shown as code.
"""

import re

CODE = re.compile(r"(`+)([^`]+)\1")
MARKUP = re.compile(r"([\\*|]|_(?=\W|$))")
ALIGNED = re.compile(r"^\s|\S {2,}\S|^>>> ", re.MULTILINE)


def to_rst(lines):
    """Return the docstring's lines as reStructuredText."""
    blocks = re.split(r"\n\s*\n", "\n".join(line.rstrip() for line in lines).strip("\n"))
    result, directive = [], False
    for block in blocks:
        directive = block.startswith((".. ", ":")) or (directive and block.startswith(" "))
        if not directive and not block.startswith(">>>"):
            block = _literal(block) if ALIGNED.search(block) else _paragraph(block)
        result += [*block.split("\n"), ""]
    return result


def _literal(block):
    return "::\n\n" + "\n".join("    " + line for line in block.split("\n"))


def _paragraph(block):
    """Escape what reStructuredText would read as markup, outside of `code`."""
    parts, end = [], 0
    for code in CODE.finditer(block):
        parts += [MARKUP.sub(r"\\\1", block[end : code.start()]), f"``{' '.join(code[2].split())}``"]
        if code.end() < len(block) and block[code.end()].isalnum():
            parts.append("\\ ")
        end = code.end()
    return "".join([*parts, MARKUP.sub(r"\\\1", block[end:])])


def rewrite(app, what, name, obj, options, lines):
    lines[:] = to_rst(lines)


def setup(app):
    app.connect("autodoc-process-docstring", rewrite, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
