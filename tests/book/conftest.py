"""The book, built once for all its tests, by the very target that a reader types."""

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def build(repository, tmp_path_factory):
    """(finished process of `make book`, folder of its pages); the build goes to a folder of its own."""
    output = tmp_path_factory.mktemp("book")
    python = f"BIN={Path(sys.executable).parent}"
    command = ["make", "--old-file=.venv/ready", "book", python, f"OUTPUT={output}"]
    run = subprocess.run(command, cwd=repository, capture_output=True, text=True, timeout=900)
    return run, output / "_build" / "html"


@pytest.fixture(scope="session")
def html(build):
    """The folder of the built pages."""
    run, folder = build
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-6000:]
    return folder
