"""Two real worker processes: equal to one, restarted after each kind of loss, side by side with others, never left behind."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

pytestmark = pytest.mark.slow
CLUSTER = Path(__file__).resolve().parents[2] / "notebooks" / "cluster"


class Launch:
    """A launcher that runs, its lines, and the processes that it has started."""

    def __init__(self, *words, **training):
        self.mark = f"CLUSTER_TEST_{os.getpid()}_{time.monotonic_ns()}"
        options = [f"--{name.replace('_', '-')}={value}" for name, value in training.items()]
        self.process = subprocess.Popen([sys.executable, str(CLUSTER / "launch.py"), *words, "--", "--threads=1", *options],
                                        env={**os.environ, self.mark: "1"}, stdout=subprocess.PIPE, text=True)

    def wait_for(self, text):
        for line in self.process.stdout:
            if text in line:
                return
        raise AssertionError(f"ended without {text!r}")

    def workers(self):
        """Processes of this launch except the launcher, by their index."""
        found = {}
        for process in psutil.process_iter():
            try:
                surroundings = process.environ()
                if self.mark in surroundings and process.pid != self.process.pid:
                    found[json.loads(surroundings["TF_CONFIG"])["task"]["index"]] = process
            except (psutil.Error, OSError):
                pass
        return found

    def end(self):
        """Exit code and lines; nobody may be left."""
        lines = self.process.communicate(timeout=90)[0].split("\n")[:-1]
        end = time.monotonic() + 5
        while (left := self.workers()) and time.monotonic() < end:
            time.sleep(0.1)
        assert not left
        return self.process.returncode, lines


def weights(report):
    with np.load(report.with_suffix(".npz")) as stored:
        return [stored[name] for name in stored]


def difference(ours, theirs):
    return max(np.abs(a - b).max() for a, b in zip(weights(ours), weights(theirs), strict=True))


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    """Reports of one and of two workers, run at the same time."""
    folder = tmp_path_factory.mktemp("reports")
    paths = [folder / f"{n}.json" for n in (1, 2)]
    both = [Launch("--workers", str(n), steps=20, precision="float64", report=path) for n, path in enumerate(paths, start=1)]
    assert [launch.end()[0] for launch in both] == [0, 0]
    return paths


def test_two_workers_beside_another_launcher_train_what_one_trains(reports):
    one, two = reports
    assert difference(one, two) < 1e-10
    assert [json.loads(path.read_text())["replicas"] for path in (one, two)] == [1, 2]


def test_both_really_exchange_their_gradients(reports):
    sent = json.loads(reports[1].read_text())["bytes_per_step"]
    if sent:
        assert 0.99 < sent / (2 * 8 * 225_034) < 2


@pytest.mark.parametrize("lost", [0, 1], ids=["the chief", "the other"])
def test_a_lost_worker_costs_no_more_than_the_steps_since_the_backup(reports, tmp_path, lost):
    report = tmp_path / "drill.json"
    drill = ["--restarts", "1", "--kill", str(lost), "--at", "8"]
    run = Launch(*drill, steps=20, precision="float64", backup=tmp_path / "b", backup_every=5, report=report)
    code, lines = run.end()
    assert code == 0, lines
    assert any(re.fullmatch(rf"worker {lost} was killed by SIGKILL after step \d+", line) for line in lines)
    again = lines.index("restart 1 of 1")
    before = max(int(line[5:]) for line in lines[:again] if line.startswith("step"))
    began = json.loads(report.read_text())["began_at"]
    assert began % 5 == 0 and 0 < began <= before <= began + 5
    assert difference(report, reports[1]) < 1e-10
    assert not (tmp_path / "b").exists()  # all is done: no backup is left for the next training to trip over


def test_a_worker_that_hangs_ends_the_training_in_time():
    run = Launch(steps=2000, limit=7)
    run.wait_for("step 3")
    run.workers()[1].send_signal(signal.SIGSTOP)
    started = time.monotonic()
    code, lines = run.end()
    assert code == 1 and time.monotonic() - started < 20
    assert re.match(r"worker 0 gave up: waited more than 7 s for step \d+", lines[-1])


def test_workers_end_when_their_launcher_is_killed():
    run = Launch(steps=2000)
    run.wait_for("step 3")
    run.process.kill()
    assert run.end()[0] == -signal.SIGKILL


def test_nobody_waits_for_ever_for_a_worker_that_never_comes():
    started = time.monotonic()
    code, lines = Launch("--leave-out", "1", limit=4).end()
    assert code == 1 and time.monotonic() - started < 20
    assert re.match(r"worker 0 gave up: waited 3.6 s, but worker 1 \(127.0.0.1:\d+\) did not appear", lines[-1])


def test_a_batch_that_cannot_be_shared_is_refused():
    code, lines = Launch(batch=127, steps=2).end()
    assert code == 1
    assert re.fullmatch(r"worker [01] stopped: --batch 127 cannot be cut into 2 equal parts · take a multiple of 2", lines[-1])


FIT = """
import keras, numpy as np, tensorflow as tf
strategy = tf.distribute.MultiWorkerMirroredStrategy()
with strategy.scope():
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(3)])
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
model.fit(tf.data.Dataset.from_tensor_slices((np.ones((8, 8), "float32"), np.zeros(8, int))).batch(4), verbose=0)
"""


def test_fit_still_stops_under_this_strategy():
    """Chapter 11 says so. When this test fails, `fit` works: then the chapter and train.py can become shorter."""
    sys.path.insert(0, str(CLUSTER))
    from launch import free_ports

    cluster = {"worker": [f"127.0.0.1:{port}" for port in free_ports(2)]}
    both = []
    for index in (0, 1):
        config = json.dumps({"cluster": cluster, "task": {"type": "worker", "index": index}})
        surroundings = {**os.environ, "TF_CONFIG": config, "CUDA_VISIBLE_DEVICES": "-1"}
        both.append(subprocess.Popen([sys.executable, "-c", FIT], env=surroundings, stderr=subprocess.PIPE, text=True))
    try:
        told = [process.communicate(timeout=60)[1] for process in both]
    finally:
        [process.kill() for process in both]
    assert any("ValueError: Attempt to convert a value (PerReplica" in text for text in told)
    assert all(process.returncode for process in both)
