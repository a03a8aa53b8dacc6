"""The examples of docs/pretext_colour.md run, in their order, on tiny data and for one step of each training."""

import pathlib
from typing import Any

import numpy as np
import pytest
from PIL import Image

import keras_genssl as kg
from tests import guides

SMALLER = {  # smaller pictures and narrower encoders
    "size=64": "size=16",
    r"transform=kg\.pretext\.coloured_crop": "transform=crop",
    r"transform=kg\.pretext\.camera_tuple": "transform=moved",
    r"batch_size=\d+": "batch_size=2",
    r"small_feature_map\(\)": "small_feature_map(filters=2)",
    "filters=16": "filters=2",
    r"small_encoder\(\(None, None, 3\)\)": "small_encoder((None, None, 3), filters=2)",
}


def crop(example: dict[str, Any], seed: int) -> dict[str, Any]:
    return kg.pretext.coloured_crop(example, seed, size=16)


def moved(example: dict[str, Any], seed: int) -> dict[str, Any]:
    return kg.pretext.camera_tuple(example, seed, size=16)


def test_examples_of_the_guide_run(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    for folder, count in (("photographs", 3), ("films/one", 44), ("films/two", 50)):
        pathlib.Path(folder).mkdir(parents=True)
        for number in range(count):
            Image.fromarray(rng.integers(0, 256, (20, 24, 3), dtype=np.uint8)).save(f"{folder}/{number:06d}.png")
    guides.one_step(monkeypatch)
    names = guides.run("pretext_colour.md", SMALLER, crop=crop, moved=moved)

    assert names["features"].shape == (2, 8)
    assert names["coloured"].shape == (2, 16, 16, 3)
    assert np.sum(names["frequencies"] * names["weights"]) == pytest.approx(1)
    assert names["both"].shape == (2, 16)
    assert names["features_of_frames"].shape == (2, 8)
    assert names["order"].optimizer.iterations == 2
    assert (tmp_path / "saved_models" / "colorization" / "1" / "saved_model.pb").is_file()
