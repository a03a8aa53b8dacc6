"""The examples of docs/contrastive.md run, in their order, on tiny data and for one step of each training."""

import pathlib
import re
from typing import Any

import keras
import numpy as np
import pytest

import keras_genssl as kg

pytest.importorskip("keras_genssl.views")

GUIDE = pathlib.Path(__file__).parents[1] / "docs" / "contrastive.md"


def program() -> str:
    """The guide's code as one program, line numbers those of the page, with narrower encoders."""
    inside, code = False, []
    for line in GUIDE.read_text().splitlines():
        if line.startswith("```"):
            inside, line = line == "```python", ""
        code.append(line if inside else "")
    return re.sub(r"small_encoder\(\(28, 28, 1\)\)", "small_encoder((28, 28, 1), filters=4)", "\n".join(code))


def test_examples_of_the_guide_run(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    load, fit = kg.data.load, keras.Model.fit
    garments = np.random.default_rng(0).integers(256, size=(24, 28, 28, 1), dtype=np.uint8)

    def small_load(source: str, batch_size: int) -> Any:
        assert (source, batch_size) == ("fashion_mnist", 256)
        return load({"image": garments, "label": np.arange(24) % 10}, batch_size=12)

    def one_step(model: keras.Model, *data: Any, epochs: int) -> Any:
        assert epochs > 1
        model.run_eagerly = True  # nothing to trace for a single step; that graphs agree is the contract's to show
        return fit(model, *data, epochs=1, steps_per_epoch=1, verbose=0)

    monkeypatch.setattr(kg.data, "load", small_load)
    monkeypatch.setattr(keras.Model, "fit", one_step)
    names: dict[str, Any] = {}
    exec(compile(program(), str(GUIDE), "exec"), names)

    assert names["features"].shape == (12, 16)
    # At worst the other view lies opposite and all others coincide, at a cosine of 1 and T 0.2.
    assert 0 < names["history"].history["loss"][0] <= 10 + np.log(23)
    assert names["byol"].optimizer.iterations == 1
    assert names["vicreg"].optimizer.iterations == 1
    assert np.isfinite(names["supervised"]).all()
    assert (tmp_path / "saved_models" / "simclr" / "1" / "saved_model.pb").is_file()
