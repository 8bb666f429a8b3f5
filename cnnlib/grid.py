"""Train every point of a grid with every seed, keep each finished cell, and choose from the results with care.

`run` does not know what a point is: `train(point, seed)` does the work and returns a dict of numbers. With a `store`
(a folder) each finished cell is written there at once, so that an interrupted run goes on where it stopped.
"""

import hashlib
import json
import os
from pathlib import Path

import numpy as np
from tqdm import tqdm

from .errors import NonFiniteError, RangeError, StoreError
from .files import atomic


def run(points, seeds, train, store=None, settings=None, progress=True):
    """Call `train(point, seed)` for every point and seed; return {point: [result of each seed, in order]}.

    points, seeds  without doubles; points are strings or numbers, or tuples of these
    train          returns a dict of finite numbers, or lists of them
    store          a folder; cells found there are not trained again, a damaged one is, and a line says so
    settings       whatever else decides a result (epochs, pictures, versions); a cell stored with other settings does not count

    The code of `train` is not part of a cell's name: after a change of the code take another folder, or put a version into
    settings. A bar on stderr shows the progress; it is off with CNNLIB_PROGRESS=off.

    Raises
    ------
    RangeError      doubles, or a result that is not a dict of numbers
    NonFiniteError  a result holds NaN or infinity
    StoreError      the folder cannot be read or written
    """
    points, seeds = list(points), list(seeds)
    for name, given in (("points", points), ("seeds", seeds)):
        if not given or len(set(given)) < len(given):
            raise RangeError(f"grid.run: {name} {'holds a double' if given else 'is empty'} · {given!r:.60} · name each once")
    cells = [(point, seed) for point in points for seed in seeds]
    kept, damaged = _find(store, settings, cells)
    if store is not None:
        print(f"{len(cells)} cells: {len(kept)} found, {len(cells) - len(kept)} to train")
        for point, seed in damaged:
            print(f"the stored cell of {point}, seed {seed}, is damaged and is trained again")
    hidden = not progress or os.environ.get("CNNLIB_PROGRESS") == "off"
    with tqdm(total=len(cells), initial=len(kept), unit="cell", leave=False, disable=hidden) as bar:
        for point, seed in cells:
            if (point, seed) not in kept:
                bar.set_description(f"{point}, seed {seed}")
                kept[point, seed] = _plain(train(point, seed), point, seed)
                if store is not None:
                    _write(_file(store, settings, point, seed), _identity(settings, point, seed), kept[point, seed])
                bar.update()
    return {point: [kept[point, seed] for seed in seeds] for point in points}


def column(results, name):
    """One number of each cell as an array (points, seeds).

    >>> column({"a": [{"score": 1}, {"score": 2}], "b": [{"score": 3}, {"score": 4}]}, "score")
    array([[1, 2],
           [3, 4]])
    """
    return np.array([[result[name] for result in of_point] for of_point in results.values()])


def front(costs, scores):
    """Return for each point whether it is on the Pareto front.

    It is not when another point costs no more, scores no less, and is truly better in one of the two.

    >>> front([1, 2, 3, 3], [0.90, 0.95, 0.94, 0.97])
    array([ True,  True, False,  True])
    """
    c, s = np.asarray(costs), np.asarray(scores)
    no_worse = (c[None, :] <= c[:, None]) & (s[None, :] >= s[:, None])
    better = (c[None, :] < c[:, None]) | (s[None, :] > s[:, None])
    return ~(no_worse & better).any(axis=1)


def standard_error(scores):
    """The standard error of a point's mean over its seeds, one number for all points. scores (points, seeds).

    Three seeds say little about the scatter of one point, so the variances of all points are averaged first.

    >>> round(float(standard_error([[1.0, 3.0], [2.0, 2.0]])), 6)
    0.707107
    """
    scores = np.asarray(scores, float)
    if scores.ndim != 2 or scores.shape[1] < 2:
        raise RangeError(f"standard_error: scores {scores.shape} · give (points, seeds) with two seeds or more")
    return np.sqrt(scores.var(axis=1, ddof=1).mean() / scores.shape[1])


def choose(costs, scores):
    """Return the place of the cheapest point whose mean lies within one standard error of the best mean. scores (points, seeds).

    Source: L. Breiman, J. H. Friedman, R. A. Olshen and C. J. Stone, Classification and Regression Trees, 1984,
    section 3.4.3, doi:10.1201/9781315139470.

    >>> choose([1, 2, 3], [[0.80, 0.82], [0.95, 0.97], [0.96, 0.97]])
    1
    """
    means = np.mean(scores, axis=1)
    good = means >= means.max() - standard_error(scores)
    return int(np.where(good, costs, np.inf).argmin())


# The store: one small JSON file for each cell, with a check sum.


def _identity(settings, point, seed):
    return {"settings": settings, "point": point, "seed": seed}


def _digest(content):
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _file(store, settings, point, seed):
    return Path(store) / f"{_digest(_identity(settings, point, seed))[:24]}.json"


def _find(store, settings, cells):
    """Read the stored cells: ({(point, seed): result}, [cells whose file is damaged])."""
    kept, damaged = {}, []
    if store is None:
        return kept, damaged
    try:
        Path(store).mkdir(parents=True, exist_ok=True)
        for point, seed in cells:
            file = _file(store, settings, point, seed)
            if file.exists():
                result = _read(file, _identity(settings, point, seed))
                if result is None:
                    damaged.append((point, seed))
                else:
                    kept[point, seed] = result
    except OSError as error:
        raise StoreError(f"grid.run: cannot use the folder {Path(store).name}: {error.strerror or error} · "
                         "choose a folder that can be read and written") from error
    return kept, damaged


def _read(file, identity):
    """The result in a stored cell, or None when a single bit of it is not as it was written."""
    try:
        stored = json.loads(file.read_bytes())
        check = stored.pop("check")
        whole = check == _digest(stored) == _digest({**stored, **identity})
        return stored["result"] if whole else None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _write(file, identity, result):
    content = {**identity, "result": result}
    try:
        with atomic(file) as beside:
            beside.write_text(json.dumps({**content, "check": _digest(content)}, indent=1), encoding="utf-8")
    except OSError as error:
        raise StoreError(f"grid.run: cannot write {file.name}: {error.strerror or error} · free some space; "
                         "the cells before it are kept") from error


def _plain(result, point, seed):
    """The result as it would come back from the store, so that a stored and a fresh run give equal numbers."""
    where = f"grid.run: train({point!r}, {seed!r})"
    if not isinstance(result, dict) or not result:
        raise RangeError(f"{where} returned {result!r:.60} · return a dict of numbers")
    numbers = {}
    for name, value in result.items():
        try:
            array = np.asarray(value)
        except ValueError:  # lists of different lengths
            array = np.asarray("")
        if array.dtype.kind not in "buif":
            raise RangeError(f"{where} returned {name}={value!r:.60} · return numbers, or lists of numbers")
        if not np.isfinite(array).all():
            raise NonFiniteError(f"{where} returned {name}={value!r:.60} · find out why, or return a number that says 'failed'")
        numbers[str(name)] = array.tolist()
    return numbers
