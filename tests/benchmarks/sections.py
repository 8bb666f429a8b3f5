"""One section of the performance page for each part; each function takes the part's rows and returns its text."""

from statistics import median

from .pictures import floor
from .tables import NAMES, blocks, figure, listed, number, ratio, short, table, times


def step(rows):
    row, = rows
    return blocks(
        "## One training step",
        "The article's network (28×28×1, 32 and 64 kernels of 3×3, dense layers of 128 and 10), batch 128, Adam, float32: "
        "forward, loss, backward, update. Compared are all gradients and the losses of three steps; for the second and third "
        "loss 1e-3 is allowed, since PyTorch adds Adam's epsilon at another place.",
        times(row),
        f"The products of the convolution and dense layers need {row['gflop']:.2f} GFLOP per step. A multiplication and an "
        "addition count as two; bias, ReLU, pooling, loss and Adam are not counted. A plain matrix product, timed in the same "
        f"turns, ran at {row['product_gflop_per_s']:.0f} GFLOP/s. At that rate the products alone take {floor(row):.1f} ms: "
        f"cnnlib's step reaches {100 * row['fraction']:.0f} % of the rate.",
        figure("step", "Time of one training step. The dotted line is the time of the products alone, at the rate of a plain "
               "matrix product.",
               f"Bar chart of milliseconds per training step: {listed(row['ms'])}; the products alone {floor(row):.1f}."),
    )


def predict(rows):
    row, = rows
    return blocks(
        "## Inference of 10,000 pictures",
        "`predict` of cnnlib and of Keras with their default batch sizes. Five batch sizes were tried beforehand; Keras with "
        f"the best of them, {row['best_batch']['keras']}, has a line of its own"
        + (f", and PyTorch, under `no_grad`, takes its best, {row['best_batch']['torch']}." if "torch" in row["ratio"] else "."),
        times(row),
    )


def epoch(rows):
    row, = rows
    shares = ", ".join(f"{NAMES[name]} {100 * value:.1f} %" for name, value in row["accuracy"].items())
    return blocks(
        "## One epoch of 60,000 digits",
        f"`fit` of cnnlib and of Keras, the usual loop in PyTorch; batch 128, shuffled; {row['rounds']} rounds. Each library "
        f"shuffles in its own order. Right answers on the test pictures after the last round: {shares}.",
        times(row, unit="s"),
    )


def operation(title, about, picture=None):
    """A section with one table for each direction: convolution of pictures and of clips, pooling."""

    def section(rows):
        peers = [name for name in ("keras", "torch") if name in rows[0]["ratio"]]
        head = ["shape", *(NAMES[name] for name in ("cnnlib", *peers)), *(f"to {NAMES[name]}" for name in peers)]

        def cells(direction):
            some = [row for row in rows if row["direction"] == direction]
            return [(short(row["name"]), *(number(row["ms"][name]) for name in ("cnnlib", *peers)),
                     *(f"{row['ratio'][name]:.2f}" for name in peers)) for row in some]

        in_scipy = [row for row in rows if "scipy" in row["ratio"]]
        return blocks(
            f"## {title}", f"{about} {COLUMNS}", who_is_faster(rows, peers),
            *([figure(picture, "Time of cnnlib divided by the time of Keras (circles) and of PyTorch (squares), for each shape. "
                      "Left of the dotted line cnnlib is faster.", dots_in_words(rows))] if picture else []),
            "**Forward**", table(head, cells("forward"), "l" + "r" * (len(head) - 1)),
            "**Forward and backward**", table(head, cells("both"), "l" + "r" * (len(head) - 1)),
            *(["**Forward, beside SciPy's `ndimage.correlate`**",
               table(["shape", "cnnlib, ms", "SciPy, ms", "ratio to SciPy"],
                     [(short(row["name"]), number(row["ms"]["cnnlib"]), number(row["ms"]["scipy"]), ratio(row, "scipy"))
                      for row in in_scipy], "lrrr")] if in_scipy else []),
        )

    return section


