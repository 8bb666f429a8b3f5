"""Writing a file so that nobody ever sees half of it."""

import os
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def atomic(path):
    """Give a temporary path beside `path`; rename it to `path` if the block succeeds, remove it if it fails.

    An old file at `path` stays whole until the new one is complete.
    """
    path = Path(path)
    handle, beside = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    try:
        yield Path(beside)
        os.replace(beside, path)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(beside)
        raise
