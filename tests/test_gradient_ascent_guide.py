"""The examples of docs/gradient_ascent.md run, in their order, on tiny data and for one step of each training."""

import pathlib

import numpy as np
import pytest

from tests import guides


def test_examples_of_the_guide_run(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    guides.fashion_mnist(monkeypatch, 24, batch_size=12)
    guides.one_step(monkeypatch)
    smaller = {
        r"steps=100": "steps=3",
        r"small_encoder\(\(28, 28, 1\)": "small_encoder((28, 28, 1), filters=2",
        r"dcgan_(generator|discriminator)\(": r"dcgan_\1(filters=4, image_shape=",
    }
    names = guides.run("gradient_ascent.md", smaller)

    assert names["found"].probabilities.shape == (10, 4)
    assert names["garments"].codes.shape == (10, 64)
    for images in (names["found"].images, names["smooth"].images, names["garments"].images):
        assert images.shape == (10, 28, 28, 1)
        assert np.abs(images).max() <= 1.0
    for file in ("noise.png", "garments.png"):
        assert (tmp_path / file).stat().st_size > 0
