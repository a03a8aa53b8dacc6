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

Three random garments are the channels of one image; their three classes are one of {data["modes"]:,} modes. The
shipped classifier predicts the modes of {value["samples"]:,} samples; for stacks of test images it is right in
{100 * truth["accuracy"]:.1f}%. KL is the divergence of the modes' distribution from the uniform one, in nats; by
chance alone it is {_chance(value):.4f}. A batch of {duplicates["among"]} samples has duplicates if its closest pair is
nearer than {duplicates["threshold"]:.3f} (root mean square difference of pixels in [-1, 1]), which half of the batches
of test stacks reach; smooth samples are nearer to each other, too. Each player had {value["steps"]:,} updates with
{value["batch_size"]} stacks. The papers stack digits and count 26,000 samples. With {value["samples"]:,} samples fewer
modes are found and KL is larger, so these numbers cannot be compared with those of the papers.

{table(rows, text=1)}
- `{value["command"]}` ({value["device"]}, {versions(value["versions"])})
"""


def _counted(row: dict[str, Any]) -> list[str]:
    return [f"{row['modes']:,}", f"{row['kl']:.4f}", f"{100 * row['duplicates']:.0f}%"]


def _chance(value: dict[str, Any]) -> float:
    """Returns the expected divergence of uniform samples: (modes - 1) / (2 samples), to first order."""
    return (value["data"]["modes"] - 1) / (2 * value["samples"])
