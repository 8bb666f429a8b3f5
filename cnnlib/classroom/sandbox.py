"""The wall: a process of a student without network, with a read-only view of a few folders, and with bounded memory and files.

With bubblewrap (`bwrap`) the process sees Python, cnnlib and what the student handed in, and nothing else of this machine: no
other student, no solution, no home folder. Without it only the limits remain; `PROTECTION` says so in words.
"""

import contextlib
import functools
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psutil

import cnnlib

SYSTEM = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d",
          "/etc/alternatives", "/etc/fonts", "/etc/localtime"]
ENVIRONMENT = {
    "LANG": "C.UTF-8", "USER": "student", "MPLBACKEND": "agg", "CNNLIB_PROGRESS": "off", "TF_CPP_MIN_LOG_LEVEL": "3",
    "CUDA_VISIBLE_DEVICES": "", "PYTHONDONTWRITEBYTECODE": "1", "NBGRADER_EXECUTION": "autograde",
    "PYTHONPATH": str(Path(cnnlib.__file__).resolve().parents[1]),
    "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1",
    # TensorFlow starts two threads for each core of the machine, and on 64 cores ends when it meets the limit of processes.
    "TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1",
}  # fmt: skip
SCRATCH = 256 * 2**20  # bytes that a student may write
PROTECTION = {
    True: "bubblewrap: no network, no other files, no other processes",
    False: "limits only: bubblewrap is missing or may not be used here, so handed-in code can use the network, read and write "
           "what this user can, and disturb other processes of this user",
}  # fmt: skip


def start_desk(handed_in, folder, limits):
    """Start a desk with a copy of what was handed in; return the process. `folder` is where it works without a wall."""
    walled = usable()
    limits = {"RLIMIT_CORE": 0, "RLIMIT_FSIZE": SCRATCH, **limits, **({"RLIMIT_NPROC": 64} if walled else {})}
    place = "/handed_in" if walled else str(handed_in)
    command = [sys.executable, "-P", "-m", "cnnlib.classroom.desk", json.dumps(limits), place]
    return subprocess.Popen(
        _wall(handed_in) + command if walled else command,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0, start_new_session=True,
        cwd=folder, env={**ENVIRONMENT, "HOME": str(folder), "PATH": os.defpath},
    )  # fmt: skip


def end(process):
    """End a desk and all that it started, as far as it can be found."""
    family = []
    with contextlib.suppress(psutil.Error):
        family = psutil.Process(process.pid).children(recursive=True)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    for child in family:
        with contextlib.suppress(psutil.Error):
            child.kill()
    process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()


def memory(process):
    """Return the bytes that a desk and all that it started hold."""
    total = 0
    with contextlib.suppress(psutil.Error):
        me = psutil.Process(process.pid)
        for member in [me, *me.children(recursive=True)]:
            with contextlib.suppress(psutil.Error):
                total += member.memory_info().rss
    return total


@functools.cache
def usable():
    """Return whether bubblewrap works here, by trying it."""
    if shutil.which("bwrap") is None or os.environ.get("CNNLIB_NO_BWRAP"):
        return False
    trial = [*_wall(Path(cnnlib.__file__).parent), sys.executable, "-P", "-c", "import cnnlib"]
    try:
        return subprocess.run(trial, capture_output=True, timeout=60).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _wall(handed_in):
    code = Path(cnnlib.__file__).resolve().parent
    folders = [*SYSTEM, sys.base_prefix, sys.prefix, str(code)]
    size = ["--size", str(SCRATCH)]
    return [
        "bwrap", "--unshare-all", "--unshare-user", "--die-with-parent", "--new-session", "--cap-drop", "ALL",
        "--uid", "1000", "--gid", "1000", "--hostname", "desk", "--clearenv",
        *(word for name, value in {**ENVIRONMENT, "HOME": "/tmp", "PATH": "/usr/bin:/bin"}.items()
          for word in ("--setenv", name, value)),
        *size, "--tmpfs", "/tmp",  # before the folders: the course itself may lie there
        *(word for folder in folders for word in ("--ro-bind-try", folder, folder)),
        "--proc", "/proc", "--dev", "/dev", *size, "--tmpfs", "/dev/shm", "--remount-ro", "/dev",
        *size, "--tmpfs", "/desk", "--ro-bind", str(handed_in), "/handed_in",
        "--remount-ro", "/", "--chdir", "/desk",
    ]  # fmt: skip
