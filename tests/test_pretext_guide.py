"""The examples of docs/pretext.md run, in their order, on tiny data and for one step of each training."""

import pathlib
import re
from typing import Any

import keras
import numpy as np
import pytest

import keras_genssl as kg

GUIDE = pathlib.Path(__file__).parents[1] / "docs" / "pretext.md"


def program() -> str:
    """The guide's code as one program, line numbers those of the page, with narrower networks."""
    inside, code = False, []
    for line in GUIDE.read_text().splitlines():
        if line.startswith("```"):
            inside, line = line == "```python", ""
        code.append(line if inside else "")
    text = re.sub(r"small_encoder\(\(28, 28, 1\)\)", "small_encoder((28, 28, 1), filters=4)", "\n".join(code))
    text = text.replace("convolutional_decoder(128)", "convolutional_decoder(16, filters=2, units=8)")
    return text.replace("filters=32", "filters=2")


def test_examples_of_the_guide_run(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    load, fit = kg.data.load, keras.Model.fit
    garments = np.random.default_rng(0).integers(256, size=(12, 28, 28, 1), dtype=np.uint8)

    def small_load(source: str, batch_size: int, **options: Any) -> Any:
        assert source == "fashion_mnist"
        return load({"image": garments}, batch_size=6, shuffle=False, **options)

    def one_step(model: keras.Model, *data: Any, epochs: int) -> Any:
        assert epochs > 1
        model.run_eagerly = True  # nothing to trace for a single step; that graphs agree is the contract's to show
        return fit(model, *data, epochs=1, steps_per_epoch=1, verbose=0)

    monkeypatch.setattr(kg.data, "load", small_load)
    monkeypatch.setattr(keras.Model, "fit", one_step)
    names: dict[str, Any] = {}
    exec(compile(program(), str(GUIDE), "exec"), names)

    np.testing.assert_array_equal(names["turned"]["image"], np.rot90(garments[0], names["turned"]["rotation"]))
    assert names["features"].shape == (1, 16)
    assert names["rotation"].optimizer.iterations == 1
    assert names["painter"].optimizer.iterations == 1
    assert names["adversarial"].discriminator_optimizer.iterations == 1
    assert float(names["adversarial"].generator_optimizer.learning_rate) == pytest.approx(2e-3)
    seen = names["hidden"]["mask"][..., 0] == 0
    np.testing.assert_allclose(names["whole"][seen], garments[0][seen] / 127.5 - 1.0, rtol=1e-6)
    np.testing.assert_array_equal(names["whole"][~seen], np.asarray(names["painted"])[~seen])
    assert (tmp_path / "saved_models" / "rotation" / "1" / "saved_model.pb").is_file()
