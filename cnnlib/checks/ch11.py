"""Checks of chapter 11: who is who in a cluster, gradients averaged and passed round a ring, scaled, and what a step costs."""

import json

import numpy as np

from cnnlib.checks.common import call, close, fail, ok, same
from cnnlib.checks.points import draw, part, rng


def tf_config(function):
    """Check tf_config(workers, index) → the text for TF_CONFIG, Exercise 11.1."""
    draws = rng(111)
    ports = draws.integers(20_000, 60_000, 5).tolist()
    two, five = [f"127.0.0.1:{port}" for port in ports[:2]], [f"node{n}.cluster:{port}" for n, port in enumerate(ports)]
    mine = int(draws.integers(2, 5))
    with part():
        _config(function, two, 0)
        ok("a text of JSON with cluster and task")
    with part():
        got = _config(function, two, 0)["cluster"]
        if not isinstance(got, dict) or list(got) != ["worker"]:
            fail(f"cluster is {got!r}", "it names one group, worker, with the list of addresses")
        if got["worker"] != two:
            fail(f"the workers are {got['worker']!r}", "all addresses, each as host:port, in the order given")
        ok("the addresses of two workers")
    with part():
        got = _config(function, two, 1)["task"]
        if not isinstance(got, dict) or got.get("type") != "worker":
            fail(f"task is {got!r}", "it says the type, worker, and the index of this one")
        if got.get("index") != 1 or isinstance(got["index"], bool | str):
            fail(f"the index of the second worker is {got.get('index')!r}", "a whole number, counted from 0")
        ok("worker 1 knows its place")
    with part(2):
        got = _config(function, five, mine)
        if got["cluster"] != {"worker": five}:
            fail("five workers: the list is not the one given", "nobody is missing, and this worker is in it too")
        if got["task"] != {"type": "worker", "index": mine}:
            fail(f"five workers: the task is {got['task']!r}", f"this is worker {mine}, and nothing more is said")
        ok("five workers on five machines")


def average(function):
    """Check average(gradients, sizes): the gradient of the whole batch from the gradients of its parts, Exercise 11.2."""
    draws = rng(112)
    g = [draws.standard_normal((3, 2)) for _ in range(4)]
    with part():
        same(call(function, [np.array([1.0, 4.0]), np.array([3.0, 0.0])], [3, 3]), [2.0, 2.0], "two equal parts, by hand",
             "what is the mean over all examples of both parts",
             mistakes={"the sum of the means: twice too large": [4.0, 4.0],
                       "divided by the number of examples; the gradients are means already": [4 / 6, 4 / 6],
                       "divide by the number of examples, not by the number of parts": [6.0, 6.0],
                       "the weights add up to one; nothing more is to be divided": [1.0, 1.0]})
    with part(2):
        pair = [np.array([1.0, 0.0]), np.array([5.0, 4.0])]
        same(call(function, pair, [3, 1]), [2.0, 1.0], "three examples and one, by hand", "whose gradient stands for more",
             mistakes={"each part counts alike here, but one has three examples": [3.0, 2.0],
                       "the weights are exchanged": [4.0, 3.0], "divide by the number of examples in all": [8.0, 4.0],
                       "the weights already add up to one": [1.0, 0.5]})
    with part():
        same(call(function, [g[0]], [7]), g[0], "a single part stays as it is", "its weight is one")
    with part():
        same(call(function, g, [8, 1, 5, 2]), np.tensordot([8, 1, 5, 2], g, 1) / 16, "four parts of a matrix",
             "weight = examples of the part / examples of all parts")
    with part():
        same(call(function, g[:3], [4, 0, 4]), (g[0] + g[2]) / 2, "a part without examples has no say", "its weight is 0")


