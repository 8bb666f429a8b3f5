"""What was handed in: whose it is, which files belong to it, and the fingerprint by which it is known again."""

import hashlib
import re
from pathlib import Path

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9@._-]*")
MOST_FILES = 50 * 2**20  # bytes of the files beside a notebook


def collect(folder, assignment):
    """Return {student: path of the notebook} and a list of what was passed over."""
    found, passed = {}, []
    for entry in sorted(Path(folder).iterdir()):
        student = entry.stem if entry.suffix == ".ipynb" else entry.name
        path = entry if entry.suffix == ".ipynb" else entry / assignment / f"{assignment}.ipynb"
        if entry.name.startswith("."):
            continue
        if not NAME.fullmatch(student):
            passed.append(f"{entry.name!r}: a student's name has letters, digits and @ . _ - only")
        elif student in found:
            passed.append(f"{entry.name!r}: {student} has handed in twice, as a file and as a folder")
        elif entry.suffix == ".ipynb" or entry.is_dir():
            found[student] = path
    return found, passed


def read_files(path):
    """Return {name: bytes} of a notebook and, where it lies in a folder of its own, of the files beside it; no links."""
    root, files = path.parent, {}
    alone = path.stem != root.name
    for file in [path] if alone else sorted(root.rglob("*")):
        if file.is_file() and not any(part.is_symlink() for part in [file, *file.parents][: len(file.relative_to(root).parts)]):
            if sum(map(len, files.values())) + file.stat().st_size > MOST_FILES:
                break
            files[file.relative_to(root).as_posix()] = file.read_bytes()
    return files


def fingerprint(files):
    """Return the hash of {name: bytes}."""
    mark = hashlib.sha256()
    for name, data in sorted(files.items()):
        mark.update(f"{name}\0{len(data)}\0".encode() + data)
    return mark.hexdigest()
