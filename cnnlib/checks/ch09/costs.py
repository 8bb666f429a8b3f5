"""The price of a stack of convolutions, and how far it sees: exercises 9.1 and 9.2."""

from cnnlib.checks.ch09.results import alike, two
from cnnlib.checks.common import call, ok, same
from cnnlib.checks.points import part, rng


def stack_cost(function):
    """Check stack_cost(height, width, channels, filters, sizes) → (parameters, FLOP), Exercise 9.1."""
    draws = rng(91)
    height, width, channels, filters = (int(n) for n in draws.integers(6, 40, 4))
    cases = {
        "one layer on a grey picture": [(28, 28, 1, 8, [3]), (height, height, 1, filters, [5])],
        "several channels": [(28, 28, 16, 16, [5]), (height, height, channels, channels, [3])],
        "two layers that keep the channels": [(14, 14, 16, 16, [3, 3]), (height, height, filters, filters, [3, 5])],
        "two layers, the first on one channel": [(28, 28, 1, 8, [3, 3]), (height, height, 1, filters, [5, 3])],
        "kernels of different sizes": [(10, 10, 4, 4, [5, 1, 3]), (height, height, 7, 7, [7, 3, 1])],
        "height and width differ": [(9, 14, 3, 3, [3]), (height, width + 40, 5, 5, [5])],
        "all together": [(20, 11, 3, 5, [7, 1, 3, 3]), (height, width, channels, filters, [3, 9, 5])],
    }
    look = {
        "several channels": "a kernel has one weight for each of its places and each channel",
        "two layers that keep the channels": "add the layers up",
        "two layers, the first on one channel": "how many channels does the second layer get?",
        "kernels of different sizes": "sizes lists the layers from first to last",
        "height and width differ": "with padding 'same' an output has the height and the width of the picture",
    }
    for place, name in enumerate(("parameters", "FLOP")):
        for property, arguments in cases.items():
            with part():
                for case in arguments:
                    right = _stack(*case)[place]
                    mistakes = {
                        "parameters and FLOP have changed places: parameters first": _stack(*case)[1 - place],
                        "the biases are missing: one for each kernel": _stack(*case, bias=0)[place],
                        "multiplications alone were counted: each has its addition": right / 2 if place else right,
                        "these layers pad: the picture does not shrink": _stack(*case, lost=1)[place],
                    }
                    got = two(call(function, *case[:4], list(case[4])))[place]
                    alike(got, right, f"{name}, {property}", look.get(property, "count one kernel, then all of them"), 1e-9,
                          {why: wrong for why, wrong in mistakes.items() if wrong != right})
                ok(f"{name}, {property}")


def receptive_field(function):
    """Check receptive_field(layers), layers a list of (size, stride), Exercise 9.2."""
    draws = rng(92)
    a, b, c = (int(n) for n in draws.integers(4, 12, 3))
    cases = {
        "one convolution": [[(3, 1)], [(a, 1)]],
        "two convolutions, 5 × 5 and 3 × 3": [[(5, 1), (3, 1)], [(a, 1), (3, 1)]],
        "a row of convolutions": [[(5, 1), (3, 1), (7, 1)], [(a, 1), (b, 1), (c, 1), (3, 1)]],
        "one pooling": [[(2, 2)], [(a, a)]],
        "a convolution behind a pooling": [[(2, 2), (3, 1)], [(a, 1), (2, 2), (b, 1)]],
        "a pooling behind a convolution": [[(3, 1), (2, 2)], [(a, 1), (3, 3)]],
        "two poolings and what follows": [[(3, 1), (2, 2), (3, 1), (2, 2), (3, 1)], [(a, 1), (2, 2), (b, 1), (3, 3), (c, 1)]],
        "a stride smaller than its window": [[(3, 2), (3, 1)], [(a, 3), (b, 2), (c, 1)]],
    }
    look = {
        "one convolution": "an output number of the first layer sees its window",
        "two convolutions, 5 × 5 and 3 × 3": "draw a row of squared paper: which pixels reach the middle window?",
        "a row of convolutions": "each layer adds its size less one",
        "one pooling": "one output number of a pooling sees its window",
        "a convolution behind a pooling": "behind a stride of 2, neighbours lie two pixels apart",
        "a pooling behind a convolution": "its own stride counts for the layers that follow, not for itself",
        "two poolings and what follows": "strides multiply",
        "a stride smaller than its window": "the distance of neighbours grows by the stride, not by the window",
    }
    for property, lists in cases.items():
        with part():
            for layers in lists:
                right = _sees(layers)
                mistakes = {
                    "the windows overlap: two of 3 side by side reach over 5 pixels, not 6": sum(size for size, _ in layers),
                    "neighbours lie further apart behind a stride": 1 + sum(size - 1 for size, _ in layers),
                    "one pixel is missing: a single pixel sees itself": right - 1,
                    "a layer's own stride moves only the layers behind it": _sees(layers, early=True),
                    "neighbours move apart by the stride, not by the window": _sees([(size, size) for size, _ in layers]),
                }
                got = call(function, [tuple(layer) for layer in layers])
                alike(got, right, property, look[property], 1e-9,
                      {why: wrong for why, wrong in mistakes.items() if wrong != right})
            ok(property)
    with part():
        same(call(function, []), 1, "no layer at all", "a pixel sees itself")


def _stack(height, width, channels, filters, sizes, bias=1, lost=0):
    """Count parameters and FLOP of the stack; `bias` and `lost` make the usual mistakes."""
    parameters = flops = 0
    for size in sizes:
        height, width = (max(side - lost * (size - 1), 0) for side in (height, width))
        weights = size * size * channels * filters
        parameters, flops, channels = parameters + weights + bias * filters, flops + 2 * height * width * weights, filters
    return parameters, flops


def _sees(layers, early=False):
    """The receptive field; `early` lets a layer's own stride count for itself."""
    sees = step = 1
    for size, stride in layers:
        sees += (size - 1) * (step * stride if early else step)
        step *= stride
    return sees