def ring(function):
    """Check ring_all_reduce(parts) → (sums, sent), Exercise 11.3."""
    draws = rng(113)
    pair = np.array([[1.0, 2.0], [10.0, 20.0]])
    four, big = draws.standard_normal((4, 12)), draws.standard_normal((5, 30))
    with part():
        sums, _ = _ring(function, pair)
        same(sums, [[11.0, 22.0], [11.0, 22.0]], "two workers, by hand", "in the end both have both sums",
             mistakes={"nothing has been exchanged": pair,
                       "worker 0 has the sums, worker 1 has not": [[11.0, 22.0], [10.0, 20.0]],
                       "only the first half of the way: each has one finished block": [[1.0, 22.0], [11.0, 20.0]],
                       "these are means; the sum is asked": [[5.5, 11.0], [5.5, 11.0]],
                       "the sum over all workers, place by place, is asked": [[3.0, 3.0], [30.0, 30.0]]})
    with part(2):
        _, sent = _ring(function, pair)
        same(sent, [2, 2], "numbers sent by each of two workers", "one block on the way of the sums, one on the way round",
             mistakes={"this is what all send together": [4, 4], "only half of the way is counted": [1, 1],
                       "these are bytes; count numbers": [8, 8]})
    with part():
        sums, _ = _ring(function, four)
        same(sums, np.tile(four.sum(0), (4, 1)), "four workers with twelve numbers", "n − 1 rounds of adding, then n − 1 more")
    with part(2):
        _, sent = _ring(function, four)
        same(sent, [18] * 4, "numbers sent by each of four workers", "how many rounds, and how many numbers in each",
             mistakes={"every worker sent all it has to all others; the ring needs less": [36] * 4,
                       "only one of the two ways round is counted": [9] * 4, "a worker sends a block in each round": [6] * 4})
    with part():
        sums, sent = _ring(function, big)
        same(sums, np.tile(big.sum(0), (5, 1)), "five workers, their sums", "nothing may depend on the number of workers")
    with part():
        _, sent = _ring(function, big)
        same(sent, [48] * 5, "five workers, what each sends", "2 (n − 1) / n of its numbers")
    with part():
        sums, sent = _ring(function, four[:1])
        if not close(sums, four[:1]) or np.any(sent != 0):
            fail("one worker alone: not yet", "it has the sum already and sends nothing")
        ok("one worker alone sends nothing")


def unscale(function):
    """Check unscale(gradient, scale) → (gradient, next scale), Exercise 11.4."""
    draws = rng(114)
    g = (draws.standard_normal((3, 4)) * 8).astype(np.float16)
    bad, worse = g.copy(), g.copy()
    bad[1, 2], worse[0, 0] = np.inf, np.nan
    with part():
        got, _ = _pair(function, np.array([2.0, -8.0], np.float16), 4.0)
        same(got, [0.5, -2.0], "divided by the scale, by hand", "the loss was multiplied, so the gradient has to be divided",
             mistakes={"multiplied once more": [8.0, -32.0], "nothing was done": [2.0, -8.0],
                       "divided by the root of the scale": [1.0, -4.0]})
    with part(2):
        tiny = np.array([2.0**-10, 3.0], np.float16)
        got, _ = _pair(function, tiny, 2.0**16)
        same(got[:1] * 2.0**26, [1.0], "a small gradient survives the division", "turn to float32 first, then divide",
             mistakes={"it became 0: float16 has nothing between 0 and 6e-8": [0.0]})
    with part():
        _, scale = _pair(function, g, 1024.0)
        same(scale, 1024.0, "all numbers finite: the scale stays", "it changes only after an overflow",
             mistakes={"halved although nothing overflowed": 512.0, "doubled: this exercise asks to keep it": 2048.0})
    with part():
        got, _ = _pair(function, bad, 1024.0)
        same(got, np.zeros((3, 4)), "an infinity: nobody takes a step", "all numbers become 0, not only the bad one")
    with part():
        _, scale = _pair(function, bad, 1024.0)
        same(scale, 512.0, "an infinity: half the scale next time", "the loss was multiplied by too much")
    with part():
        got, scale = _pair(function, worse, 64.0)
        same(np.append(got, scale), [0.0] * 12 + [32.0], "NaN counts as an overflow too", "np.isfinite tells both")
    with part():
        got, _ = _pair(function, g, 256.0)
        same(got, g.astype(np.float64) / 256, "a matrix of gradients", "every number is divided")


def step_seconds(function):
    """Check step_seconds(workers, compute, parameters, bandwidth, latency), Exercise 11.5."""
    check = {
        "one worker talks to nobody": ((1, 0.5, 1000, 1000.0, 0.1), 0.5, "without others there is nothing to send",
                                       {"one worker needs no round at all": 0.5 + 8.0, "seconds are asked": 500.0}),
        "only arithmetic": ((4, 2.0, 0, 1.0, 0.0), 0.5, "every worker has its part of the batch",
                            {"each worker has a part of the batch, not all of it": 2.0}),
        "only bytes": ((2, 0.0, 1000, 4000.0, 0.0), 1.0, "a float32 number has four bytes; how much does the ring send",
                       {"four bytes for each parameter": 0.25, "the way round comes after the way of the sums": 0.5,
                        "2 (n − 1) / n of the bytes": 2.0}),
        "only rounds": ((4, 0.0, 0, 1.0, 0.01), 0.06, "count the rounds of the ring",
                        {"n − 1 rounds of adding, and then?": 0.03, "a ring of n has n − 1 rounds each way": 0.08}),
        "four workers, all together": ((4, 2.0, 1000, 4000.0, 0.01), 0.5 + 1.5 + 0.06, "three terms, added", {}),
    }
    for property, (arguments, right, hint, mistakes) in check.items():
        with part():
            same(call(function, *arguments), right, property, hint, mistakes=mistakes)
    n, compute, parameters, bandwidth = 6, *rng(115).uniform([0.5, 1e6, 1e8], [2.0, 5e6, 1e9])
    with part(2):
        same(call(function, n, compute, int(parameters), bandwidth, 0.002),
             _step(n, compute, 4 * int(parameters), bandwidth, 0.002), "six workers of a real cluster", "one term at a time")


