"""Say why the first call is slow: Numba compiles a kernel when it is first used, then keeps it on disk.

The note appears once in a session, on the error stream, as soon as compiling has taken longer than `PATIENCE`.
CNNLIB_PROGRESS=off silences it, like the progress bars.
"""

import os
import sys
import time

from numba.core import event

PATIENCE = 2  # seconds


class _Clock(event.Listener):
    """Adds up the time spent in the compiler; one function may compile others that it calls."""

    def __init__(self):
        self.depth, self.seconds, self.started, self.told = 0, 0.0, 0.0, False

    def on_start(self, event):
        if self.depth == 0:
            self.started = time.perf_counter()
        self.depth += 1

    def on_end(self, event):
        self.depth -= 1
        if self.depth == 0:
            self.seconds += time.perf_counter() - self.started
            if self.seconds > PATIENCE and not self.told:
                self.told = True
                if os.environ.get("CNNLIB_PROGRESS") != "off":
                    print("cnnlib: compiling kernels for this machine; this happens once, then they are kept on disk",
                          file=sys.stderr)


clock = _Clock()
event.register("numba:compile", clock)
