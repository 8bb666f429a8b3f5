"""Each library in a process of its own, as it runs for its users: its threads and its memory disturb nobody else's.

Two thread pools in one process fight for the cores, and a memory allocator serves its own library best: inside the
process of TensorFlow, PyTorch's convolutions were seen to take up to six times as long as alone.
"""

import multiprocessing
import traceback
from importlib.util import find_spec

PEERS = [name for name in ("keras", "torch") if find_spec(name)]  # PyTorch is no requirement of the course


class WorkerFailed(RuntimeError):
    """A function raised in a worker's process, or the process ended."""


class Worker:
    """A process that waits, without using the processor, until it is asked to run a function and to send the result back."""

    def __init__(self):
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()

    def ask(self, function, *arguments):
        """Run function(*arguments) in the worker's process; return what it returns."""
        self._pipe.send((function, arguments))
        try:
            succeeded, answer = self._pipe.recv()
        except EOFError:
            raise WorkerFailed(f"{function.__name__}: the process ended without an answer") from None
        if not succeeded:
            raise WorkerFailed(answer)
        return answer

    def close(self):
        self._pipe.close()
        self._process.join(10)
        self._process.kill()


class Team:
    """Workers by name, each started when it is first needed: `with Team() as team: team["keras"].ask(…)`."""

    def __init__(self):
        self._workers = {}

    def __getitem__(self, name):
        if name not in self._workers:
            self._workers[name] = Worker()
        return self._workers[name]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for worker in self._workers.values():
            worker.close()


def _serve(pipe):
    while True:
        try:
            function, arguments = pipe.recv()
        except EOFError:
            return
        try:
            pipe.send((True, function(*arguments)))
        except Exception:
            pipe.send((False, traceback.format_exc(limit=-2)))
