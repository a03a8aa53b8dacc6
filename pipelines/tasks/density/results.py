"""The section on density: all density models of a data set and number of levels, beside simple codes."""

from typing import Any

from pipelines.recipe.numbers import Number
from pipelines.report.markdown import commands, groups, seconds, steps, table
from pipelines.tasks.density.numbers import NUMBERS
from pipelines.tasks.density.task import TASK


def record(metrics: dict[str, Any]) -> dict[str, Any]:
    """Returns what a run's record contains besides what all records contain."""
    evaluation = metrics["evaluation"]
    kept = ("numbers", "baselines", "images", "levels", "bound", "sheet")
    return {"data": metrics["data"], **{key: evaluation[key] for key in kept if key in evaluation}}


def section(records: list[dict[str, Any]]) -> str:
    """Writes one table for each data set, image size and number of levels; the best first."""

    def measured(value: dict[str, Any]) -> tuple[Any, ...]:
        prepare = value["parameters"]["prepare"]
        return value["data"], prepare["size"], prepare["channels"], value["levels"], value["images"]

    return "\n".join(map(_densities, groups(records, measured, lambda value: value["numbers"]["nats"])))


def _densities(records: list[dict[str, Any]]) -> str:
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
                *(_written(number, value) for number in columns),
            ]
        )
    for heading, values in TASK.numbers.rows(first):
        rows.append(["", heading, "", "", "", *(number.written(values) for number in columns)])
    bounds = " ≤ marks an upper bound of -log p." if any(value.get("bound") for value in records) else ""
    prepare = first["parameters"]["prepare"]
    return f"""## Density: {first["data"]}, {prepare["size"]} x {prepare["size"]} pixels, {first["levels"]} levels

{TASK.caption(first)}{bounds}

{table(rows, text=2)}
{commands(records)}
"""


def _written(number: Number, record: dict[str, Any]) -> str:
    """Formats a number of a record: code lengths, and their ratios, with ≤ if the method knows only a bound."""
    text = number.written(record["numbers"])
    return f"≤ {text}" if text and record.get("bound") and number in NUMBERS.numbers else text
