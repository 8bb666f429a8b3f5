"""One page per student: points, what each check said, and the notebook as it was graded. Needs no network and no script.

Everything that the student wrote or printed is shown as text, never as HTML.
"""

from html import escape

STYLE = """
:root { color-scheme: light dark; --line: #767676; --soft: #f3f3f3; --good: #0b6b2c; --open: #a33100; }
@media (prefers-color-scheme: dark) { :root { --line: #8b8b8b; --soft: #262626; --good: #7ddc9b; --open: #ffb088; } }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 56rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; }
th, td { border-bottom: 1px solid var(--line); padding: .3rem .8rem; text-align: left; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
pre { background: var(--soft); padding: .6rem .8rem; overflow-x: auto; white-space: pre-wrap; overflow-wrap: anywhere; }
pre.check { background: none; border-left: 4px solid var(--line); }
.good { color: var(--good); } .open { color: var(--open); font-weight: 600; }
h2 { margin-top: 2.5rem; } .small { font-size: .9rem; }
"""
PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<main>
{body}
</main>
</body>
</html>
"""


def page(result, notebook):
    """Return the feedback on one student as an HTML page."""
    titles = _titles(notebook)
    title = f"{result['assignment']}: {result['student']}"
    total = sum(result["out_of"].values())
    body = [f"<h1>{escape(title)}</h1>", f"<p><strong>{result['total']:g} of {total:g} points</strong></p>"]
    if result["remarks"]:
        body.append("<h2>Remarks</h2><ul>" + "".join(f"<li>{escape(text)}</li>" for text in result["remarks"]) + "</ul>")
    body.append('<h2>Points</h2><table><thead><tr><th scope="col">exercise</th><th scope="col" class="number">points</th>'
                '<th scope="col" class="number">of</th></tr></thead><tbody>')  # fmt: skip
    for name, most in result["out_of"].items():
        body.append(f'<tr><td><a href="#{escape(name)}">{escape(titles.get(name, name))}</a></td>'
                    f'<td class="number">{result["points"][name]:g}</td><td class="number">{most:g}</td></tr>')  # fmt: skip
    body.append("</tbody></table>")
    if result["status"] == "graded":
        body.append("<h2>Your notebook, as it was graded</h2>")
        body += [_cell(cell, result) for cell in notebook.cells]
    body.append(f'<p class="small">Graded in {result["seconds"]:g} s.</p>')
    return PAGE.format(title=escape(title), style=STYLE, body="\n".join(body))


def _titles(notebook):
    """For each graded cell the last heading before it."""
    titles, heading = {}, ""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            lines = [line.lstrip("# ") for line in cell.source.splitlines() if line.startswith("#")]
            heading = lines[-1] if lines else heading
        elif cell.metadata.get("nbgrader", {}).get("grade"):
            titles[cell.metadata.nbgrader.grade_id] = heading or cell.metadata.nbgrader.grade_id
    return titles


def _cell(cell, result):
    if cell.cell_type != "code":
        headings = [line.lstrip("# ") for line in cell.source.splitlines() if line.startswith("#")]
        return "".join(f"<h3>{escape(text)}</h3>" for text in headings)
    text = "".join(output.get("text") or "\n".join(output.get("traceback", [])) for output in cell.outputs)
    data = cell.metadata.get("nbgrader", {})
    if not data.get("grade"):
        shown = f"<pre><code>{escape(cell.source)}</code></pre>"
        return shown + (f"<pre>{escape(text)}</pre>" if text.strip() else "")
    name = data["grade_id"]
    lines = "\n".join(_line(line) for line in text.splitlines())
    points = f"{result['points'][name]:g} of {result['out_of'][name]:g} points"
    return f'<pre class="check" id="{escape(name)}">{lines}</pre><p><strong>{points}</strong></p>'


def _line(line):
    kind = "good" if line.startswith("ok ") else "open" if line.startswith("-- ") else ""
    return f'<span class="{kind}">{escape(line)}</span>' if kind else escape(line)
