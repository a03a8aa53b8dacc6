"""How many of a thousand kinds of stacked garments settings of a GAN cover (``benchmarks/stacked_modes.py``)."""

from typing import Any

from pipelines.report.markdown import table, versions

BELOW = "generation"


def section(records: list[dict[str, Any]]) -> str:
    """Writes a table for each record."""
    return "\n".join(_modes(value) for value in records)


def _modes(value: dict[str, Any]) -> str:
    truth, data, duplicates = value["truth"], value["data"], value["duplicates"]
    rows = [["setting", "seed", "modes", "KL to uniform", "batches with duplicates", "CPU seconds"]]
    rows.append(["stacks of test images", "", *_counted(truth), ""])
    for row in value["rows"]:
        rows.append([row["setting"], f"{row['seed']}", *_counted(row), f"{row['seconds']:.0f}"])
    return f"""## A thousand modes: stacked {data["name"]}

Three random garments are the channels of one image, their classes one of {data["modes"]:,} modes. The shipped
classifier names the classes of {value["samples"]:,} samples; of stacks of test images it finds the right mode in
{100 * truth["accuracy"]:.1f}%. KL is that of the samples' modes to the uniform distribution, in nats;
{_chance(value):.4f} by chance alone. Duplicates: of batches of {duplicates["among"]} samples, those whose closest pair
is as near as that of test stacks in half of their batches (root mean square difference {duplicates["threshold"]:.3f},
values in [-1, 1]); smooth samples lie nearer, too. {value["steps"]:,} updates of {value["batch_size"]} stacks for each
player. The papers stack digits and count 26,000 samples: with {value["samples"]:,} fewer modes are found and KL is
larger, so that these numbers do not compare with theirs.

{table(rows, text=1)}
- `{value["command"]}` ({value["device"]}, {versions(value["versions"])})
"""


def _counted(row: dict[str, Any]) -> list[str]:
    return [f"{row['modes']:,}", f"{row['kl']:.4f}", f"{100 * row['duplicates']:.0f}%"]


def _chance(value: dict[str, Any]) -> float:
    """Returns the expected divergence of uniform samples: (modes - 1) / (2 samples), to first order."""
    return (value["data"]["modes"] - 1) / (2 * value["samples"])
