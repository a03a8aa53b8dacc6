"""The examples of docs/pretext_patches.md run, in their order, on tiny data and for one step of each training."""

import pathlib
import re
from typing import Any

import keras
import numpy as np
import pytest

import keras_genssl as kg

PAGE = pathlib.Path(__file__).parents[1] / "docs" / "pretext_patches.md"


def program() -> str:
    """The page's code as one program, line numbers those of the page, with narrower encoders."""
    inside, code = False, []
    for line in PAGE.read_text().splitlines():
        if line.startswith("```"):
            inside, line = line == "```python", ""
        code.append(line if inside else "")
    return "\n".join(code).replace("small_encoder((None, None, 1)", "small_encoder((None, None, 1), filters=2")


def test_examples_of_the_page_run(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    load, fit = kg.data.load, keras.Model.fit
    garments = np.random.default_rng(0).integers(256, size=(4, 28, 28, 1), dtype=np.uint8)

    def small_load(source: str, batch_size: int, **options: Any) -> Any:
        assert source == "fashion_mnist"
        return load({"image": garments}, batch_size=2, shuffle=False, **options)

    def one_step(model: keras.Model, *data: Any, epochs: int) -> Any:
        assert epochs > 1
        model.run_eagerly = True  # nothing to trace for a single step; that graphs agree is the contract's to show
        return fit(model, *data, epochs=1, steps_per_epoch=1, verbose=0)

    monkeypatch.setattr(kg.data, "load", small_load)
    monkeypatch.setattr(keras.Model, "fit", one_step)
    names: dict[str, Any] = {}
    exec(compile(program(), str(PAGE), "exec"), names)

    assert names["features"].shape == names["features_of_wholes"].shape == (2, 8)
    assert all(names[name].optimizer.iterations == 1 for name in ("jigsaw", "position", "cpc", "cpc2"))
    assert len(names["cpc2"].predictors) == 8
    assert not names["cpc2"].encoder.non_trainable_weights  # no statistics of batches
    assert (tmp_path / "saved_models" / "jigsaw" / "1" / "saved_model.pb").is_file()


def test_the_table_of_orders_is_true() -> None:
    rows = re.findall(r"^\| (\d+) \(up to (\d+)\) \| (\d+) \|", PAGE.read_text(), re.MULTILINE)
    assert len(rows) == 3
    for count, most, least in (map(int, row) for row in rows):
        for size in (count, most):
            orders = kg.pretext.permutation_set(size)
            same = sum((orders[:, None, place] == orders[None, :, place]).astype(int) for place in range(9))
            assert 9 - np.sort(same, axis=1)[:, -2].max() == least  # the last is the row itself
