"""Learning curves: how loss and accuracy change from epoch to epoch."""

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from cnnlib.errors import NonFiniteError, RangeError
from cnnlib.plot.style import PALETTE, QUIET, WIDTH, axes_at, new_figure, styled

MARKERS = ("o", "s", "^", "D", "v", "P")


@styled
def curves(histories, keys=("loss", "accuracy"), title=None):
    """Draw learning curves, one panel per key: training as a solid line, validation ("val_" + key) dashed.

    Takes one history (a dict of lists, one number per epoch) or a dict name -> history. Units: epochs counted
    from 1; accuracy as a fraction. Runs differ by colour and marker. Returns a Figure. Errors: RangeError for a
    key no history has or more than six runs, NonFiniteError for NaN or infinity.
    """
    if histories and all(np.ndim(v) == 1 for v in histories.values()) and not any(hasattr(v, "keys") for v in histories.values()):
        histories = {"": histories}
    if not 1 <= len(histories) <= len(PALETTE):
        raise RangeError(f"plot.curves: {len(histories)} runs · one figure tells 1 to {len(PALETTE)} runs apart; split them")
    keys = [keys] if isinstance(keys, str) else list(keys)
    for key in keys:
        if not any(key in h or f"val_{key}" in h for h in histories.values()):
            known = sorted({k for h in histories.values() for k in h})
            raise RangeError(f"plot.curves: no history has {key!r} · it may be one of {', '.join(known)}")
    figure = new_figure(3.0)
    wide = (WIDTH - 0.65 * len(keys) - 0.1) / len(keys)
    dashed = False
    for p, key in enumerate(keys):
        axes = axes_at(figure, 0.6 + p * (wide + 0.65), 0.52, wide, 1.95)
        for n, history in enumerate(histories.values()):
            for name, style in ((key, "-"), (f"val_{key}", "--")):
                if name not in history or len(history[name]) == 0:
                    continue
                values = np.asarray(history[name], dtype=float)
                if not np.isfinite(values).all():
                    raise NonFiniteError(
                        f"plot.curves: {name!r} holds NaN or infinity · the training diverged; lower the learning rate"
                    )
                dashed = dashed or style == "--"
                axes.plot(
                    np.arange(1, len(values) + 1),
                    values,
                    style,
                    color=PALETTE[n],
                    marker=MARKERS[n],
                    markerfacecolor="white" if style == "--" else PALETTE[n],
                )
        axes.set(xlabel="epoch")
        axes.set_title(key.replace("_", " "), loc="left", fontweight="bold")
        axes.xaxis.set_major_locator(MaxNLocator(8, integer=True, min_n_ticks=1))
        axes.margins(x=0.04, y=0.08)
        axes.grid(axis="y")
    handles = [Line2D([], [], color=PALETTE[n], marker=MARKERS[n], label=name) for n, name in enumerate(histories) if name]
    if dashed:
        handles += [
            Line2D([], [], color=QUIET, label="training"),
            Line2D([], [], color=QUIET, ls="--", label="validation"),
        ]
    if handles:
        figure.legend(handles=handles, loc="upper right", ncols=len(handles), borderaxespad=0.2, columnspacing=1.4)
    if title:
        figure.text(0.02, 0.985, title, va="top")
    return figure
