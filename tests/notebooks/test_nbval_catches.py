"""The comparison of notebooks must be able to fail: planted broken notebooks turn it red, right ones stay green."""

import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import nbformat
import pytest

SANITIZE = Path(__file__).with_name("sanitize.cfg")

RECORD = "from cnnlib import results\nresults.record('ch02.error', {}, at_most=0.01)"

# name: (source, stored output, tags, expected colour)
CELLS = {
    "right": ("print(6 * 7)", "42\n", [], "green"),
    "changed_output": ("print(6 * 7)", "43\n", [], "red"),
    "lost_output": ("x = 6 * 7", "42\n", [], "red"),
    "new_output": ("print(6 * 7)", "", [], "red"),
    "raising": ("print(6 * 7)\n1 / 0", "42\n", [], "red"),
    "raising_though_ignored": ("1 / 0", "42\n", ["nbval-ignore-output"], "red"),
    "new_warning": ("import sys\nprint(42)\nprint('old', file=sys.stderr)", "42\n", [], "red"),
    "ignored": ("print(6 * 7)", "43\n", ["nbval-ignore-output"], "green"),
    "record_inside": (RECORD.format(0.005), "ch02.error = 0.004 (at most 0.01)\n", ["nbval-ignore-output"], "green"),
    "record_outside": (RECORD.format(0.02), "ch02.error = 0.004 (at most 0.01)\n", ["nbval-ignore-output"], "red"),
    "another_time": ("print('took 1.25 s, 5ms/step')", "took 9.75 s, 8ms/step\n", [], "green"),
    "another_length": ("print('a clip of 30 s')", "a clip of 31 s\n", [], "red"),
    "another_address": ("print('<object at 0x7f3a00c0ffee>')", "<object at 0x7f3a00beef00>\n", [], "green"),
    "another_number": ("print('loss 0.1234')", "loss 0.1235\n", [], "red"),
}


@pytest.fixture(scope="module")
def colours(tmp_path_factory):
    """Run nbval once over one small notebook per case; return {case: "green" or "red"}."""
    folder = tmp_path_factory.mktemp("planted")
    for name, (source, stored, tags, _) in CELLS.items():
        outputs = [nbformat.v4.new_output("stream", text=stored)] if stored else []
        cell = nbformat.v4.new_code_cell(source, execution_count=1, outputs=outputs, metadata={"tags": tags})
        nbformat.write(nbformat.v4.new_notebook(cells=[cell]), folder / f"{name}.ipynb")
    options = ["-p", "no:cacheprovider", "--nbval", "--nbval-current-env", "--nbval-sanitize-with", str(SANITIZE)]
    report = folder / "report.xml"
    options += [f"--junitxml={report}", f"--rootdir={folder}", str(folder)]
    command = [sys.executable, "-m", "pytest", "-q", *options]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
    assert run.returncode == 1, run.stdout + run.stderr  # some tests failed, none could not be run
    cases = ElementTree.parse(report).iter("testcase")
    return {
        Path(case.get("classname").replace(".", "/")).parts[0]: "green" if len(case) == 0 else "red" for case in cases
    }


@pytest.mark.slow
@pytest.mark.parametrize("name", CELLS)
def test_nbval_sees_it(colours, name):
    assert colours[name] == CELLS[name][-1]
