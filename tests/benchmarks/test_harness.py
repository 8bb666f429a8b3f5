"""The harness itself, without timing anything: wrong results are never timed, ratios are what the page says they are."""

import os
import sys
from functools import partial

import numpy as np
import pytest

from cnnlib import ops
from cnnlib.layers import Conv2D, Dense, Flatten, ReLU
from cnnlib.model import Sequential

from . import growth, machine, network, operations, pairs, training
from .operations import Operation
from .pairs import Disagreement, Work, compare
from .shapes import Conv, Pool, square
from .workers import PEERS, Team, Worker, WorkerFailed

SMALL = [square(2, 9, 3, 4, 3, 1, "valid"), square(2, 10, 3, 4, 3, 2, "same"),
         Pool("max", 2, 9, 3, 3, 2), Pool("average", 2, 8, 3, 2, 2)]  # fmt: skip
LIBRARIES = ["cnnlib", *PEERS]


def results(task, libraries=LIBRARIES):
    return {library: task.work(library).results() for library in libraries}


# ── wrong results ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("shape", SMALL, ids=str)
def test_all_libraries_agree(shape):
    assert compare(results(Operation(shape, "both")), operations.TOLERANCE, "case").keys() == set(PEERS)


def test_clips_agree():
    clip = Conv(2, (5, 6, 7), 2, 3, (3, 2, 3), (1, 2, 1), "same")
    compare(results(Operation(clip, "both")), operations.TOLERANCE, "case")


def test_scipy_agrees():
    compare(results(Operation(square(2, 9, 1, 1, 3, 1, "same"), "forward"), ["cnnlib", "scipy"]), operations.TOLERANCE, "case")