def who_is_faster(rows, peers):
    """In how many rows cnnlib wins, the median, and the worst row by name."""
    worst = max(rows, key=lambda row: row["best"])
    direction = "forward" if worst["direction"] == "forward" else "forward and backward"
    won = " and ".join(f"than {NAMES[name]} in {sum(row['ratio'][name] < 1 for row in rows)} of {len(rows)}" for name in peers)
    return (f"cnnlib is faster {won} rows. Against the faster of the others, the median ratio is "
            f"{median(row['best'] for row in rows):.2f} and the largest {worst['best']:.2f} ({worst['name']}, {direction}).")


def dots_in_words(rows):
    bests = [row["best"] for row in rows]
    return (f"Dot chart of {len(rows)} ratios to each library on a scale of logarithms. Against the faster of the others "
            f"they lie between {min(bests):.2f} and {max(bests):.2f}; the median is {median(bests):.2f}.")


def growth(rows):
    names = [name for name in rows[0]["slope"] if name != "work"]
    cells = [(row["name"], row["first"], *(f"{row['slope'][name]:.2f}" for name in (*names, "work"))) for row in rows]
    return blocks(
        "## Growth",
        "One convolution, forward and backward, made 2, 4, 8 and 16 times as large in one of its measures. Channels grow on both "
        "sides, so that the work grows with their square. The slope is that of the line of least squares through the logarithms "
        "of size and time. A slope below that of the work means that a part of the time does not grow.",
        figure("growth", "Time of one convolution, forward and backward, against its size; both scales are of logarithms.",
               "Three line charts, for batch, pixels and channels, with the times of each library at 1 to 16 times the size. "
               + " ".join(f"Slope of cnnlib with {row['name']}: {row['slope']['cnnlib']:.2f}." for row in rows)),
        table(["slope with", "from", *(NAMES[name] for name in names), "the work"], cells, "ll" + "r" * (len(names) + 1)),
    )


def memory(rows):
    row, = rows
    cells = [(NAMES[name], f"{row['first_mb'][name]:.0f}", f"{row['later_mb'][name]:.0f}") for name in row["first_mb"]]
    return blocks(
        "## Memory of a training step",
        "Each library in a fresh process. Linux keeps the largest amount of physical memory that a process has held (VmHWM). "
        "The amount held just before the first step, after imports and building the network, is taken off. The first step "
        "compiles and makes Adam's arrays; the second column is the peak over twenty later steps, from the same level. Memory "
        "that a library had reserved before its first step does not appear. The bar above takes the larger of the two columns.",
        *([] if row["reset"] else ["Here the mark could not be reset, so that it includes what happened before the step."]),
        table(["library", "first step, MB", "later steps, MB"], cells, "lrr"),
    )


def compilation(rows):
    row, = rows
    cells = [(NAMES[name], f"{value:.1f}") for name, value in row["until_first_step"].items()]
    return blocks(
        "## Compilation on first use",
        "Numba compiles a function when it is first called and keeps the result on disk. Building the network, a training step "
        "and every operation for pictures and clips, in float32 and float64, cost once "
        f"{row['seconds']['cold']:.1f} s with nothing cached, and {row['seconds']['warm']:.1f} s in a later process. Keras "
        "traces and compiles anew in every process. The table counts only building the network and its first training step, "
        "beyond the time of a later step.",
        table(["library", "seconds"], cells, "lr"),
    )


SHAPES = "A shape is written as window/stride, padding, pixels, channels in → out, ×batch."
COLUMNS = ("Times are in milliseconds; the last columns are the ratios to each library, whose ranges over the rounds are stored "
           "with them in `book/performance.json`.")

SECTIONS = {
    "step": step,
    "predict": predict,
    "epoch": epoch,
    "conv2d": operation("Convolution of pictures", SHAPES + " Backward gives the gradients of input, "
                        "kernels and bias.", picture="conv2d"),
    "conv3d": operation("Convolution of clips", SHAPES + " Sizes are time × height × width."),
    "pool": operation("Pooling", "Max and average pooling without padding: window/stride, pixels, channels, ×batch."),
    "growth": growth,
    "memory": memory,
    "compile": compilation,
}
