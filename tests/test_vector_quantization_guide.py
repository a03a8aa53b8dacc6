"""The examples of docs/vector_quantization.md run, in their order, on tiny data and for one step of each training."""

import pathlib

import numpy as np
import pytest

from tests import guides


def test_examples_of_the_guide_run(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    guides.fashion_mnist(monkeypatch, 24, batch_size=12)
    guides.one_step(monkeypatch)
    narrow = {r"embedding_dim=32": "embedding_dim=2, filters=4, blocks=2", r"residual_filters=16": "residual_filters=2"}
    names = guides.run("vector_quantization.md", narrow)

    assert names["codes"].shape == (12, 7, 7)
    assert names["again"].shape == names["batch"].shape
    # Of a code in 64 that is drawn evenly, the log-probability of 49 is -49 log 64 = -204.
    assert -1000 < np.mean(names["log_prob"]) < 0
    assert names["drawn"].shape == (20, 28, 28, 1)
    assert names["garments"].shape == (4, 28, 28, 1)
    assert int(names["vqvae"].codebooks[0].updates) == 1
    assert (tmp_path / "saved_models" / "vqvae" / "1" / "saved_model.pb").is_file()
