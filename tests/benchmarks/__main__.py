"""`make bench`: measure all parts, or those named in ONLY=step,conv2d, print them and store them for the book."""

import sys
import time

from . import fresh, growth, machine, operations, page, store, training

PARTS = {
    "machine": machine.measure,
    "step": training.step,
    "predict": training.predict,
    "epoch": training.epoch,
    "conv2d": operations.conv2d,
    "conv3d": operations.conv3d,
    "pool": operations.pool,
    "growth": growth.measure,
    "memory": fresh.measure_memory,
    "compile": fresh.measure_compilation,
}


def main(only=""):
    """Run the parts one by one; a part that fails is named, keeps its stored numbers, and makes the exit status 1."""
    chosen = [name.strip() for name in only.split(",") if name.strip()] or list(PARTS)
    if unknown := set(chosen) - set(PARTS):
        sys.exit(f"bench: there is no part {', '.join(sorted(unknown))} · the parts are {', '.join(PARTS)}")
    failed = []
    for name in chosen:
        started, before = time.perf_counter(), machine.busy_seconds()
        print(f"\n{name}")
        try:
            rows = PARTS[name](show)
        except Exception as error:
            failed.append(name)
            print(f"  not measured: {type(error).__name__}: {error}")
            continue
        seconds = time.perf_counter() - started
        others = machine.others_percent(before, machine.busy_seconds(), seconds)
        store.store(name, rows, others)
        print(f"  ({seconds:.0f} s" + (f"; other programs used {others:g} % of one core)" if others is not None else ")"))
    page.write()
    print("\nbars")
    for bar in store.load()["bars"]:
        bound = f"at most {bar['at_most']}" if "at_most" in bar else f"at least {bar['at_least']}"
        print(f"  {'reached' if bar['reached'] else 'MISSED ':8} {bar['what']}: {bar['value']} {bar['unit']} ({bound})")
    return 1 if failed else 0


def show(row):
    """Print one row: milliseconds of each library, ratios cnnlib / library with their range over the rounds."""
    print(f"  {row['name']}" + (f" · {row['direction']}" if "direction" in row else ""))
    if "ms" in row:
        print("     ms    " + "   ".join(f"{name} {value:.4g}" for name, value in row["ms"].items()))
    if "ratio" in row:
        print("     ratio " + "   ".join(f"{name} {value:.2f} ({row['low'][name]:.2f}–{row['high'][name]:.2f})"
                                         for name, value in row["ratio"].items()), flush=True)
    shown = {"name", "direction", "ms", "ratio", "low", "high", "rounds", "repeats", "difference"}
    if rest := {key: value for key, value in row.items() if key not in shown}:
        print("     " + "   ".join(f"{key} {value}" for key, value in rest.items()), flush=True)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
