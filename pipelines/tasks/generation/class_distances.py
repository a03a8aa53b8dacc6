"""Frechet distances of each class's samples from that class's training images."""

from __future__ import annotations

from typing import Any

import numpy as np

from pipelines.tasks.distances import frechet


def measure(
    real: np.ndarray, real_labels: np.ndarray, fake: np.ndarray, fake_labels: np.ndarray, classes: int
) -> tuple[dict[str, float], dict[str, Any]]:
    """Measures each class that has more images than features on both sides.

    Args:
        real: features of training images, ``(count, dim)``.
        real_labels: their classes, ``(count,)``.
        fake: features of samples, likewise.
        fake_labels: the classes that they are to show.
        classes: the number of classes.

    Returns:
        ``class_fid`` and ``worst_class_fid``, the mean and the largest of the measured classes, empty if there are
        none; and ``classes``, ``measured`` (how many of them), ``least`` and ``most`` samples of a measured class, and
        ``worst``, its number.
    """
    found, sizes = {}, []
    for label in range(classes):
        of = fake[fake_labels == label]
        distance = frechet(real[real_labels == label], of)
        if distance:
            found[label] = distance["fid"]
            sizes.append(len(of))
    if not found:
        return {}, {"classes": classes, "measured": 0}
    worst = max(found, key=lambda label: found[label])
    numbers = {"class_fid": float(np.mean(list(found.values()))), "worst_class_fid": found[worst]}
    facts = {"classes": classes, "measured": len(found), "least": min(sizes), "most": max(sizes), "worst": worst}
    return numbers, facts


def told(facts: dict[str, Any], name: str, dim: int) -> str:
    """Says of how many samples the distances of classes are.

    Args:
        facts: those of `measure`.
        name: the name of the distance in its features.
        dim: the number of features.
    """
    measured, classes = facts["measured"], facts["classes"]
    if not measured:
        return f"No class has more than {dim:,} samples and training images, so no {name} of a class is measured."
    sizes = f"{facts['least']:,}" if facts["least"] == facts["most"] else f"{facts['least']:,} to {facts['most']:,}"
    rest = (
        ""
        if measured == classes
        else f" {classes - measured} of {classes} classes are left out, which have no more than {dim:,} of either."
    )
    return (
        f"The {name} of a class compares {sizes} samples with that class's training images, mean and worst of "
        f"{measured} classes (worst: class {facts['worst']}); so few bias it upwards.{rest}"
    )
