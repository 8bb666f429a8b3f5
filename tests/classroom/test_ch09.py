"""The checks of chapter 09 pass right answers and reject planted wrong ones, each with a fitting message."""

import numpy as np
from planted import demands

from cnnlib import grid, networks
from cnnlib.checks import ch09
from cnnlib.checks.ch09 import assignment_network, choices

# Exercise 9.1


def stack_cost(height, width, channels, filters, sizes):
    parameters = flops = 0
    for size in sizes:
        weights = size * size * channels * filters
        parameters += weights + filters
        flops += 2 * height * width * weights
        channels = filters
    return parameters, flops


def stack_cost_from_shapes(height, width, channels, filters, sizes):
    kernels = [(size, size, filters if n else channels, filters) for n, size in enumerate(sizes)]
    weights = [int(np.prod(kernel)) for kernel in kernels]
    return [sum(weights) + len(kernels) * filters, sum(2 * height * width * w for w in weights)]


def stack(bias=1, additions=2, lost=0, keep=False, square=False, last=False, power=2, times_filters=True, order=1):
    def wrong(height, width, channels, filters, sizes):
        parameters = flops = 0
        width = height if square else width
        for size in sizes[-1:] if last else sizes:
            height, width = height - lost * (size - 1), width - lost * (size - 1)
            weights = size**power * channels * (filters if times_filters else 1)
            parameters += weights + bias * filters
            flops += additions * height * width * weights
            channels = channels if keep else filters
        return (parameters, flops)[::order]

    return wrong


STACK = {
    "no biases": (stack(bias=0), "biases are missing"),
    "multiplications alone": (stack(additions=1), "multiplications alone", 5),
    "the picture shrinks": (stack(lost=1), "do not|these layers pad", 5),
    "channels stay": (stack(keep=True), "how many channels does the second layer get"),
    "square pictures": (stack(square=True), "height and width differ"),
    "only the last layer": (stack(last=True), "add the layers up"),
    "a row for a kernel": (stack(power=1), "count one kernel"),
    "one kernel": (stack(times_filters=False), "count one kernel"),
    "exchanged": (stack(order=-1), "changed places", 0),
    "one number": (lambda *a: stack_cost(*a)[0], "expected two numbers", 0),
    "always one channel": (lambda h, w, c, f, s: stack_cost(h, w, 1, f, s), "for each of its places and each channel"),
}

# Exercise 9.2


def receptive_field(layers):
    sees = step = 1
    for size, stride in layers:
        sees += (size - 1) * step
        step *= stride
    return sees


def receptive_field_backwards(layers):
    reach = 1
    for size, stride in reversed(layers):  # how many inputs of the layer do `reach` neighbouring outputs need?
        reach = (reach - 1) * stride + size
    return reach


def field(start=1, less=1, early=False, add=False, window=False, forget=False):
    def wrong(layers):
        sees, step = start, 1
        for size, stride in layers:
            stride = size if window else stride
            step = step * stride if early else step
            sees += (size - less) * (1 if forget else step)
            if not early:
                step = step + stride - 1 if add else step * stride
        return sees

    return wrong


FIELD = {
    "sum of the sizes": (lambda layers: sum(size for size, _ in layers), "windows overlap"),
    "strides forgotten": (field(forget=True), "further apart"),
    "own stride first": (field(early=True), "only the layers behind it"),
    "a pixel missing": (field(start=0), "one pixel is missing", 0),
    "strides added": (field(add=True), "strides multiply"),
    "stride taken for the window": (field(window=True), "by the stride, not by the window"),
    "the largest window": (lambda layers: max([size for size, _ in layers] or [1]), "two convolutions"),
    "the last layer alone": (lambda layers: layers[-1][0] if layers else 1, "two convolutions"),
    "no layer is nothing": (lambda layers: receptive_field(layers) if layers else 0, "a pixel sees itself"),
    "by heart": (lambda layers: {1: 3, 2: 5, 3: 15, 5: 18}.get(len(layers), 1), "one convolution"),
}

# Exercise 9.3


def pareto(costs, scores):
    on_front = np.ones(len(costs), bool)
    for n in range(len(costs)):
        for m in range(len(costs)):
            no_worse = costs[m] <= costs[n] and scores[m] >= scores[n]
            if no_worse and (costs[m] < costs[n] or scores[m] > scores[n]):
                on_front[n] = False
    return on_front


