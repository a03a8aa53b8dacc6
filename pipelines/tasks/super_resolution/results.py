"""Super-resolution: one table for each scale, metric and set of photographs."""

from itertools import groupby
from typing import Any

from pipelines.results.photographs import metric
from pipelines.results.tables import commands, joined, seconds, steps, table


def record(metrics: dict[str, Any]) -> dict[str, Any]:
    """What a run's record holds besides what all have."""
    evaluation = metrics["evaluation"]
    return {
        "scale": metrics["recipe"]["prepare"]["scale"],
        "metric": evaluation["metric"],
        "images": evaluation["images"],
        "mean": evaluation["mean"],
    }


def section(records: list[dict[str, Any]]) -> str:
    """One table for each scale, metric and set of photographs; the strongest first."""

    def task(value: dict[str, Any]) -> tuple[Any, ...]:
        return value["scale"], sorted(_names(value)), sorted(value["metric"].items())

    ordered = sorted(records, key=lambda value: (task(value), -value["mean"]["gain_db"], value["recipe"]))
    return "\n".join(_task(list(group)) for _, group in groupby(ordered, task))


def _task(records: list[dict[str, Any]]) -> str:
    first = records[0]
    names = _names(first)
    rows = [["recipe", "method", "network", "trained weights", "steps", "seconds", *names, "mean gain", "SSIM gain"]]
    bicubic = {row["name"]: f"{row['psnr_bicubic']:.2f}" for row in first["images"]}
    rows.append(["", "bicubic", "", "0", "", "", *(bicubic[name] for name in names), "0", "0"])
    for value in records:
        images = {row["name"]: f"{row['psnr_ours']:.2f} ({row['gain_db']:+.2f})" for row in value["images"]}
        rows.append(
            [
                f"`{value['recipe']}`",
                value["parameters"]["model"]["method"],
                _network(value["parameters"]["model"]),
                f"{value['weights']:,}",
                steps(value),
                seconds(value),
                *(images[name] for name in names),
                f"{value['mean']['gain_db']:+.2f}",
                f"{_ssim_gain(value['mean']):+.4f}",
            ]
        )
    return f"""## Super-resolution x{first["scale"]}, {joined(names)} held out

Trained on all other photographs inside scikit-image and scikit-learn or, where the command names `--data`, in
that folder; the photographs held out are never seen in training, and measured whole.
{metric(first["metric"])}
In brackets and under "mean gain": dB over bicubic. Seconds are those of training alone, on what stands beside
the command; none are given where it was interrupted. A plus joins the steps of one phase to the next's.

{table(rows, text=3)}
{commands(records)}
"""


def _names(value: dict[str, Any]) -> list[str]:
    return sorted(row["name"] for row in value["images"])


def _network(model: dict[str, Any]) -> str:
    """What sets the network's size, in words."""
    filters = model["filters"]
    if isinstance(filters, list):
        return f"{'-'.join(map(str, filters))} filters"
    return f"{model['blocks']} blocks of {filters}"


def _ssim_gain(mean: dict[str, float]) -> float:
    return mean["ssim_ours"] - mean["ssim_bicubic"]