def one_number_off(array):
    wrong = np.array(array)
    wrong.flat[wrong.size // 2] += 1e-3 * np.abs(wrong).max()
    return wrong


WRONG = {
    "y, one number": ("conv2d", one_number_off),
    "y, not a number": ("conv2d", lambda y: np.where(np.arange(y.size).reshape(y.shape) == 5, np.nan, y)),
    "y, another shape": ("conv2d", lambda y: y[:, :-1]),
    "dx, one number": ("conv2d_backward", lambda grads: (one_number_off(grads[0]), *grads[1:])),
    "dk, turned": ("conv2d_backward", lambda grads: (grads[0], grads[1][::-1, ::-1], grads[2])),
    "db, a thousandth too large": ("conv2d_backward", lambda grads: (*grads[:2], grads[2] * np.float32(1.001))),
}


def plant(monkeypatch, name, spoil):
    right = getattr(ops, name)
    monkeypatch.setattr(ops, name, lambda *arguments, **options: spoil(right(*arguments, **options)))


@pytest.mark.parametrize("name, spoil", WRONG.values(), ids=WRONG)
def test_a_planted_wrong_kernel_is_found(monkeypatch, name, spoil):
    plant(monkeypatch, name, spoil)
    with pytest.raises(Disagreement, match="cnnlib and keras differ by"):
        compare(results(Operation(SMALL[0], "both"), ["cnnlib", "keras"]), operations.TOLERANCE, "case")


@pytest.mark.slow
def test_training_steps_agree_and_a_gradient_off_by_a_thousandth_is_found():
    """Adam itself would hide such a gradient: its steps have the same length at any scale of the gradient."""
    step = training.Step()
    found = results(step)
    compare(found, training.TOLERANCE_STEP, "step")
    found["cnnlib"][2] = found["cnnlib"][2] * np.float32(1.001)
    with pytest.raises(Disagreement):
        compare(found, training.TOLERANCE_STEP, "step")


def spoil_in_worker():
    right = ops.conv2d
    ops.conv2d = lambda *arguments, **options: one_number_off(right(*arguments, **options))


def test_what_is_wrong_is_not_timed(team, monkeypatch):
    """The whole way, in workers: the row stops at the comparison, before any worker is asked for a time."""
    asked = record_questions(monkeypatch)
    task = Operation(square(1, 9, 1, 1, 3, 1, "same"), "forward")
    tasks = {"cnnlib": ("cnnlib", task), "scipy": ("scipy", task)}
    assert pairs.row(team, tasks, 1e-4, "case", rounds=2, sample=0)["ratio"]["scipy"] > 0
    assert "timed" in asked
    asked.clear()
    team["cnnlib"].ask(spoil_in_worker)
    with pytest.raises(Disagreement, match="case: cnnlib and scipy differ"):
        pairs.row(team, tasks, 1e-4, "case", rounds=2, sample=0)
    assert "timed" not in asked


# ── turns and ratios ──────────────────────────────────────────────────────────────────────────────────────────


class Diary:
    """A task whose work writes down when it is done."""

    def __init__(self, entries, name):
        self.entries, self.name = entries, name

    def work(self, library):
        write = self.entries.append
        return Work(lambda: write(f"{self.name} call"), lambda: [1.0], warm=lambda: write(f"{self.name} warm"))


class AtHome:
    """A team without processes: everyone's work is kept here."""

    def __init__(self):
        self.works = {}

    def __getitem__(self, name):
        return type("Member", (), {"ask": partial(self._ask, name)})

    def _ask(self, name, function, *arguments):
        pairs._work = self.works.get(name)
        answer = function(*arguments)
        self.works[name] = pairs._work
        return answer


def test_libraries_take_turns_and_wake_up_before_each_sample(monkeypatch):
    entries = []
    monkeypatch.setattr(pairs, "WARM", 0)
    tasks = {name: (name, Diary(entries, name)) for name in ("a", "b")}
    found = pairs.row(AtHome(), tasks, 0, "case", rounds=2, sample=0)
    assert entries == ["a warm", "a call", "b warm", "b call"] * 2
    assert found["rounds"] == 2 and found["difference"] == {"b": 0.0}


def test_untimed_calls_fill_the_time_in_which_the_others_fall_asleep(monkeypatch):
    entries = []
    monkeypatch.setattr(pairs, "_work", Diary(entries, "a").work("a"))
    monkeypatch.setattr(pairs.time, "perf_counter", iter([0, 0.02, 0.04, 0.06, 1.0, 1.5]).__next__)
    assert pairs.timed(1) == 0.5
    assert entries == ["a warm"] * 3 + ["a call"]


def test_the_ratio_is_the_median_over_the_rounds_not_the_ratio_of_medians():
    found = pairs.summary({"cnnlib": [1.0, 2.0, 9.0], "keras": [4.0, 1.0, 3.0]})
    assert found["ratio"] == {"keras": 2.0}  # of 0.25, 2 and 3; the medians 2 and 3 would give 0.667
    assert found["low"] == {"keras": 0.25} and found["high"] == {"keras": 3.0}
    assert found["ms"] == {"cnnlib": 2000, "keras": 3000}


def test_difference():
    assert pairs.difference([1.0, 2.0], [1.0, 4.0]) == 0.5
    assert pairs.difference(np.ones(3), np.ones((3, 1))) == np.inf
    assert np.isnan(pairs.difference([np.nan], [1.0]))
    with pytest.raises(Disagreement, match="gives 1 arrays, b 2"):
        compare({"a": [1.0], "b": [1.0, 1.0]}, 1e-4, "case")


def test_slope():
    assert growth.slope([1, 2, 4], [3.0, 12.0, 48.0]) == pytest.approx(2)


def test_products_counted_by_hand():
    model = Sequential([Conv2D(3, 2), ReLU(), Flatten(), Dense(5)], input_shape=(4, 4, 2))
    convolution = 9 * 3 * (2 * 2 * 2)  # 3×3 places, 3 kernels of 2·2·2
    dense = 27 * 5
    assert network.products(model, batch=10) == 2 * 10 * (2 * convolution + 3 * dense)


def test_pytorch_layout_there_and_back():
    for name, array in (("k", np.arange(24).reshape(2, 3, 2, 2)), ("x", np.arange(24).reshape(2, 3, 2, 2)), ("b", np.arange(3))):
        there = operations.channels_first(name, array)
        assert np.array_equal(operations.channels_last(name, there), array)
    assert operations.channels_first("k", np.zeros((2, 3, 4, 5))).shape == (5, 4, 2, 3)
    for w in network.article().parameters.values():
        assert np.array_equal(network.from_torch(network.to_torch(w)), w)


# ── workers ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def team():
    with Team() as members:
        yield members


def record_questions(monkeypatch):
    asked, ask = [], Worker.ask

    def recording(self, function, *arguments):
        asked.append(function.__name__)
        return ask(self, function, *arguments)

    monkeypatch.setattr(Worker, "ask", recording)
    return asked


def test_a_worker_answers_from_another_process_and_tells_what_went_wrong():
    worker = Worker()
    assert worker.ask(os.getpid) != os.getpid()
    with pytest.raises(WorkerFailed, match="invalid literal for int"):
        worker.ask(int, "seven")
    assert worker.ask(int, "7") == 7
    with pytest.raises(WorkerFailed, match="the process ended"):
        worker.ask(os._exit, 3)
    worker.close()


def test_importing_the_harness_imports_no_peer():
    """Otherwise every worker would hold every library."""
    worker = Worker()
    worker.ask(operations.channels_first, "b", np.zeros(1))
    assert not {"tensorflow", "torch"} & set(worker.ask(loaded))
    worker.close()


def loaded():
    return list(sys.modules)


def test_work_of_other_programs():
    assert machine.others_percent((100.0, 10.0), (130.0, 38.0), 10.0) == 20
    assert machine.others_percent(None, None, 10.0) is None
