"""The examples of docs/codes.md run, in their order, on tiny data and for one step of each training."""

import pathlib

import numpy as np
import pytest
from PIL import Image

import keras_genssl as kg
from tests import guides


def test_examples_of_the_guide_run(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    load = kg.data.load
    garments = np.random.default_rng(0).integers(256, size=(48, 28, 28, 1), dtype=np.uint8)
    arrays = {"image": garments, "label": np.arange(48) % 10}

    def small_load(source, **options):
        return load(arrays if source == "fashion_mnist" else source, **{**options, "batch_size": 24})

    monkeypatch.setattr(kg.data, "load", small_load)
    for number, garment in enumerate(garments):
        folder = tmp_path / "pictures" / ("unlabelled" if number >= 9 else f"class_{number % 3}")
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(garment[..., 0]).save(folder / f"{number}.png")
    guides.one_step(monkeypatch)
    smaller = {
        r"FewLabels\(10, seed=0, per_batch=32\)": "FewLabels(1, seed=0, per_batch=8)",
        r"FewLabels\(None, per_batch=32\)": "FewLabels(None, per_batch=8)",
        r"(convolutional_\w+)\((32|128|2 \* 32)\)": r"\1(\2, filters=4, units=8)",
    }
    names = guides.run("codes.md", smaller, pictures=garments)

    for own in (names["of_arrays"], names["of_folder"]):
        assert sum(next(iter(own))["label"].numpy() >= 0) == 8
    assert names["of_folder"].class_names == ("class_0", "class_1", "class_2")
    assert set(names["history"].history) == {"loss", "reconstruction", "cross_entropy", "accuracy"}
    np.testing.assert_allclose(np.sum(names["probabilities"], axis=1), np.ones(24), rtol=1e-5)
    assert names["drawn"].shape == (64, 28, 28, 1)
    logs = {key: values[0] for key, values in names["history_of_vae"].history.items()}
    assert logs["loss"] < logs["reconstruction"] + logs["kl"]
    assert names["nats"].shape == (24,)
    assert (tmp_path / "saved_models" / "semi_supervised" / "1" / "saved_model.pb").is_file()
