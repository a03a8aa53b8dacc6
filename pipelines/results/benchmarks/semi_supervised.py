"""Classifiers from few labels, with an autoencoder and without (``benchmarks/semi_supervised.py``)."""

import statistics
from typing import Any

from pipelines.report.markdown import table, versions

BELOW = "representation"  # after the table of initial weights

NAMES = {
    "pixels": "logistic regression on pixels",
    "alone": "a classifier alone",
    "frozen": "an autoencoder, then logistic regression on its codes",
    "tuned": "an autoencoder, then a classifier that trains its encoder too",
    "at_once": "`SemiSupervisedAutoencoder`, code and classifier at once",
    "gan": "`SemiSupervisedGAN`, a classifier that is the discriminator of a GAN",
}


def section(records: list[dict[str, Any]]) -> str:
    """Writes a table for each record."""
    return "\n".join(_semi_supervised(value) for value in records)


def _semi_supervised(value: dict[str, Any]) -> str:
    labels = [str(number) for number in value["labels"]]
    rows = [["learnt", *(f"{number} labels a class" for number in labels)]]
    rows += [
        [text, *(_spread(value["accuracies"][name][number]) for number in labels)]
        for name, text in NAMES.items()
        if name in value["accuracies"]
    ]
    classifier = value["classifier"]
    gan = value.get("gan")
    told, command = ("", "") if gan is None else (_of_gans(gan), f"- {_run(gan)}\n")
    return f"""## Few labels beside many images: {value["data"]}

Accuracy on {value["images"]["test"]:,} test images, mean and deviation over {value["draws"]} draws of labels and of
initial weights. All rows but the first have the same convolutional encoder of {value["code_dim"]} numbers and see the
same labels. The autoencoders see all {value["images"]["train"]:,} training images, {value["steps"]:,} steps of
{value["batch_size"]}. Where code and classifier are learnt at once, {value["labelled"]} of these are labelled, the
cross-entropy has weight {value["weight"]:g}, and the classifier sees codes with dropout {value["dropout"]:g}.
Classifiers alone, and after an autoencoder, are trained for {classifier["steps"]:,} steps of
{classifier["batch_size"]} labelled images. The table above has a wider encoder and three draws.{told}

{table(rows, text=1)}
- {_run(value)}
{command}"""


def _of_gans(gan: dict[str, Any]) -> str:
    return (
        f"\nThe GANs see the same batches for {gan['steps']:,} steps; their classifier is another network, of "
        f"{gan['filters']} filters."
    )


def _run(of: dict[str, Any]) -> str:
    return f"`{of['command']}` ({of['seconds']:.0f} seconds in all, {of['device']}, {versions(of['versions'])})"


def _spread(accuracies: list[float]) -> str:
    return f"{statistics.mean(accuracies):.1%} ± {100 * statistics.stdev(accuracies):.1f}"