def pareto_by_sorting(costs, scores):
    answer, best = [False] * len(costs), -np.inf
    for cost in sorted(set(costs)):
        here = [n for n in range(len(costs)) if costs[n] == cost]
        top = max(scores[n] for n in here)
        for n in here:
            answer[n] = bool(scores[n] == top and top > best)
        best = max(best, top)
    return answer


def compared(strictly_both=False, ties_go=False, cost=1, score=1, neighbours=False, cost_only=False, score_only=False):
    def wrong(costs, scores):
        c, s = cost * costs, score * scores
        answer = []
        for n in range(len(c)):
            others = [n - 1] if neighbours and n else [] if neighbours else [m for m in range(len(c)) if m != n]
            beaten = False
            for m in others:
                if strictly_both:
                    beaten |= c[m] < c[n] and s[m] > s[n]
                elif ties_go:
                    beaten |= c[m] <= c[n] and s[m] >= s[n]
                elif cost_only:
                    beaten |= c[m] < c[n]
                elif score_only:
                    beaten |= s[m] > s[n]
                else:
                    beaten |= c[m] <= c[n] and s[m] >= s[n] and (c[m] < c[n] or s[m] > s[n])
            answer.append(not beaten)
        return np.array(answer)

    return wrong


PARETO = {
    "both must be truly better": (compared(strictly_both=True), "equal in one and better in the other"),
    "equal points beat each other": (compared(ties_go=True), "do not beat each other"),
    "dear is good": (compared(cost=-1), "low cost is good"),
    "a low score is good": (compared(score=-1), "a high score is good here"),
    "the beaten ones": (lambda c, s: ~pareto(c, s), "marks the beaten", 0),
    "places": (lambda c, s: np.flatnonzero(pareto(c, s)), "True or False for each point"),
    "only the point before it": (compared(neighbours=True), "40 points|in any order|beats all|equal costs"),
    "the cheapest": (compared(cost_only=True), "these are the cheapest"),
    "the best": (compared(score_only=True), "these are the best"),
    "sorted": (lambda c, s: pareto(np.sort(c), s[np.argsort(c)]), "beats all others in both|keeps their order"),
    "all": (lambda c, s: np.ones(len(c), bool), "five points by hand"),
}

# Exercise 9.4


def choose(costs, scores):
    means = scores.mean(axis=1)
    error = np.sqrt(scores.var(axis=1, ddof=1).mean() / scores.shape[1])
    good = np.flatnonzero(means >= means.max() - error)
    return good[costs[good].argmin()]


def choose_by_loop(costs, scores):
    n, means, variances = len(scores[0]), [], []
    for row in scores.tolist():
        means.append(sum(row) / n)
        variances.append(sum((value - means[-1]) ** 2 for value in row) / (n - 1))
    error = (sum(variances) / len(variances) / n) ** 0.5
    return min((cost, place) for place, cost in enumerate(costs.tolist()) if means[place] >= max(means) - error)[1]


CHOOSE = {
    "the best mean": (lambda c, s: s.mean(1).argmax(), "cheaper point within one standard error"),
    "the cheapest": (lambda c, s: c.argmin(), "near the best mean"),
    "the luckiest seed": (lambda c, s: s.max(1).argmax(), "cheaper point within one"),
    "standard deviation": (choices.SLIPS["standard error, not standard deviation"][1], "by the root of n"),
    "n instead of n − 1": (choices.SLIPS["divided by n − 1"][1], "n − 1 differences|n − 1 free"),
    "mean of the deviations": (choices.SLIPS["variances are averaged"][1], "take the root last"),
    "the best point's scatter": (choices.SLIPS["one scatter for all points"][1], "single point say little"),
    "best of the seeds, with a standard error": (choices.SLIPS["the mean of the seeds counts"][1], "one lucky seed"),
    "its cost": (lambda c, s: c[choose(c, s)], "four points by hand"),
    "a float": (lambda c, s: float(choose(c, s)), "a place in the list"),
    "counted from one": (lambda c, s: choose(c, s) + 1, "four points by hand", 0),
    "scatter over all numbers": (lambda c, s: choices._cheapest(c, s, s.std(ddof=1) / len(s[0]) ** 0.5), "its own point"),
}

