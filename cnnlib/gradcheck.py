"""Gradient check: compare a backward function with slopes measured by central differences.

The upstream gradient is random. With an upstream of all ones many wrong gradients pass, for the mistakes cancel.
"""

import numpy as np

from .errors import GradientError


def gradient_errors(forward, backward, inputs, seed=0, step=1e-6):
    """Relative error of every gradient of `forward` at `inputs`.

    forward(*inputs) → y (an array or one number); backward(dy, *inputs) → the gradients of Σ dy · y, one per input
    (a tuple, or the gradient alone if there is one input). Inputs are copied to float64. For each input the error is
    max |analytic − measured| / max(|analytic|, |measured|, 1e-8), the maxima over the whole array.

    Returns a list of relative errors, one per input.

    >>> gradient_errors(lambda x: x ** 2, lambda dy, x: dy * 2 * x, [np.array([3.0])])[0] < 1e-6
    True
    """
    inputs = [np.array(a, np.float64) for a in inputs]
    y = np.asarray(forward(*inputs))
    dy = np.random.default_rng(seed).normal(size=y.shape)
    dy = float(dy) if y.ndim == 0 else dy
    gradients = backward(dy, *inputs)
    gradients = gradients if isinstance(gradients, tuple | list) else (gradients,)
    if len(gradients) != len(inputs):
        raise GradientError(f"gradient_errors: {len(inputs)} inputs but {len(gradients)} gradients · return one per input")
    errors = []
    for place, (a, gradient) in enumerate(zip(inputs, gradients, strict=True)):
        if np.shape(gradient) != a.shape:
            raise GradientError(f"gradient_errors: input {place} has shape {a.shape}, its gradient {np.shape(gradient)} · "
                                "a gradient has the shape of its input")
        errors.append(relative_error(gradient, _slopes(lambda: np.sum(dy * forward(*inputs)), a, step)))
    return errors


def check_gradients(forward, backward, inputs, tolerance=1e-6, seed=0, step=1e-6):
    """Raise GradientError unless every relative error of `gradient_errors` is below `tolerance`."""
    errors = gradient_errors(forward, backward, inputs, seed, step)
    for place, error in enumerate(errors):
        if not error < tolerance:
            raise GradientError(f"check_gradients: the gradient of input {place} is wrong · relative error {error:.2g}, "
                                f"allowed {tolerance:.0e} · compare it with the formula term by term")
    return errors


def model_gradient_errors(model, x, y, loss="cross_entropy", step=1e-6, samples=20, seed=0):
    """Relative error of the loss gradient for every parameter of a `Sequential` built with dtype="float64".

    x (N, …) float64, y targets. Of each parameter, `samples` entries drawn from `seed` are measured.
    Returns {name of the parameter: relative error}.
    """
    from .model import LOSSES  # here, because model.py stands below this module in the order of imports

    function, backward = LOSSES[loss]
    if model.dtype != np.float64:
        raise GradientError("model_gradient_errors: float32 is too coarse · build the model with dtype='float64'")
    output = model.forward(x)
    model.backward(backward(1.0, output, y))
    gradients = {name: g.copy() for name, g in model.gradients.items()}
    rng, errors = np.random.default_rng(seed), {}
    for name, w in model.parameters.items():
        places = rng.choice(w.size, min(samples, w.size), replace=False)
        slopes = _slopes(lambda: function(model.forward(x), y), w, step, places)
        errors[name] = relative_error(gradients[name].ravel()[places], slopes)
    return errors


def relative_error(a, b):
    """max |a − b| / max(|a|, |b|, 1e-8), the maxima over the whole arrays."""
    return float(np.abs(a - b).max() / max(np.abs(a).max(), np.abs(b).max(), 1e-8))


def _slopes(function, a, step, places=None):
    """Central differences (f(a + h) − f(a − h)) / 2h for entries of `a`, changed in place and put back."""
    flat = a.reshape(-1)  # a view: `a` is contiguous
    slopes = np.empty(a.size if places is None else len(places))
    for row, place in enumerate(range(a.size) if places is None else places):
        kept = flat[place]
        flat[place] = kept + step
        above = function()
        flat[place] = kept - step
        below = function()
        flat[place] = kept
        slopes[row] = (above - below) / (2 * step)
    return slopes.reshape(a.shape) if places is None else slopes
