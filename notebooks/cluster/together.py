"""What keeps workers together: a roll call before the training, a watch during it, one exit code for each way to end."""

import os
import socket
import threading
import time

DONE, WRONG_OPTIONS, WAITED, LOST, ORPHAN, PORT_TAKEN = 0, 2, 3, 4, 5, 6  # exit codes of a worker


def say(text):
    """Print one line at once; the launcher reads it."""
    print(text, flush=True)


def leave(code, text):
    """End this process now. The usual way out would wait for workers that are gone."""
    say(text)
    os._exit(code)


class Watch:
    """Ends this process when it has waited longer than `limit` seconds, or when the process that started it is gone."""

    def __init__(self, limit):
        self.limit, self.parent = limit, os.getppid()
        self.wait_for("TensorFlow to start")
        threading.Thread(target=self._look, daemon=True).start()

    def wait_for(self, what):
        """Say what the worker waits for from now on."""
        self.what, self.since = what, time.monotonic()

    def _look(self):
        while True:
            time.sleep(0.2)
            if os.getppid() != self.parent:
                leave(ORPHAN, "stopped: the process that started this worker is gone")
            if time.monotonic() - self.since > self.limit:
                leave(WAITED, f"gave up: waited more than {self.limit:g} s for {self.what}")


def roll_call(workers, me, limit):
    """Return when all workers are there; `workers` is a list of "host:port", `me` the place of this one in it.

    Worker 0 opens its port, the others call it and say their number; when the last one has called, it says "go".
    TensorFlow has a roll call of its own, but it waits for many minutes and says nothing.

    Raises TimeoutError, naming the missing workers, when `limit` seconds have passed, and OSError if worker 0 finds
    its port taken.
    """
    end = time.monotonic() + limit
    if me == 0:
        _answer(workers, end, limit)
    else:
        _call(workers[0], me, end, limit)


def _answer(workers, end, limit):
    here = {}
    with socket.create_server(("", port_of(workers[0]))) as door:
        while len(here) < len(workers) - 1:
            door.settimeout(max(end - time.monotonic(), 0.01))
            try:
                line = door.accept()[0]
                line.settimeout(5)
                here[int(line.recv(16))] = line
            except TimeoutError:
                missing = [f"{n} ({workers[n]})" for n in range(1, len(workers)) if n not in here]
                if time.monotonic() >= end:
                    raise TimeoutError(f"waited {limit:g} s, but worker {', '.join(missing)} did not appear") from None
            except (OSError, ValueError):
                continue  # somebody else at the door, or a caller who has hung up
        for line in here.values():
            line.sendall(b"go")
        for line in here.values():
            line.recv(1)  # the caller hangs up first, so that the port is free again
            line.close()


def _call(chief, me, end, limit):
    while time.monotonic() < end:
        try:
            with socket.create_connection((chief.rsplit(":", 1)[0], port_of(chief)), timeout=1) as line:
                line.sendall(str(me).encode())
                line.settimeout(max(end - time.monotonic(), 0.01))
                if line.recv(2) == b"go":
                    return
        except OSError:
            time.sleep(0.1)  # it is not there yet
    raise TimeoutError(f"waited {limit:g} s, but worker 0 ({chief}) did not answer")


def port_of(address):
    """The port in "host:port"."""
    return int(address.rsplit(":", 1)[1])
