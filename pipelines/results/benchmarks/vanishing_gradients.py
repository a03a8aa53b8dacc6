"""The generator's gradient while the discriminator gets better (``benchmarks/vanishing_gradients.py``)."""

from typing import Any

from pipelines.report.markdown import table, versions

BELOW = "generation"


def section(records: list[dict[str, Any]]) -> str:
    """Writes a table for each record."""
    return "\n".join(_gradients(value) for value in records)


def _gradients(value: dict[str, Any]) -> str:
    rows = [["discriminator steps", "mean D(G(z))", "minimax", "non-saturating", "ratio"]]
    for row in value["rows"]:
        rows.append(
            [
                f"{row['steps']:,}",
                f"{row['discriminator_on_fakes']:.2e}",
                f"{row['minimax']:.2e}",
                f"{row['non_saturating']:.2e}",
                f"{row['non_saturating'] / row['minimax']:,.1f}",
            ]
        )
    data = value["data"]
    return f"""## Vanishing gradients: minimax against non-saturating

The table shows the norm of each loss's gradient at {value["batch_size"]} samples of an untrained generator, while a
discriminator learns to distinguish them from a ring of {data["modes"]} Gaussians (radius {data["radius"]:g}, sigma
{data["sigma"]:g}). The better the discriminator gets, the less the generator learns from the minimax loss.

{table(rows, text=0)}
- `{value["command"]}` (seed {value["seed"]}, {value["device"]}, {versions(value["versions"])})
"""
