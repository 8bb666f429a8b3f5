"""A network of one's own: its numbers are drawn from the student's name."""

import functools

import numpy as np

from cnnlib import data
from cnnlib.checks.common import fail, numbers, ok
from cnnlib.checks.points import draw, part, rng


def _own_numbers(student):
    """Return the numbers of one student's own network: two convolutions (filters, rows, columns), units of a dense layer."""
    first = draw(student, "first size", [(3, 5), (5, 3), (3, 4), (4, 3), (2, 5), (5, 2), (4, 5), (5, 4)])
    second = draw(student, "second size", [(2, 3), (3, 2), (3, 4), (4, 3)])
    filters = draw(student, "first filters", range(8, 20)), draw(student, "second filters", range(20, 36))
    return (filters[0], *first), (filters[1], *second), draw(student, "units", range(40, 91))


def own_words(student):
    """Return one student's own network in words, to be built with Keras.

    >>> print(own_words("learner"))
    The network of learner, for pictures of 28 × 28 with one channel:
        a convolution with 14 kernels, each 3 rows high and 4 columns wide, no padding; ReLU; max pooling 2 × 2
        a convolution with 29 kernels, each 3 rows high and 4 columns wide, no padding; ReLU; max pooling 2 × 2
        flatten; a dense layer of 82 units; ReLU; a dense layer of 10 units with softmax
    """
    (f, P, Q), (g, R, S), units = _own_numbers(student)
    return (
        f"The network of {student}, for pictures of 28 × 28 with one channel:\n"
        f"    a convolution with {f} kernels, each {P} rows high and {Q} columns wide, no padding; ReLU; max pooling 2 × 2\n"
        f"    a convolution with {g} kernels, each {R} rows high and {S} columns wide, no padding; ReLU; max pooling 2 × 2\n"
        f"    flatten; a dense layer of {units} units; ReLU; a dense layer of 10 units with softmax"
    )


def own_network(student):
    """Return the check of one student's trained network, given as the list of arrays that Keras's `get_weights` returns."""
    (f, P, Q), (g, R, S), units = _own_numbers(student)
    rows, columns = ((((28 - a + 1) // 2) - b + 1) // 2 for a, b in ((P, R), (Q, S)))
    named = {
        "the first convolution": [(P, Q, 1, f), (f,)],
        "the second convolution": [(R, S, f, g), (g,)],
        "the first dense layer": [(rows * columns * g, units), (units,)],
        "the last layer": [(units, 10), (10,)],
    }

    def arrays(weights):
        """The weights, two arrays for each layer."""
        if not isinstance(weights, list | tuple):
            fail("my_weights is no list of arrays yet", "the weights of a Keras model are model.get_weights()")
        if len(weights) != 8:
            fail(f"{len(weights)} arrays came, from a network of four layers with weights", "each has weights and biases")
        return [[numbers(w, "the weights") for w in weights[n:n + 2]] for n in (0, 2, 4, 6)]

    def check(weights):
        for n, (layer, shapes) in enumerate(named.items()):
            with part():
                got = [w.shape for w in arrays(weights)[n]]
                look = "compare with the words, layer by layer"
                if n < 2 and len(got[0]) == 4 and (got[0][1], got[0][0], *got[0][2:]) == shapes[0]:
                    look = "rows come before columns"
                if n < 2 and len(got[0]) == 4 and got[0][:2] == shapes[0][:2] and got[0][2:] == shapes[0][:1:-1]:
                    look = "kernels as Keras has them: rows, columns, channels, filters"
                if n == 2 and got[0][1:] == shapes[0][1:]:
                    look = "how many numbers does Flatten hand on · is there padding, is each pooling in its place"
                if got != shapes:
                    fail(f"{layer} has weights and biases of the shapes {got[0]} and {got[1]}", look)
                ok(f"{layer} has the right shapes")
        chosen = rng(808).choice(10_000, 1000, replace=False)
        for least, look in ((50, "is it trained, with pixels from 0 to 1 and labels that belong to them"),
                            (90, "a few more digits, or another epoch, will do")):  # fmt: skip
            with part(2):
                pairs = arrays(weights)
                if [[w.shape for w in pair] for pair in pairs] != list(named.values()):
                    fail("it is not tried on digits", "first all shapes must be right")
                x, y = _test_digits()
                read = (_answers(pairs, np.float32(x[chosen, ..., None]) / 255) == y[chosen]).mean()
                if not read >= least / 100:
                    fail(f"it reads {100 * read:.0f} of 100 digits that it has not seen, {least} are asked", look)
                ok(f"it reads at least {least} of 100 digits that it has not seen")

    return check


@functools.cache
def _test_digits():
    return data.load_mnist()[1]


def _answers(pairs, x):
    """The answers of such a network to pictures (N, 28, 28, 1), with NumPy alone."""
    *convolutions, (w, b), (w_last, b_last) = [[np.float32(array) for array in pair] for pair in pairs]
    for k, c in convolutions:
        windows = np.lib.stride_tricks.sliding_window_view(x, k.shape[:2], (1, 2))  # (N, H', W', C, P, Q)
        x = np.maximum(np.tensordot(windows, k, ((3, 4, 5), (2, 0, 1))) + c, 0)
        N, H, W, F = x.shape
        x = x[:, :H // 2 * 2, :W // 2 * 2].reshape(N, H // 2, 2, W // 2, 2, F).max((2, 4))
    hidden = np.maximum(x.reshape(len(x), -1) @ w + b, 0)
    return (hidden @ w_last + b_last).argmax(1)
