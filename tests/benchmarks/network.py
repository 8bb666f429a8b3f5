"""The article's network in cnnlib, Keras and PyTorch, from the same weights.

Keras is used as its users do: `compile` with its defaults (which means XLA), `train_on_batch`, `predict`, `fit`.
PyTorch is the usual loop in its default layout, channels first. Each class has the same five methods.
"""

import numpy as np

from cnnlib import ops
from cnnlib.keras_bridge import quiet_start, to_keras
from cnnlib.layers import Conv2D, Dense, Flatten, MaxPool2D, ReLU
from cnnlib.model import Sequential
from cnnlib.optimizers import Adam

BATCH = 128


def article():
    return Sequential([Conv2D(32, 3), ReLU(), MaxPool2D(2), Conv2D(64, 3), ReLU(), MaxPool2D(2), Flatten(),
                       Dense(128), ReLU(), Dense(10)], input_shape=(28, 28, 1), seed=0)  # fmt: skip


class InCnnlib:
    def __init__(self):
        self.model, self.optimizer = article(), Adam()

    def step(self, x, y):
        return self.model.train_step(x, y, self.optimizer)[0]

    def gradients(self, x, y):
        output = self.model.forward(x, training=True)
        self.model.backward(ops.cross_entropy_backward(1.0, output, y))
        return [np.array(g) for g in self.model.gradients.values()]

    def predict(self, x):
        return self.model.predict(x)

    def epoch(self, x, y):
        self.model.fit(x, y, epochs=1, batch_size=BATCH, optimizer=self.optimizer, progress=False, verbose=False)


class InKeras:
    def __init__(self, jit_compile="auto"):
        with quiet_start():
            import keras
        self.model = to_keras(article())
        self.loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        self.model.compile(keras.optimizers.Adam(), self.loss, jit_compile=jit_compile)

    def step(self, x, y):
        return float(self.model.train_on_batch(x, y))

    def gradients(self, x, y):
        import tensorflow as tf

        with tf.GradientTape() as tape:
            loss = self.loss(y, self.model(x, training=True))
        return [g.numpy() for g in tape.gradient(loss, self.model.trainable_weights)]

    def predict(self, x, **options):
        return self.model.predict(x, verbose=0, **options)

    def epoch(self, x, y):
        self.model.fit(x, y, epochs=1, batch_size=BATCH, verbose=0)


class InTorch:
    """Weights are transposed once, when the network is built; pictures have one channel, so that they are only reshaped."""

    def __init__(self):
        import torch
        from torch import nn

        self.torch = torch
        self.model = nn.Sequential(nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3), nn.ReLU(),
                                   nn.MaxPool2d(2), nn.Flatten(), nn.Linear(1600, 128), nn.ReLU(), nn.Linear(128, 10))
        with torch.no_grad():
            for parameter, w in zip(self.model.parameters(), article().parameters.values(), strict=True):
                parameter.copy_(torch.from_numpy(to_torch(w)))
        self.optimizer = torch.optim.Adam(self.model.parameters(), eps=1e-7)

    def _backward(self, x, y):
        self.optimizer.zero_grad()
        output = self.model(self.torch.from_numpy(x).reshape(-1, 1, 28, 28))
        loss = self.torch.nn.functional.cross_entropy(output, self.torch.from_numpy(y))
        loss.backward()
        return loss

    def step(self, x, y):
        loss = self._backward(x, y)
        self.optimizer.step()
        return loss.item()

    def gradients(self, x, y):
        self._backward(x, y)
        return [from_torch(p.grad.numpy()) for p in self.model.parameters()]

    def predict(self, x, batch_size=BATCH):
        x = self.torch.from_numpy(x).reshape(-1, 1, 28, 28)
        with self.torch.no_grad():
            return self.torch.cat([self.model(x[i:i + batch_size]) for i in range(0, len(x), batch_size)]).numpy()

    def epoch(self, x, y):
        order = np.random.default_rng(0).permutation(len(x))
        for i in range(0, len(x), BATCH):
            self.step(x[order[i:i + BATCH]], y[order[i:i + BATCH]])


NETWORKS = {"cnnlib": InCnnlib, "keras": InKeras, "torch": InTorch}


def to_torch(w):
    """A weight of cnnlib as PyTorch wants it: kernels (F, C, P, Q), dense weights (O, I) with I in the order C, H, W."""
    if w.ndim == 4:
        w = w.transpose(3, 2, 0, 1)
    elif w.shape[0] == 1600:
        w = w.reshape(5, 5, 64, 128).transpose(3, 2, 0, 1).reshape(128, 1600)
    elif w.ndim == 2:
        w = w.T
    return np.ascontiguousarray(w)


def from_torch(w):
    """The inverse of `to_torch`."""
    if w.ndim == 4:
        return w.transpose(2, 3, 1, 0)
    if w.ndim == 2 and w.shape[1] == 1600:
        return w.reshape(128, 64, 5, 5).transpose(2, 3, 1, 0).reshape(1600, 128)
    return w.T


def products(model, batch):
    """Floating-point operations of all products of one training step (a multiplication and an addition count as two).

    Forward, gradient of the weights and gradient of the input cost the same; the first layer's input needs none.
    Bias, ReLU, pooling, loss and Adam are not counted.
    """
    total, times = 0, 2
    for layer, out in zip(model.layers, model.shapes[1:], strict=True):
        if layer.params:
            weights = max(layer.params.values(), key=np.size)
            positions = int(np.prod(out)) // weights.shape[-1]
            total += times * 2 * batch * positions * weights.size
            times = 3
    return total
