"""The examples of docs/semi_supervised_gan.md run, in their order, on tiny data and for one step of training."""

import pathlib

import numpy as np
import pytest

from tests import guides


def test_examples_of_the_guide_run(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    guides.fashion_mnist(monkeypatch, 24, batch_size=12)
    histories = guides.one_step(monkeypatch)
    smaller = {
        r"FewLabels\(100, per_batch=32\)": "FewLabels(1, per_batch=4)",
        r"filters=32": "filters=2",
        r"num_classes=10\)": "num_classes=10, filters=2)",
    }
    names = guides.run("semi_supervised_gan.md", smaller)

    assert {"generator_loss", "discriminator_loss", "cross_entropy", "accuracy"} <= set(histories[0].history)
    assert names["probabilities"].shape == (12, 10)
    np.testing.assert_allclose(np.sum(names["probabilities"], axis=1), 1.0, atol=1e-5)
    assert names["real"].shape == (12,)
    assert names["made"].shape == (64, 28, 28, 1)
    assert (tmp_path / "out/semi_supervised_gan/1/saved_model.pb").is_file()
