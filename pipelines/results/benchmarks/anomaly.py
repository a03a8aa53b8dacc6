"""Classes are held out of training in turn and detected by a score (``benchmarks/anomaly.py``, ``anomaly_gans.py``)."""

from typing import Any

from pipelines.report.markdown import table, versions

BELOW = "reconstruction"


def section(records: list[dict[str, Any]]) -> str:
    """Writes a table for each record."""
    return "\n".join(_anomaly(value) for value in records)


def _anomaly(value: dict[str, Any]) -> str:
    classes = list(value["rows"][0]["classes"])
    rows = [["score", "seeds", "mean", *classes]]
    for row in value["rows"]:
        rows.append(
            [
                row["title"],
                f"{row['seeds']}",
                _spread(row.get("mean"), row["seeds"]),
                *(_spread(row["classes"].get(name), row["seeds"]) for name in classes),
            ]
        )
    gans = value.get("gans")
    also = "" if gans is None else f"- `{gans['command']}` ({gans['seconds']:.0f} seconds in all)\n"
    return f"""## Anomalies: a class that training never saw

{value["metric"]}. {value["data"]}. Behind a plus-minus: the standard deviation over seeds.

{table(rows, text=1)}
- `{value["command"]}` ({value["seconds"]:.0f} seconds in all, {versions(value["versions"])})
{also}"""


def _spread(value: dict[str, float] | None, seeds: int) -> str:
    """Returns a mean and its deviation; nothing for what was not measured, such as the mean of only some classes."""
    if value is None:
        return ""
    return f"{value['mean']:.3f}" if seeds == 1 else f"{value['mean']:.3f} ± {value['deviation']:.3f}"
