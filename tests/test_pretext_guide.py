"""The examples of docs/pretext.md run, in their order, on tiny data and for one step of each training."""

import pathlib

import numpy as np
import pytest

from tests import guides

SMALLER = {  # narrower networks
    r"small_encoder\(\(28, 28, 1\)\)": "small_encoder((28, 28, 1), filters=4)",
    r"convolutional_decoder\(128\)": "convolutional_decoder(16, filters=2, units=8)",
    "filters=32": "filters=2",
}


def test_examples_of_the_guide_run(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    garments = guides.fashion_mnist(monkeypatch, 12, batch_size=6)
    guides.one_step(monkeypatch)
    names = guides.run("pretext.md", SMALLER)

    np.testing.assert_array_equal(names["turned"]["image"], np.rot90(garments[0], names["turned"]["rotation"]))
    assert names["features"].shape == (1, 16)
    assert names["rotation"].optimizer.iterations == 1
    assert names["painter"].optimizer.iterations == 1
    assert names["adversarial"].discriminator_optimizer.iterations == 1
    assert float(names["adversarial"].generator_optimizer.learning_rate) == pytest.approx(2e-3)
    seen = names["hidden"]["mask"][..., 0] == 0
    np.testing.assert_allclose(names["whole"][seen], garments[0][seen] / 127.5 - 1.0, rtol=1e-6)
    np.testing.assert_array_equal(names["whole"][~seen], np.asarray(names["painted"])[~seen])
    assert (tmp_path / "saved_models" / "rotation" / "1" / "saved_model.pb").is_file()
