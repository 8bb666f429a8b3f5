"""Layers: a few lines each over `cnnlib.ops`, remembering the input of forward for the sake of backward.

Every layer has `build(shape, rng, dtype)`, which makes its parameters and returns its output shape,
`forward(x, training)`, and `backward(dy, need_dx)`, which fills `grads` and returns dx.
Shapes are without the batch axis: (T, H, W, C) for clips, (H, W, C) for pictures, (I,) for vectors.
"""

from .activations import ReLU, Sigmoid, Softmax, Tanh
from .base import Layer, glorot_uniform
from .conv import Conv2D, Conv2DTranspose, Conv3D
from .dense import Dense, Dropout, Flatten
from .pool import AvgPool2D, AvgPool3D, MaxPool2D, MaxPool3D, UpSampling2D

__all__ = [
    "Layer", "Conv2D", "Conv3D", "Conv2DTranspose", "MaxPool2D", "AvgPool2D", "MaxPool3D", "AvgPool3D", "UpSampling2D",
    "Flatten", "Dense", "Dropout", "ReLU", "Sigmoid", "Tanh", "Softmax", "glorot_uniform",
]
