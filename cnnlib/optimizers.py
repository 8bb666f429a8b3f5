"""How weights follow their gradients: SGD, momentum, Adam, and the L1 and L2 penalties.

An optimiser changes the arrays it is given in place. It keeps one state per array, in the order of the first call.
"""

import numpy as np

from .errors import RangeError


class SGD:
    """Gradient descent, w ← w − η · g, with optional momentum v ← μ · v − η · g, w ← w + v.

    With nesterov=True the step looks ahead: w ← w + μ · v − η · g.
    Sources: Robbins and Monro 1951, doi 10.1214/aoms/1177729586; Polyak 1964, doi 10.1016/0041-5553(64)90137-5;
    Sutskever et al. 2013, "On the importance of initialization and momentum in deep learning".

    >>> w = np.array([1.0])
    >>> SGD(learning_rate=0.1).update([(w, np.array([2.0]))])
    >>> w
    array([0.8])
    """

    def __init__(self, learning_rate=0.01, momentum=0.0, nesterov=False):
        _demand("SGD", learning_rate > 0, f"learning_rate={learning_rate}", "it must be positive")
        _demand("SGD", 0 <= momentum < 1, f"momentum={momentum}", "it must lie in [0, 1)")
        self.learning_rate, self.momentum, self.nesterov = learning_rate, momentum, nesterov
        self.velocities = None

    def update(self, parameters):
        """Take one step. `parameters`: list of (array, gradient) of equal shapes; arrays change in place."""
        if self.velocities is None:
            self.velocities = [np.zeros_like(w) for w, _ in parameters]
        for (w, g), v in zip(parameters, self.velocities, strict=True):
            step = self.learning_rate * g
            if self.momentum == 0:
                w -= step
                continue
            v *= self.momentum
            v -= step
            w += self.momentum * v - step if self.nesterov else v


class Adam:
    """Adam: a running mean m of the gradient, divided by the root of a running mean v of its square.

    m ← m + (1 − β₁)(g − m), v ← v + (1 − β₂)(g² − v),
    w ← w − η · √(1 − β₂ᵗ) / (1 − β₁ᵗ) · m / (√v + ε), with t = 1, 2, … counting the steps.

    In the factors 1 − βᵗ the betas are rounded to float32 first, as Keras does. That shifts 1 − 0.999 by 1.3e-5 of
    its value, enough to drive two otherwise equal trainings apart within fifty steps.

    Source: Kingma and Ba, arXiv 1412.6980 (the form at the end of its section 2, which Keras uses too).

    >>> w = np.array([1.0])
    >>> Adam(learning_rate=0.1).update([(w, np.array([2.0]))])   # the first step has length η
    >>> w.round(4)
    array([0.9])
    """

    def __init__(self, learning_rate=1e-3, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
        _demand("Adam", learning_rate > 0, f"learning_rate={learning_rate}", "it must be positive")
        _demand("Adam", 0 <= beta_1 < 1 and 0 <= beta_2 < 1, f"beta_1={beta_1}, beta_2={beta_2}", "both must lie in [0, 1)")
        self.learning_rate, self.beta_1, self.beta_2, self.epsilon = learning_rate, beta_1, beta_2, epsilon
        self.steps, self.means, self.squares = 0, None, None

    def update(self, parameters):
        """Take one step. `parameters`: list of (array, gradient) of equal shapes; arrays change in place."""
        if self.means is None:
            self.means = [np.zeros_like(w) for w, _ in parameters]
            self.squares = [np.zeros_like(w) for w, _ in parameters]
        self.steps += 1
        beta_1, beta_2 = float(np.float32(self.beta_1)), float(np.float32(self.beta_2))
        rate = self.learning_rate * (1 - beta_2**self.steps) ** 0.5 / (1 - beta_1**self.steps)
        for (w, g), m, v in zip(parameters, self.means, self.squares, strict=True):
            m += (1 - self.beta_1) * (g - m)
            v += (1 - self.beta_2) * (g * g - v)
            w -= rate * m / (np.sqrt(v) + self.epsilon)


def penalty(weights, l1=0.0, l2=0.0):
    """Extra loss for large weights: l1 · Σ|w| + l2 · Σw², summed over a list of arrays.

    >>> round(penalty([np.array([3.0, -4.0])], l1=0.1, l2=0.01), 6)
    0.95
    """
    return float(sum(l1 * np.abs(w).sum() + l2 * (w * w).sum() for w in weights))


def penalty_gradient(w, l1=0.0, l2=0.0):
    """Gradient of `penalty` for one array: l1 · sign(w) + 2 · l2 · w.

    >>> penalty_gradient(np.array([3.0, -4.0]), l1=0.1, l2=0.01)
    array([ 0.16, -0.18])
    """
    return l1 * np.sign(w) + 2 * l2 * w


def _demand(call, condition, given, rule):
    if not condition:
        raise RangeError(f"{call}: {given} · {rule}")
