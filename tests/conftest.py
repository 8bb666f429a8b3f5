"""What all tests share: quiet libraries, the same examples on each run, the folder of the repository."""

import os
from pathlib import Path

os.environ.update(CNNLIB_PROGRESS="off", TF_CPP_MIN_LOG_LEVEL="3", MPLBACKEND="agg")

import pytest
from hypothesis import settings

settings.register_profile("course", deadline=None, derandomize=True, print_blob=False)
settings.load_profile("course")

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def repository():
    """The folder that holds book/, notebooks/ and cnnlib/."""
    return REPOSITORY
