"""The examples of docs/faces.md run, in their order, on tiny data and for two epochs."""

import pathlib
import re
from typing import Any

import keras
import numpy as np
import pytest

import keras_genssl as kg
from pipelines.batch import faces
from tests import guides

COUNT = 300
SMALL = {  # what the guide's numbers become here: the same programs, cheaper
    r"kg\.backbones\.small_encoder\(\(28, 28, 1\)\)": "encoder()",
    r"60_000": str(COUNT),
    r"per_class=32": "per_class=4",
    r"num=2000": "num=20",
    r"batch_size=64": "batch_size=10",
    r"\bepochs=[56]": "epochs=3",
}


def garments() -> dict[str, np.ndarray]:
    """Ten classes that are easy to tell: one bright row each, and noise."""
    labels = np.arange(COUNT) % 10
    images = np.random.default_rng(0).integers(60, size=(COUNT, 28, 28, 1), dtype=np.uint8)
    images[np.arange(COUNT), 2 * labels + 4] += 190
    return {"image": images, "label": labels}


def encoder() -> keras.Model:
    """The mean of each row, which a model of five rows sees of the others too."""
    layers = [keras.layers.Reshape((28, 28)), keras.layers.GlobalAveragePooling1D("channels_first")]
    return keras.Sequential([keras.Input((28, 28, 1)), *layers, keras.layers.Dense(28, kernel_initializer="identity")])


def test_examples_of_the_guide_run(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    load = kg.data.load

    def small_load(source: Any, *arguments: Any, **keywords: Any) -> Any:
        return load(garments() if source == "fashion_mnist" else source, *arguments, **keywords)

    monkeypatch.setattr(kg.data, "load", small_load)
    names = guides.run("faces.md", SMALL, encoder=encoder)

    assert [match.identity for match in names["again"].identify(names["queries"], k=5)] == ["bag"] * 4
    assert names["unknown"] == 10
    assert names["match"].identity == "boot"
    assert names["same"].tolist() == [False]
    assert names["again"].identities == ["bag", "sandal", "shirt", "sneaker"]
    assert names["calibration"].true_accept_rate == 1.0
    # `genssl gallery enrol` refuses a file that is there, unless it is told to add to it.
    enrolments = re.findall(r"genssl gallery enrol \S+ \S+ --gallery (\S+)(.*)", (guides.DOCS / "faces.md").read_text())
    assert [("--add" in rest, (tmp_path / name).exists()) for name, rest in enrolments] == [
        (False, False),
        (True, False),
    ]
    assert (tmp_path / "people.npz").exists()
    vector = faces.Encoder(tmp_path / "models" / "fashion" / "1")
    kg_image = names["images"][names["new"][0]]
    (tmp_path / "a.png").write_bytes(kg.pretext.encode_png(kg_image))
    np.testing.assert_allclose(vector(tmp_path / "a.png"), names["vectors"][0], atol=1e-5)
