"""The assignment on networks: shapes and parameters counted, weights moved."""

import numpy as np

from cnnlib.checks.common import call, close, fail, numbers, ok, same
from cnnlib.checks.points import part, rng


def described(function):
    """Assignment: `function(shape, layers)` returns [(output shape, parameters), …] of a network described layer by layer."""

    def conv(filters, size, stride=1, padding="valid"):
        return {"kind": "conv", "filters": filters, "size": size, "stride": stride, "padding": padding}

    draws = rng(801)
    h, w, c, f, u = (int(number) for number in draws.integers([20, 40, 2, 5, 11], [40, 60, 5, 11, 30]))
    flatten, ten = {"kind": "flatten"}, {"kind": "dense", "units": 10}
    pool, three = {"kind": "pool", "size": 2}, {"kind": "pool", "size": 3}
    cases = {
        "one convolution": ((h, h, 1), [conv(f, (3, 3))]),
        "several channels": ((28, 28, c), [conv(f, (3, 3)), conv(f + 3, (3, 3))]),
        "a kernel that is not square": ((h, w, 1), [conv(f, (3, 5))]),
        "a stride": ((29, 2 * w + 1, 1), [conv(4, (3, 3), stride=2)]),
        "padding same": ((h, w, 1), [conv(f, (5, 3), padding="same")]),
        "padding same with a stride": ((30, 3 * w + 1, 1), [conv(4, (3, 3), 3, "same")]),
        "pooling": ((27, w, c), [pool, three]),
        "dense layers": ((h, 7, c), [flatten, {"kind": "dense", "units": u}, ten]),
        "the article's network": ((28, 28, 1), [conv(32, (3, 3)), pool, conv(64, (3, 3)), pool, flatten,
                                                {"kind": "dense", "units": 128}, ten]),
        "everything together": ((h + 9, w, c), [conv(f, (5, 4), 2, "same"), conv(8, (2, 3)), pool, flatten,
                                                {"kind": "dense", "units": u}, ten]),
    }  # fmt: skip
    hints = {
        "several channels": "each kernel looks at all channels of what comes in",
        "a kernel that is not square": "size is (rows, columns)",
        "a stride": "a last step that does not fit is not made",
        "padding same": "as many zeros as it takes: at stride 1 every pixel has an output",
        "padding same with a stride": "an output for every started step: round up",
        "pooling": "a window that does not fit is left out, and there is nothing to learn",
        "dense layers": "each unit has one weight for each number that comes in, and a bias",
    }
    mistakes = {
        "the biases are missing: one for each filter and each unit": {"bias": 0},
        "each kernel looks at all channels of what comes in": {"channels": False},
        "the stride of the convolution shortens the output": {"stride": False},
        "padding same keeps the pixels at the border": {"same": False},
        "a kernel without padding loses rows and columns": {"lost": False},
        "pooling leaves out a window that does not fit": {"up": True},
        "pooling has no weights": {"pool": 1},
        "rows come before columns": {"turn": True},
    }
    for place, what in enumerate(("shapes", "parameters")):
        for property, (shape, layers) in cases.items():
            right = _trace(shape, layers)
            with part():
                got = _described(call(function, shape, [dict(layer) for layer in layers]), len(layers), property)
                for diagnosis, how in mistakes.items():
                    wrong = _trace(shape, layers, **how)
                    if any(a[place] != b[place] for a, b in zip(right, wrong, strict=True)) and got == wrong:
                        fail(f"{what}, {property}: not yet", diagnosis)
                for n, (a, b) in enumerate(zip(got, right, strict=True)):
                    if a[place] != b[place]:
                        look = hints.get(property, "write the shape down after every layer")
                        fail(f"{what}, {property}: layer {n + 1}, {layers[n]['kind']}, you have {a[place]}", look)
                ok(f"{what}, {property}")


