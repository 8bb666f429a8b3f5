"""The checks of chapter 11 pass right answers and reject planted wrong ones, each with a fitting message."""

import itertools
import json

import numpy as np
import pytest
from planted import demands

from cnnlib.checks import ch11
from cnnlib.checks.points import points


def tf_config(workers, index):
    return json.dumps({"cluster": {"worker": list(workers)}, "task": {"type": "worker", "index": index}})


def tf_config_by_hand(workers, index):
    names = ", ".join('"' + name + '"' for name in workers)
    return f'{{"task": {{"index": {index}, "type": "worker"}}, "cluster": {{"worker": [{names}]}}}}'


def average(gradients, sizes):
    return sum(size * g for size, g in zip(sizes, gradients, strict=True)) / sum(sizes)


def average_by_tensordot(gradients, sizes):
    return np.tensordot(np.array(sizes) / np.sum(sizes), np.array(gradients), 1)


def ring(parts):
    n, length = parts.shape
    blocks, sent = parts.reshape(n, n, -1).copy(), 0
    for first, r in itertools.product((True, False), range(n - 1)):
        old = blocks.copy()
        for w in range(n):
            b, to = (w - r + (not first)) % n, (w + 1) % n
            blocks[to, b] = old[w, b] + first * old[to, b]
        sent += length // n
    return blocks.reshape(n, length), sent


