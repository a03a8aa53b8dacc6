"""The examples of docs/contrastive.md run, in their order, on tiny data and for one step of each training."""

import pathlib

import numpy as np
import pytest

from tests import guides


def test_examples_of_the_guide_run(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    guides.fashion_mnist(monkeypatch, 24, batch_size=12)
    guides.one_step(monkeypatch)
    names = guides.run("contrastive.md", {r"small_encoder\(\(28, 28, 1\)\)": "small_encoder((28, 28, 1), filters=4)"})

    assert names["features"].shape == (12, 16)
    # At worst the other view lies opposite and all others coincide, at a cosine of 1 and T 0.2.
    assert 0 < names["history"].history["loss"][0] <= 10 + np.log(23)
    assert names["byol"].optimizer.iterations == 1
    assert names["vicreg"].optimizer.iterations == 1
    assert np.isfinite(names["supervised"]).all()
    assert (tmp_path / "saved_models" / "simclr" / "1" / "saved_model.pb").is_file()
