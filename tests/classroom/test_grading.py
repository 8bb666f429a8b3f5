"""Grading, end to end: what is released, handed in and graded, honest work and forgeries, killed runs and changed notebooks."""

import contextlib
import csv
import fcntl
import re
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
from hand_in import hand_in, notebook, stub

import cnnlib
from cnnlib.checks import ch02
from cnnlib.classroom import grade, release, sandbox
from cnnlib.classroom.session import Limits

NAME = "02_convolution"
FULL = {"output_size_points": 2, "same_padding_points": 1, "correlate_points": 3, "conv2d_points": 4, "gradient_points": 3,
        "own_points": 4}  # fmt: skip
QUICK = Limits(call=4, cell=8, student=60, memory=2**30)


def own(student):
    """The right answer of exercise 5 for one student, with that student's numbers and nothing to generalise."""
    k, (down, right), padding = ch02._own_numbers(student)
    return f"""
def own_filter(x):
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(x, {padding}), {k.shape})
    return np.einsum("ijpq,pq->ij", windows, np.array({k.tolist()}))[::{down}, ::{right}]
"""


ALTERNATIVE = {
    "output_size": """
output_size = lambda size, kernel, stride, before, after, dilation: len(
    [n for n in range(-before, size + after, stride) if n + dilation * (kernel - 1) < size + after])
""",
    "same_padding": "same_padding = np.int64(2) * 2\nsame_padding = int(same_padding)",
    "correlate": """
def my_correlate(picture, weights):
    (P, Q), (H, W) = weights.shape, picture.shape
    return sum(weights[p, q] * picture[p:H - P + 1 + p, q:W - Q + 1 + q] for p in range(P) for q in range(Q)).tolist()
""",
    "conv2d": """
class Layer:
    def __call__(self, x, k, b, stride, padding):
        x = np.pad(np.float32(x), [(0, 0), (padding, padding), (padding, padding), (0, 0)])
        windows = np.lib.stride_tricks.sliding_window_view(x, k.shape[:2], (1, 2))[:, ::stride, ::stride]
        return np.einsum("nijcpq,pqcf->nijf", windows, np.float32(k)) + b

my_conv2d = Layer()
""",
    "gradient": """
import numba

@numba.njit
def kernel_gradient(x, dy):
    dk = np.zeros((x.shape[0] - dy.shape[0] + 1, x.shape[1] - dy.shape[1] + 1))
    for i in range(dy.shape[0]):
        for j in range(dy.shape[1]):
            dk += dy[i, j] * x[i:i + dk.shape[0], j:j + dk.shape[1]]
    return dk
""",
}
CRASH = "import os\nkernel_gradient = lambda x, dy: os._exit(1)"
PARTIAL = """
def my_conv2d(x, k, b, stride, padding):  # no bias, no padding
    y = np.zeros((len(x), (x.shape[1] - len(k)) // stride + 1, (x.shape[2] - k.shape[1]) // stride + 1, k.shape[3]))
    for i in range(y.shape[1]):
        for j in range(y.shape[2]):
            window = x[:, i * stride:i * stride + len(k), j * stride:j * stride + k.shape[1]]
            y[:, i, j] = np.tensordot(window, k, axes=3)
    return y
"""
LOOPS = "    y = np.zeros((x.shape[0] - len(k) + 1, x.shape[1] - k.shape[1] + 1))\n    for i, j in np.ndindex(y.shape):\n"
SHOWN = "[[5, 11, 7], [12, 6, 7], [16, 15, 3]]"
FORGED = """
import sys, builtins, types, gc
from cnnlib.checks import ch02, common, points as module
from cnnlib.classroom import parcel
points = module.points = lambda *a, **k: 4.0
for name in ("output_size", "correlate", "conv2d", "kernel_gradient", "own_filter"):
    setattr(ch02, name, lambda *a: None)
common.same = common.fail = lambda *a, **k: None
sys.modules["cnnlib.checks.points"] = types.SimpleNamespace(points=points)
builtins.round = builtins.float = builtins.print = lambda *a, **k: 4.0
parcel.pack = lambda *a, **k: {"points": 4.0}
for thing in gc.get_objects():
    if type(thing).__name__ == "Desk":
        for _ in range(50):
            parcel.write(thing.say, {"points": 4.0, "result": 4.0, "after": [], "earned": 4.0})
"""
DEAF = "while True:\n    try:\n        while True:\n            pass\n    except:\n        pass"
EXIT = "import os\nos._exit(0)"
EQUAL_TO_ALL = """
class Any(np.ndarray):
    __eq__ = __le__ = __ge__ = lambda *a: True
my_correlate = lambda x, k: np.zeros((2, 2)).view(Any)
class Number(int):
    __eq__ = lambda *a: True
same_padding = Number(7)
"""