def own_words(student):
    """Return the task of the assignment's last exercise in words; the cluster is drawn from the student's name."""
    n = _own_numbers(student)
    kind = {2: "float16", 4: "float32", 8: "float64"}[n["bytes"]]
    return (f"One worker alone needs {n['compute']} ms for the arithmetic of a step.\n"
            f"The network has {n['millions']} million parameters; gradients travel as {kind}.\n"
            f"A link moves {n['bandwidth']} GB in a second (a GB has 1,000,000,000 bytes).\n"
            f"Each round of the ring costs {n['latency']} ms besides.\n"
            f"In each step {n['fixed']} ms of the arithmetic cannot be shared: every worker does them in full, "
            "alone as well as in company.\nNothing overlaps.")


def own_speedup(student):
    """Return the check of own_speedup(workers) for this student's cluster."""
    n = _own_numbers(student)

    def seconds(workers):
        shared = (n["compute"] - n["fixed"]) / 1000
        size, bandwidth = n["bytes"] * n["millions"] * 1e6, n["bandwidth"] * 1e9
        return n["fixed"] / 1000 + _step(workers, shared, size, bandwidth, n["latency"] / 1000)

    def check(function):
        with part():
            same(call(function, 2), seconds(1) / seconds(2), "the speed-up with two workers", "time of one over time of two")
        with part():
            same(call(function, 8), seconds(1) / seconds(8), "the speed-up with eight workers", "which terms change with n")
        with part(2):
            many = int(rng(116).integers(20, 200))
            same(call(function, many), seconds(1) / seconds(many), "the speed-up with many workers", "rounds cost more and more")
        with part():
            few = int(rng(117).integers(3, 8))
            right = np.array([1.0, seconds(1) / seconds(few)])
            same([call(function, 1), call(function, few)], right, "the speed-up with one worker and with a few",
                 "one worker is as fast as itself")

    return check


def _own_numbers(student):
    options = {"compute": (180, 240, 300, 420, 510), "millions": (11, 17, 23, 29, 38), "bytes": (2, 4, 8),
               "bandwidth": (1.25, 2.5, 5, 12.5), "latency": (0.1, 0.2, 0.3, 0.5), "fixed": (6, 9, 12, 15)}
    return {name: draw(student, f"11 {name}", choice) for name, choice in options.items()}


def _step(workers, compute, size, bandwidth, latency):
    """Seconds of a step: arithmetic shared, `size` bytes through the ring, 2 (n − 1) rounds."""
    return compute / workers + 2 * (workers - 1) / workers * size / bandwidth + 2 * (workers - 1) * latency


def _config(function, workers, index):
    """The JSON object in the text that the student's function returns."""
    text = call(function, list(workers), index)
    if not isinstance(text, str):
        fail(f"a {type(text).__name__} came back, a text is asked", "json.dumps turns a dictionary into text")
    try:
        config = json.loads(text)
    except ValueError:
        config = None
        if "'" in text:
            fail("the text is no JSON: it has single quotes", "json.dumps writes JSON; str writes Python")
    found = ", ".join(config) if isinstance(config, dict) else "none"
    if not isinstance(config, dict) or set(config) != {"cluster", "task"}:
        fail(f"entries of the JSON object: {found}; two are asked, cluster and task", "json.dumps of a dictionary of two")
    return config


def _pair(function, *arguments):
    """The two results of the student's function, as arrays of float64."""
    got = call(function, *arguments)
    if not isinstance(got, tuple | list) or len(got) != 2:
        fail("expected two results, the gradient and the next scale", "return gradient, scale")
    return _array(got[0], "the gradient"), _array(got[1], "the scale")


def _ring(function, parts):
    got = call(function, parts)
    if not isinstance(got, tuple | list) or len(got) != 2:
        fail("expected two results, the sums and the numbers sent", "return sums, sent")
    sums, sent = _array(got[0], "sums"), _array(got[1], "sent")
    return sums, (np.full(len(parts), sent) if sent.ndim == 0 else sent)


def _array(value, name):
    try:
        return np.asarray(value, np.float64)
    except (TypeError, ValueError):
        fail(f"{name}: not numbers", "one array of numbers")
