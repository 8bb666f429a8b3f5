"""What was handed in: whose it is, which files belong to it, and the fingerprint by which it is known again."""

import hashlib
import re
from pathlib import Path

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9@._-]*")
LARGEST = 20 * 2**20  # bytes of a notebook
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
    root, files, room = path.parent, {}, MOST_FILES
    beside = [] if path.stem != root.name else sorted(root.rglob("*"))
    for file in [path, *beside]:
        parents = file.relative_to(root).parents
        if file.is_file() and not file.is_symlink() and not any((root / folder).is_symlink() for folder in parents):
            size = file.stat().st_size
            if file == path:
                with file.open("rb") as opened:
                    files[file.name] = opened.read(LARGEST + 1)
            elif size <= room:
                room -= size
                files[file.relative_to(root).as_posix()] = file.read_bytes()
    return files


def fingerprint(files):
    """Return the hash of {name: bytes}."""
    mark = hashlib.sha256()
    for name, data in sorted(files.items()):
        mark.update(f"{name}\0{len(data)}\0".encode() + data)
    return mark.hexdigest()
