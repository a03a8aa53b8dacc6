"""Translation: all translators of one data set and direction in one table."""

from itertools import groupby
from typing import Any

from pipelines.results.tables import commands, seconds, steps, table
from pipelines.tasks.translation.show import BASELINES, NAMES, caption, number


def record(metrics: dict[str, Any]) -> dict[str, Any]:
    """What a run's record holds besides what all have."""
    evaluation = metrics["evaluation"]
    return {
        "data": metrics["data"],
        **{key: evaluation[key] for key in ("numbers", "baselines", "images", "source")},
    }


def section(records: list[dict[str, Any]]) -> str:
    """One table for each data set, size and direction; the best first."""

    def measured(value: dict[str, Any]) -> tuple[Any, ...]:
        prepare = value["parameters"]["prepare"]
        drawn = (prepare[key] for key in ("size", "channels", "thickness", "threshold", "source"))
        return (value["data"], *drawn, value["images"])

    ordered = sorted(records, key=lambda value: (measured(value), value["numbers"]["error"], value["recipe"]))
    return "\n".join(_translators(list(group)) for _, group in groupby(ordered, measured))


def _translators(records: list[dict[str, Any]]) -> str:
    first = records[0]
    shown = [name for name in NAMES if any(name in value["numbers"] for value in records)]
    rows = [["recipe", "method", "trained weights", "steps", "seconds", *(NAMES[name] for name in shown)]]
    for value in records:
        rows.append(
            [
                f"`{value['recipe']}`",
                value["parameters"]["model"]["method"],
                f"{value['weights']:,}",
                steps(value),
                seconds(value),
                *(number(name, value["numbers"].get(name)) for name in shown),
            ]
        )
    # One recipe may have been given other training images than another: each has baselines of its own.
    same = all(value["baselines"] == first["baselines"] for value in records)
    for value in records[:1] if same else records:
        of = "" if same else f" (`{value['recipe']}`)"
        for name, error in value["baselines"].items():
            rows.append(["", f"{BASELINES[name]}{of}", "0", "", "", f"{error:.4f}", *[""] * (len(shown) - 1)])
    words = {"image": "garments" if first["data"] == "fashion_mnist" else "images", "drawing": "drawings"}
    source = words.pop(first["source"])
    (target,) = words.values()
    return f"""## Translation: {first["data"]}, {source} to {target}

{caption(first)}

{table(rows, text=2)}
{commands(records)}
"""
