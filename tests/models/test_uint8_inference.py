"""What methods answer of images as they are stored is what they answer of the same images as floats."""

import numpy as np
import pytest

from tests.contracts import CASES

ANSWERS = {
    "Autoencoder, as the lectures": ("encode", "reconstruct"),
    "VAE": ("encode", "reconstruct"),
    "Pix2Pix": ("translate",),
    "CycleGAN": ("translate", "translate_back"),
    "ESPCN": ("upscale",),
    "SRGAN": ("upscale",),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_uint8_images_are_scaled(name: str) -> None:
    case = CASES[name]
    model = case.make()
    for answer in ANSWERS[name]:
        field = model.fields[1] if answer == "translate_back" else model.fields[0]
        stored = case.batches(1)[0][field][:2]
        expected = np.asarray(getattr(model, answer)(stored.astype("float32") / 127.5 - 1.0))
        assert np.ptp(expected) > 0
        np.testing.assert_allclose(getattr(model, answer)(stored), expected, atol=1e-5)
