"""How many Gaussians of a grid a GAN covers in different settings (``benchmarks/mode_collapse.py``)."""

import statistics
from collections.abc import Iterable
from typing import Any

from pipelines.report.markdown import table, versions

BELOW = "generation"


def section(records: list[dict[str, Any]]) -> str:
    """Writes a table for each record."""
    return "\n".join(_modes(value) for value in records)


def _modes(value: dict[str, Any]) -> str:
    truth, data = value["truth"], value["data"]
    rows = [["setting", "rounds", "seeds", "modes", "of high quality", "CPU seconds"]]
    rows.append(["samples of the grid itself", "", "", f"{truth['modes']}", f"{100 * truth['share']:.1f}%", ""])
    for name in dict.fromkeys(row["setting"] for row in value["rows"]):
        of = [row for row in value["rows"] if row["setting"] == name]
        rows.append(
            [
                name,
                f"{of[0]['rounds']:,}",
                ", ".join(f"{row['seed']}" for row in of),
                _each(f"{row['modes']}" for row in of),
                _each(f"{100 * row['share']:.1f}%" for row in of),
                f"{statistics.fmean(row['seconds'] for row in of):.0f}",
            ]
        )
    return f"""## Mode collapse: {data["modes"]} Gaussians

The data are a grid of {data["modes"]} Gaussians, {data["spacing"]:g} apart, with standard deviation {data["sigma"]:g}.
Of {value["samples"]:,} samples, those within {value["within"]:g} standard deviations of a centre are of high quality;
a mode counts if at least {value["min_samples"]} such sample is near it. A round is an update of each player on
{value["batch_size"]} points, or as many updates of the generator as the setting says. CPU seconds are the mean over
seeds.

{table(rows, text=1)}
- `{value["command"]}` ({value["device"]}, {versions(value["versions"])})
"""


def _each(values: Iterable[str]) -> str:
    """Returns one value for each seed."""
    return ", ".join(values)
