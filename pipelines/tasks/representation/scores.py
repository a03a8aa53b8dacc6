"""How good frozen features are: every number of the task, computed from vectors and labels."""

from __future__ import annotations

import warnings

import numpy as np

from pipelines.tasks.representation.features import Labelled
from pipelines.tasks.representation.recipe import Evaluate

ONE_SHOT_DRAWS = 20
PAIRS = 20_000
_SEED = 0


def scores(evaluate: Evaluate, classes: list[int] | None, judged: Labelled, known: Labelled | None) -> dict[str, float]:
    """Returns all numbers that these images allow.

    Args:
        evaluate: the section with neighbours, temperature and labels per class.
        classes: the classes that training saw; None for all.
        judged: held-out images.
        known: training images; used if training saw all classes.

    Returns:
        Name -> value; empty without labels. Besides the numbers that can be bounded it has
        ``few_label_deviation`` and ``unseen_one_shot_deviation``, the deviations over draws.
    """
    if judged.labels is None:
        return {}
    if classes is not None:
        return {**_unseen(judged.only(classes, inverted=True)), **_recall("seen_recall_at_1", judged.only(classes))}
    numbers = _recall("recall_at_1", judged)
    if known is not None and known.labels is not None:
        numbers |= _by_known(evaluate, judged, known)
    if len(np.unique(judged.labels)) > 1:
        from keras_genssl import metrics

        numbers["nmi"] = metrics.clustering_scores(judged.vectors, judged.labels, seed=_SEED)["nmi"]
    return numbers


def _by_known(evaluate: Evaluate, judged: Labelled, known: Labelled) -> dict[str, float]:
    """Measures classifiers on training images: nearest neighbours, and logistic regression on all and on few labels."""
    from sklearn.exceptions import ConvergenceWarning

    from keras_genssl import metrics

    assert judged.labels is not None
    assert known.labels is not None
    pairs = judged.vectors, judged.labels, known.vectors, known.labels
    neighbours = min(evaluate.neighbours, len(known.vectors))
    numbers = {"knn": metrics.knn_accuracy(*pairs, k=neighbours, temperature=evaluate.temperature)}
    _, sizes = np.unique(known.labels, return_counts=True)
    if len(sizes) < 2:
        return numbers
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # raw pixels of many images take more than 1,000 steps
        numbers["linear"] = metrics.linear_accuracy(*pairs)
        if sizes.min() >= evaluate.labels_per_class:
            few = metrics.few_label_accuracy(*pairs, labels_per_class=evaluate.labels_per_class)
            numbers |= {"few_label": few["mean"], "few_label_deviation": few["deviation"]}
    return numbers


def _unseen(judged: Labelled) -> dict[str, float]:
    """Measures retrieval, verification and one-shot identification for classes that training never saw."""
    from keras_genssl import gallery, metrics

    labels, numbers = judged.labels, _recall("unseen_recall_at_1", judged)
    assert labels is not None
    present, sizes = np.unique(labels, return_counts=True)
    same = int((sizes * (sizes - 1) // 2).sum())
    different = len(labels) * (len(labels) - 1) // 2 - same
    if len(present) < 2 or not same:
        return numbers
    first, second, alike = metrics.verification_pairs(labels, min(PAIRS, 2 * same, 2 * different), _SEED)
    numbers["unseen_roc_auc"] = metrics.roc_auc(metrics.pair_similarities(judged.vectors, first, second), alike)
    names = labels.astype(str)
    accuracies = []
    for seed in range(ONE_SHOT_DRAWS):
        shown = metrics.labelled_subset(labels, 1, seed)
        people = gallery.Gallery(faiss=False)
        people.enrol(judged.vectors[shown], names[shown].tolist())
        asked = np.setdiff1d(np.arange(len(labels)), shown)
        accuracies.append(np.mean(people.nearest(judged.vectors[asked])[0][:, 0] == names[asked]))
    numbers["unseen_one_shot"] = float(np.mean(accuracies))
    numbers["unseen_one_shot_deviation"] = float(np.std(accuracies, ddof=1))
    return numbers


def _recall(name: str, judged: Labelled) -> dict[str, float]:
    """Measures Recall@1 among the images, if two are of one class."""
    from keras_genssl import metrics

    assert judged.labels is not None
    if np.unique(judged.labels, return_counts=True)[1].max(initial=0) < 2:
        return {}
    return {name: metrics.retrieval_scores(judged.vectors, judged.labels)["recall_at_1"]}