# The network of one's own, for the pupil called "learner"

TEXT, CLASSES = "C29-7,P3,C33-3,P2,F,D24", 17
OWN = ch09.own_cost("learner")


def own_cost(height, width, channels):
    parameters = (7 * 7 * channels + 1) * 29 + (3 * 3 * 29 + 1) * 33
    h, w = height - 6, width - 6
    flops = 2 * h * w * 49 * channels * 29
    h, w = h // 3 - 2, w // 3 - 2
    flops += 2 * h * w * 9 * 29 * 33
    inputs = (h // 2) * (w // 2) * 33
    return parameters + (inputs + 1) * 24 + 25 * 17, flops + 2 * (inputs * 24 + 24 * 17)


def by_the_library(text=TEXT, classes=CLASSES, **options):
    return lambda h, w, c: networks.cost(text, (h, w, c), classes=classes, **options)


OWN_WRONG = {
    "another's network": (by_the_library(*assignment_network._own_text("ada")), "write the shape down", 0),
    "with padding": (by_the_library(padding="same"), "do not pad"),
    "ten classes": (by_the_library(classes=10), "ten classes"),
    "always grey": (lambda h, w, c: own_cost(h, w, 1), "first kernels see the colours"),
    "square pictures": (lambda h, w, c: own_cost(h, h, c), "rows and columns each"),
    "numbers of MNIST": (lambda h, w, c: own_cost(28, 28, c), "grows with the picture"),
    "exchanged": (lambda *a: own_cost(*a)[::-1], "changed places", 0),
    "multiplications alone": (lambda *a: (own_cost(*a)[0], own_cost(*a)[1] // 2), "multiplications alone", 5),
    "one number": (lambda *a: own_cost(*a)[0], "expected two numbers", 0),
    "no biases": (lambda h, w, c: (own_cost(h, w, c)[0] - 29 - 33 - 24 - 17, own_cost(h, w, c)[1]), "write the shape down", 5),
}


def test_the_own_network_differs_from_name_to_name():
    names = [f"student {n}" for n in range(200)]
    assert len({assignment_network._own_text(name) for name in names}) == 200
    assert TEXT in ch09.own_words("learner") and str(CLASSES) in ch09.own_words("learner")
    for name in names:  # every network fits the smallest picture of the check
        networks.cost(assignment_network._own_text(name)[0], (28, 28, 1))


RIGHT = [
    (ch09.stack_cost, stack_cost), (ch09.stack_cost, stack_cost_from_shapes),
    (ch09.receptive_field, receptive_field), (ch09.receptive_field, receptive_field_backwards),
    (ch09.pareto, pareto), (ch09.pareto, pareto_by_sorting), (ch09.pareto, grid.front),
    (ch09.choose, choose), (ch09.choose, choose_by_loop), (ch09.choose, grid.choose),
    (OWN, own_cost), (OWN, by_the_library()),
]
GROUPS = {"stack": (ch09.stack_cost, STACK), "field": (ch09.receptive_field, FIELD), "pareto": (ch09.pareto, PARETO),
          "choose": (ch09.choose, CHOOSE), "own": (OWN, OWN_WRONG)}
WRONG = {f"{group}, {name}": (check, *planted) for group, (check, answers) in GROUPS.items() for name, planted in answers.items()}
TestAnswers = demands(RIGHT, WRONG)

HANDED_IN = {
    "stack": ("def stack_cost(height, width, channels, filters, sizes):\n"
              "    before = [channels] + [filters] * len(sizes)\n"
              "    weights = sum(size * size * c * filters for size, c in zip(sizes, before))\n"
              "    return weights, 2 * height * width * weights", 1.5),
    "field": ("def receptive_field(layers):\n    return 1 + sum(size - 1 for size, stride in layers)", 2),
    "pareto": ("def pareto(costs, scores):\n"
               "    return [not ((costs < c) & (scores > s)).any() for c, s in zip(costs, scores)]", 2),
    "choose": ("def choose(costs, scores):\n    means, room = scores.mean(axis=1), np.sqrt(scores.var(axis=1, ddof=1).mean())\n"
               "    return np.where(means >= means.max() - room, costs, np.inf).argmin()", 3.6),
}  # fmt: skip
