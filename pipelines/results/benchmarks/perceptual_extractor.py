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

SSIM of the edges (Sobel magnitudes of Y) of coffee, china and a portrait, none of them seen in training, after
{steps["tuning"]} steps with features in the loss; lambda is how hard they pull, chosen on other photographs.
Random networks: {mean:.4f} +- {deviation:.4f}. All tried, and what follows: docs/perceptual_extractor.md.

{table(rows, text=1)}
- `{value["command"]}` ({versions(value["versions"])})
"""


def _anomaly(records: list[dict[str, Any]]) -> str:
    return "\n".join(_held_out_classes(value) for value in records)


def _held_out_classes(value: dict[str, Any]) -> str:
    methods = value["rows"]
    rows = [["held out", *(method["title"] for method in methods)]]
    for name in methods[0]["classes"]:
        rows.append([name, *(f"{method['classes'][name]['mean']:.3f}" for method in methods)])
    spreads = [method["mean"] for method in methods]
    rows.append(["**mean**", *(f"{spread['mean']:.3f} +- {spread['deviation']:.3f}" for spread in spreads)])
    settings = value["settings"]
    return f"""## Anomalies: each class of Fashion-MNIST held out in turn

{value["metric"]}; the mean and, below, its deviation over {value["seeds"]} seeds (PCA draws nothing). Codes of
{settings["code"]} numbers, {settings["steps"]} steps of {settings["batch_size"]} images of the others. "Scaled":
each pixel's residual over its deviation on training images.

{table(rows, text=1)}
- `{value["command"]}` ({value["seconds"]:.0f} seconds in all, {versions(value["versions"])})
"""
