"""Writes golden_retrieval.npz: the numbers of pytorch-metric-learning, over random shapes and labels.

In an environment of its own, for PyTorch has no place beside this package:

    python -m venv /tmp/pml && /tmp/pml/bin/pip install pytorch-metric-learning==2.9.0 faiss-cpu
    /tmp/pml/bin/python tests/metrics/golden_retrieval.py
"""

import pathlib

import numpy as np
import torch
from pytorch_metric_learning.utils.accuracy_calculator import AccuracyCalculator

NAMES = ("precision_at_1", "r_precision", "mean_average_precision_at_r")
CLUSTERS = ("NMI", "AMI")


def noisy(rng, labels, dim, spread):
    """Features that say something of their labels."""
    centres = rng.normal(size=(labels.max() + 1, dim))
    return (centres[labels] + spread * rng.normal(size=(len(labels), dim))).astype(np.float32)


def unit(features):
    return features / np.linalg.norm(features, axis=1, keepdims=True)


def retrieval(rng, num, num_gallery, dim, num_classes, spread, normalize):
    """One case; without a gallery the queries search one another. One label has a single image."""
    labels = np.append(rng.integers(0, num_classes, num + num_gallery - 1), num_classes)
    features = noisy(rng, labels, dim, spread)
    case = {"features": features[-num:], "labels": labels[-num:], "normalize": normalize}
    arguments = [case["features"], case["labels"]]
    if num_gallery:
        case |= {"gallery_features": features[:num_gallery], "gallery_labels": labels[:num_gallery]}
        arguments += [case["gallery_features"], case["gallery_labels"]]
    tensors = [torch.from_numpy(unit(a) if normalize and a.ndim == 2 else a) for a in arguments]
    scores = AccuracyCalculator(include=NAMES, k="max_bin_count").get_accuracy(*tensors)
    return case | {name: scores[name] for name in NAMES}


def clusters(rng, num, dim, num_classes):
    """k-means where its answer is not in doubt, and a third of the labels say something else than the clusters."""
    blobs = np.arange(num) % num_classes
    features = (10 * rng.normal(size=(num_classes, dim))[blobs] + rng.normal(size=(num, dim))).astype(np.float32)
    labels = np.where(rng.random(num) < 1 / 3, rng.integers(0, num_classes, num), blobs)
    found = []

    class Calculator(AccuracyCalculator):
        def calculate_NMI(self, query_labels, cluster_labels, **kwargs):  # noqa: N802, PyTorch Metric Learning's name
            found.append(cluster_labels.cpu().numpy())
            return super().calculate_NMI(query_labels, cluster_labels, **kwargs)

    scores = Calculator(include=CLUSTERS).get_accuracy(torch.from_numpy(features), torch.from_numpy(labels))
    assert len(set(zip(blobs.tolist(), found[0].tolist(), strict=True))) == num_classes, "k-means got stuck"
    return {"features": features, "labels": labels} | {name: scores[name] for name in CLUSTERS}


def main():
    rng = np.random.default_rng(0)
    shapes = [
        (20, 0, 3, 4, 1.0, True),
        (50, 0, 8, 5, 2.0, True),
        (64, 0, 16, 30, 0.7, True),
        (40, 60, 8, 5, 1.5, True),
        (30, 25, 4, 12, 1.0, True),
        (50, 0, 8, 5, 2.0, False),
        (35, 50, 6, 9, 1.0, False),
    ]
    cases = {f"retrieval{i}": retrieval(rng, *shape) for i, shape in enumerate(shapes)}
    cases |= {f"clusters{i}": clusters(rng, *shape) for i, shape in enumerate([(60, 8, 3), (90, 5, 4)])}
    arrays = {f"{case}/{name}": np.asarray(value) for case, part in cases.items() for name, value in part.items()}
    np.savez_compressed(pathlib.Path(__file__).with_suffix(".npz"), **arrays)


if __name__ == "__main__":
    main()
