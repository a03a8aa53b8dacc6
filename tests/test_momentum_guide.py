"""The page's examples run, in their order, on tiny data and for one step of each training."""

import pathlib

import numpy as np
import pytest

from tests import guides

BATCH = 16  # a multiple of MoCo's groups


def test_examples_of_the_page_run(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    guides.fashion_mnist(monkeypatch, 40, BATCH)
    histories = guides.one_step(monkeypatch)
    smaller = {r"small_encoder\(\(28, 28, 1\)": "small_encoder((28, 28, 1), filters=1"}
    names = guides.run("momentum_methods.md", smaller)

    losses = [history.history["loss"] for history in histories]
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
