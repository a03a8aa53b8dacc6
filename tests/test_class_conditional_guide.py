"""The examples of docs/class_conditional.md run, in their order, on tiny data and for one step of each training."""

import pathlib

import numpy as np
import pytest

import keras_genssl as kg
from tests import guides

SMALL = {  # what the page's numbers become here
    r"filters=48": "filters=8",
    r"np\.arange\(1000\)": "np.arange(20)",
    r"sample\(1000": "sample(20",
    r"num_batches=16, batch_size=256": "num_batches=2, batch_size=4",
}


def test_examples_of_the_page_run(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    monkeypatch.chdir(tmp_path)
    pathlib.Path("out").mkdir()
    guides.fashion_mnist(monkeypatch, 24, 8)
    histories = guides.one_step(monkeypatch)
    names = guides.run("class_conditional.md", SMALL)

    assert [set(history.history) for history in histories] == [{"generator_loss", "discriminator_loss"}] * 2
    assert pathlib.Path("out/sagan/saved_model.pb").is_file()
    assert names["bags"].shape == (16, 28, 28, 1)
    ends = [names["sagan"].sample(1, seed=0, labels=[label])[0] for label in (7, 9)]
    assert np.abs(names["half_boot"]).max() <= 1
    assert names["half_boot"].shape == (1, *ends[0].shape)
    moving = names["sagan"].average.copy.get_layer("norm0").normalization.moving_mean
    assert np.any(moving.numpy())
    assert isinstance(names["projection"], kg.models.ProjectionGAN)