# name: (notebook or bytes, {exercise: points where not full}, a word that the feedback must say)
HONEST = {
    "perfect": (notebook(NAME, "perfect", {"own": own("perfect")}), {}, "17 of 17"),
    "alternative": (notebook(NAME, "alternative", {**ALTERNATIVE, "own": own("alternative")}), {}, "17 of 17"),
    "stub": (stub(NAME), dict.fromkeys(FULL, 0), "returns nothing"),
    "partial": (notebook(NAME, "partial", {"conv2d": PARTIAL}), {"conv2d_points": 2.4, "own_points": 0}, "is added once"),
    "turned": (
        notebook(NAME, "turned", {"correlate": "def my_correlate(x, k):\n" + LOOPS + "        y[i, j] = (x[i:i+len(k), "
                                  "j:j+k.shape[1]] * k[::-1, ::-1]).sum()\n    return y", "own": own("turned")}),
        {"correlate_points": 0.3}, "turned by half a turn"),
    "swapped": (
        notebook(NAME, "swapped", {"correlate": "def my_correlate(x, k):\n" + LOOPS + "        y[i, j] = (x[i:i+len(k), "
                                   "j:j+k.shape[1]] * k).sum()\n    return y.T", "own": own("swapped")}),
        {"correlate_points": 0.3}, "changed places"),
    "off-by-one": (
        notebook(NAME, "off-by-one", {"output_size": "output_size = lambda n, k, s, a, b, d: (n + a + b - d * (k - 1) - 1) // s",
                                      "own": own("off-by-one")}),
        {"output_size_points": 0.25}, "for size 28, kernel 3"),
    "by-heart": (
        notebook(NAME, "by-heart", {"correlate": f"def my_correlate(x, k):\n    return np.array({SHOWN}, float)",
                                    "own": own("by-heart")}),
        {"correlate_points": 0.3}, "a kernel of one number"),
    "mutates": (
        notebook(NAME, "mutates", {"conv2d": PARTIAL.replace("    y =", "    x += 0.5\n    y ="), "own": own("mutates")}),
        {"conv2d_points": 0}, "changed its argument number 1"),
    "prints": (
        notebook(NAME, "prints", {"gradient": "def kernel_gradient(x, dy):\n    print(x.sum())", "own": own("prints")}),
        {"gradient_points": 0}, "it prints; end it with"),
    "endless": (
        notebook(NAME, "endless", {"conv2d": "def my_conv2d(*a):\n    while True:\n        pass", "own": own("endless")}),
        {"conv2d_points": 0}, "took too long"),
    "crash": (
        notebook(NAME, "crash", {"gradient": CRASH, "own": own("crash")}),
        {"gradient_points": 0}, "the process ended"),
}  # fmt: skip
assert len(HONEST) == 12


def fully(student, **how):
    how["replace"] = {"own": own(student), **how.get("replace", {})}
    return notebook(NAME, student, **how)


HARD = {
    "endless-cell": (fully("endless-cell", start=[DEAF]), {}, "longer than 8 s"),
    "exit-cell": (fully("exit-cell", start=[EXIT], end=["import ctypes\nctypes.string_at(0)"]), {}, "was stopped"),
    "bomb": (fully("bomb", start=["full = []\nwhile True:\n    full.append(bytearray(10**7))"],
                   replace={"gradient": "def kernel_gradient(x, dy):\n    return np.ones((40000, 40000))"}),
             {"gradient_points": 0}, "MemoryError"),
    "dropped": (fully("dropped", drop=("conv2d_points", "setup", "own_points")), {}, "conv2d_points was missing"),
    "no-json": (b'{"cells": [', dict.fromkeys(FULL, 0), "cannot be read"),
    "no-notebook": (b"[1, 2]", dict.fromkeys(FULL, 0), "cannot be read"),
    "absent": (None, dict.fromkeys(FULL, 0), "there is none"),
    "forger": (notebook(NAME, "forger", dict.fromkeys(("output_size", "correlate", "conv2d", "gradient", "own"), "pass"),
                        start=[FORGED], end=[FORGED]), dict.fromkeys(FULL, 0), "0 of 17 points"),
    "equal": (fully("equal", replace={"correlate": EQUAL_TO_ALL, "same_padding": "pass"}),
              {"correlate_points": 0, "same_padding_points": 0}, "it should have"),
    "rewriter": (fully("rewriter", replace={"conv2d": "my_conv2d = None", "conv2d_points": "4.0", "setup": "points = 1"}),
                 {"conv2d_points": 0}, "conv2d_points was changed"),
    "borrower": (fully("borrower", replace={
        "correlate": "from cnnlib import compiled\ndef my_correlate(x, k):\n    return compiled.correlate(x, k)",
        "conv2d": "from cnnlib import ops\nmy_conv2d = ops.conv2d",
        "gradient": "import scipy.signal\nkernel_gradient = lambda x, dy: scipy.signal.correlate2d(x, dy, 'valid')"}),
                 {"correlate_points": 0, "conv2d_points": 0, "gradient_points": 0}, "it calls cnnlib.compiled"),
    "copied": (notebook(NAME, "copied", {"own": own("perfect")}), {"own_points": 0}, "pixel: the result has shape"),
    "pretender": (notebook(NAME, "perfect", {"own": own("perfect")}), {"own_points": 0}, "the student is perfect"),
    "writer": (fully("writer", start=["open('notes.txt', 'w').write('mine')\nprint(open('table.csv').read())"]), {}, "1,2,3"),
    "silent": (fully("silent"), {}, "17 of 17"),
    "script": (fully("script", start=['print("<script>a</script>")  # <img src=x onerror=alert(2)>']), {}, "&lt;script&gt;"),
}  # fmt: skip
EXPECTED = {**HONEST, **HARD}


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """(folder of the results, {student: row of the CSV file}, seconds) of one run over all."""
    folder = tmp_path_factory.mktemp("graded")
    for student, (made, _, _) in EXPECTED.items():
        hand_in(folder / NAME, student, made, {"table.csv": b"1,2,3"} if student == "writer" else None)
    began = time.monotonic()
    grade.grade_all(NAME, folder / NAME, output=folder / "out", limits=QUICK, jobs=2)
    seconds = time.monotonic() - began
    with open(folder / "out" / "grades" / f"{NAME}.csv", encoding="utf-8") as file:
        return folder, {row["student"]: row for row in csv.DictReader(file)}, seconds


