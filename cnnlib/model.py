"""`Sequential`: a list of layers that can be trained, judged, asked, saved and loaded."""

import json
import sys
import time
from os import environ
from pathlib import Path

import numpy as np
from tqdm import tqdm

from . import ops
from .errors import NonFiniteError, RangeError, ShapeError, WeightFileError
from .files import atomic
from .fusion import fuse
from .optimizers import Adam, penalty, penalty_gradient

LOSSES = {
    "cross_entropy": (ops.cross_entropy, ops.cross_entropy_backward),
    "squared_error": (ops.squared_error, ops.squared_error_backward),
}


class Sequential:
    """Layers applied one after the other.

    `input_shape` is the shape of one example, (H, W, C) or (I,). `seed` fixes the first weights and the dropout.
    With `fused` (the default) a convolution runs together with the ReLU and the max pooling that follow it.

    Raises
    ------
    ShapeError  layers that do not fit together, named with their place in the list
    """

    def __init__(self, layers, input_shape, seed=0, dtype="float32", fused=True):
        self.layers, self.input_shape, self.dtype = list(layers), tuple(input_shape), np.dtype(dtype)
        rng = np.random.default_rng(seed)
        self.shapes = [self.input_shape]
        for place, layer in enumerate(self.layers, start=1):
            try:
                self.shapes.append(tuple(layer.build(self.shapes[-1], rng, self.dtype)))
            except ShapeError as error:
                raise ShapeError(f"layer {place}, {layer!r}: {error}") from None
        self.steps = fuse(self.layers) if fused else self.layers

    # ── forward and backward ──────────────────────────────────────────────────────────────────────────────

    def forward(self, x, training=False):
        """Run all layers. x (N, …) → output of the last layer (N, …)."""
        if np.shape(x)[1:] != self.input_shape:
            raise ShapeError(f"Sequential: this model takes examples of shape {self.input_shape} · x {np.shape(x)} · "
                             f"reshape to (N, {', '.join(map(str, self.input_shape))})")
        for step in self.steps:
            x = step.forward(x, training)
        return x

    def backward(self, dy, need_dx=False):
        """Send the gradient dy of the output back through all layers, filling each layer's `grads`."""
        for place in range(len(self.steps) - 1, -1, -1):
            dy = self.steps[place].backward(dy, need_dx=need_dx or place > 0)
        return dy

    @property
    def parameters(self):
        """{name: array} of everything that is learned, in order, such as "1.Conv2D.k"."""
        return {f"{place}.{type(layer).__name__}.{name}": array
                for place, layer in enumerate(self.layers, start=1) for name, array in layer.params.items()}

    @property
    def gradients(self):
        """{name: gradient} after `backward`, with the names of `parameters`."""
        return {f"{place}.{type(layer).__name__}.{name}": layer.grads[name]
                for place, layer in enumerate(self.layers, start=1) for name in layer.params}

    # ── training ──────────────────────────────────────────────────────────────────────────────────────────

    def train_step(self, x, y, optimizer, loss="cross_entropy", l1=0.0, l2=0.0):
        """The article's steps 2 to 4 on one batch: forward, loss, backward, update. Returns (loss, output)."""
        loss_function, loss_backward = _loss(loss)
        output = self.forward(x, training=True)
        value = float(loss_function(output, y))
        self.backward(loss_backward(1.0, output, y))
        pairs = []
        for layer in self.layers:
            for name, w in layer.params.items():
                g = layer.grads[name]
                if name != "b" and (l1 or l2):  # biases are left free
                    value += penalty([w], l1, l2)
                    g = g + penalty_gradient(w, l1, l2)
                pairs.append((w, g))
        if not np.isfinite(value):
            raise NonFiniteError(self._blame(x, value))
        optimizer.update(pairs)
        return value, output

    def fit(self, x, y, epochs=1, batch_size=128, optimizer=None, loss="cross_entropy", validation=None,
            l1=0.0, l2=0.0, seed=0, progress=True, verbose=True):
        """Train on x (N, …) and y; return a history of lists: loss, accuracy, seconds, and val_… of `validation`.

        Each epoch visits all examples once in an order drawn from `seed`. Loss and accuracy of an epoch are
        averages over its batches, measured while the weights still change. `progress` shows a bar (also off with
        CNNLIB_PROGRESS=off), `verbose` prints one line per epoch.

        Raises
        ------
        ShapeError, DtypeError, RangeError  input or labels that do not fit
        NonFiniteError  NaN or infinity in x or in the loss; names the step and the layer
        """
        self._check_examples("fit", x, y)
        for name, value in (("epochs", epochs), ("batch_size", batch_size)):
            if not isinstance(value, int | np.integer) or value < 1:
                raise RangeError(f"fit: {name}={value!r} · give a whole number ≥ 1")
        optimizer = Adam() if optimizer is None else optimizer
        rng, y = np.random.default_rng(seed), np.asarray(y)
        history = {"loss": [], "accuracy": [], "seconds": []}
        hidden = not progress or environ.get("CNNLIB_PROGRESS") == "off"
        for epoch in range(1, epochs + 1):
            started, losses, right = time.perf_counter(), 0.0, 0
            order = rng.permutation(len(x))
            with tqdm(total=len(x), desc=f"epoch {epoch}/{epochs}", unit="ex", leave=False, disable=hidden) as bar:
                for step, start in enumerate(range(0, len(x), batch_size), start=1):
                    batch = order[start:start + batch_size]
                    try:
                        value, output = self.train_step(x[batch], y[batch], optimizer, loss, l1, l2)
                    except NonFiniteError as error:
                        raise NonFiniteError(f"fit: epoch {epoch}, step {step}: {error}") from None
                    losses += value * len(batch)
                    right += _right(output, y[batch], loss)
                    bar.update(len(batch))
            history["loss"].append(losses / len(x))
            history["accuracy"].append(right / len(x))
            history["seconds"].append(time.perf_counter() - started)
            if validation is not None:
                val_loss, val_accuracy = self.evaluate(*validation, loss=loss)
                history.setdefault("val_loss", []).append(val_loss)
                history.setdefault("val_accuracy", []).append(val_accuracy)
            if verbose:
                names = [name for name in history if name != "seconds" and not (loss != "cross_entropy" and "acc" in name)]
                shown = " · ".join(f"{name} {history[name][-1]:.4f}" for name in names)
                print(f"epoch {epoch}/{epochs} · {history['seconds'][-1]:.1f} s · {shown}", file=sys.stdout)
        return history

    def evaluate(self, x, y, loss="cross_entropy", batch_size=1000):
        """Mean loss and share of right answers on x (N, …), y. Returns (loss, accuracy); weights stay as they are."""
        self._check_examples("evaluate", x, y)
        output, y = self.predict(x, batch_size), np.asarray(y)
        return float(_loss(loss)[0](output, y)), _right(output, y, loss) / len(x)

    def predict(self, x, batch_size=1000):
        """Output of the last layer for x (N, …): for a classifier the logits (N, C)."""
        self._check_examples("predict", x)
        return np.concatenate([self.forward(x[i:i + batch_size]) for i in range(0, len(x), batch_size)])

    # ── looking at it, saving it ──────────────────────────────────────────────────────────────────────────

    def summary(self):
        """A table of layers, output shapes and parameter counts, as text."""
        rows = [("layer", "output shape", "parameters"), ("input", str(self.input_shape), "0")]
        rows += [(repr(layer), str(shape), f"{sum(p.size for p in layer.params.values()):,}")
                 for layer, shape in zip(self.layers, self.shapes[1:], strict=True)]
        rows.append(("total", "", f"{sum(p.size for p in self.parameters.values()):,}"))
        widths = [max(len(row[column]) for row in rows) for column in range(3)]
        return "\n".join(f"{a:<{widths[0]}}  {b:<{widths[1]}}  {c:>{widths[2]}}" for a, b, c in rows)

    def save(self, path):
        """Write all weights to `path` (.npz), whole or not at all.

        Raises
        ------
        WeightFileError  the file cannot be written (full disk, no permission); an older file stays as it was
        """
        path = Path(path)
        if path.suffix != ".npz":
            raise WeightFileError(f"save: {path.name} · weights are stored as .npz, name the file {path.stem}.npz")
        try:
            with atomic(path) as beside, open(beside, "wb") as file:
                np.savez(file, architecture=np.array(self._architecture()), **self.parameters)
        except OSError as error:
            raise WeightFileError(f"save: cannot write {path.name}: {error.strerror or error} · free some space or choose "
                                  "another folder; nothing was changed") from error

    def load_weights(self, path):
        """Read weights written by `save` into this model; all of them or, on any error, none.

        Raises
        ------
        WeightFileError  the file is missing, damaged, or belongs to another model
        """
        path = Path(path)
        try:
            with np.load(path, allow_pickle=False) as stored:
                arrays = {name: stored[name] for name in stored.files}
        except Exception as error:  # a flipped bit makes NumPy and zipfile raise errors of a dozen kinds
            raise WeightFileError(f"load_weights: {path.name} is missing or damaged ({error}) · save it again") from error
        theirs = str(arrays.pop("architecture", "unknown"))
        if theirs != self._architecture() or arrays.keys() != self.parameters.keys():
            raise WeightFileError(f"load_weights: {path.name} belongs to another model · file {theirs} · "
                                  f"this model {self._architecture()} · build the model the file was saved from")
        for name, array in arrays.items():
            if not np.isfinite(array).all() or array.shape != self.parameters[name].shape:
                raise WeightFileError(f"load_weights: {path.name}: {name} holds NaN, infinity or a wrong shape · save it again")
        for name, array in arrays.items():
            self.parameters[name][...] = array

    def _architecture(self):
        return json.dumps([list(self.input_shape), *map(repr, self.layers)])

    # ── checks ────────────────────────────────────────────────────────────────────────────────────────────

    def _check_examples(self, call, x, y=None):
        if len(x) == 0:
            raise ShapeError(f"{call}: x is empty · x {np.shape(x)} · give at least one example")
        if y is not None and len(x) != len(y):
            raise ShapeError(f"{call}: {len(x)} examples but {len(y)} targets · x {np.shape(x)} · y {np.shape(y)} · "
                             "give one target per example")
        if np.asarray(x).dtype.kind == "f" and not np.isfinite(x).all():
            bad = np.argwhere(~np.isfinite(x))[0]
            raise NonFiniteError(f"{call}: x holds NaN or infinity, first at {tuple(map(int, bad))} · "
                                 "clean the data, or replace with np.nan_to_num")

    def _blame(self, x, value):
        """Say which layer first turned the numbers of this batch into NaN or infinity."""
        for place, layer in enumerate(self.layers, start=1):
            for name, array in layer.params.items():
                if not np.isfinite(array).all():
                    return (f"the loss is {value}: weight {name} of layer {place}, {layer!r}, is not finite · "
                            "lower the learning rate")
            x = layer.forward(x)
            if not np.isfinite(x).all():
                return f"the loss is {value}: layer {place}, {layer!r}, gives NaN or infinity · lower the learning rate"
        largest = np.abs(x).max()
        if largest > 1e9:  # finite still, but its square or its sum is not
            return (f"the loss is {value}: layer {place}, {layer!r}, gives numbers as large as {largest:.1g} · "
                    "lower the learning rate")
        return f"the loss is {value} although all layers are finite · check the targets and the loss"


def _loss(name):
    if name not in LOSSES:
        raise RangeError(f"loss={name!r} · choose one of {', '.join(LOSSES)}")
    return LOSSES[name]


def _right(output, y, loss):
    """Number of right answers in a batch; 0 where the loss is not for classes."""
    if loss != "cross_entropy":
        return 0
    return int((output.argmax(-1) == (y if y.ndim == 1 else y.argmax(-1))).sum())
