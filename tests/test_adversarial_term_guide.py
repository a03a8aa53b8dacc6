"""The examples of docs/adversarial_term.md run, in their order, on tiny data and for one step of each training."""

import pathlib

import numpy as np
import pytest

import keras_genssl as kg
from tests import guides


def test_examples_of_the_page_run(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    monkeypatch.chdir(tmp_path)
    pathlib.Path("out").mkdir()
    guides.fashion_mnist(monkeypatch, 24, 8)
    histories = guides.one_step(monkeypatch)
    names = guides.run("adversarial_term.md", {r"filters=32": "filters=2"})

    assert [set(history.history) for history in histories] == [{"network_loss", "discriminator_loss"}]
    again = names["decoder"](names["encoder"](kg.checks.arrays.signed(np.array(names["images"]))))
    np.testing.assert_allclose(names["sharper"], np.clip(again, -1, 1), atol=1e-5)
    assert pathlib.Path("out/sharper/saved_model.pb").exists()