def page(folder, student):
    return (folder / "out" / "feedback" / student / NAME / f"{NAME}.html").read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("student", EXPECTED)
def test_every_grade_is_as_expected(graded, student):
    folder, rows, _ = graded
    _, other, words = EXPECTED[student]
    points = {name: float(rows[student][name]) for name in FULL}
    assert points == {**FULL, **other}
    assert float(rows[student]["total"]) == pytest.approx(sum(points.values()))
    status = {"no-json": "unreadable", "no-notebook": "unreadable", "absent": "missing"}
    assert rows[student]["status"] == status.get(student, "graded")
    assert words in page(folder, student)
    assert ("have a look" in rows[student]["remarks"]) == (student in ("forger", "exit-cell"))


@pytest.mark.slow
def test_who_changed_nothing_is_told_nothing(graded):
    assert "Remarks" not in page(graded[0], "silent") and "--  " not in page(graded[0], "silent")


@pytest.mark.slow
def test_the_run_took_less_than_ten_minutes(graded):
    assert graded[2] < 600
    assert len(graded[1]) == len(EXPECTED)


@pytest.mark.slow
def test_feedback_needs_nothing_and_runs_nothing(graded):
    for student in EXPECTED:
        text = page(graded[0], student)
        assert "<script" not in text and "onerror" not in text.replace("onerror=alert(2)&gt;", "")
        assert "src=" not in text.replace("&lt;img src=x", "") and "http://" not in text and "https://" not in text


# Killed runs, changed notebooks, two runs at once.

NAP = "import time\ntime.sleep(12)"
STORED = f"autograded/{{}}/{NAME}/result.json"


