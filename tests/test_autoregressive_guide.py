"""The examples of docs/autoregressive.md run, in their order, on tiny data and for one step of each training."""

import numpy as np
import pytest

from tests import guides

SMALL = {
    r"distribution\.num_outputs\)": "distribution.num_outputs, filters=2, blocks=2)",
    r"vector_dim=10\)": "vector_dim=10, filters=2, blocks=2)",
    r'split="test", batch_size=100': "batch_size=8",
    r"blocks=4,": "filters=2, blocks=2,",
    r"encoder\(2 \* 16\)": "encoder(2 * 16, filters=2, units=4)",
    r"decoder\(16, ": "decoder(16, filters=2, units=4, ",
}


def test_examples_of_the_guide_run(monkeypatch: pytest.MonkeyPatch) -> None:
    guides.fashion_mnist(monkeypatch, 16, batch_size=8)
    guides.one_step(monkeypatch)
    names = guides.run("autoregressive.md", SMALL)
    assert np.all(names["nats"] > 0)
    np.testing.assert_array_equal(names["completed"][:, :14] > 0, names["some"][:, :14] > 127)
    assert names["bags"].shape == (4, 28, 28, 1)
    # Noise has one bit a pixel. A file has headers too; a table has seen the images and knows less than all of it.
    assert 1 < names["bits"]["PNG"] < 1.5
    assert 0.5 < names["bits"]["a table of ten neighbours"] < 1
    assert names["bits"]["PixelCNN"] == pytest.approx(names["pixelcnn"].bits_per_dim(names["test"]).mean())
    assert names["told"].shape == (16,)
    assert set(np.unique(names["alike"])) <= {-1, 1}
