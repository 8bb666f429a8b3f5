"""A network of one's own, drawn from one's name, and its price."""

from cnnlib import networks
from cnnlib.checks.ch09.results import two
from cnnlib.checks.common import call, same
from cnnlib.checks.points import draw, part, rng


def _own_text(student):
    """Return one student's own network: (string, classes)."""
    first, second = draw(student, "first", range(5, 30)), draw(student, "second", range(7, 40))
    sizes = draw(student, "sizes", [(3, 5), (5, 3), (3, 7), (7, 3), (5, 5), (7, 5), (4, 3), (3, 4)])
    pools = draw(student, "pools", [(2, 3), (3, 2)])
    text = f"C{first}-{sizes[0]},P{pools[0]},C{second}-{sizes[1]},P{pools[1]},F,D{draw(student, 'units', range(15, 60))}"
    return text, draw(student, "classes", range(5, 30))


def own_words(student):
    """Return one student's own network in words.

    >>> print(own_words("learner"))
    The network of learner: C29-7,P3,C33-3,P2,F,D24
    It tells 17 classes apart. The convolutions do not pad.
    """
    text, classes = _own_text(student)
    return f"The network of {student}: {text}\nIt tells {classes} classes apart. The convolutions do not pad."


def own_cost(student):
    """Return the check of `own_cost(height, width, channels)` → (parameters, FLOP) for the network of `own_words`."""
    text, classes = _own_text(student)

    def right(height, width, channels, **change):
        return networks.cost(text, (height, width, channels), **{"classes": classes, **change})

    def check(function):
        draws = rng(95)
        height, width, channels = (int(n) for n in draws.integers((50, 90, 2), (80, 120, 9)))
        cases = {
            "a digit of MNIST": (28, 28, 1),
            "a coloured picture": (28, 28, 3),
            "a large picture": (height, height, 1),
            "height and width differ": (height, width, 1),
            "sizes that pooling does not divide": (height + 1, width + 1, channels),
        }
        look = {
            "a digit of MNIST": "write the shape down after every token",
            "a coloured picture": "only the first kernels see the colours",
            "a large picture": "the first dense layer grows with the picture",
            "height and width differ": "follow rows and columns each on their own",
            "sizes that pooling does not divide": "a pooling window that does not fit is left out",
        }
        for place, name in enumerate(("parameters", "FLOP")):
            for property, sizes in cases.items():
                answer = right(*sizes)[place]
                mistakes = {
                    "the convolutions do not pad: the picture shrinks": right(*sizes, padding="same")[place],
                    "this is the network for ten classes": right(*sizes, classes=10)[place],
                    "parameters and FLOP have changed places: parameters first": right(*sizes)[1 - place],
                    "multiplications alone were counted: each has its addition": answer / 2 if place else answer,
                }
                with part():
                    got = two(call(function, *sizes))[place]
                    same(got, answer, f"{name}, {property}", look[property], 1e-9,
                         {why: wrong for why, wrong in mistakes.items() if wrong != answer})

    return check
