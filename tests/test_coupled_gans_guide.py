"""The examples of docs/coupled_gans.md run, in their order, on tiny data and for one step of training."""

import pathlib
from typing import Any

import numpy as np
import pytest

import keras_genssl as kg
from tests import guides


def test_examples_of_the_guide_run(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    load = kg.data.load
    garments = np.random.default_rng(0).integers(256, size=(24, 28, 28, 1), dtype=np.uint8)

    def small_load(source: Any, split: str = "train", batch_size: int | None = None) -> Any:
        if not isinstance(source, dict):  # Fashion-MNIST; domains in memory are read as they are
            source = {"image": garments}
        return load(source, split, batch_size and 8)

    monkeypatch.setattr(kg.data, "load", small_load)
    histories = guides.one_step(monkeypatch)
    smaller = {r"filters=48": "filters=2", r"domains.items\(\)\}, 64": "domains.items()}, 4"}
    names = guides.run("coupled_gans.md", smaller)

    assert [set(history.history) for history in histories] == [{"generators_loss", "discriminators_loss"}]
    assert len(names["garments"]) == 24
    assert names["first"].shape == names["second"].shape == (64, 28, 28, 1)
    assert 0 < names["error"] < 2
    assert (tmp_path / "out/cogan/1/saved_model.pb").is_file()
