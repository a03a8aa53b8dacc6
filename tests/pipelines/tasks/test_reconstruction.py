"""What is measured of autoencoders, by one whose answers are known."""

import numpy as np
import pytest

from keras_genssl import analysis
from pipelines.run import loading as recipe
from pipelines.tasks.reconstruction import measure
from pipelines.tasks.reconstruction.numbers import NUMBERS


class Lighter:
    """Gives back what it is given, a quarter lighter; the damage is a half of that, the other way."""

    def reconstruct(self, images):
        return images + 0.25

    def corruption(self, images, seed):
        return images - 0.125


def test_damaged_images_are_measured_against_whole_ones_beside_pca_of_the_same(tmp_path):
    rng = np.random.default_rng(0)
    train, test = (rng.integers(40, 216, (size, 28, 28, 1), dtype=np.uint8) for size in (30, 12))
    loaded = recipe.load("fashion_mnist/denoising_autoencoder", ["model.code_dim=2"])
    found = measure.measure(loaded, Lighter(), train, test, tmp_path, tmp_path)
    numbers, clean = found["numbers"], test / np.float32(127.5) - 1
    assert numbers["mse"] == pytest.approx(0.0625, rel=1e-5)
    assert numbers["damaged_mse"] == pytest.approx(0.015625, rel=1e-5)
    assert numbers["damaged_psnr"] == pytest.approx(10 * np.log10(4 / 0.015625), rel=1e-5)
    answer = analysis.PCA(2).fit(train).reconstruct(clean - 0.125)
    pca = found["baselines"]["pca"]
    assert pca["damaged_mse"] == pytest.approx(np.mean((answer - clean) ** 2), rel=1e-4)
    compared = NUMBERS.compared(numbers, found["baselines"])
    assert compared["damaged_mse_over_pca"] == pytest.approx(0.015625 / pca["damaged_mse"], rel=1e-4)
    assert found["rows"] == ["images", "damaged", "this model", "PCA-2"]
    assert (tmp_path / "reconstructions.png").is_file()