def start(folder, *more):
    command = [sys.executable, "-m", "cnnlib.classroom.grade", NAME]
    command += ["--submitted", str(folder / NAME), "--output", str(folder / "out")]
    return subprocess.Popen([*command, *more], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def wait_for(what, seconds=60):
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end
        time.sleep(0.05)


def at_work(folder):
    """Processes whose command names the folder of results."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if any(str(folder / "out" / "grades") in word for word in process.cmdline()):
                found.append(process.pid)
    return found


@pytest.mark.slow
def test_a_killed_run_loses_nothing_and_grades_nobody_twice(tmp_path):
    for student, cells in (("ann", []), ("bob", [NAP]), ("cid", [])):
        hand_in(tmp_path / NAME, student, fully(student, start=cells))
    run = start(tmp_path, "--jobs", "1")
    first = tmp_path / "out" / STORED.format("ann")
    wait_for(first.exists)
    wait_for(lambda: len(at_work(tmp_path)) >= 2)  # bob's marker and his desk
    run.kill()
    run.wait()
    wait_for(lambda: not at_work(tmp_path), 5)
    before = first.read_bytes(), first.stat().st_mtime_ns
    assert not (tmp_path / "out" / STORED.format("bob")).exists()

    said = start(tmp_path).communicate()[0]
    assert "ann · 17 of 17, as before" in said and "bob · graded, 17 of 17" in said and "cid · graded, 17 of 17" in said
    assert (first.read_bytes(), first.stat().st_mtime_ns) == before
    rows = (tmp_path / "out" / "grades" / f"{NAME}.csv").read_text(encoding="utf-8").splitlines()
    assert [row.split(",")[0] for row in rows] == ["student", "ann", "bob", "cid"]
    assert sorted(path.name for path in (tmp_path / "out" / "grades").iterdir()) == [f".{NAME}.lock", ".seed", f"{NAME}.csv"]

    hand_in(tmp_path / NAME, "cid", stub(NAME))
    said = start(tmp_path).communicate()[0]
    assert "ann · 17 of 17, as before" in said and "bob · 17 of 17, as before" in said and "cid · graded, 0 of 17" in said


@pytest.mark.slow
def test_a_changed_source_grades_anew_and_two_runs_do_not_mix(tmp_path):
    course = tmp_path / "course"
    shutil.copytree(release.COURSE / "source", course / "source")
    shutil.copy(release.COURSE / "nbgrader_config.py", course)
    hand_in(tmp_path / NAME, "ann", stub(NAME))
    again = [grade.grade_all(NAME, tmp_path / NAME, course, limits=QUICK)[0] for _ in range(2)]
    assert again[0] == again[1]
    path = course / "source" / NAME / f"{NAME}.ipynb"
    path.write_text(path.read_text(encoding="utf-8").replace("my_correlate, 3)", "my_correlate, 3) + 1"), encoding="utf-8")
    assert grade.grade_all(NAME, tmp_path / NAME, course, limits=QUICK)[0]["total"] == 1
    with open(course / "grades" / f".{NAME}.lock") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(SystemExit, match="another run"):
            grade.grade_all(NAME, tmp_path / NAME, course, limits=QUICK)


# The wall, and what is left without it.


def spying(port, folder):
    return f"""
import os, socket
try:
    socket.create_connection(("127.0.0.1", {port}), 2)
    print("reached the network")
except OSError as error:
    print("no network")
try:
    print("read", open({str(folder / NAME / "other" / NAME / (NAME + ".ipynb"))!r}).read(3))
except OSError:
    print("no other notebook")
try:
    print("read", open({str(release.COURSE / "source" / NAME / (NAME + ".ipynb"))!r}).read(3))
except OSError:
    print("no solution")
try:
    open({str(folder / "mark")!r}, "w").write("was here")
except OSError:
    print("no writing")
print("processes:", len([name for name in os.listdir("/proc") if name.isdigit()]))
"""


@pytest.mark.parametrize("place", ["checks/ch02.py", "checks/ch03/assignment.py"])
def test_a_changed_check_grades_anew(place, tmp_path, monkeypatch):
    shutil.copytree(Path(cnnlib.__file__).parent / "checks", tmp_path / "checks")
    monkeypatch.setattr(grade, "cnnlib", SimpleNamespace(__file__=str(tmp_path / "__init__.py")))
    monkeypatch.setattr(release, "generate", lambda *_: None)

    def measured_by():
        return grade.Grading(tmp_path, NAME, tmp_path, QUICK).labels

    before = measured_by()
    assert measured_by() == before
    with (tmp_path / place).open("a", encoding="utf-8") as file:
        file.write("# changed\n")
    assert measured_by() != before


@pytest.mark.slow
@pytest.mark.parametrize("walled", [True, False])
def test_the_wall_and_what_is_left_without_it(walled, tmp_path, monkeypatch, capsys):
    if walled and not sandbox.usable():
        pytest.skip("bubblewrap is missing or may not be used here: the wall itself is not tested")
    if not walled:
        monkeypatch.setenv("CNNLIB_NO_BWRAP", "1")
    sandbox.usable.cache_clear()
    with socket.create_server(("127.0.0.1", 0)) as server:
        spy = spying(server.getsockname()[1], tmp_path)
        hand_in(tmp_path / NAME, "spy", fully("spy", start=[spy]))
        hand_in(tmp_path / NAME, "other", fully("other", replace={"gradient": CRASH}))
        results = grade.grade_all(NAME, tmp_path / NAME, output=tmp_path / "out", limits=QUICK)
    sandbox.usable.cache_clear()
    assert [result["total"] for result in results] == [14, 17]
    text, said = page(tmp_path, "spy"), capsys.readouterr().out
    if walled:
        assert "bubblewrap: no network" in said
        assert "no network\nno other notebook\nno solution\nno writing\n" in text and not (tmp_path / "mark").exists()
        assert int(re.search(r"processes: (\d+)", text)[1]) < 5
    else:  # the attack is real: without the wall it succeeds, and the run says so
        assert "limits only" in said and "can use the network" in said
        assert "reached the network\nread {\n \nread {" in text and (tmp_path / "mark").exists()
