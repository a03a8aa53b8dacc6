"""The examples of docs/anomaly.md run, in their order, on tiny data and for one step of each training."""

import pathlib
from typing import Any

import numpy as np
import pytest
from PIL import Image

import keras_genssl as kg
from tests import guides

SMALL = {  # what the page's numbers become here
    r"filters=32": "filters=2",
    r"PCA\(64\)": "PCA(4)",
    r"PCA\(32\)": "PCA(4)",
    r"batch_size=192": "batch_size=12",
    r"steps=500": "steps=2",
}


def test_examples_of_the_page_run(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(1)
    for kind, count in {"good": 5, "bad": 3}.items():
        folder = pathlib.Path("parts") / kind
        folder.mkdir(parents=True)
        for number in range(count):
            Image.fromarray(rng.integers(0, 256, (28, 28), dtype=np.uint8)).save(folder / f"{number}.png")
    load = kg.data.load
    guides.fashion_mnist(monkeypatch, 40, 40)
    small = kg.data.load

    def small_or_own(source: str, split: str = "train", **options: Any) -> Any:
        return small(source, **options) if source == "fashion_mnist" else load(source, split, **options)

    monkeypatch.setattr(kg.data, "load", small_or_own)
    histories = guides.one_step(monkeypatch)
    names = guides.run("anomaly.md", SMALL)

    assert [set(history.history) for history in histories] == [{"generator_loss", "critic_loss"}, {"loss"}]
    found, test, is_bag = names["found"], names["test"], names["is_bag"]
    assert found.anomalous.tolist() == [False] * 5 + [True] * 3
    assert 0 <= names["detected"] <= 1
    assert names["rebuilt"].shape == (10, 28, 28, 1)
    few = names["few"]
    np.testing.assert_allclose(
        few.scores, names["search"].score(np.concatenate([test[~is_bag], test[is_bag]])), rtol=1e-3
    )
    assert set(names["by_class"]["pca"]) == {1, 8}
    assert pathlib.Path("out/f_anogan/saved_model.pb").is_file()
