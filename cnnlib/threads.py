"""One plan for threads: split the batch, give each part one thread, and let no library add more.

NumPy's matrix product (BLAS) and Numba each bring a pool of threads. On two cores the pools fight: a thread that
waits for work still spins on the core that another one needs. So cnnlib keeps BLAS single-threaded while it works
and runs one Python thread per part of the batch; compiled kernels and matrix products release Python's lock, so
the parts really run side by side.
"""

import os
import threading
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager

import numpy as np  # also brings the BLAS library that the controller below looks for
from threadpoolctl import ThreadpoolController

from .errors import RangeError

ENOUGH = 2**20  # products, about 10 µs: below that one thread is done before a second one has started

_blas = ThreadpoolController().select(user_api="blas")
_local = threading.local()
_pool = None
_count = min(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1, 8)


def set_threads(count):
    """Use `count` threads (≥ 1) in every cnnlib operation from now on.

    Raises
    ------
    RangeError  count is not a whole number ≥ 1
    """
    global _count, _pool
    if not isinstance(count, int) or count < 1:
        raise RangeError(f"set_threads: count={count!r} · give a whole number ≥ 1")
    _count, _pool = count, None


def get_threads():
    """Number of threads that cnnlib operations use."""
    return _count


@contextmanager
def single_threaded_blas():
    """Within this block (or decorated function) matrix products use one thread; the user's setting comes back afterwards.

    It encloses even the small products before and after the threads' work: the pool that a single one of them wakes
    up goes on spinning for milliseconds, on a core that is needed.
    """
    changed = [(controller, controller.num_threads) for controller in _blas.lib_controllers if controller.num_threads != 1]
    for controller, _ in changed:
        controller.set_num_threads(1)
    try:
        yield
    finally:
        for controller, count in changed:
            controller.set_num_threads(count)


def scratch(name, size, dtype):
    """This thread's buffer of that name: at least `size` numbers, kept from call to call, contents undefined.

    Fresh memory is not free: the system hands it out in pages of 4 KB and clears each at the first touch, which here
    would take longer than the work done in them.
    """
    kept = _local.__dict__.setdefault("buffers", {})
    if (name, dtype) not in kept or len(kept[name, dtype]) < size:
        kept[name, dtype] = np.empty(size, dtype)
    return kept[name, dtype][:size]


def over_parts(work, size, work_size=ENOUGH):
    """Cut 0 … size into one slice per thread, run `work(slice)` on all of them, return the results in order.

    `work_size` is the number of products in all; too few are not worth waking another thread for.
    The first part runs in the calling thread. `work` must write only to its own part of any output. If a part
    raises, the others are waited for before its error is passed on, so that nothing still writes behind the
    caller's back.
    """
    global _pool
    parts = min(_count, size) if work_size >= ENOUGH else 1
    edges = [size * part // parts for part in range(parts + 1)]
    slices = [slice(a, b) for a, b in zip(edges, edges[1:], strict=False)]
    with single_threaded_blas():
        if parts == 1:
            return [work(slices[0])]
        if _pool is None:
            _pool = ThreadPoolExecutor(_count - 1, thread_name_prefix="cnnlib")
        rest = [_pool.submit(work, part) for part in slices[1:]]
        try:
            first = work(slices[0])
        finally:
            wait(rest)
        return [first] + [future.result() for future in rest]
