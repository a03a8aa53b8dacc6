"""One encoder with different initial weights, frozen and fine-tuned with few labels (``benchmarks/downstream.py``)."""

from typing import Any

from pipelines.report.markdown import joined, table, versions

BELOW = "representation"


def section(records: list[dict[str, Any]]) -> str:
    """Writes a table for each record."""
    return "\n".join(_downstream(value) for value in records)


def _downstream(value: dict[str, Any]) -> str:
    kinds = [f"{kind}_{labels}" for kind in ("frozen", "tuned") for labels in value["labels"]]
    titles = [
        f"{title}, {labels} labels a class" for title in ("frozen, linear", "fine-tuned") for labels in value["labels"]
    ]
    rows = [["beginning", "kNN", *titles]]
    rows += [[row["title"], f"{row['knn']:.1%}", *(_spread(row[kind]) for kind in kinds)] for row in value["rows"]]
    return f"""## Downstream: {value["data"]} with few labels

The small encoder starts from the weights that "beginning" names, and is measured on {value["images"]["test"]:,} test \
images. kNN takes 20 neighbours among all {value["images"]["train"]:,} training images. "Frozen" is logistic \
regression on fixed features. "Fine-tuned" trains the encoder and a linear layer together for {value["steps"]} steps \
of {value["batch_size"]} images. Labels are drawn {value["draws"]} times, each time with other random weights if the \
beginning is random; the deviation is over draws. The autoencoder was trained for {value["autoencoder"]["steps"]:,} \
steps of {value["autoencoder"]["batch_size"]} images, the other methods as their recipes say.

{table(rows, text=1)}
{_not_above_random(value)}- `{value["command"]}` ({value["seconds"]:.0f} seconds in all, {value["device"]}, \
{versions(value["versions"])})
"""


def _spread(measured: dict[str, float]) -> str:
    return f"{measured['mean']:.1%} ± {100 * measured['deviation']:.1f}"


def _not_above_random(value: dict[str, Any]) -> str:
    """Writes for each number of labels which initial weights, fine-tuned, are no better than their random weights."""
    rows = {row["name"]: row for row in value["rows"]}
    lines = []
    for labels in value["labels"]:
        kind = f"tuned_{labels}"
        lost = [
            row["title"]
            for row in rows.values()
            if row["random"] and row[kind]["mean"] <= rows[row["random"]][kind]["mean"]
        ]
        if lost:
            lines.append(f"Fine-tuned with {labels} labels a class, no better than random weights: {joined(lost)}.\n\n")
    return "".join(lines)
