"""The tables of shapes: 1×1 to 7×7 windows, stride 1 and 2, 1 to 256 channels, 13 to 224 pixels, valid and same."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Conv:
    """F kernels over N pictures (size: H, W) or clips (size: T, H, W) with C channels; padding "valid" or "same"."""

    n: int
    size: tuple
    c: int
    f: int
    window: tuple
    stride: tuple
    padding: str

    def __str__(self):
        stride = "" if set(self.stride) == {1} else f", stride {_times(self.stride)}"
        return (f"{_times(self.window)}{stride}, {self.padding}, {_times(self.size)} pixels, {self.c} → {self.f} channels, "
                f"batch {self.n}")

    def inputs(self, rng):
        fan_in = np.prod(self.window) * self.c
        return {"x": rng.standard_normal((self.n, *self.size, self.c), np.float32),
                "k": rng.standard_normal((*self.window, self.c, self.f), np.float32) / np.float32(fan_in**0.5),
                "b": rng.standard_normal(self.f, np.float32)}

    @property
    def output(self):
        axes = zip(self.size, self.window, self.stride, self.sides, strict=True)
        return (self.n, *((size + sum(sides) - window) // stride + 1 for size, window, stride, sides in axes), self.f)

    @property
    def sides(self):
        """Padding (before, after) of each axis, as TensorFlow and cnnlib understand "same"."""
        found = []
        for size, window, stride in zip(self.size, self.window, self.stride, strict=True):
            total = max(0, (-(-size // stride) - 1) * stride + window - size) if self.padding == "same" else 0
            found.append((total // 2, total - total // 2))
        return found

    @property
    def products(self):
        """Multiplications of one forward pass."""
        return int(np.prod(self.output) * np.prod(self.window) * self.c)

    @property
    def in_scipy(self):
        return self.c == self.f == 1 and set(self.stride) == {1} and self.padding == "same"


@dataclass(frozen=True)
class Pool:
    """Max or average pooling of N pictures of size × size pixels, without padding."""

    kind: str
    n: int
    size: int
    c: int
    window: int
    stride: int
    padding = "valid"
    in_scipy = False

    def __str__(self):
        return (f"{self.kind} {self.window}×{self.window}, stride {self.stride}, {self.size}×{self.size} pixels, "
                f"{self.c} channels, batch {self.n}")

    def inputs(self, rng):
        return {"x": rng.standard_normal((self.n, self.size, self.size, self.c), np.float32)}

    @property
    def output(self):
        side = (self.size - self.window) // self.stride + 1
        return (self.n, side, side, self.c)


def square(n, size, c, f, window, stride, padding):
    return Conv(n, (size, size), c, f, (window, window), (stride, stride), padding)


def _times(numbers):
    return "×".join(map(str, numbers))


CONV2D = [
    #    batch size   C    F  window stride
    square(128,  28,   1,  32, 3, 1, "valid"),  # the article's first convolution
    square(128,  13,  32,  64, 3, 1, "valid"),  # and its second
    square(8,    28, 256, 256, 1, 1, "valid"),
    square(8,    56,  64,  64, 1, 1, "same"),
    square(16,   56,  64, 128, 1, 2, "valid"),
    square(2,    28, 256, 256, 3, 1, "same"),
    square(4,    56,  64,  64, 3, 1, "same"),
    square(4,   112,  32,  32, 3, 1, "same"),
    square(4,   224,   3,  16, 3, 1, "same"),
    square(16,  224,   1,   1, 3, 1, "same"),
    square(8,    56,  64, 128, 3, 2, "same"),
    square(32,   28,  16,  32, 5, 1, "valid"),
    square(8,   112,  16,  32, 5, 2, "same"),
    square(16,   56,   8,   8, 7, 1, "valid"),
    square(4,   224,   3,  64, 7, 2, "same"),
    square(8,   224,   1,   1, 7, 1, "same"),
]  # fmt: skip

CONV3D = [
    Conv(8, (16, 28, 28), 1, 16, (3, 3, 3), (1, 1, 1), "valid"),
    Conv(4, (8, 28, 28), 16, 32, (3, 3, 3), (1, 1, 1), "same"),
    Conv(4, (16, 56, 56), 3, 16, (3, 5, 5), (1, 2, 2), "valid"),
    Conv(4, (16, 28, 28), 32, 32, (3, 1, 1), (1, 1, 1), "same"),
]

POOL = [Pool(kind, *shape) for kind in ("max", "average") for shape in (
    #  batch size  C  window stride
    (128,  26,  32, 2, 2),  # the article's first pooling
    (128,  11,  64, 2, 2),  # and its second
    (8,   112,  64, 3, 2),
)]  # fmt: skip
