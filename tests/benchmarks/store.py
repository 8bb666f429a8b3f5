"""book/performance.json: one entry per part with its rows and conditions, and the bars judged from all of them."""

import json
from pathlib import Path
from statistics import median

from cnnlib.files import atomic

from .machine import conditions

PATH = Path(__file__).resolve().parents[2] / "book" / "performance.json"


def load(path=None):
    """Everything stored so far: {"parts": {part: {"conditions", "others_percent", "rows"}}, "bars": […]}."""
    path = path or PATH
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"parts": {}, "bars": []}


def store(part, rows, others=None, path=None):
    """Replace one part, judge the bars anew, write the file whole or not at all.

    `others` says how busy other programs kept the machine meanwhile, in percent of one core.
    """
    path = path or PATH
    stored = load(path)
    stored["parts"][part] = {"conditions": conditions(), "others_percent": others, "rows": rows}
    stored["bars"] = bars(stored["parts"])
    with atomic(path) as beside:
        beside.write_text(json.dumps(stored, indent=1, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")
        beside.chmod(0o644)


def bars(parts):
    """What the course demands of its library, what was measured, and whether the one meets the other.

    Each is {"what", "at_most" or "at_least", "value", "unit", "reached"}; bars whose part is not measured are left out.
    """
    rows = {name: part["rows"] for name, part in parts.items()}
    found = []

    def bar(what, value, unit="", **limit):
        bound, = limit.values()
        reached = value <= bound if "at_most" in limit else value >= bound
        found.append({"what": what, **limit, "value": float(f"{value:.3g}"), "unit": unit, "reached": reached})

    if "step" in rows:
        step = rows["step"][0]
        bar("training step, cnnlib / Keras", step["ratio"]["keras"], at_most=0.7)
        if "torch" in step["ratio"]:
            bar("training step, cnnlib / PyTorch", step["ratio"]["torch"], at_most=0.5)
        bar("training step, fraction of the matrix-product rate", 100 * step["fraction"], "%", at_least=60)
    if "predict" in rows:
        bar("inference of 10,000 pictures, cnnlib / Keras", rows["predict"][0]["ratio"]["keras"], at_most=0.7)
    if "conv2d" in rows:
        bests = [row["best"] for row in rows["conv2d"]]
        bar("conv2d, cnnlib / faster of Keras and PyTorch, median of all rows", median(bests), at_most=1.0)
        bar("conv2d, cnnlib / faster of Keras and PyTorch, worst row", max(bests), at_most=2.0)
    if "compile" in rows:
        bar("compilation on first use, nothing cached", rows["compile"][0]["seconds"]["cold"], "s", at_most=20)
    if "memory" in rows:
        first, later = rows["memory"][0]["first_mb"], rows["memory"][0]["later_mb"]
        peak = {name: max(first[name], later[name]) for name in ("cnnlib", "keras")}
        bar("peak extra memory of a training step, cnnlib / Keras", peak["cnnlib"] / peak["keras"], at_most=2.0)
    return found
