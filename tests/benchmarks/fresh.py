"""What only a new process shows: the memory that a training step takes, and compilation on first use.

Memory is read from the Linux kernel's account of the process. VmRSS is what it holds in physical memory now, VmHWM
the most it ever held, or held since a 5 was written to clear_refs. The level before the first step, after imports and
building the network, is taken off. Two numbers come out: `first_mb` is the peak of the first step, which compiles and
makes Adam's two arrays per weight; `later_mb` is the peak of the next steps, in which buffers may still be added.
Memory that a library had already reserved before the first step is in neither.
"""

import gc
import os
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from cnnlib.keras_bridge import quiet_start

from .network import BATCH, NETWORKS, article
from .pairs import rounded
from .workers import PEERS, Team

STEPS = 20


def memory(field):
    """VmRSS or VmHWM of this process in bytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(field + ":"))


def reset_peak():
    """Let VmHWM start again from the present level; returns False where the kernel does not allow it."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return False
    return True


def first_steps(library):
    """Build the network and train a few steps in this process; seconds and bytes of what happened."""
    rng = np.random.default_rng(0)
    x, y = rng.random((BATCH, 28, 28, 1), np.float32), rng.integers(0, 10, BATCH)
    started = time.perf_counter()
    network = NETWORKS[library]()
    built = time.perf_counter()
    gc.collect()
    reset, before = reset_peak(), memory("VmRSS")
    resumed = time.perf_counter()
    network.step(x, y)
    first = time.perf_counter() - resumed
    peak_first = memory("VmHWM")
    network.step(x, y)
    reset_peak()
    resumed = time.perf_counter()
    for _ in range(STEPS):
        network.step(x, y)
    later = (time.perf_counter() - resumed) / STEPS
    return {"once_s": built - started + first - later, "reset": reset,
            "first_mb": (peak_first - before) / 1e6, "later_mb": (memory("VmHWM") - before) / 1e6}


def load(library):
    """Import the library, and for Keras and PyTorch make the weights they start from, before anything is measured."""
    with quiet_start():
        __import__(library)
    if library != "cnnlib":
        article()


def measure_memory(show):
    with Team() as team:
        for name in ("cnnlib", *PEERS):
            team[name].ask(load, name)
        found = {name: team[name].ask(first_steps, name) for name in ("cnnlib", *PEERS)}
    entry = {"name": "peak extra memory of a training step", "reset": all(each["reset"] for each in found.values())}
    for fact in ("first_mb", "later_mb"):
        entry[fact] = {name: rounded(each[fact], 3) for name, each in found.items()}
    show(entry)
    return [entry]


def every_operation():
    """Use what the course uses, once in each precision; return the seconds that the first use took longer than the second."""
    from cnnlib import ops

    def use():
        started = time.perf_counter()
        for dtype in (np.float32, np.float64):
            x, k, b = np.ones((2, 8, 8, 2), dtype), np.ones((3, 3, 2, 4), dtype), np.ones(4, dtype)
            y = ops.conv2d(x, k, b)
            ops.conv2d_backward(y, x, k)
            clips, kernels = np.ones((2, 4, 8, 8, 2), dtype), np.ones((3, 3, 3, 2, 4), dtype)
            y = ops.conv3d(clips, kernels, b)
            ops.conv3d_backward(y, clips, kernels)
            for pool, backward in ((ops.max_pool2d, ops.max_pool2d_backward), (ops.avg_pool2d, ops.avg_pool2d_backward)):
                backward(pool(x), x)
        return time.perf_counter() - started

    return use() - use()


@contextmanager
def numba_cache(folder):
    """Processes started in this block keep compiled code in `folder`."""
    before = os.environ.get("NUMBA_CACHE_DIR")
    os.environ["NUMBA_CACHE_DIR"] = str(folder)
    try:
        yield
    finally:
        if before is None:
            del os.environ["NUMBA_CACHE_DIR"]
        else:
            os.environ["NUMBA_CACHE_DIR"] = before


def measure_compilation(show):
    """cnnlib with an empty cache, then with the cache that this left behind; Keras and PyTorch for comparison."""
    seconds, step = {}, {}
    with tempfile.TemporaryDirectory() as folder, numba_cache(folder):
        for name in ("cold", "warm"):
            with Team() as team:
                team[name].ask(load, "cnnlib")
                step[f"cnnlib, {name}"] = team[name].ask(first_steps, "cnnlib")["once_s"]
                seconds[name] = step[f"cnnlib, {name}"] + team[name].ask(every_operation)
        with Team() as team:
            for name in PEERS:
                team[name].ask(load, name)
                step[name] = team[name].ask(first_steps, name)["once_s"]
    entry = {"name": "compilation on first use", "seconds": {name: rounded(s, 3) for name, s in seconds.items()},
             "until_first_step": {name: rounded(s, 3) for name, s in step.items()}}
    show(entry)
    return [entry]
