"""The section on reconstruction: all autoencoders of a data set, compared with PCA with codes of the same size."""

from typing import Any

from pipelines.report.markdown import commands, groups, seconds, steps, table
from pipelines.tasks.reconstruction.autoencoders import PIXELS
from pipelines.tasks.reconstruction.numbers import ACCURACY, NUMBERS, PCA


def record(metrics: dict[str, Any]) -> dict[str, Any]:
    """Returns what a run's record contains besides what all records contain."""
    evaluation = metrics["evaluation"]
    return {
        "data": metrics["data"],
        **{key: evaluation[key] for key in ("numbers", "baselines", "images", "code_dim")},
    }


def section(records: list[dict[str, Any]]) -> str:
    """Writes one table for each data set and image size; small codes first."""

    def measured(value: dict[str, Any]) -> tuple[Any, ...]:
        prepare = value["parameters"]["prepare"]
        return value["data"], prepare["size"], prepare["channels"], value["images"]

    return "\n".join(map(_autoencoders, groups(records, measured, lambda value: value["code_dim"])))


def _autoencoders(records: list[dict[str, Any]]) -> str:
    head = ["recipe", "method", "code", "trained weights", "steps", "seconds"]
    rows = [[*head, "MSE", "PCA", "over PCA", "PSNR, dB", "PCA"]]
    for value in records:
        for prefix, what in (("", ""), ("damaged_", ", damaged")):
            if f"{prefix}mse" not in value["numbers"]:
                continue
            ours, pca = value["numbers"], value["baselines"]["pca"]
            measured = [("mse", ours), ("mse", pca), ("mse_over_pca", ours), ("psnr", ours), ("psnr", pca)]
            rows.append(
                [
                    f"`{value['recipe']}`{what}",
                    value["parameters"]["model"]["method"],
                    f"{value['code_dim']}",
                    f"{value['weights']:,}",
                    steps(value),
                    seconds(value),
                    *(NUMBERS[f"{prefix}{name}"].written(values) for name, values in measured),
                ]
            )
    first = records[0]
    prepare = first["parameters"]["prepare"]
    return f"""## Reconstruction: {first["data"]}, {prepare["size"]} x {prepare["size"]} pixels

The {first["images"]:,} held-out images are encoded and decoded; pixels lie in [-1, 1]. PCA is fitted to the training
images and has as many components as the code has numbers. In the rows "damaged", the denoising autoencoder and PCA get
damaged images, and their results are compared with the undamaged ones.

{table(rows, text=2)}
{_few_labels(records)}{commands(records)}
"""


def _few_labels(records: list[dict[str, Any]]) -> str:
    """Writes the accuracies of methods that learn a classifier from few labels, next to classifiers of the same."""
    having = [value for value in records if ACCURACY.name in value["numbers"]]
    if not having:
        return ""
    rows = [["recipe", "labels a class", "accuracy", "logistic regression on PCA", "on pixels"]]
    for value in having:
        measured = value["numbers"], value["baselines"][PCA.name], value["baselines"][PIXELS.name]
        rows.append(
            [
                f"`{value['recipe']}`",
                f"{value['parameters']['model']['labels_per_class']}",
                *(ACCURACY.written(values) for values in measured),
            ]
        )
    return f"""Accuracy is that of the classifier of codes on the held-out images. Logistic regression learns from the
same few labels, on as many principal components as the code has numbers, and on pixels.

{table(rows, text=1)}
"""