def _trace(shape, layers, bias=1, channels=True, stride=True, same=True, lost=True, up=False, pool=0, turn=False):
    """The output shapes and parameters of a network; the options make the usual mistakes."""
    rows = []
    for layer in layers:
        count = 0
        match layer["kind"]:
            case "conv":
                (H, W, C), size, step = shape, layer["size"], layer["stride"] if stride else 1
                count = layer["filters"] * (size[0] * size[1] * (C if channels else 1) + bias)
                cut = [0, 0] if layer["padding"] == "same" and same or not lost else [n - 1 for n in size[:: -1 if turn else 1]]
                shape = -(-(H - cut[0]) // step), -(-(W - cut[1]) // step), layer["filters"]
            case "pool":
                n, count = layer["size"], pool * layer["size"] ** 2 * shape[2]
                shape = (*(-(-size // n) if up else size // n for size in shape[:2]), shape[2])
            case "flatten":
                shape = (int(np.prod(shape)),)
            case "dense":
                count, shape = layer["units"] * (shape[-1] + bias), (layer["units"],)
        rows.append((tuple(shape), count))
    return rows


def _described(got, count, property):
    if not isinstance(got, list | tuple) or len(got) != count:
        fail(f"{property}: expected {count} results, a pair for each layer", "return a list of (shape, parameters)")
    try:
        return [(tuple(int(n) for n in np.atleast_1d(shape)), int(weights)) for shape, weights in got]
    except ValueError:
        fail(f"{property}: not every entry is a shape and a number", "such a pair is (26, 26, 32), 320")
    except TypeError:
        fail(f"{property}: a shape holds something that is no whole number", "the batch does not appear in these shapes")


def channels_first(function):
    """Assignment: `function(weights, shape)` returns Keras's weights for a library that puts channels first."""
    draws = rng(806)

    def net(shape, kernels, units):
        sizes = [*((p, q, c, f) for (p, q), (c, f) in kernels)]
        widths = [int(np.prod(shape)), *units]
        sizes += list(zip(widths[:-1], widths[1:], strict=True))
        return [array for size in sizes for array in (draws.normal(size=size), draws.normal(size=size[-1]))]

    cases = {
        "the kernels": (net((2, 2, 5), [((3, 4), (2, 5))], (3,)), (2, 2, 5), [0]),
        "the biases stay as they are": (net((2, 3, 4), [((2, 2), (1, 4))], (5,)), (2, 3, 4), [1, 3]),
        "a dense layer behind a single pixel": (net((1, 1, 6), [], (4,)), (1, 1, 6), [0]),
        "a dense layer behind a grey picture": (net((3, 4, 1), [], (5,)), (3, 4, 1), [0]),
        "a dense layer behind a picture with channels": (net((3, 4, 2), [], (5,)), (3, 4, 2), [0]),
        "a dense layer behind a dense layer": (net((2, 2, 3), [], (6, 4)), (2, 2, 3), [2]),
        "two convolutions and three dense layers": (net((3, 2, 5), [((3, 2), (1, 3)), ((2, 2), (3, 5))], (7, 4, 3)), (3, 2, 5),
                                                    range(10)),
    }  # fmt: skip
    for property, (weights, shape, shown) in cases.items():
        right = _channels_first(weights, shape)
        with part():
            got = call(function, [w.copy() for w in weights], shape)
            if not isinstance(got, list | tuple) or len(got) != len(weights):
                fail(f"{property}: expected {len(weights)} results, an array for each", "return a list, in the same order")
            for n in shown:
                w, wanted = weights[n], right[n]
                mistakes = {
                    "nothing has changed": w,
                    "reshape counts the numbers anew; the axes must change places": w.reshape(wanted.shape),
                }
                if w.ndim == 4:
                    mistakes |= {"(C, F, P, Q) is the wrong way round": w.transpose(2, 3, 0, 1),
                                 "rows and columns have changed places": w.transpose(3, 2, 1, 0)}  # fmt: skip
                if w.ndim == 2:
                    mistakes |= {"the rows of the first dense layer stood in the order h, w, c": w.T}
                    if len(w) == np.prod(shape):
                        turned = w.reshape(*shape, -1).transpose(2, 1, 0, 3).reshape(w.shape).T
                        mistakes |= {"the new order is c, h, w": turned, "now the rows are to be the units": wanted.T}
                hint = "which axis of the one is which axis of the other" if w.ndim > 1 else "a bias has one axis only"
                _same_quietly(got[n], wanted, f"{property}: array {n}", hint, mistakes)
            ok(property)
    weights, shape, _ = cases["two convolutions and three dense layers"]
    x = draws.normal(size=(2, *shape))
    with part():
        dense = [np.asarray(w) for w in call(function, [w.copy() for w in weights], shape)[4:]]
        y, wanted = x.transpose(0, 3, 1, 2).reshape(2, -1), x.reshape(2, -1)
        for n in (0, 2, 4):
            y, wanted = y @ dense[n].T + dense[n + 1], wanted @ weights[4 + n] + weights[5 + n]
        same(y, wanted, "the dense layers give the same logits in the other order", "send one picture through both by hand")


def _channels_first(weights, shape):
    made, dense = [], 0
    for w in weights:
        if w.ndim == 2 and not dense:
            w = w.reshape(*shape, -1).transpose(2, 0, 1, 3).reshape(w.shape)
        dense += w.ndim == 2
        made.append(w.transpose(3, 2, 0, 1) if w.ndim == 4 else w.T)
    return made


def _same_quietly(got, wanted, property, hint, mistakes):
    """Like `same`, without a line of its own."""
    got = numbers(got, property)
    for diagnosis, wrong in mistakes.items():
        if close(got, wrong) and not close(got, wanted):
            fail(f"{property} is not yet right", diagnosis)
    if got.shape != wanted.shape:
        fail(f"{property} has shape {got.shape}", hint)
    if not close(got, wanted):
        fail(f"{property} has the right shape and wrong numbers", hint)
