"""The page's examples run, in their order, on tiny data and for one step of each training."""

import pathlib
import re
from typing import Any

import keras
import numpy as np
import pytest

import keras_genssl as kg

GUIDE = pathlib.Path(__file__).parents[1] / "docs" / "momentum_methods.md"
BATCH = 16  # a multiple of MoCo's groups
FULL, SMALL = "small_encoder((28, 28, 1)", "small_encoder((28, 28, 1), filters=1"  # the page's and, for it, here


def test_examples_of_the_page_run(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    load, fit, losses = kg.data.load, keras.Model.fit, []

    def small_load(source: str, split: str, batch_size: int, **arguments: Any) -> Any:
        assert source == "fashion_mnist"
        garments = np.random.default_rng(0).integers(256, size=(40, 28, 28, 1), dtype=np.uint8)
        return load({"image": garments}, split, BATCH, **arguments)

    def one_step(model: keras.Model, data: Any, epochs: int) -> None:
        model.run_eagerly = True
        losses.extend(fit(model, data, epochs=1, steps_per_epoch=1, verbose=0).history["loss"])

    monkeypatch.setattr(kg.data, "load", small_load)
    monkeypatch.setattr(keras.Model, "fit", one_step)
    names: dict[str, Any] = {}
    text = GUIDE.read_text()
    assert text.count(FULL) == 3
    for block in re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        exec(compile(block.replace(FULL, SMALL), str(GUIDE), "exec"), names)

    assert len(losses) == 3
    assert np.isfinite(losses).all()
    assert names["features"].shape == (BATCH, 4)
    assert int(names["model"].queue.position) == 2 * BATCH  # two trainings of one step
    assert names["first"].head.count_params() == 4 * 128 + 128
    assert names["instances"].bank.size == 40
    assert names["instances"].head.count_params() == 4 * 128 + 128
    assert (tmp_path / "out/moco/1/saved_model.pb").exists()
    # The peak at the end of the warm-up, 0 at the end.
    rates = [float(names["rate"](step)) for step in (0, names["warmup"], names["steps"])]
    np.testing.assert_allclose(rates, [0.0, 0.3, 0.0], atol=1e-6)
