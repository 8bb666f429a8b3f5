"""The machine under the numbers: its processor, how fast it multiplies matrices and copies memory, who runs on it."""

import os
import platform
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median

import numpy as np
from threadpoolctl import threadpool_limits

from cnnlib import threads
from cnnlib.keras_bridge import quiet_start

from .pairs import ROUNDS, Work, rounded, time_of
from .workers import PEERS, Team

SIDE = 2048
PRODUCT_FLOP = 2 * SIDE**3
COPIED = 256 * 2**20  # bytes, far more than the caches hold


def cores():
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def cpu_model():
    """The processor's name as the system tells it."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def conditions():
    """Where and with what a part was measured: stored with each part, for parts may be measured on different days."""
    versions = {"python": platform.python_version()}
    for name in ("numpy", "numba", "scipy", "keras", "tensorflow", "torch"):
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return {"day": date.today().isoformat(), "cpu": cpu_model(), "cores": cores(), "system": platform.system(),
            "versions": versions}


def busy_seconds():
    """(processor seconds that the whole machine has worked, those of this process and its ended workers), or None off Linux.

    Time that a virtual machine waited for its host counts as worked: it is lost to the measurement just the same.
    """
    stat = Path("/proc/stat")
    if not stat.exists():
        return None
    user, nice, system, _idle, _waiting, *interrupts = map(int, stat.read_text().splitlines()[0].split()[1:9])
    return (user + nice + system + sum(interrupts)) / os.sysconf("SC_CLK_TCK"), sum(os.times()[:4])


def others_percent(before, after, seconds):
    """What all other programs used of one core between two calls of `busy_seconds`, in percent; None where unknown."""
    if before is None or after is None:
        return None
    everyone, ours = (late - early for early, late in zip(before, after, strict=True))
    return round(max(0.0, 100 * (everyone - ours) / seconds), 1)


def in_parts(work, size):
    """A call that runs work(slice) on one part of 0 … size per core, each in a thread of its own with single-threaded BLAS."""
    parts = [slice(size * n // cores(), size * (n + 1) // cores()) for n in range(cores())]
    pool = ThreadPoolExecutor(len(parts))

    def call():
        with threadpool_limits(1, "blas"):
            return list(pool.map(work, parts))

    return call


class Product:
    """A plain matrix product as a task: the rate that everything else is held against."""

    def work(self, library):
        call = matrix_product()
        return Work(call, call)


def matrix_product():
    """A call that multiplies two square float32 matrices, one part of the rows per core."""
    rng = np.random.default_rng(0)
    a, b = (rng.standard_normal((SIDE, SIDE), np.float32) for _ in range(2))
    c = np.empty_like(a)
    return in_parts(lambda part: np.matmul(a[part], b, out=c[part]), SIDE)


def copy():
    """A call that copies a large array, one part of it per core."""
    source = np.ones(COPIED, np.uint8)
    target = np.zeros_like(source)
    return in_parts(lambda part: np.copyto(target[part], source[part]), COPIED)


def median_seconds(call):
    call(), call()
    return median(time_of(call, 3) for _ in range(ROUNDS))


def keras_threads():
    """TensorFlow's setting is 0 where it takes one thread per core."""
    with quiet_start():
        import tensorflow as tf

        return tf.config.threading.get_intra_op_parallelism_threads() or cores()


def torch_threads():
    import torch

    return torch.get_num_threads()


def measure(show):
    """Matrix-product rate, memory bandwidth (bytes read and bytes written both count), everyone's number of threads."""
    with Team() as team:
        counts = {name: team[name].ask({"keras": keras_threads, "torch": torch_threads}[name]) for name in PEERS}
    row = {
        "name": "machine",
        "gflop_per_s": rounded(PRODUCT_FLOP / median_seconds(matrix_product()) / 1e9),
        "gb_per_s": rounded(2 * COPIED / median_seconds(copy()) / 1e9),
        "threads": {"cnnlib": threads.get_threads(), **counts},
    }
    show(row)
    return [row]
