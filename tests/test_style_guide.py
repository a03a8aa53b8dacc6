"""The examples of docs/style.md run, in their order, on tiny data and for one step of each training."""

import pathlib

import numpy as np
import pytest

from tests import guides

SMALL = {r"filters=16": "filters=2", r"sample\(64": "sample(4", r"latents\(100": "latents(6"}


def test_examples_of_the_page_run(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    monkeypatch.chdir(tmp_path)
    guides.fashion_mnist(monkeypatch, 24, 8)
    histories = guides.one_step(monkeypatch)
    names = guides.run("style.md", SMALL)
    assert [set(history.history) for history in histories] == [{"generator_loss", "discriminator_loss"}] * 2
    assert pathlib.Path("out/stylegan/saved_model.pb").is_file()
    gan, styles = names["gan"], np.array(names["styles"])
    np.testing.assert_allclose(names["between"], np.array(names["between"])[::-1], atol=1e-4)  # half of each
    mean = np.array(gan.mean_style())
    np.testing.assert_allclose(names["calm"], gan.synthesize(0.5 * (styles + mean)), atol=1e-4)
    assert names["length"] >= 0
