"""The examples of docs/progressive_growing.md run, in their order, on tiny data and for one step of each training."""

import pathlib

import numpy as np
import pytest

from tests import guides

SMALL = {r"filters=64": "filters=2", r"fade_images=30_000": "fade_images=8", r"sample\(64": "sample(4"}


def test_examples_of_the_page_run(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    monkeypatch.chdir(tmp_path)
    pathlib.Path("out").mkdir()
    guides.fashion_mnist(monkeypatch, 24, 8)
    histories = guides.one_step(monkeypatch)
    names = guides.run("progressive_growing.md", SMALL)

    assert [set(history.history) for history in histories] == [{"generator_loss", "critic_loss"}] * 4
    assert sorted(path.name for path in pathlib.Path("out").iterdir()) == [
        "14.png", "28.png", "7.png", "progressive_gan",
    ]  # fmt: skip
    assert names["pictures"].shape == (4, 28, 28, 1)
    np.testing.assert_array_equal(names["pictures"], names["stage"].sample(4, seed=0))
    assert names["small"].output_shape == (None, 14, 14, 1)
