"""The same network in cnnlib and in Keras, both ways, with the same weights.

The two agree on layout (channels last, kernels (P, Q, C, F), dense weights (I, O)), so weights are copied, never
transposed. Keras is imported only when a function here is called.
"""

import contextlib
import os

import numpy as np

from . import layers as L
from .errors import RangeError, ShapeError
from .model import Sequential

ACTIVATIONS = {"relu": L.ReLU, "sigmoid": L.Sigmoid, "tanh": L.Tanh, "softmax": L.Softmax}


@contextlib.contextmanager
def quiet_start():
    """Hold back what libraries write to the error stream while they are imported: `with quiet_start(): import keras`.

    TensorFlow greets with lines about processors and graphics cards, written past Python to file descriptor 2.
    An exception passes through and is shown as ever.
    """
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def to_keras(model):
    """Build a keras.Sequential with the layers and weights of a cnnlib `Sequential`.

    Explicit padding becomes a ZeroPadding2D layer. The output is what the cnnlib model gives, logits for a
    classifier, so compile it with from_logits=True.

    Raises
    ------
    RangeError  a layer that Keras cannot express (pooling with explicit padding)
    """
    import keras

    stack = keras.Sequential([keras.Input(model.input_shape, dtype=str(model.dtype))])
    for layer in model.layers:
        for part in _keras_layers(keras, layer, str(model.dtype)):
            stack.add(part)
    copy_weights(model, stack)
    return stack


def from_keras(model, logits=False):
    """Build a cnnlib `Sequential` with the layers and weights of a keras.Sequential.

    An activation argument becomes a layer of its own. With logits=True a softmax at the very end is left out, so
    that the result can be trained with cnnlib's cross-entropy.

    Raises
    ------
    RangeError  a layer or activation that cnnlib does not have
    """
    stack = [part for layer in model.layers for part in _cnnlib_layers(layer)]
    if logits and stack and isinstance(stack[-1], L.Softmax):
        stack.pop()
    ours = Sequential(stack, input_shape=model.input_shape[1:])
    copy_weights(model, ours)
    return ours


def copy_weights(source, target):
    """Copy all weights from one model to another, in order; either may be of Keras or of cnnlib.

    Raises
    ------
    ShapeError  the models' weights differ in number or shape; nothing is copied then
    """
    weights, places = _weights(source), _weights(target)
    if [w.shape for w in weights] != [w.shape for w in places]:
        raise ShapeError(f"copy_weights: the models differ · source {[w.shape for w in weights]} · "
                         f"target {[w.shape for w in places]} · build both from the same layers")
    if isinstance(target, Sequential):
        for place, w in zip(places, weights, strict=True):
            place[...] = w
    else:
        target.set_weights(weights)


def _weights(model):
    return list(model.parameters.values()) if isinstance(model, Sequential) else [np.asarray(w) for w in model.get_weights()]


def _keras_layers(keras, layer, dtype):
    K = keras.layers
    match layer:
        case L.Conv2D():
            o = layer.options
            before, padding = _keras_padding(keras, o["padding"], dtype)
            return [*before, K.Conv2D(layer.filters, layer.size, o["stride"], padding, dilation_rate=o["dilation"],
                                      groups=o["groups"], dtype=dtype)]
        case L.MaxPool2D() | L.AvgPool2D():
            o = layer.options
            if o["padding"] not in ("valid", "same"):
                raise RangeError(f"to_keras: {layer!r} · Keras pools only with 'valid' or 'same' padding · use one of them")
            kind = K.MaxPooling2D if isinstance(layer, L.MaxPool2D) else K.AveragePooling2D
            return [kind(o["window"], o["stride"], o["padding"], dtype=dtype)]
        case L.Dense():
            return [K.Dense(layer.units, dtype=dtype)]
        case L.Flatten():
            return [K.Flatten(dtype=dtype)]
        case L.Dropout():
            return [K.Dropout(layer.rate, dtype=dtype)]
    for name, kind in ACTIVATIONS.items():
        if isinstance(layer, kind):
            return [K.Activation(name, dtype=dtype)]
    raise RangeError(f"to_keras: {layer!r} has no counterpart in Keras · add it to cnnlib/keras_bridge.py")


def _keras_padding(keras, padding, dtype):
    """(layers to put in front, Keras' own padding argument)."""
    if padding in ("valid", "same"):
        return [], padding
    return [keras.layers.ZeroPadding2D(padding, dtype=dtype)], "valid"


def _cnnlib_layers(layer):
    kind, config = type(layer).__name__, layer.get_config()
    if config.get("data_format", "channels_last") != "channels_last":
        raise RangeError(f"from_keras: layer {layer.name} is channels_first · build the Keras model channels_last")
    match kind:
        case "InputLayer":
            return []
        case "Conv2D" if config["use_bias"]:
            made = L.Conv2D(config["filters"], config["kernel_size"], config["strides"], config["padding"],
                            config["dilation_rate"], config["groups"])
        case "Dense" if config["use_bias"]:
            made = L.Dense(config["units"])
        case "MaxPooling2D":
            made = L.MaxPool2D(config["pool_size"], config["strides"], config["padding"])
        case "AveragePooling2D":
            made = L.AvgPool2D(config["pool_size"], config["strides"], config["padding"])
        case "Flatten":
            made = L.Flatten()
        case "Dropout":
            made = L.Dropout(config["rate"])
        case "ReLU" | "Softmax":
            return [ACTIVATIONS[kind.lower()]()]
        case "Activation":
            made = None
        case _:
            raise RangeError(f"from_keras: layer {layer.name} ({kind}) is not in cnnlib · use Conv2D and Dense with bias, "
                             "pooling, Flatten, Dropout and activations")
    activation = config.get("activation", "linear")
    if activation != "linear" and activation not in ACTIVATIONS:
        raise RangeError(f"from_keras: activation {activation!r} of layer {layer.name} · choose one of {', '.join(ACTIVATIONS)}")
    extra = [] if activation == "linear" else [ACTIVATIONS[activation]()]
    return ([made] if made else []) + extra
