"""The section on super-resolution: one table for each scale, metric and set of photographs."""

from typing import Any

from pipelines.report.markdown import commands, groups, joined, seconds, steps, table
from pipelines.tasks.super_resolution.numbers import GAIN, PSNR


def record(metrics: dict[str, Any]) -> dict[str, Any]:
    """Returns what a run's record contains besides what all records contain."""
    evaluation = metrics["evaluation"]
    return {
        "scale": metrics["recipe"]["prepare"]["scale"],
        "metric": evaluation["metric"],
        "images": evaluation["images"],
        "numbers": evaluation["numbers"],
        "baselines": evaluation["baselines"],
    }


def metric(measured: dict[str, Any]) -> str:
    """Says how photographs were measured."""
    channel = "luma (Y)" if measured["channel"] == "y" else "RGB"
    return (
        f"PSNR (in dB) and SSIM compare {channel} without {measured['border']} pixels at each edge. The output is "
        "measured as it is served, in eight bits."
    )


def section(records: list[dict[str, Any]]) -> str:
    """Writes one table for each scale, metric and set of photographs; the best first."""

    def task(value: dict[str, Any]) -> tuple[Any, ...]:
        return value["scale"], sorted(_names(value)), sorted(value["metric"].items())

    return "\n".join(map(_task, groups(records, task, lambda value: -value["numbers"]["gain_db"])))


def _task(records: list[dict[str, Any]]) -> str:
    first = records[0]
    names = _names(first)
    rows = [["recipe", "method", "network", "trained weights", "steps", "seconds", *names, "mean gain", "SSIM gain"]]
    bicubic = {row["name"]: PSNR.written({"psnr": row["psnr_bicubic"]}) for row in first["images"]}
    rows.append(["", "bicubic", "", "0", "", "", *(bicubic[name] for name in names), "0", "0"])
    for value in records:
        images = {
            row["name"]: f"{PSNR.written({'psnr': row['psnr_ours']})} ({GAIN.written(row)})" for row in value["images"]
        }
        rows.append(
            [
                f"`{value['recipe']}`",
                value["parameters"]["model"]["method"],
                _network(value["parameters"]["model"]),
                f"{value['weights']:,}",
                steps(value),
                seconds(value),
                *(images[name] for name in names),
                GAIN.written(value["numbers"]),
                f"{value['numbers']['ssim'] - value['baselines']['bicubic']['ssim']:+.4f}",
            ]
        )
    return f"""## Super-resolution x{first["scale"]}, {joined(names)} held out

Models are trained on all other photographs inside scikit-image and scikit-learn or, if the command has `--data`, in
that folder. The held-out photographs are never seen in training, and are measured whole.
{metric(first["metric"])}
Numbers in brackets and "mean gain" are dB over bicubic. Seconds are those of training alone, on the device named after
the command; they are missing if the training was interrupted. A plus stands between the steps of two phases.

{table(rows, text=3)}
{commands(records)}
"""


def _names(value: dict[str, Any]) -> list[str]:
    return sorted(row["name"] for row in value["images"])


def _network(model: dict[str, Any]) -> str:
    """Describes in words what sets the network's size."""
    filters = model["filters"]
    if isinstance(filters, list):
        return f"{'-'.join(map(str, filters))} filters"
    return f"{model['blocks']} blocks of {filters}"
