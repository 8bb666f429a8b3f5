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
from .shapes import per_axis, resolve_padding

CONVOLUTIONS = {L.Conv2D: "Conv2D", L.Conv3D: "Conv3D"}
POOLS = {L.MaxPool2D: "MaxPooling2D", L.AvgPool2D: "AveragePooling2D",
         L.MaxPool3D: "MaxPooling3D", L.AvgPool3D: "AveragePooling3D"}
PADDINGS = ("ZeroPadding2D", "ZeroPadding3D")
ACTIVATIONS = {L.ReLU: "relu", L.Sigmoid: "sigmoid", L.Tanh: "tanh", L.Softmax: "softmax"}


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

    Explicit and causal padding becomes a ZeroPadding layer. The output is what the cnnlib model gives, logits for a
    classifier, so compile it with from_logits=True.

    Raises
    ------
    RangeError  a layer that Keras cannot express (pooling and transposed convolution with explicit or causal padding)
    """
    import keras

    stack = keras.Sequential([keras.Input(model.input_shape, dtype=str(model.dtype))])
    for layer, shape in zip(model.layers, model.shapes, strict=False):
        for part in _keras_layers(keras, layer, shape, str(model.dtype)):
            stack.add(part)
    copy_weights(model, stack)
    return stack


def from_keras(model, logits=False):
    """Build a cnnlib `Sequential` with the layers and weights of a keras.Sequential.

    An activation argument becomes a layer of its own, a ZeroPadding layer becomes the padding of the convolution
    behind it. With logits=True a softmax at the very end is left out, so that the result can be trained with cnnlib's
    cross-entropy.

    Raises
    ------
    RangeError  a layer or activation that cnnlib does not have
    """
    stack, zeros = [], None
    for layer in model.layers:
        stack += _cnnlib_layers(layer, zeros)
        zeros = layer.padding if type(layer).__name__ in PADDINGS else None
    if zeros is not None:
        raise RangeError(f"from_keras: layer {layer.name} pads with zeros at the very end · put a convolution behind it")
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


def _keras_layers(keras, layer, shape, dtype):
    """The Keras layers that do what `layer` does to examples of `shape`."""
    K, kind = keras.layers, type(layer)
    if kind in CONVOLUTIONS:
        o, padding = layer.options, layer.options["padding"]
        before = []
        if padding not in ("valid", "same"):
            sides = resolve_padding("to_keras", padding, shape[:-1], layer.size,
                                    *(per_axis("to_keras", name, o[name], len(layer.size)) for name in ("stride", "dilation")))
            before, padding = [getattr(K, f"ZeroPadding{len(sides)}D")(sides, dtype=dtype)], "valid"
        return [*before, getattr(K, CONVOLUTIONS[kind])(layer.filters, layer.size, o["stride"], padding, dtype=dtype,
                                                        dilation_rate=o["dilation"], groups=o["groups"])]
    if kind in POOLS:
        o = layer.options
        _check_named("pools", layer)
        return [getattr(K, POOLS[kind])(o["window"], o["stride"], o["padding"], dtype=dtype)]
    if kind in ACTIVATIONS:
        return [K.Activation(ACTIVATIONS[kind], dtype=dtype)]
    match layer:
        case L.Conv2DTranspose():
            o = layer.options
            _check_named("crops", layer)
            return [K.Conv2DTranspose(layer.filters, layer.size, o["stride"], o["padding"], dtype=dtype)]
        case L.UpSampling2D():
            return [K.UpSampling2D(layer.options["factor"], interpolation=layer.options["method"], dtype=dtype)]
        case L.Dense():
            return [K.Dense(layer.units, dtype=dtype)]
        case L.Flatten():
            return [K.Flatten(dtype=dtype)]
        case L.Dropout():
            return [K.Dropout(layer.rate, dtype=dtype)]
    raise RangeError(f"to_keras: {layer!r} has no counterpart in Keras · add it to cnnlib/keras_bridge.py")


def _check_named(does, layer):
    if layer.options["padding"] not in ("valid", "same"):
        raise RangeError(f"to_keras: {layer!r} · Keras {does} only with 'valid' or 'same' padding · use one of them")


def _cnnlib_layers(layer, zeros=None):
    """The cnnlib layers that do what a Keras layer does; `zeros` is the padding of a ZeroPadding layer in front of it."""
    kind, config = type(layer).__name__, layer.get_config()
    if config.get("data_format", "channels_last") != "channels_last":
        raise RangeError(f"from_keras: layer {layer.name} is channels_first · build the Keras model channels_last")
    if zeros is not None and (kind not in CONVOLUTIONS.values() or config["padding"] != "valid"):
        raise RangeError(f"from_keras: layer {layer.name} ({kind}) stands behind zero padding · only a convolution with "
                         "padding='valid' can take it in")
    match kind:
        case "InputLayer" | "ZeroPadding2D" | "ZeroPadding3D":
            return []
        case "Conv2D" | "Conv3D" if config["use_bias"]:
            made = _ours(CONVOLUTIONS, kind)(config["filters"], config["kernel_size"], config["strides"],
                                             zeros or config["padding"], config["dilation_rate"], config["groups"])
        case "Conv2DTranspose" if config["use_bias"] and layer.output_padding is None and set(layer.dilation_rate) == {1}:
            made = L.Conv2DTranspose(config["filters"], config["kernel_size"], config["strides"], config["padding"])
        case "Dense" if config["use_bias"]:
            made = L.Dense(config["units"])
        case "MaxPooling2D" | "AveragePooling2D" | "MaxPooling3D" | "AveragePooling3D":
            made = _ours(POOLS, kind)(config["pool_size"], config["strides"], config["padding"])
        case "UpSampling2D" if config["interpolation"] in ("nearest", "bilinear"):
            made = L.UpSampling2D(config["size"], config["interpolation"])
        case "Flatten":
            made = L.Flatten()
        case "Dropout":
            made = L.Dropout(config["rate"])
        case "ReLU" | "Softmax":
            return [_ours(ACTIVATIONS, kind.lower())()]
        case "Activation":
            made = None
        case _:
            raise RangeError(f"from_keras: layer {layer.name} ({kind}) is not in cnnlib · use convolutions and Dense with bias, "
                             "pooling, UpSampling2D, Flatten, Dropout and activations")
    activation = config.get("activation", "linear")
    if activation != "linear" and activation not in ACTIVATIONS.values():
        raise RangeError(f"from_keras: activation {activation!r} of layer {layer.name} · choose one of "
                         f"{', '.join(ACTIVATIONS.values())}")
    extra = [] if activation == "linear" else [_ours(ACTIVATIONS, activation)()]
    return ([made] if made else []) + extra


def _ours(table, name):
    """The cnnlib layer that stands beside a Keras name in one of the tables."""
    return next(kind for kind, theirs in table.items() if theirs == name)
