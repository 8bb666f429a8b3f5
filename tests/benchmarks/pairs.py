"""The method: all libraries do the same work on the same numbers, first to be compared, then to be timed in turns.

Times of one machine drift: by its clock rate, by what else runs, by its temperature. So a ratio is never made of two
times from different minutes. One round times every library once, one straight after the other, and gives one ratio;
the ratio that is reported is the median over the rounds.

Threads of OpenMP, Eigen and BLAS go on spinning for a while after their work and would slow down whoever comes next:
on two cores, PyTorch's were seen to burn 4 to 9 ms after each call. A pause would help against that and do harm in
another way: cores that have slept are slow at first. So each sample is preceded by untimed calls of the same library,
until they have taken 50 ms. By then its own threads are awake and the others' asleep.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

import numpy as np

ROUNDS, SAMPLE = 7, 0.02  # rounds at least; seconds that one sample lasts at least
WARM = 0.05  # seconds of untimed calls before each sample, one call at least


class Disagreement(AssertionError):
    """Two libraries gave different results, so there is nothing to time."""


@dataclass
class Work:
    """What one library does: `call()` is timed, `results()` gives NumPy arrays to compare.

    `warm()` is the untimed call repeated before each sample; where the work takes seconds, a shorter piece of it will do.
    """

    call: Callable
    results: Callable
    warm: Callable | None = None


# ── in the worker's process ───────────────────────────────────────────────────────────────────────────────────

_work = None


def prepare(task, library):
    """Build the work of a task and return its results. A task is a small object with `work(library)`."""
    global _work
    _work = task.work(library)
    return results()


def results():
    return _work.results()


def repeats(sample):
    """How many calls fill `sample` seconds; the first two calls (compiling, allocating) do not count. 0: one call, untried."""
    if sample == 0:
        return 1
    _work.call(), _work.call()
    return max(1, math.ceil(sample / time_of(_work.call, 1)))


def timed(count):
    """Seconds per call of one sample of `count` calls, after untimed ones."""
    started, warm = time.perf_counter(), _work.warm or _work.call
    warm()
    while time.perf_counter() - started < WARM:
        warm()
    return time_of(_work.call, count)


def time_of(call, count):
    started = time.perf_counter()
    for _ in range(count):
        call()
    return (time.perf_counter() - started) / count


# ── in the process that leads ─────────────────────────────────────────────────────────────────────────────────


def row(team, tasks, tolerance, name, compared=None, rounds=ROUNDS, sample=SAMPLE):
    """Validate, then time in turns: one row of a table. What gives wrong answers is not timed.

    tasks      {name in the table: (library, task)}, cnnlib first
    tolerance  allowed difference, one for all arrays or one for each
    compared   the names of those whose results must agree; all if not given

    Returns {"name", "rounds", "difference", "ms", "ratio", "low", "high"}:
    difference  {name: largest difference from cnnlib, as a fraction of the largest number}
    ms     {name: median milliseconds of one call}
    ratio  {name: median over the rounds of (time of cnnlib / time of this one)}; below 1, cnnlib is faster
    low, high  {name: smallest and largest ratio of all rounds}
    """
    found = {who: team[who].ask(prepare, task, library) for who, (library, task) in tasks.items()}
    errors = compare({who: found[who] for who in compared or tasks}, tolerance, name)
    counts = {who: team[who].ask(repeats, sample) for who in tasks}
    seconds = {who: [] for who in tasks}
    for _ in range(rounds):
        for who in tasks:
            seconds[who].append(team[who].ask(timed, counts[who]))
    return {"name": name, "rounds": rounds, "difference": errors, **summary(seconds)}


def compare(found, tolerance, name):
    """Compare everyone's arrays with the first one's; return {who: largest difference} or raise Disagreement."""
    (first, reference), *others = found.items()
    errors = {}
    for who, arrays in others:
        if len(arrays) != len(reference):
            raise Disagreement(f"{name}: {first} gives {len(reference)} arrays, {who} {len(arrays)}")
        each = [difference(a, b) for a, b in zip(reference, arrays, strict=True)]
        if not np.all(each <= np.broadcast_to(tolerance, len(each))):  # written so that NaN fails too
            raise Disagreement(f"{name}: {first} and {who} differ by {each} of the largest number, array by array · "
                               f"allowed {tolerance}")
        errors[who] = rounded(max(each), 2)
    return errors


def difference(ours, theirs):
    """Largest difference of two arrays, as a fraction of the largest number; infinite where their shapes differ."""
    ours, theirs = np.asarray(ours, np.float64), np.asarray(theirs, np.float64)
    if ours.shape != theirs.shape:
        return math.inf
    return float(np.abs(ours - theirs).max() / max(np.abs(theirs).max(), 1e-30))


def summary(seconds):
    """Medians of the times, and of the ratios round by round, of {who: seconds in each round}."""
    first, *others = seconds
    ratios = {who: [a / b for a, b in zip(seconds[first], seconds[who], strict=True)] for who in others}
    return {
        "ms": {who: rounded(1000 * median(times)) for who, times in seconds.items()},
        "ratio": {who: rounded(median(values)) for who, values in ratios.items()},
        "low": {who: rounded(min(values)) for who, values in ratios.items()},
        "high": {who: rounded(max(values)) for who, values in ratios.items()},
    }


def rounded(value, digits=4):
    """A number with a few significant digits, as it is stored."""
    return float(f"{value:.{digits}g}")
