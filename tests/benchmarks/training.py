"""The parts about the article's network: a training step, inference of 10,000 pictures, an epoch."""

import itertools
from dataclasses import dataclass, field
from functools import cache

import numpy as np

from cnnlib.data import load_mnist

from .machine import PRODUCT_FLOP, Product
from .network import BATCH, NETWORKS, article, products
from .pairs import Disagreement, Work, prepare, results, rounded, row, timed
from .workers import PEERS, Team

TOLERANCE = 1e-4
TOLERANCE_STEP = [TOLERANCE] * 9 + [1e-3]  # 8 gradients, first loss; later losses, for PyTorch adds Adam's epsilon elsewhere
IMAGES = 10_000


@cache
def digits():
    """(training pictures float32 (60000, 28, 28, 1) in 0..1, labels int64), (test pictures, labels)."""
    return [((x / np.float32(255))[..., None], y.astype(np.int64)) for x, y in load_mnist()]


@dataclass(frozen=True)
class Step:
    """One training step, on another batch each time. To compare: every gradient, and the losses of three steps."""

    options: dict = field(default_factory=dict)

    def work(self, library):
        network = NETWORKS[library](**self.options)
        (x, y), _ = digits()
        batches = [(x[i:i + BATCH], y[i:i + BATCH]) for i in range(0, 100 * BATCH, BATCH)]
        turn = itertools.cycle(batches)

        def gradients_and_losses():
            gradients = network.gradients(*batches[0])
            losses = [network.step(*batches[0]) for _ in range(3)]
            return [*gradients, losses[0], losses[1:]]

        return Work(lambda: network.step(*next(turn)), gradients_and_losses)


@dataclass(frozen=True)
class Predict:
    """Logits of the 10,000 test pictures."""

    options: dict = field(default_factory=dict)

    def work(self, library):
        network = NETWORKS[library]()
        _, (x, _) = digits()
        return Work(lambda: network.predict(x, **self.options), lambda: [network.predict(x, **self.options)],
                    warm=lambda: network.predict(x[:1000], **self.options))


@dataclass(frozen=True)
class Epoch:
    """One pass over the 60,000 training pictures in a shuffled order. Orders differ, so only the outcome can be compared."""

    def work(self, library):
        network = NETWORKS[library]()
        (x, y), (x_test, y_test) = digits()
        few = slice(0, 10 * BATCH)
        network.epoch(x[few], y[few])  # compiles
        return Work(lambda: network.epoch(x, y), lambda: [(network.predict(x_test).argmax(1) == y_test).mean()],
                    warm=lambda: network.epoch(x[few], y[few]))


def step(show, rounds=15):
    """One training step; in the same turns Keras without XLA, and a plain matrix product to see the limit."""
    tasks = {name: (name, Step()) for name in ("cnnlib", *PEERS)}
    compared = [*tasks, "keras, no XLA"]
    tasks["keras, no XLA"] = ("keras", Step({"jit_compile": False}))
    tasks["product"] = ("numpy", Product())
    with Team() as team:
        found = row(team, tasks, TOLERANCE_STEP, "training step", compared, rounds)
    flop, product_ms = products(article(), BATCH), found["ms"].pop("product")
    per_product = [found[fact].pop("product") for fact in ("ratio", "low", "high")][0]  # time of a step / of a product
    found |= {"gflop": rounded(flop / 1e9), "product_gflop_per_s": rounded(PRODUCT_FLOP / product_ms / 1e6),
              "fraction": rounded(flop / (per_product * PRODUCT_FLOP))}
    show(found)
    return [found]


def predict(show):
    """Keras with its default batch of 32 and with the batch that suits it best; PyTorch, which has no default, with its best."""
    with Team() as team:
        best = {name: best_batch(team[name], name) for name in PEERS}
        tasks = {"cnnlib": ("cnnlib", Predict()), "keras": ("keras", Predict())}
        if "torch" in best:
            tasks["torch"] = ("torch", Predict({"batch_size": best["torch"]}))
        tasks["keras, best batch"] = ("keras", Predict({"batch_size": best["keras"]}))
        found = row(team, tasks, TOLERANCE, f"inference of {IMAGES:,} pictures", sample=0) | {"best_batch": best}
    show(found)
    return [found]


def best_batch(worker, library):
    """The fastest of a few batch sizes for this library."""
    def seconds(size):
        worker.ask(prepare, Predict({"batch_size": size}), library)
        return min(worker.ask(timed, 1) for _ in range(3))

    return min((32, 128, 500, 1000, 2500), key=seconds)


def epoch(show, rounds=3):
    """Fewer rounds than elsewhere, each takes long. Instead of one step's numbers, what was learnt in the end is compared."""
    with Team() as team:
        tasks = {name: (name, Epoch()) for name in ("cnnlib", *PEERS)}
        found = row(team, tasks, TOLERANCE, "one epoch of 60,000 pictures", ["cnnlib"], rounds, sample=0)
        found["accuracy"] = {name: rounded(float(team[name].ask(results)[0])) for name in tasks}
    if min(found["accuracy"].values()) < 0.97:
        raise Disagreement(f"epoch: a library has not learnt the digits, share of right answers {found['accuracy']}")
    show(found)
    return [found]
