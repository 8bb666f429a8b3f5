"""All students of one assignment: `make grade ASSIGNMENT=02_convolution SUBMITTED=folder`.

The folder holds `student/02_convolution/02_convolution.ipynb`, as nbgrader collects it, or `student.ipynb`. Each student is
marked by a process of its own (mark.py), two at a time. A finished result is stored together with a fingerprint of what was
handed in and of what it was measured by; it is kept until one of the two changes. So a run that was killed goes on where it was.
"""

import argparse
import contextlib
import csv
import dataclasses
import fcntl
import hashlib
import io
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cnnlib
from cnnlib.classroom import release, sandbox
from cnnlib.classroom.handed_in import collect, fingerprint, read_files
from cnnlib.classroom.session import Limits
from cnnlib.files import atomic


class Grading:
    """One assignment, the folder of results, and what every student is measured by."""

    def __init__(self, course, assignment, output, limits):
        self.course, self.assignment, self.limits = Path(course).resolve(), assignment, limits
        self.output = Path(output).resolve()
        self.scratch = self.output / "grades" / f".{assignment}"
        shutil.rmtree(self.scratch, ignore_errors=True)  # what a killed run left
        self.shared = self.scratch / "shared"
        self.shared.mkdir(parents=True)
        seed = self.output / "grades" / ".seed"  # makes the pictures of the checks, and is no student's business
        if not seed.exists():
            with atomic(seed) as beside:
                beside.write_text(str(secrets.randbits(64)), encoding="utf-8")
        self.seed = int(seed.read_text(encoding="utf-8"))
        source = self.course / "source" / assignment
        checks = Path(cnnlib.__file__).parent / "checks"
        measured = {f"source/{p.relative_to(source)}": p.read_bytes() for p in sorted(source.rglob("*")) if p.is_file()}
        measured |= {f"checks/{p.relative_to(checks)}": p.read_bytes() for p in sorted(checks.rglob("*.py"))}
        self.labels = {"source": fingerprint(measured), "limits": dataclasses.asdict(limits), "walled": sandbox.usable()}
        release.generate(course, assignment, self.shared / "release", self.shared / "gradebook.db")

    def place(self, student):
        """Return the folder of one student's result."""
        return self.output / "autograded" / student / self.assignment

    def stored(self, student, submission):
        """Return the result of an earlier run if it still holds."""
        try:
            result = json.loads((self.place(student) / "result.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return result if all(result.get(k) == v for k, v in {**self.labels, "submission": submission}.items()) else None

    def grade(self, student, path):
        """Return (the result of one student, whether it is new)."""
        files = read_files(path)
        submission = fingerprint(files)
        earlier = self.stored(student, submission)
        if earlier is not None:
            return earlier, False
        labels = {**self.labels, "submission": submission}
        with tempfile.TemporaryDirectory(dir=self.scratch) as job:
            job = Path(job)
            self._prepare(job, student, files, files.pop(path.name, None), labels)
            self._mark(job)
            if not (job / "result.json").exists():
                result = self.nothing(student, labels, "the grader itself was stopped; grade this notebook by hand")
                (job / "result.json").write_text(json.dumps(result, indent=1), encoding="utf-8")
            return self._store(student, job), True

    def _prepare(self, job, student, files, notebook, labels):
        (job / "files").mkdir()
        for name, data in files.items():
            (job / "files" / name).parent.mkdir(parents=True, exist_ok=True)
            (job / "files" / name).write_bytes(data)
        given = self.course / "source" / self.assignment
        shutil.copytree(given, job / "files", ignore=lambda *_: [f"{self.assignment}.ipynb"], dirs_exist_ok=True)
        if notebook is not None:
            (job / "notebook").write_bytes(notebook)
        shutil.copytree(self.shared / "release", job / "release")
        shutil.copy(self.shared / "gradebook.db", job / "gradebook.db")
        mine = int(hashlib.sha256(student.encode()).hexdigest()[:16], 16)
        told = {"student": student, "assignment": self.assignment, "course": str(self.course), "seed": [self.seed, mine],
                "limits": self.labels["limits"], "labels": labels}  # fmt: skip
        (job / "job.json").write_text(json.dumps(told), encoding="utf-8")

    def _mark(self, job):
        command = [sys.executable, "-m", "cnnlib.classroom.mark", str(job)]
        with open(job / "log", "wb") as log:
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(self.limits.student + 120)
            sandbox.end(process)

    def nothing(self, student, labels, remark):
        """Return the result of a student for whom there is none."""
        return {**labels, "student": student, "assignment": self.assignment, "status": "stopped", "remarks": [remark],
                "out_of": {}, "points": {}, "total": 0.0, "seconds": 0.0}  # fmt: skip

    def _store(self, student, job):
        """Move what was made to its place; the result comes last, so that it is only there when all is."""
        place, page = self.place(student), self.output / "feedback" / student / self.assignment
        for folder in (place, page):
            folder.mkdir(parents=True, exist_ok=True)
        (place / "result.json").unlink(missing_ok=True)
        for made, final in ((job / "autograded.ipynb", place / f"{self.assignment}.ipynb"),
                            (job / "feedback.html", page / f"{self.assignment}.html"),
                            (job / "result.json", place / "result.json")):  # fmt: skip
            if made.exists():
                with atomic(final) as beside:
                    shutil.copy(made, beside)
        return json.loads((place / "result.json").read_text(encoding="utf-8"))


def table(results):
    """Return the results as CSV: student, points of each exercise, total, status, seconds, remarks."""
    names = next((list(result["out_of"]) for result in results if result["out_of"]), [])
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n")
    out.writerow(["student", *names, "total", "status", "seconds", "remarks"])
    for result in sorted(results, key=lambda result: result["student"]):
        points = [f"{result['points'].get(name, 0):g}" for name in names]
        remarks = " ".join("; ".join(result["remarks"]).split())
        out.writerow([result["student"], *points, f"{result['total']:g}", result["status"], f"{result['seconds']:g}", remarks])
    return text.getvalue()


def grade_all(assignment, submitted, course=release.COURSE, output=None, limits=None, jobs=2):
    """Grade all that lies in the folder `submitted`; return the results, sorted by student."""
    output = Path(output or course)
    (output / "grades").mkdir(parents=True, exist_ok=True)
    with open(output / "grades" / f".{assignment}.lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SystemExit(f"grade: another run is grading {assignment} · wait until it ends") from None
        students, passed = collect(submitted, assignment)
        for text in passed:
            print(f"passed over · {text}", flush=True)
        print(f"protection · {sandbox.PROTECTION[sandbox.usable()]}", flush=True)
        grading, results, saving = Grading(course, assignment, output, limits or Limits()), [], threading.Lock()

        def one(item):
            try:
                result, new = grading.grade(*item)
            except Exception as error:  # costs this student's grade, which the next run makes up for, and nobody else's
                result, new = grading.nothing(item[0], {}, f"{type(error).__name__}: {error}"), True
            with saving:
                results.append(result)
                total = f"{result['total']:g} of {sum(result['out_of'].values()):g}"
                what = f"{result['status']}, {total}, {result['seconds']:g} s" if new else f"{total}, as before"
                print(f"{result['student']} · {what}", flush=True)
                with atomic(output / "grades" / f"{assignment}.csv") as beside:
                    beside.write_text(table(results), encoding="utf-8")

        with ThreadPoolExecutor(jobs) as pool:
            list(pool.map(one, students.items()))
        shutil.rmtree(grading.scratch)
        return sorted(results, key=lambda result: result["student"])


def main(words=None):
    parser = argparse.ArgumentParser(prog="grade", description="Grade all notebooks that were handed in for one assignment.")
    parser.add_argument("assignment", help="for example 02_convolution")
    parser.add_argument("--submitted", help="folder of what was handed in (default: submitted/ of the course)")
    parser.add_argument("--course", default=str(release.COURSE), help="folder with nbgrader_config.py and source/")
    parser.add_argument("--output", help="folder for grades and feedback (default: the course)")
    parser.add_argument("--jobs", type=int, default=2, help="students at a time (default: 2)")
    for field in dataclasses.fields(Limits):
        unit = "bytes" if field.name == "memory" else "seconds"
        words_of_help = f"{unit} (default: {field.default:g})"
        parser.add_argument(f"--{field.name}", type=field.type, default=field.default, help=words_of_help)
    given = parser.parse_args(words)
    if given.assignment not in release.assignments(given.course):
        sys.exit(f"grade: no assignment {given.assignment!r} · there are {', '.join(release.assignments(given.course))}")
    submitted = Path(given.submitted or Path(given.course) / "submitted")
    if not submitted.is_dir():
        sys.exit(f"grade: no folder {submitted} · SUBMITTED=folder names the one with the notebooks")
    limits = Limits(**{field.name: getattr(given, field.name) for field in dataclasses.fields(Limits)})
    try:
        grade_all(given.assignment, submitted, given.course, given.output, limits, given.jobs)
    except KeyboardInterrupt:
        print("grade: stopped · the same command goes on from here", file=sys.stderr, flush=True)
        os._exit(130)  # what is being marked ends with this process


if __name__ == "__main__":
    main()
