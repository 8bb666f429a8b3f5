"""A convolution as a film: the window slides, its products are added, the output fills cell by cell."""

import numpy as np

from cnnlib.errors import NonFiniteError, RangeError, ShapeError
from cnnlib.plot.movies import clip
from cnnlib.plot.numbers import draw_cells, frame_cells, written
from cnnlib.plot.style import ORANGE, QUIET, SKY, WIDTH, axes_at, new_figure, styled

GAP = 0.42  # inches between two arrays
MOST = 100  # frames; longer films are no longer watched


@styled
def convolution_animation(x, k, stride=1, padding=0, dilation=1, fps=2, digits=None, caption="", alt=""):
    """Play the convolution of one small picture: y(i,j) = Σ_p Σ_q x(s·i + d·p, s·j + d·q) k(p,q), one frame per
    output value.

        Each frame shows the input with the cells under the window framed, the kernel, the products with their sum
        written below, and the output so far. Shapes: x (H,W), k (P,Q), one channel. Units: stride s, padding (zeros
        on every side) and dilation d in cells (a light blue frame marks the picture inside its padding); fps in
        output values per second; `digits` decimals. The last frame stays for three. Returns a `Clip`.
        Errors: ShapeError for another rank, a kernel larger than the padded picture or more than 24 cells side by
        side; RangeError for a stride or dilation below 1, a negative padding or more than 100 output values;
        NonFiniteError for NaN or infinity.
    """
    x, k = np.asarray(x), np.asarray(k)
    _check(x, k, stride, padding, dilation)
    wide = np.pad(x, padding)
    reach = [dilation * (size - 1) + 1 for size in k.shape]
    rows, columns = [(n - r) // stride + 1 for n, r in zip(wide.shape, reach, strict=True)]
    if rows < 1 or columns < 1:
        raise ShapeError(
            f"plot.convolution_animation: the kernel covers {reach[0]}×{reach[1]} cells, the padded picture has "
            f"{wide.shape[0]}×{wide.shape[1]} · take a larger picture or more padding"
        )
    if rows * columns > MOST:
        raise RangeError(
            f"plot.convolution_animation: {rows}×{columns} output values make too long a film · at most {MOST}; "
            "cut out a piece of the picture"
        )
    windows = np.array(
        [
            [
                wide[stride * i : stride * i + reach[0] : dilation, stride * j : stride * j + reach[1] : dilation]
                for j in range(columns)
            ]
            for i in range(rows)
        ]
    )
    products = windows.astype(float) * k
    y = products.sum(axis=(2, 3))
    if x.dtype.kind in "bui" and k.dtype.kind in "bui":
        products, y = products.astype(np.int64), y.astype(np.int64)
    if wide.shape[1] + 2 * k.shape[1] + columns > 24:
        raise ShapeError(
            f"plot.convolution_animation: {wide.shape[1] + 2 * k.shape[1] + columns} cells do not fit side by side · "
            "at most 24 for picture, kernel, products and output; cut out a piece of the picture"
        )
    frames = [
        _frame(wide, k, products[i, j], y, i, j, (stride, padding, dilation), digits).pixels(100)
        for i in range(rows)
        for j in range(columns)
    ]
    frames += frames[-1:] * 2
    alt = alt or (
        f"A kernel of {k.shape[0]} by {k.shape[1]} slides over a picture of {x.shape[0]} by {x.shape[1]}; "
        f"at each place the products are added into one value of the {rows} by {columns} output."
    )
    return clip(frames, fps=fps, caption=caption, alt=alt, poster=(rows * columns) // 2)


def _check(x, k, stride, padding, dilation):
    for name, a in (("x", x), ("k", k)):
        if a.ndim != 2 or a.size == 0 or a.dtype.kind not in "buif":
            raise ShapeError(f"plot.convolution_animation: {name} has shape {a.shape} · x is (H,W) and k is (P,Q), one channel")
        if not np.isfinite(a).all():
            raise NonFiniteError(f"plot.convolution_animation: {name} holds NaN or infinity · np.isfinite shows where")
    if stride < 1 or dilation < 1 or padding < 0:
        raise RangeError(
            f"plot.convolution_animation: stride={stride}, padding={padding}, dilation={dilation} · "
            "stride and dilation are at least 1, padding at least 0"
        )


def _frame(wide, k, products, y, i, j, steps, digits):
    """Draw one step: padded picture, kernel, products, output filled up to and including (i, j)."""
    stride, padding, dilation = steps
    cells = [wide.shape, k.shape, k.shape, y.shape]
    cell = min(0.42, (WIDTH - 0.3 - 3 * GAP) / sum(shape[1] for shape in cells))
    tall = cell * max(shape[0] for shape in cells)
    figure = new_figure(tall + 0.75)
    done = np.arange(y.size).reshape(y.shape) <= i * y.shape[1] + j
    every = max((written(v, digits) for a in (wide, k, products, y) for v in a.flat), key=len)
    size = min(10.0, cell * 72 / (0.68 * max(len(every), 2)))
    left = (WIDTH - cell * sum(shape[1] for shape in cells) - 3 * GAP) / 2
    names, signs = ("picture x", "kernel k", "products", "output y"), ("×", "=", "→")
    for n, array in enumerate((wide, k, products, y)):
        top = 0.3 + (tall - cell * array.shape[0]) / 2
        axes = axes_at(figure, left, top, cell * array.shape[1], cell * array.shape[0])
        draw_cells(axes, array, digits, size, filled=done if n == 3 else None)
        axes.set_title(names[n], pad=4)
        if n == 0 and padding:
            frame_cells(axes, padding, padding, *(size - 2 * padding for size in wide.shape), colour=SKY)
        if n == 0 and dilation == 1:
            frame_cells(axes, stride * i, stride * j, *k.shape)
        elif n == 0:
            for p, q in np.ndindex(k.shape):
                frame_cells(axes, stride * i + dilation * p, stride * j + dilation * q, 1, 1)
        elif n == 3:
            frame_cells(axes, i, j, 1, 1)
        left += cell * array.shape[1] + GAP
        if n < 3:
            figure.text(
                (left - GAP / 2) / WIDTH,
                1 - (0.3 + tall / 2) / (tall + 0.75),
                signs[n],
                ha="center",
                va="center",
                fontsize=13,
                color=QUIET,
            )
    figure.text(
        0.5,
        0.13 / (tall + 0.75),
        _sum(products, y[i, j], i, j, digits),
        ha="center",
        va="bottom",
        fontsize=9.5,
        color=ORANGE,
    )
    return figure


def _sum(products, total, i, j, digits):
    """Write the addition of one step, such as "y(0, 1) = 2 + 0 + 0 − 3 = −1"."""
    terms = written(products.flat[0], digits)
    for value in products.flat[1:]:
        text = written(value, digits)
        terms += f" − {text[1:]}" if text.startswith("−") else f" + {text}"
    if len(terms) > 75:  # characters that fit on one line
        terms = f"sum of {products.size} products"
    return f"y({i}, {j}) = {terms} = {written(total, digits)}"
