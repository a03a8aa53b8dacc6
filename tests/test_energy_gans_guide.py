"""The examples of docs/energy_gans.md run, in their order, on tiny data and for one step of each training."""

import pathlib

import numpy as np
import pytest

from tests import guides

SMALL = {  # what the page's numbers become here
    r"filters=(16|32|48)": "filters=2",
    r"sample\(100": "sample(4",
}


def test_examples_of_the_page_run(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    monkeypatch.chdir(tmp_path)
    pathlib.Path("out").mkdir()
    guides.fashion_mnist(monkeypatch, 24, 8)
    histories = guides.one_step(monkeypatch)
    names = guides.run("energy_gans.md", SMALL)

    losses = {"generator_loss", "discriminator_loss"}
    assert [set(history.history) for history in histories] == [{*losses, "k", "convergence", "ratio"}, losses]
    assert all(pathlib.Path(f"out/{name}").exists() for name in ("began.png", "ebgan.png", "began/saved_model.pb"))
    assert names["began"].gamma + names["balanced"] == pytest.approx(names["history"]["ratio"][0])
    truth = np.array(names["images"]) / 127.5 - 1
    apart = np.abs(truth - names["began"].discriminator(truth))
    np.testing.assert_allclose(names["energies"], apart.mean(axis=(1, 2, 3)), rtol=1e-4)
    assert 0 < names["alike"] <= 1 + 1e-6
    assert names["most"] == pytest.approx(truth.var(axis=0).mean())
