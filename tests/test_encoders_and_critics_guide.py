"""The examples of docs/encoders_and_critics.md run, in their order, on tiny data and for one step of each training."""

import pathlib

import numpy as np
import pytest

import keras_genssl as kg
from tests import guides

SMALL = {  # what the page's numbers become here
    r"filters=32": "filters=2",
    r"encoder\(2 \* 32, input": "encoder(2 * 32, 2, input",
    r"encoder\(32, input": "encoder(32, 2, input",
    r"sample\(100": "sample(4",
}


def test_examples_of_the_page_run(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    monkeypatch.chdir(tmp_path)
    pathlib.Path("out").mkdir()
    guides.fashion_mnist(monkeypatch, 24, 8)
    histories = guides.one_step(monkeypatch)
    names = guides.run("encoders_and_critics.md", SMALL)

    assert [set(history.history) for history in histories] == [
        {"encoder_loss", "generator_loss", "discriminator_loss"},
        *[{"generator_loss", "discriminator_loss"}] * 2,
    ]
    assert pathlib.Path("out/vaegan.png").is_file()
    assert pathlib.Path("out/vaegan/saved_model.pb").is_file()
    test = names["images"]
    np.testing.assert_array_equal(names["codes"], names["bigan"].encode(test))
    apart = np.array(names["ali"].reconstruct(test)) - (np.array(test) / 127.5 - 1)
    np.testing.assert_allclose(names["error"], np.mean(apart**2, axis=(1, 2, 3)), rtol=1e-4)
    networks = [getattr(names["vaegan"], name) for name in ("encoder", "generator", "discriminator")]
    waits = names["Patient"](*networks, 32).waits({"fake": np.array([0.1, 0.4])})
    assert {player: bool(value) for player, value in waits.items()} == {"discriminator": True}
    assert isinstance(names["vaegan"], kg.models.VAEGAN)