def ring_by_formula(parts):
    n, length = parts.shape
    return np.repeat(parts.sum(0, keepdims=True), n, axis=0), [2 * (n - 1) * length // n] * n


def unscale(gradient, scale):
    wide = gradient.astype(np.float32)
    return (wide / scale, scale) if np.isfinite(wide).all() else (np.zeros(wide.shape), scale / 2)


def unscale_by_loop(gradient, scale):
    out = np.zeros(gradient.shape, np.float64)
    for place, value in np.ndenumerate(gradient):
        if value != value or abs(value) == np.inf:
            return [np.zeros(gradient.shape), 0.5 * scale]
        out[place] = float(value) / scale
    return [out, scale]


def step_seconds(workers, compute, parameters, bandwidth, latency):
    rounds = 2 * (workers - 1)
    return compute / workers + rounds / workers * 4 * parameters / bandwidth + rounds * latency


def step_by_rounds(workers, compute, parameters, bandwidth, latency):
    seconds = compute / workers
    for _ in range(2 * workers - 2):
        seconds += 4 * parameters / workers / bandwidth + latency
    return seconds


def own_speedup(n, **changed):
    """A right answer for the numbers of one student, or a wrong one for changed numbers."""
    n = {**n, **changed}

    def seconds(workers):
        size = n["bytes"] * n["millions"] * 1e6
        rounds = n.get("rounds", 2) * (workers - 1)
        shared = (n["compute"] - n["fixed"]) / workers
        return n["fixed"] + shared + 1000 * rounds / workers * size / (n["bandwidth"] * 1e9) + rounds * n["latency"]

    return lambda workers: seconds(1) / seconds(workers)


def config(cluster="cluster", group="worker", kind="worker", start=0, drop=False, text=json.dumps, index=int, **more):
    def wrong(workers, place):
        others = [name for n, name in enumerate(workers) if n != place] if drop else list(workers)
        return text({cluster: {group: others}, "task": {"type": kind, "index": index(place + start)}, **more})
    return wrong


def billed(arithmetic=True, width=4, ways=2, of_n=True, rounds=None, latency=True):
    def wrong(n, compute, parameters, bandwidth, delay):
        sent = ways * (n - 1) / (n if of_n else 1) * width * parameters
        times = (rounds or (lambda n: 2 * (n - 1)))(n)
        return compute / (n if arithmetic else 1) + sent / bandwidth + latency * times * delay
    return wrong


def sends(factor, sums=True):
    def wrong(parts):
        n, length = parts.shape
        return (ring(parts)[0] if sums else parts.copy()), factor(n, length)
    return wrong


def half_way(parts):
    n, length = parts.shape
    blocks = parts.reshape(n, n, -1).copy()
    for r in range(n - 1):
        old = blocks.copy()
        for w in range(n):
            b, to = (w - r) % n, (w + 1) % n
            blocks[to, b] = old[w, b] + old[to, b]
    return blocks.reshape(n, length), 2 * (n - 1) * length // n


def only_first(parts):
    out = parts.copy()
    out[0] = parts.sum(0)
    return out, 2 * (len(parts) - 1) * parts.shape[1] // len(parts)


def one_row(parts):
    return parts.sum(0), ring(parts)[1]


def across(parts):
    return np.repeat(parts.sum(1, keepdims=True), parts.shape[1], axis=1), ring(parts)[1]


def means(parts):
    return ring(parts)[0] / len(parts), ring(parts)[1]


def in_place(parts):
    sums, sent = ring(parts)
    parts[:] = sums
    return parts, sent


def unscaled(result=None, on_overflow=0.5, zeros=True, check=lambda g: np.isfinite(g).all(), grow=1.0):
    def wrong(gradient, scale):
        if not check(gradient):
            wide = gradient.astype(np.float32)
            return (np.zeros(gradient.shape) if zeros else np.where(np.isfinite(wide), wide / scale, 0)), scale * on_overflow
        with np.errstate(all="ignore"):
            return (result or (lambda g, s: g.astype(np.float32) / s))(gradient, scale), scale * grow
    return wrong


RIGHT = [
    (ch11.tf_config, tf_config), (ch11.tf_config, tf_config_by_hand),
    (ch11.average, average), (ch11.average, average_by_tensordot),
    (ch11.ring, ring), (ch11.ring, ring_by_formula),
    (ch11.unscale, unscale), (ch11.unscale, unscale_by_loop),
    (ch11.step_seconds, step_seconds), (ch11.step_seconds, step_by_rounds),
]

WRONG = {
    "config as Python text": (ch11.tf_config, config(text=str), "single quotes"),
    "config as a dictionary": (ch11.tf_config, config(text=dict), "a dict came back"),
    "config without cluster": (ch11.tf_config, config(cluster="workers"), "cluster and task"),
    "config with more in it": (ch11.tf_config, lambda w, i: tf_config(w, i)[:-1] + ', "rank": 0}', "two are asked"),
    "config of hosts": (ch11.tf_config, config(group="hosts"), "names one group"),
    "config of a chief": (ch11.tf_config, config(kind="chief"), "says the type"),
    "config counted from one": (ch11.tf_config, config(start=1), "counted from 0"),
    "config with the index as text": (ch11.tf_config, config(index=str), "the second worker is '1'"),
    "config without itself": (ch11.tf_config, config(drop=True), "all addresses"),
    "config of two workers only": (ch11.tf_config, lambda w, i: tf_config(w[:2], i), "nobody is missing"),
    "config of worker 0 or 1": (ch11.tf_config, lambda w, i: tf_config(w, min(i, 1)), "five workers: the task"),
    "average adds": (ch11.average, lambda g, s: sum(g), "twice too large"),
    "average of equal parts": (ch11.average, lambda g, s: sum(g) / len(g), "counts alike"),
    "average over examples": (ch11.average, lambda g, s: sum(g) / sum(s), "means already"),
    "average weights exchanged": (
        ch11.average, lambda g, s: sum(a * b for a, b in zip(s[::-1], g, strict=True)) / sum(s), "exchanged"),
    "average not divided": (
        ch11.average, lambda g, s: sum(a * b for a, b in zip(s, g, strict=True)) / len(g), "not by the number of parts"),
    "average divided twice": (ch11.average, lambda g, s: average(g, s) / len(g), "nothing more is to be divided"),
    "average of two parts": (ch11.average, lambda g, s: average(g[:2], s[:2]), "four parts of a matrix"),
    "average of the numbers": (ch11.average, lambda g, s: np.mean(average(g, s)), r"shape \(\)"),
    "average first part only": (ch11.average, lambda g, s: g[0], "two equal parts, by hand: 2 of 2"),
    "ring not moved": (ch11.ring, sends(lambda n, k: 2 * (n - 1) * k // n, sums=False), "nothing has been exchanged"),
    "ring half way": (ch11.ring, half_way, "only the first half"),
    "ring to one worker": (ch11.ring, only_first, "worker 1 has not"),
    "ring one row": (ch11.ring, one_row, "has shape"),
    "ring means": (ch11.ring, means, "these are means"),
    "ring across": (ch11.ring, across, "place by place"),
    "ring counts one way": (ch11.ring, sends(lambda n, k: (n - 1) * k // n), "only half of the way"),
    "ring counts all workers": (ch11.ring, sends(lambda n, k: 2 * (n - 1) * k), "what all send together"),
    "ring counts bytes": (ch11.ring, sends(lambda n, k: 8 * (n - 1) * k // n), "these are bytes"),
    "ring sends all to all": (ch11.ring, sends(lambda n, k: (n - 1) * k), "all it has to all others"),
    "ring of two": (ch11.ring, sends(lambda n, k: k if n > 1 else 0), "how many rounds"),
    "ring in place": (ch11.ring, in_place, "changed its argument"),
    "ring sums only": (ch11.ring, lambda p: ring(p)[0].tolist()[:1], "expected two results"),
    "unscale multiplied": (ch11.unscale, unscaled(lambda g, s: g.astype(np.float32) * s), "multiplied once more"),
    "unscale forgotten": (ch11.unscale, unscaled(lambda g, s: g.astype(np.float32)), "nothing was done"),
    "unscale root": (ch11.unscale, unscaled(lambda g, s: g.astype(np.float32) / s**0.5), "root of the scale"),
    "unscale in float16": (ch11.unscale, unscaled(lambda g, s: (g / np.float16(min(s, 6e4))).astype(np.float16)), "became 0"),
    "unscale halves always": (ch11.unscale, unscaled(grow=0.5), "although nothing overflowed"),
    "unscale doubles": (ch11.unscale, unscaled(grow=2.0), "asks to keep"),
    "unscale doubles after infinity": (ch11.unscale, unscaled(on_overflow=2.0), "multiplied by too much"),
    "unscale keeps good numbers": (ch11.unscale, unscaled(zeros=False), "not only the bad one"),
    "unscale misses nan": (ch11.unscale, unscaled(check=lambda g: not np.isinf(g).any()), "NaN counts"),
    "unscale one result": (ch11.unscale, lambda g, s: g.astype(np.float32) / s, "expected two results"),
    "unscale a row only": (ch11.unscale, unscaled(lambda g, s: np.where(
        np.arange(g.shape[-1]) < 2, g.astype(np.float32) / s, 0)), "every number is divided"),
    "bill not shared": (ch11.step_seconds, billed(arithmetic=False), "not all of it"),
    "bill in numbers": (ch11.step_seconds, billed(width=1), "four bytes"),
    "bill one way": (ch11.step_seconds, billed(ways=1), "the way round comes after"),
    "bill of all bytes": (ch11.step_seconds, billed(of_n=False), "of the bytes"),
    "bill half of the rounds": (ch11.step_seconds, billed(rounds=lambda n: n - 1), "and then"),
    "bill a round too many": (ch11.step_seconds, billed(rounds=lambda n: 2 * n if n > 1 else 0), "n − 1 rounds each way"),
    "bill for one worker": (ch11.step_seconds, lambda *a: billed(rounds=lambda n: 2 * n)(*a) + 7.8, "talks to nobody"),
    "bill without latency": (ch11.step_seconds, billed(latency=False), "count the rounds"),
    "bill the largest term": (ch11.step_seconds, lambda n, c, p, b, t: max(
        c / n, 8 * (n - 1) / n * p / b, 2 * (n - 1) * t), "three terms, added"),
    "bill of four workers": (ch11.step_seconds, lambda n, *a: step_seconds(min(n, 4), *a), "one term at a time"),
}

TestAnswers = demands(RIGHT, WRONG)


NAMES = ["learner", "ada", "grace", "emmy", "学生"]
SLIPS = {
    "all of it is shared": dict(fixed=0), "another type": dict(bytes=3), "one way only": dict(rounds=1),
    "no latency": dict(latency=0), "bits for bytes": dict(bandwidth=0.1), "another network": dict(millions=20),
}


@pytest.mark.parametrize("student", NAMES)
def test_the_own_cluster_can_be_solved_by_its_words_and_by_nobody_else(student, capsys):
    numbers = ch11._own_numbers(student)
    words = ch11.own_words(student)
    for name in ("compute", "millions", "bandwidth", "latency", "fixed"):
        assert f" {numbers[name]} " in words, name
    check = ch11.own_speedup(student)
    assert points(check, own_speedup(numbers), 4) == 4, capsys.readouterr().out
    for slip, changed in SLIPS.items():
        assert points(check, own_speedup(numbers, **changed), 4) == 0, slip
    assert points(check, lambda workers: 1.0, 4) == 0
    other = next(name for name in NAMES if ch11._own_numbers(name) != numbers)
    assert points(check, own_speedup(ch11._own_numbers(other)), 4) == 0


def test_many_students_get_many_clusters():
    clusters = {tuple(ch11._own_numbers(f"student {n}").values()) for n in range(200)}
    assert len(clusters) > 180


def equal_parts(gradients, sizes):
    return sum(gradients) / len(gradients)


def both_halves_one_count(parts):
    n, length = parts.shape
    return parts.sum(0) + np.zeros((n, 1)), (n - 1) * length // n


def halves_only(gradient, scale):
    wide = gradient.astype(np.float32)
    return wide / np.float32(scale), scale if np.isfinite(wide).all() else scale / 2


def without_rounds(workers, compute, parameters, bandwidth, latency):
    return compute / workers + 2 * (workers - 1) / workers * 4 * parameters / bandwidth


HANDED_IN = {
    "average": (equal_parts, 1.0), "ring": (both_halves_one_count, 1.78), "unscale": (halves_only, 2.25),
    "step_seconds": (without_rounds, 1.29),
}


def test_what_the_answers_handed_in_win(capsys):
    checks = {"average": (ch11.average, 3), "ring": (ch11.ring, 4), "unscale": (ch11.unscale, 3),
              "step_seconds": (ch11.step_seconds, 3)}
    for cell, (answer, earned) in HANDED_IN.items():
        check, out_of = checks[cell]
        assert points(check, answer, out_of) == earned, cell
