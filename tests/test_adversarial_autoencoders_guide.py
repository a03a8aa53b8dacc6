"""The examples of docs/adversarial_autoencoders.md run, in their order, on tiny data and for one step of training."""

import pathlib

import numpy as np
import pytest

from tests import guides


def test_examples_of_the_guide_run(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    guides.fashion_mnist(monkeypatch, 24, batch_size=12)
    guides.one_step(monkeypatch)
    smaller = {
        r"(convolutional_\w+)\(([\d +]+)\)": r"\1(\2, filters=2, units=4)",
        r"FewLabels\(100, per_batch=32\)": "FewLabels(1, per_batch=4)",
        r"\(256, 256\)": "(4,)",
        r"prior\[:128\]": "prior[:12]",
    }
    names = guides.run("adversarial_autoencoders.md", smaller)

    assert names["codes"].shape == (12, 16)
    assert names["drawn"].shape == (100, 28, 28, 1)
    # Networks have hardly learnt: the encoder's codes are not the prior's.
    assert names["of_codes"].low > names["of_chance"].estimate
    cube = np.array(names["in_cube"].sample_codes(50, seed=0))
    assert cube.shape == (50, 3)
    assert np.abs(cube).max() <= 1
    assert names["corners"].shape == (2, 28, 28, 1)
    np.testing.assert_allclose(np.sum(names["probabilities"], axis=1), 1.0, atol=1e-5)
    assert names["trousers"].shape == (16, 28, 28, 1)
    assert names["as_each"].shape == (10, 28, 28, 1)
    assert (tmp_path / "out/adversarial_autoencoder/1/saved_model.pb").is_file()
