"""The page book/performance.md, made of book/performance.json: `PYTHONPATH=tests python -m benchmarks.page`.

`make bench` runs this at its end. Parts that were never measured are left out of the page.
"""

from . import pictures, store
from .sections import SECTIONS
from .tables import NAMES, blocks, plain, table, with_unit

INTRODUCTION = """# Performance

How fast cnnlib is beside Keras, PyTorch and SciPy on one machine, measured by `make bench` and generated from its stored
numbers. A ratio is the time of cnnlib divided by the time of the other library: **below 1 cnnlib is faster**, above 1 the
other library is.

## How it is measured

1. **First compare, then time.** All libraries get the same inputs and the same weights. Their results, gradients included,
   must agree to float32 rounding: no difference above 1e-4 of the largest number. What disagrees is not timed.
2. **In turns.** Each library runs in a process of its own. One round times each of them once, straight after the other, and
   gives one ratio. The tables show the median of these ratios over at least 7 rounds (3 for the epoch), and where there is
   room, in brackets, the smallest and the largest. The medians of the times stand beside them; their quotient may differ a
   little from the ratio.
3. **Awake.** Threads go on spinning for a moment after their work and would disturb the next library, and a core that has
   slept is slow at first. So 50 ms of untimed calls precede each timed sample. A sample repeats the work until it lasts
   about 20 ms or longer.
4. **As users use it.** Keras is compiled with its defaults and called through `train_on_batch`, `predict` and `fit`, or
   through `keras.ops` inside `tf.function`. PyTorch keeps its default layout, channels first. Each library chooses its
   number of threads. Arrays are float32 and in each library's layout before the clock starts."""


def page(stored):
    """The page as text. `stored` is what book/performance.json holds."""
    parts = stored["parts"]
    found = [INTRODUCTION, conditions(parts), bars(stored["bars"])]
    found += [section(parts[name]["rows"]) for name, section in SECTIONS.items() if name in parts]
    return "\n\n".join(found) + "\n"


def conditions(parts):
    """Where and with what: one table, and a sentence for each part that was measured under other conditions."""
    here = next(iter(parts.values()))["conditions"]
    rows = [("processor", f"{here['cpu']}, {here['cores']} cores"), ("system", here["system"]), ("day", here["day"]),
            ("versions", plain(here["versions"]))]
    if "machine" in parts:
        found, = parts["machine"]["rows"]
        rows += [
            ("float32 matrix product", f"{found['gflop_per_s']:.0f} GFLOP/s (2048 × 2048, one part of the rows per core)"),
            ("memory, copy of 256 MB", f"{found['gb_per_s']:.1f} GB/s (bytes read and bytes written)"),
            ("threads", plain({NAMES[name]: count for name, count in found["threads"].items()})),
        ]
    others = {name: part["others_percent"] for name, part in parts.items() if part["others_percent"] is not None}
    if others:
        busiest = max(others, key=others.get)
        rows.append(("other programs", f"at most {others[busiest]:.0f} % of one core, during the part `{busiest}`"))
    differing = [(name, key, part["conditions"][key]) for name, part in parts.items() for key in here
                 if part["conditions"][key] != here[key]]
    return blocks(
        "## Where it was measured",
        table(["condition", "value"], rows, "ll"),
        *(f"The part `{name}` was measured under another condition: {key} {plain(value)}." for name, key, value in differing),
    )


def bars(found):
    """What the issue demands, reached or not."""
    rows = []
    for bar in found:
        bound = f"≤ {bar['at_most']:g}" if "at_most" in bar else f"≥ {bar['at_least']:g}"
        rows.append((bar["what"], with_unit(bound, bar["unit"]), with_unit(f"{bar['value']:g}", bar["unit"]),
                     "yes" if bar["reached"] else "no"))
    return blocks("## What the course asks of its library", table(["what", "bar", "measured", "reached"], rows, "lrrl"))


def write():
    """Write the page and its pictures from the stored numbers."""
    stored, book = store.load(), store.PATH.parent
    (book / "performance.md").write_text(page(stored), encoding="utf-8")
    for name, drawn in pictures.draw(stored["parts"]).items():
        (book / "_static" / f"performance_{name}.png").write_bytes(drawn.picture_file()[1])


if __name__ == "__main__":
    write()
