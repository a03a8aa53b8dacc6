"""The examples of docs/probes.md run, in their order, on tiny data and for one step of each training."""

from typing import Any

import numpy as np
import pytest

import keras_genssl as kg
from tests import guides

NUM, BATCH = 120, 8
SMALL = {  # what the page's numbers become here
    r"\(1, 10, 100\)": "(1, 10)",
    r"steps=500": "steps=1",
    r"num_pairs=6000": "num_pairs=100",
    r"encoder\(32\)": "encoder(4, filters=2, units=8)",
    r"decoder\(32\)": "decoder(4, filters=2, units=8)",
}


def garments(seed: int) -> dict[str, np.ndarray]:
    """Images whose mean says something of their labels, ten of them."""
    rng = np.random.default_rng(seed)
    labels = np.arange(NUM) % 10
    images = 20 * labels[:, None, None, None] + rng.integers(60, size=(NUM, 28, 28, 1))
    return {"image": images.astype(np.uint8), "label": labels}


def test_examples_of_the_page_run(monkeypatch: pytest.MonkeyPatch) -> None:
    load = kg.data.load

    def small_load(source: str, split: str, batch_size: int) -> Any:
        return load(garments(len(split)), "train", NUM if batch_size == 10_000 else BATCH)

    monkeypatch.setattr(kg.data, "load", small_load)
    guides.one_step(monkeypatch)
    names = guides.run("probes.md", SMALL)

    history = names["history"].history
    few = {f"few_label_{kind}_{number}" for kind in ("accuracy", "deviation") for number in (1, 10)}
    assert {"knn_accuracy", *few, "linear_accuracy", "cluster_ami"} < set(history)
    assert history["fine_tuned_accuracy_10"] == [names["tuned"]]
    arguments = (names["features"], names["labels"], names["known_features"], names["known_labels"])
    assert history["knn_accuracy"] == [kg.metrics.knn_accuracy(*arguments)]
    assert history["linear_accuracy"] == [kg.metrics.linear_accuracy(*arguments)]
    assert {f"cluster_{name}" for name in names["scores"]} < set(history)
    assert 0 <= names["tuned"] <= 1
    features, labels = names["features"], names["labels"]
    assert names["probes"][-1].measure((features, labels)) == {"spread": float(features.std(axis=0).mean())}
