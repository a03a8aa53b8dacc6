"""Super-resolution with each photograph held out in turn (``benchmarks/leave_one_out.py``)."""

from typing import Any

from pipelines.report.markdown import joined, table, versions
from pipelines.tasks.super_resolution.results import metric

BELOW = "super_resolution"


def section(records: list[dict[str, Any]]) -> str:
    """Writes a table for each record."""
    return "\n".join(_held_out_in_turn(value) for value in records)


def _held_out_in_turn(value: dict[str, Any]) -> str:
    rows = [["photograph", "pixels", "bicubic", "ours", "gain", "SSIM bicubic", "SSIM ours"]]
    for row in [*value["images"], {"name": "**mean**", **value["mean"]}]:
        rows.append(
            [
                row["name"],
                f"{row['width']} x {row['height']}" if "width" in row else "",
                f"{row['psnr_bicubic']:.2f}",
                f"{row['psnr_ours']:.2f}",
                f"{row['gain_db']:+.2f}",
                f"{row['ssim_bicubic']:.4f}",
                f"{row['ssim_ours']:.4f}",
            ]
        )
    scenes = "; ".join(
        f"{joined(group)} are held out together: they show one scene" for group in value["groups"] if len(group) > 1
    )
    scenes = scenes and f" ({scenes})"
    seconds = "" if value["seconds"] is None else f"{value['seconds']:.0f} seconds of training in all, "
    return f"""## Each photograph held out in turn: `{value["recipe"]}`, x{value["scale"]}

For each row, a model is trained for {value["steps"]:,} steps on all other photographs{scenes}.
{metric(value["metric"])}

{table(rows, text=1)}
- `{value["command"]}` ({seconds}seed {value["seed"]}, {value["device"]}, {versions(value["versions"])})
"""
