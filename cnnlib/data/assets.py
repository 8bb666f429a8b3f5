"""The bundled files: each one is compared with its SHA-256 in MANIFEST.json before it is opened."""

import difflib
import hashlib
import json
from functools import cache
from pathlib import Path

from cnnlib.errors import AssetError

ASSETS = Path(__file__).parent / "assets"
RESTORE = "restore it with `git checkout -- cnnlib/data/assets`, or install cnnlib again"


@cache
def manifest(folder=None):
    """Return the manifest as a dict: path -> entry with bytes, sha256, source and licence.

    Errors: AssetError if MANIFEST.json is missing or damaged.
    """
    file = (folder or ASSETS) / "MANIFEST.json"
    try:
        return {entry["path"]: entry for entry in json.loads(file.read_text(encoding="utf-8"))}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise AssetError(f"data.manifest: MANIFEST.json is missing or damaged · {RESTORE}") from error


@cache
def _digest(file, size, changed):
    """SHA-256 of a file, computed once per process and again only when its size or time of change differs."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def asset(path):
    """Return the place of a bundled file after comparing every byte with the manifest.

    `path` is the name in the manifest, such as "video/big_buck_bunny_30s.mp4". A file is read once per process;
    later calls only look at its size and time of change. Errors: AssetError, naming the file and the fix, if it
    is not part of the pack, missing, truncated or altered.

    >>> asset("video/big_buck_bunny_30s.mp4").name
    'big_buck_bunny_30s.mp4'
    """
    entries = manifest(ASSETS)
    if path not in entries:
        near = difflib.get_close_matches(path, entries, n=3)
        raise AssetError(
            f"data.asset: {path!r} is not part of the data pack · "
            + (f"did you mean {', '.join(near)}?" if near else "the names stand in MANIFEST.json")
        )
    file, expected = ASSETS / path, entries[path]
    try:
        status = file.stat()
        if status.st_size != expected["bytes"]:
            kind = "truncated" if status.st_size < expected["bytes"] else "altered"
            raise AssetError(f"data.asset: {path!r} is {kind} · {status.st_size} bytes, expected {expected['bytes']} · {RESTORE}")
        digest = _digest(file, status.st_size, status.st_mtime_ns)
    except FileNotFoundError as error:
        raise AssetError(f"data.asset: {path!r} is missing · {RESTORE}") from error
    except PermissionError as error:
        raise AssetError(f"data.asset: {path!r} cannot be read · give yourself read permission on it") from error
    if digest != expected["sha256"]:
        raise AssetError(
            f"data.asset: {path!r} is altered · SHA-256 {digest[:12]}…, expected {expected['sha256'][:12]}… · {RESTORE}"
        )
    return file


def licences():
    """Return the sources and licences of the data pack as a Markdown table, one line per source.

    Columns: what, number of files, kilobytes (1 kB = 1000 bytes), source, licence.
    """
    groups = {}
    for path, entry in manifest(ASSETS).items():
        groups.setdefault((path.split("/")[0], entry["source"], entry["licence"]), []).append(entry["bytes"])
    lines = ["| folder | files | kB | source | licence |", "|---|--:|--:|---|---|"]
    for (folder, source, licence), sizes in sorted(groups.items()):
        lines.append(f"| `{folder}` | {len(sizes)} | {sum(sizes) / 1000:,.0f} | {source} | {licence} |")
    return "\n".join(lines)
