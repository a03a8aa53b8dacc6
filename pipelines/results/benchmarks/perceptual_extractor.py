"""What a loss gains from features (``benchmarks/perceptual_extractor.py``)."""

from typing import Any

from pipelines.report.markdown import table, versions

BELOW = "super_resolution"


def section(records: list[dict[str, Any]]) -> str:
    """Writes a table for each record."""
    return "\n".join(_perceptual_extractor(value) for value in records)


def _perceptual_extractor(value: dict[str, Any]) -> str:
    steps, rows = value["steps"], [["loss", "lambda", "edges"]]
    for name, edges in value["edge_ssim"].items():
        if not name.startswith("random_"):
            rows.append([name, f"{value['chosen_lambda'].get(name, 0):g}", f"{edges:.4f}"])
    mean, deviation = (value["edge_ssim"][f"random_{what}"] for what in ("mean", "deviation"))
    return f"""## The small perceptual extractor, {steps["extractor"]:,} steps, against random ones, x{value["scale"]}

"Edges" is the SSIM of the edges (Sobel magnitudes of Y) of coffee, china and a portrait, which training never saw,
after {steps["tuning"]} steps with features in the loss. Lambda is the gradient of the features relative to that of the
pixels; it is chosen on other photographs. Random networks reach {mean:.4f} +- {deviation:.4f}.
docs/perceptual_extractor.md has all results and what follows from them.

{table(rows, text=1)}
- `{value["command"]}` ({versions(value["versions"])})
"""
