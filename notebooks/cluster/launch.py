"""Starts n workers on this machine and looks after them: python launch.py --workers 2 --restarts 1 -- --steps 50

What stands behind -- goes to train.py. When a worker ends before its work is done, the others are ended too; with
--restarts all are started again and go on from the last backup. No process outlives this one.

Exit code 0: all workers are done. 1: they are not, and the last line says why.
"""

import argparse
import json
import os
import queue
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from together import DONE, LOST, PORT_TAKEN, WAITED, WRONG_OPTIONS, say

TRAIN = Path(__file__).with_name("train.py")


def read_options():
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Starts workers on this machine.")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--restarts", type=int, default=0, help="how often to start again when a worker was lost")
    parser.add_argument("--gpus", action="store_true", help="give worker i the GPU number i; otherwise GPUs are hidden")
    parser.add_argument("--kill", type=int, metavar="I", help="fire drill: kill worker I ...")
    parser.add_argument("--at", type=int, metavar="STEP", help="... as soon as it has done this step")
    parser.add_argument("--leave-out", type=int, metavar="I", help="fire drill: never start worker I")
    parser.add_argument("arguments", nargs="*", help="for train.py, behind --")
    return parser.parse_args()


def free_ports(count):
    """Ports that are free now. The system chooses them, so that two launchers at once get different ones."""
    doors = [socket.create_server(("", 0)) for _ in range(count)]
    ports = [door.getsockname()[1] for door in doors]
    for door in doors:
        door.close()
    return ports


def start(index, ports, options, errors):
    """Start one worker; it learns from TF_CONFIG who the others are and which of them it is."""
    workers = [f"127.0.0.1:{port}" for port in ports]
    config = {"cluster": {"worker": workers}, "task": {"type": "worker", "index": index}}
    surroundings = {**os.environ, "TF_CONFIG": json.dumps(config), "TF_CPP_MIN_LOG_LEVEL": "3",
                    "CUDA_VISIBLE_DEVICES": str(index) if options.gpus else "-1"}
    return subprocess.Popen([sys.executable, str(TRAIN), *options.arguments], env=surroundings, text=True,
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors)


def listen(index, process, news):
    """Put (worker, line) into the queue for each line that a worker prints, and (worker, None) when it has ended."""
    for line in process.stdout:
        news.put((index, line.strip()))
    process.wait()
    news.put((index, None))


def run(options, fire_drill):
    """Run all workers once. Return True and "", or False and what happened; or None if a port was taken meanwhile."""
    ports, processes, last, news = free_ports(options.workers), {}, {}, queue.Queue()
    with tempfile.TemporaryDirectory() as folder:
        try:
            for index in range(options.workers):
                if index == options.leave_out:
                    continue
                with open(Path(folder, str(index)), "w") as errors:
                    processes[index] = start(index, ports, options, errors)
                threading.Thread(target=listen, args=(index, processes[index], news), daemon=True).start()
            waiting = set(processes)
            while waiting:
                index, line = news.get()
                if line is None:
                    waiting.remove(index)
                    if processes[index].returncode != DONE:
                        break
                    continue
                last[index] = line
                if index == 0 and line.startswith(("ready", "step", "done")):
                    say(line)
                if fire_drill and index == options.kill and line == f"step {options.at}":
                    processes[index].kill()
            else:
                return True, ""
            return False, blame(processes, last, folder)
        finally:
            stop(processes.values())


def blame(processes, last, folder):
    """Say which worker ended first and how. None if a port was taken."""
    end = time.monotonic() + 2  # the one to blame may need a moment longer to end than those who miss it
    while time.monotonic() < end and None in [process.poll() for process in processes.values()]:
        time.sleep(0.1)
    ended = {index: p.returncode for index, p in processes.items() if p.returncode not in (None, DONE)}
    if PORT_TAKEN in ended.values():
        return None
    index = min(ended, key=lambda i: (ended[i] != WRONG_OPTIONS, ended[i] in (LOST, WAITED)))
    code, where = ended[index], last.get(index, "its start")
    if code < 0:
        return f"worker {index} was killed by {signal.Signals(-code).name} after {where}"
    if code in (LOST, WAITED, WRONG_OPTIONS):  # its last line says why
        return f"worker {index} {where}"
    lines = Path(folder, str(index)).read_text(errors="replace").split("\n")
    reason = [line for line in lines if line.strip()][-1:] or ["no message"]
    return f"worker {index} ended with exit code {code} after {where}: {reason[0]}"


def stop(processes):
    """End all processes, politely first, and wait until they are gone."""
    for process in processes:
        process.terminate()
    for process in processes:
        try:
            process.wait(2)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def main():
    """Run the workers, again after a loss as often as is allowed; return the exit code."""
    options = read_options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    restarts, port_tries = 0, 3
    while True:
        good, why = run(options, fire_drill=restarts == 0)
        if good:
            return 0
        if why is None and port_tries:
            port_tries -= 1
            say("a port was taken in the meantime: trying others")
            continue
        say(why or "other programs take the ports as fast as they are found")
        if restarts == options.restarts:
            return 1
        restarts += 1
        say(f"restart {restarts} of {options.restarts}")


if __name__ == "__main__":
    sys.exit(main())
