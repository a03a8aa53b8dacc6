"""The examples of docs/pretext_patches.md run, in their order, on tiny data and for one step of each training."""

import pathlib
import re

import numpy as np
import pytest

import keras_genssl as kg
from tests import guides

PAGE = guides.DOCS / "pretext_patches.md"


def test_examples_of_the_page_run(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    guides.fashion_mnist(monkeypatch, 4, batch_size=2)
    guides.one_step(monkeypatch)
    names = guides.run(PAGE.name, {r"small_encoder\(\(None, None, 1\)": "small_encoder((None, None, 1), filters=2"})

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
