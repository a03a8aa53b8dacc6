"""The section on translation: all translators of one data set and direction in one table."""

from typing import Any

from pipelines.report.markdown import commands, groups, seconds, steps, table
from pipelines.tasks.translation.task import TASK


def record(metrics: dict[str, Any]) -> dict[str, Any]:
    """Returns what a run's record contains besides what all records contain."""
    evaluation = metrics["evaluation"]
    return {
        "data": metrics["data"],
        **{key: evaluation[key] for key in ("numbers", "baselines", "images", "source", "paired")},
        **({"generated": True} if evaluation.get("generated") else {}),
    }


def section(records: list[dict[str, Any]]) -> str:
    """Writes one table for each data set, size and direction; the best first."""

    def measured(value: dict[str, Any]) -> tuple[Any, ...]:
        prepare = value["parameters"]["prepare"]
        drawn = (prepare.get(key, 0) for key in ("size", "channels", "thickness", "threshold", "source"))
        return (value["data"], *drawn, value["images"], value.get("generated", False))

    return "\n".join(map(_translators, groups(records, measured, lambda value: _worth(value["numbers"]))))


def _worth(numbers: dict[str, float]) -> float:
    """Returns the sort key of translators of one domain, the smallest first."""
    return numbers["error"] if "error" in numbers else numbers.get("fid", 0.0)


def _translators(records: list[dict[str, Any]]) -> str:
    first = records[0]
    columns = TASK.numbers.columns(*(value["numbers"] for value in records))
    head = ["recipe", "method", "trained weights", "steps", "seconds"]
    rows = [[*head, *(TASK.numbers.title(number, first) for number in columns)]]
    for value in records:
        rows.append(
            [
                f"`{value['recipe']}`",
                value["parameters"]["model"]["method"],
                f"{value['weights']:,}",
                steps(value),
                seconds(value),
                *(number.written(value["numbers"]) for number in columns),
            ]
        )
    # Recipes may have had different training images: each then has its own baselines.
    same = all(value["baselines"] == first["baselines"] for value in records)
    for value in records[:1] if same else records:
        of = "" if same else f" (`{value['recipe']}`)"
        for heading, values in TASK.numbers.rows(value):
            rows.append(["", f"{heading}{of}", "0", "", "", *(number.written(values) for number in columns)])
    words = {"first": "first domain", "second": "second domain"}
    if first["source"] not in words:
        words = {"image": "garments" if first["data"] == "fashion_mnist" else "images", "drawing": "drawings"}
    source = words.pop(first["source"])
    (target,) = words.values()
    what = f"pairs of {source} and {target}" if first.get("generated") else f"{source} to {target}"
    return f"""## Translation: {first["data"]}, {what}

{TASK.caption(first)}

{table(rows, text=2)}
{commands(records)}
"""
