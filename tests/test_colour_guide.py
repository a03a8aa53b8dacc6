"""The examples of docs/pretext_colour.md run, in their order, on tiny data and for one step of each training."""

import pathlib
import re
from typing import Any

import keras
import numpy as np
import pytest
from PIL import Image

import keras_genssl as kg

GUIDE = pathlib.Path(__file__).parents[1] / "docs" / "pretext_colour.md"


def program() -> str:
    """The guide's code as one program, line numbers those of the page, with smaller pictures and narrower encoders."""
    inside, code = False, []
    for line in GUIDE.read_text().splitlines():
        if line.startswith("```"):
            inside, line = line == "```python", ""
        code.append(line if inside else "")
    text = "\n".join(code).replace("size=64", "size=16").replace("transform=kg.pretext.coloured_crop", "transform=crop")
    text = text.replace("transform=kg.pretext.camera_tuple", "transform=moved")
    for before, after in {
        r"batch_size=\d+": "batch_size=2",
        r"small_feature_map\(\)": "small_feature_map(filters=2)",
        "filters=16": "filters=2",
        r"small_encoder\(\(None, None, 3\)\)": "small_encoder((None, None, 3), filters=2)",
    }.items():
        text, count = re.subn(before, after, text)
        assert count, before
    return text


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
    fit = keras.Model.fit

    def one_step(model: keras.Model, *data: Any, epochs: int) -> Any:
        assert epochs > 1
        model.run_eagerly = True  # nothing to trace for a single step; that graphs agree is the contract's to show
        return fit(model, *data, epochs=1, steps_per_epoch=1, verbose=0)

    monkeypatch.setattr(keras.Model, "fit", one_step)
    names: dict[str, Any] = {"crop": crop, "moved": moved}
    exec(compile(program(), str(GUIDE), "exec"), names)

    assert names["features"].shape == (2, 8)
    assert names["coloured"].shape == (2, 16, 16, 3)
    assert np.sum(names["frequencies"] * names["weights"]) == pytest.approx(1)
    assert names["both"].shape == (2, 16)
    assert names["features_of_frames"].shape == (2, 8)
    assert names["order"].optimizer.iterations == 2
    assert (tmp_path / "saved_models" / "colorization" / "1" / "saved_model.pb").is_file()
