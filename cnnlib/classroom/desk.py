"""The student's end of the wall: runs cells of a handed-in notebook, and the functions they define, as it is told.

`python -m cnnlib.classroom.desk LIMITS FOLDER` copies the folder to where it works, reads requests from its standard input and
answers on its standard output; both are out of reach of `print` and `input`. It is not trusted: whatever the student does to
this process can only change answers.
"""

import builtins
import contextlib
import io
import json
import os
import resource
import shutil
import signal
import sys

from IPython.core.displayhook import DisplayHook
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from cnnlib.checks.alone import alone
from cnnlib.classroom import parcel

MOST_TEXT = 20_000  # characters kept of what one cell prints


class TimeLimit(KeyboardInterrupt):
    """The cell or the function took too long. No `except Exception` holds it back."""


class Page(io.TextIOBase):
    """Keeps the first part of what is printed."""

    def __init__(self):
        self.parts, self.room = [], MOST_TEXT

    def write(self, text):
        if self.room > 0:
            self.parts.append(text[: self.room])
        self.room -= len(text)
        return len(text)

    def text(self):
        return "".join(self.parts) + ("\n… the rest is not kept\n" if self.room < 0 else "")


class Plain(DisplayHook):
    """Show the value of a last line without a number in front."""

    def write_output_prompt(self):
        pass


@contextlib.contextmanager
def limit(seconds):
    """Stop what runs inside after so many seconds, again and again if it does not listen."""

    def stop(*_):
        raise TimeLimit(f"longer than {seconds:g} s")

    signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds, 0.5)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


class Desk:
    """One student's names, and the three things that can be asked about them."""

    def __init__(self, hear, say):
        self.hear, self.say = hear, say
        config = Config({"HistoryManager": {"enabled": False}, "InteractiveShell": {"colors": "nocolor", "xmode": "Minimal"}})
        InteractiveShell.displayhook_class = Plain
        self.shell = InteractiveShell.instance(config=config)
        self.names = self.shell.user_ns

    def run(self, source, seconds):
        """Run one cell; return what it printed and its error."""
        page = Page()
        with contextlib.redirect_stdout(page), contextlib.redirect_stderr(page):
            try:
                with limit(seconds):
                    done = self.shell.run_cell(source)
                error = done.error_before_exec or done.error_in_exec
            except KeyboardInterrupt as late:
                error = late
        return {"text": page.text(), "error": error and _name(error)}

    def look(self, names, seconds):
        """Say which of the names stand for something, and for what."""
        with limit(seconds):
            return {"found": {name: parcel.pack(self.names[name], []) for name in names if name in self.names}}

    def call(self, name, arguments, named, seconds):
        """Run a function of the student; return its result and the arguments as they are afterwards."""
        arguments, named = parcel.unpack(arguments, self.ask), parcel.unpack(named, self.ask)
        page = Page()
        with contextlib.redirect_stdout(page), contextlib.redirect_stderr(page):
            try:
                with limit(seconds):
                    result = alone(self.names[name])(*arguments, **named)
                answer = {"result": parcel.pack(result)}
            except BaseException as error:
                answer = {"error": _name(error)}
        after = [None if callable(a) else parcel.pack(a) for a in arguments]
        return {**answer, "text": page.text(), "after": after}

    def ask(self, number):
        """Stand in for a function that the grader handed over."""

        def function(*arguments):
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})  # no half question, no half answer
            try:
                parcel.write(self.say, {"ask": number, "arguments": parcel.pack(arguments)})
                answer = parcel.read(self.hear)
            finally:
                signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGALRM})
            if "error" in answer:
                raise ValueError(answer["error"])
            return parcel.unpack(answer["result"])

        return function


def _name(error):
    try:
        return [type(error).__name__, str(error)[:2000]]
    except BaseException:
        return [type(error).__name__, ""]


def _set_limits(limits):
    """Bound memory, size of files and, behind the wall, the number of processes."""
    for what, most in limits.items():
        kind = getattr(resource, what)
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(kind, (most, most))


def main():
    _set_limits(json.loads(sys.argv[1]))
    hear, say = os.fdopen(os.dup(0), "rb", 0), os.fdopen(os.dup(1), "wb", 0)
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)
    shutil.copytree(sys.argv[2], ".", dirs_exist_ok=True)
    sys.path.insert(0, "")
    desk = Desk(hear, say)
    builtins.input = lambda *_: ""
    parcel.write(say, {"ready": True})
    while True:
        request = parcel.read(hear)
        try:
            answer = getattr(desk, request.pop("do"))(**request)
        except BaseException as error:
            answer = {"error": _name(error), "text": ""}
        parcel.write(say, answer)


if __name__ == "__main__":
    with contextlib.suppress(parcel.Broken):
        main()
