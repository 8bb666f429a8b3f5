"""Counting points: each property on its own, fresh pictures, numbers drawn from a name, and no help from the library."""

import threading

import numpy as np
import pytest

from cnnlib import compiled, formulas, ops
from cnnlib.checks import ch02, ch03
from cnnlib.checks.alone import alone
from cnnlib.checks.common import call, fail, ok, same
from cnnlib.checks.points import draw, part, points, rng, set_seed
from cnnlib.errors import CheckFailed


def three_properties(function):
    for number, share in ((1, 1), (2, 2), (3, 1)):
        with part(share):
            same(call(function, np.array([number])), [number], f"the number {number}", "look again")


def test_each_property_is_won_or_lost_on_its_own(capsys):
    assert points(three_properties, lambda x: np.where(x == 2, 0, x), 4) == 2.0
    assert points(three_properties, lambda x: np.where(x == 3, 0, x), 4) == 3.0
    assert points(three_properties, lambda x: x, 4) == 4.0
    assert points(three_properties, lambda x: None, 4) == 0.0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:4] == ["ok  the number 1", lines[1], "ok  the number 3", "2 of 4 points"]
    assert lines[1].startswith("--  the number 2: 1 of 1 numbers are wrong")
    assert [line for line in lines if "returns nothing" in line] == lines[-2:-1]  # one reason, said once


def test_without_a_count_the_first_failure_ends_the_check(capsys):
    with pytest.raises(CheckFailed, match="the number 2"):
        three_properties(lambda x: np.where(x == 2, 0, x))
    assert capsys.readouterr().out == "ok  the number 1\n"


@pytest.mark.parametrize("answer", [None, 7, "f", lambda: 1, lambda x: 1 / 0, lambda x: "no"])
def test_nothing_that_is_handed_over_stops_the_count(answer):
    assert points(three_properties, answer, 4) == 0.0


def test_a_failure_outside_the_parts_costs_a_share_and_ends_the_check():
    def check(function):
        with part():
            ok("first")
        fail("second", "look")

    assert points(check, lambda: 1, 2) == 1.0


def test_pictures_are_fresh_in_a_grading_run_and_known_else():
    plain = rng(3).normal(size=4)
    assert np.array_equal(plain, np.random.default_rng(3).normal(size=4))
    try:
        set_seed(5, 6)
        assert not np.array_equal(plain, rng(3).normal(size=4))
        known = {}  # an answer that knows every picture of the open check by heart
        set_seed()
        points(ch02.correlate, lambda x, k: known.setdefault(x.tobytes() + k.tobytes(), formulas_copy(x, k)), 3)
        assert points(ch02.correlate, lambda x, k: known[x.tobytes() + k.tobytes()], 3) == 3.0
        set_seed(5, 6)
        assert points(ch02.correlate, lambda x, k: known[x.tobytes() + k.tobytes()], 3) <= 0.3
    finally:
        set_seed()


def formulas_copy(x, k):
    windows = np.lib.stride_tricks.sliding_window_view(x, k.shape)
    return np.einsum("ijpq,pq->ij", windows, k)


# What is drawn from a name: {chapter: (the check of a name, the right answer of a name)}.

NAMES = [f"student{n}" for n in range(200)]


def own_filter(name):
    k, (down, right), padding = ch02._own_numbers(name)
    windows = np.lib.stride_tricks.sliding_window_view
    return lambda x: np.einsum("ijpq,pq->ij", windows(np.pad(x, padding), k.shape), k)[::down, ::right]


def own_pool(name):
    window, (down, right), border, (largest, smallest, mean) = ch03.own._own_numbers(name)

    def answer(x):
        x = np.pad(x, border, constant_values=np.nan)
        seen = np.lib.stride_tricks.sliding_window_view(x, window)[::down, ::right].reshape(-1, window[0] * window[1])
        seen = [row[~np.isnan(row)] for row in seen]
        y = [largest * row.max() - smallest * row.min() + mean * row.mean() for row in seen]
        return np.reshape(y, ((x.shape[0] - window[0]) // down + 1, -1))

    return answer


OWN = {ch02: (ch02.own_filter, own_filter), ch03: (ch03.own_pool, own_pool)}


def test_what_is_drawn_from_a_name_stays_and_differs():
    assert draw("ada", "stride", [1, 2, 3]) == draw(" ada ", "stride", [1, 2, 3])
    counts = np.bincount([draw(name, "stride", [0, 1, 2]) for name in NAMES])
    assert counts.min() > 40


@pytest.mark.parametrize("chapter", OWN, ids=lambda chapter: chapter.__name__.split(".")[-1])
def test_two_hundred_names_get_two_hundred_tasks(chapter):
    tasks = [chapter.own_words(name).partition("\n")[2] for name in NAMES]
    assert len(set(tasks)) == len(NAMES)
    assert chapter.own_words(" ada ").partition("\n")[2] == chapter.own_words("ada").partition("\n")[2]


@pytest.mark.parametrize("chapter", OWN, ids=lambda chapter: chapter.__name__.split(".")[-1])
def test_one_s_own_numbers_win_everything_and_a_classmate_s_nothing(chapter, capsys):
    check, answer = OWN[chapter]
    for name, classmate in zip(NAMES[:40], NAMES[1:41], strict=True):
        assert points(check(name), answer(name), 4) == 4.0, capsys.readouterr().out
        assert points(check(name), answer(classmate), 4) == 0.0, capsys.readouterr().out


def by_import(x, k):
    from cnnlib.formulas import correlate

    return correlate(x, k)


def in_a_thread(x, k):
    found = []
    thread = threading.Thread(target=lambda: found.append(formulas.correlate(x, k)))
    thread.start()
    thread.join()
    return found[0]


def watch_off(x, k):
    import sys

    sys.setprofile(None)
    return formulas.correlate(x, k)


def by_scipy(x, k):
    from scipy.signal import correlate2d

    return correlate2d(x, k, "valid")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("borrowed", [
    formulas.correlate, lambda x, k: formulas.correlate(x, k), by_import,
    lambda x, k: compiled.correlate(x, k), compiled.correlate,
    lambda x, k: ops.conv2d(x[None, :, :, None], k[:, :, None, None])[0, :, :, 0], by_scipy, in_a_thread, watch_off,
    lambda x, k: next(map(formulas.correlate, [x], [k])),
    type(by_scipy)(formulas.correlate.__code__, {"np": np}),
], ids=["itself", "calls it", "imports it", "calls it compiled", "compiled", "ops", "scipy", "thread", "watch off", "map",
        "its code"])  # fmt: skip
def test_the_library_earns_nothing(borrowed):
    assert points(ch02.correlate, borrowed, 3) == 0.0


def test_alone_leaves_honest_work_alone():
    import numba

    x, k = np.arange(20.0).reshape(4, 5), np.ones((2, 2))
    assert np.array_equal(alone(formulas_copy)(x, k), formulas.correlate(x, k))
    assert alone(numba.njit(lambda a: a + 1))(1) == 2
    assert alone(lambda given: given(x, k))(formulas.correlate).shape == (3, 4)  # the check hands it over
