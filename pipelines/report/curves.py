"""Training curves as inline SVG in the colours of the page."""

import html
import io
import math
from typing import Any

_INK = "#010203"  # replaced by the page's text colour
_LINE = "#040506"  # replaced by the page's accent colour


def svgs(history: dict[str, dict[str, list[float]]]) -> dict[str, list[str]]:
    """Draws a small chart for each metric of each phase of a training.

    Args:
        history: phase -> metric -> one value per epoch.

    Returns:
        Phase -> SVG texts without XML declaration. Text stays text; colours are ``currentColor`` and
        ``var(--accent)``. Metrics without values or with a value that is not finite are left out.
    """
    return {
        phase: [
            _svg(phase, name, values) for name, values in metrics.items() if values and all(map(math.isfinite, values))
        ]
        for phase, metrics in history.items()
    }


def _svg(phase: str, name: str, values: list[float]) -> str:
    import matplotlib
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    ink = ("axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color", "text.color")
    style: dict[str, Any] = {
        "svg.fonttype": "none",
        "svg.hashsalt": f"genssl {phase} {name}",  # unique ids in the page, the same in each run
        "font.family": "sans-serif",
        "font.size": 10,
        **{f"axes.spines.{side}": False for side in ("top", "right")},
        **dict.fromkeys(ink, _INK),
    }
    with matplotlib.rc_context(style):
        figure = Figure(figsize=(4.6, 2.5), layout="constrained")
        figure.patch.set_alpha(0)
        axes = figure.add_subplot()
        axes.patch.set_alpha(0)
        axes.plot(range(1, len(values) + 1), values, color=_LINE, linewidth=2, marker="o" if len(values) < 8 else None)
        if min(values) > 0 and max(values) / min(values) > 20:
            axes.set_yscale("log")
        axes.set_title(name.replace("_", " "), loc="left", fontsize=10, fontweight="bold")
        axes.set_xlabel("epoch")
        if len(values) == 1:
            axes.set_xlim(0.5, 1.5)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        axes.grid(color=_INK, alpha=0.12)
        file = io.StringIO()
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    text = file.getvalue()
    text = text[text.index("<svg") :].replace(_INK, "currentColor").replace(_LINE, "var(--accent)")
    label = html.escape(f"{phase}: {name} by epoch, from {values[0]:.4g} to {values[-1]:.4g}")
    return text.replace("<svg", f'<svg role="img" aria-label="{label}"', 1)
