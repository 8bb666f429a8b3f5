"""What all tests share: quiet libraries, the same examples on each run, the repository, the book built once."""

import os
import subprocess
import sys
from pathlib import Path

os.environ.update(CNNLIB_PROGRESS="off", TF_CPP_MIN_LOG_LEVEL="3", MPLBACKEND="agg")

import pytest
from hypothesis import settings

settings.register_profile("course", deadline=None, derandomize=True, print_blob=False)
settings.load_profile("course")

pytest.register_assert_rewrite("planted")  # the assertions that the tests of the checks share explain themselves too

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def repository():
    """The folder that holds book/, notebooks/ and cnnlib/."""
    return REPOSITORY


@pytest.fixture(scope="session")
def build(repository, tmp_path_factory):
    """(finished process of `make book`, folder of its pages): the target a reader types, in a folder of its own."""
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
