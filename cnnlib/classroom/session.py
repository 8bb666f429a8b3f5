"""The grader's end of the wall: asks the desk to run cells, and stands in for the functions that it defines.

A desk that crashes, hangs or grows too large is ended, and a new one runs the cells again that were well: what was lost
is one cell.
"""

import builtins
import dataclasses
import threading
import time

import numpy as np

from cnnlib.classroom import parcel, sandbox
from cnnlib.errors import CheckFailed

MOST_TEXT = 25_000  # characters that one answer may print


@dataclasses.dataclass
class Limits:
    """How much one student may use; seconds are wall-clock seconds, `memory` is in bytes."""

    call: float = 10  # one call of a function
    cell: float = 30  # one cell, also one that gives points, with all its calls
    student: float = 240  # the whole notebook
    memory: int = 2 * 2**30  # Keras needs 0.7 GB to start, 1 GB to train on 12,000 digits, 1.4 GB on all 60,000


class Gone(Exception):
    """The desk had to be ended, or ended itself."""


class Session:
    """One student's desk. `folder` is a scratch folder, `handed_in` the folder of files beside the notebook."""

    def __init__(self, handed_in, folder, limits):
        self.handed_in, self.folder, self.limits = handed_in, folder, limits
        self.end = time.monotonic() + limits.student
        self.well = []  # cells that a new desk runs again
        self.process = None
        self.reason = ""

    def run(self, source):
        """Run a cell; return (what it printed, None or [name of the error, its message])."""
        if self.left() <= 0:
            return "", ["TimeLimit", f"the notebook has used up its {self.limits.student:g} s"]
        try:
            answer = self._ask({"do": "run", "source": source}, min(self.limits.cell, self.left()))
        except Gone as gone:
            return "", ["Stopped", str(gone)]
        error = answer.get("error")
        if error and error[0] == "MemoryError" and sandbox.memory(self.process) > self.limits.memory / 2:
            self.close()  # what fills the memory would be in the way of all further cells
        elif not error or error[0] != "TimeLimit":
            self.well.append(source)
        return _text(answer), [str(part)[:2000] for part in error][:2] if error else None

    def left(self):
        """Return the seconds that this student still has."""
        return self.end - time.monotonic()

    def look(self, names):
        """Return {name: value} for those names that the notebook has defined; functions are stand-ins."""
        try:
            found = self._ask({"do": "look", "names": sorted(names)}, self.limits.call)["found"]
            allowance = Allowance(min(self.limits.cell, self.left()))
            return {n: parcel.unpack(found[n], lambda _, n=n: StandIn(self, n, allowance)) for n in names if n in found}
        except Exception:
            return {}

    def call(self, name, arguments, named, seconds):
        """Call a function at the desk, answering what it asks; return its whole answer."""
        functions = []
        arguments, named = parcel.pack(list(arguments), functions), parcel.pack(named, functions)
        return self._ask({"do": "call", "name": name, "arguments": arguments, "named": named}, seconds, functions)

    def close(self):
        """End the desk."""
        if self.process is not None:
            sandbox.end(self.process)
            self.process = None

    def _ask(self, request, seconds, functions=()):
        while self.process is None:
            self._start()
        request["seconds"] = seconds
        end = time.monotonic() + seconds + 3  # the desk stops by itself; this is for one that does not listen
        try:
            parcel.write(self.process.stdin, request, end - time.monotonic())
            while True:
                answer = parcel.read(self.process.stdout, end - time.monotonic())
                if "ask" not in answer:
                    return answer
                parcel.write(self.process.stdin, _reply(functions, answer), end - time.monotonic())
        except parcel.Late:
            self._lose(f"longer than {seconds:g} s")
        except parcel.Broken:
            self._lose("the process ended: a crash, an exit, or too much memory")

    def _lose(self, reason):
        reason, self.reason = self.reason or reason, ""
        self.close()
        raise Gone(reason)

    def _start(self):
        """Start a desk and let it run again what was well."""
        self.process = sandbox.start_desk(self.handed_in, self.folder, {
            "RLIMIT_DATA": self.limits.memory, "RLIMIT_CPU": int(2 * self.limits.student) + 10})  # fmt: skip
        threading.Thread(target=self._watch, args=(self.process,), daemon=True).start()
        try:
            parcel.read(self.process.stdout, 60)
        except (parcel.Late, parcel.Broken):
            self._lose("the process did not start")
        again, self.well = self.well, []
        for place, source in enumerate(again):
            error = self.run(source)[1]
            if self.process is None:  # this time it was not well: leave it out
                self.well += again[place + 1 :]
                return
            if error and error[0] == "TimeLimit":
                return

    def _watch(self, process):
        """End a desk that, with all its processes, holds more than the memory allowed."""
        while process is self.process and process.poll() is None:
            if sandbox.memory(process) > self.limits.memory:
                self.reason = f"more than {self.limits.memory / 2**30:g} GB of memory"
                process.kill()
                return
            time.sleep(0.2)


class Allowance:
    """The seconds that all calls of one cell share; nothing is left once a call has ended the desk."""

    def __init__(self, seconds):
        self.seconds = seconds
        self.over = "the calls of this cell took too long"


class StandIn:
    """Looks like a function of the student, works at the desk."""

    is_alone = True  # the desk sees to it

    def __init__(self, session, name, allowance):
        self.session, self.__name__, self.allowance = session, name, allowance

    def __call__(self, *arguments, **named):
        if self.allowance.seconds <= 0:
            raise CheckFailed(f"not called any more · {self.allowance.over}")
        began = time.monotonic()
        try:
            answer = self.session.call(self.__name__, arguments, named, min(self.session.limits.call, self.allowance.seconds))
        except Gone as gone:
            self.allowance.over, self.allowance.seconds = str(gone), 0
            raise CheckFailed(f"it was stopped: {gone} · try it alone with a small picture") from gone
        self.allowance.seconds -= time.monotonic() - began
        print(_text(answer), end="")
        if "error" in answer:
            if answer["error"][0] == "TimeLimit":
                raise CheckFailed("it took too long and was stopped · does its loop end for these arguments")
            raise _error(answer["error"])
        try:
            for before, after in zip(arguments, answer["after"], strict=True):
                _take_over(before, parcel.unpack(after))
            return parcel.unpack(answer["result"])
        except Exception as error:
            raise CheckFailed("its result cannot be read · return numbers and arrays") from error


def _text(answer):
    return str(answer.get("text", ""))[:MOST_TEXT]


def _reply(functions, answer):
    """Run a function that the check handed over, with the arguments that the desk sent."""
    try:
        return {"result": parcel.pack(functions[answer["ask"]](*parcel.unpack(answer["arguments"])))}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}


def _take_over(before, after):
    """Let a given array or random generator show what the function did to it."""
    if isinstance(before, np.ndarray) and isinstance(after, np.ndarray) and before.shape == after.shape:
        if before.dtype == after.dtype and before.tobytes() != after.tobytes():
            before[...] = after
    elif isinstance(before, np.random.Generator) and isinstance(after, np.random.Generator):
        before.bit_generator.state = after.bit_generator.state


def _error(given):
    """Return the error of the desk as an exception of the same name."""
    name, text = str(given[0]), str(given[1])
    if name == "CheckFailed":
        return CheckFailed(text)
    kind = getattr(builtins, name, None)
    if not (isinstance(kind, type) and issubclass(kind, Exception)):
        kind = type(name if name.isidentifier() else "Error", (Exception,), {})
    try:
        return kind(text)
    except Exception:
        return RuntimeError(f"{name}: {text}")
