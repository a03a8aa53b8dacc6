"""The page's examples run, on tiny data and for one step."""

import pathlib

import numpy as np
import pytest

from tests import guides


def test_examples_of_the_page_run(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    guides.fashion_mnist(monkeypatch, 16, 8)
    histories = guides.one_step(monkeypatch)
    # The images are an array here, which has no slices.
    names = guides.run("small_data.md", {"filters=48": "filters=2", r"train\[:1000\]": "train"})
    assert len(histories) == 2
    assert all(np.isfinite(history.history["discriminator_loss"]).all() for history in histories)
    assert names["samples"].shape == (100, 28, 28, 1)
    assert names["discriminator"].layers[1] is names["augment"]
    assert float(names["augment"].updates) == 1
