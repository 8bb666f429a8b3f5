"""Re-run notebooks in place, so that the stored outputs are what their code gives: `make execute`.

Usage: python book/execute.py [02_convolution ...]; without a name, all of them.

A notebook is written only when every cell ran; cell ids and metadata stay as they are, so a diff shows what changed.
"""

import os
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
QUIET = {"CNNLIB_PROGRESS": "off", "TF_CPP_MIN_LOG_LEVEL": "3"}


def execute(path, timeout=900):
    """Run one notebook and write it back with fresh outputs; return the seconds it took."""
    notebook = nbformat.read(path, as_version=4)
    start = time.perf_counter()
    client = NotebookClient(
        notebook,
        timeout=timeout,
        kernel_name="python3",
        record_timing=False,
        coalesce_streams=True,
        resources={"metadata": {"path": str(path.parent)}},
    )
    client.execute()
    notebook.metadata = nbformat.from_dict(METADATA)
    nbformat.validate(notebook)
    unfinished = path.with_suffix(".ipynb.part")
    nbformat.write(notebook, unfinished)
    unfinished.replace(path)
    return time.perf_counter() - start


def main(names, folder=NOTEBOOKS):
    """Execute the named notebooks, or all; return the number of notebooks that failed."""
    os.environ.update(QUIET)
    known = sorted(folder.glob("*.ipynb"))
    missing = set(names) - {path.stem for path in known}
    if missing:
        sys.exit(f"execute: no notebook {', '.join(sorted(missing))} · give names like 02_convolution")
    failed = 0
    for path in known:
        if names and path.stem not in names:
            continue
        try:
            print(f"{path.name}: {execute(path):.0f} s", flush=True)
        except CellExecutionError as error:
            failed += 1
            print(f"{path.name}: stopped, file left as it was\n{error}", file=sys.stderr, flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]) > 0)
