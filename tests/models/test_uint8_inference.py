"""What methods answer of images as they are stored is what they answer of the same images as floats."""

import keras
import numpy as np
import pytest

from tests.contracts import CASES

FLOATS = np.full((2, 8, 8, 3), 0.5, np.float32)
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
        field = list(model.inputs())[1] if answer == "translate_back" else next(iter(model.inputs()))
        stored = case.batches(1)[0][field][:2]
        expected = np.asarray(getattr(model, answer)(stored.astype("float32") / 127.5 - 1.0))
        assert np.ptp(expected) > 0
        np.testing.assert_allclose(getattr(model, answer)(stored), expected, atol=1e-5)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (FLOATS * 400, r"Float images must lie in \[-1, 1\]; pass uint8, or scale them\. Received: .*200"),
        (FLOATS.astype("int32"), r"Images must be uint8, or float in \[-1, 1\]\. Received: `images` of int32"),
    ],
)
def test_images_of_another_range_are_refused(images: np.ndarray, message: str) -> None:
    model = CASES["Rotation"].make()
    assert np.isfinite(model.encode(FLOATS)).all()
    with pytest.raises(ValueError, match=message):
        model.encode(images)


def test_what_a_method_answers_can_be_part_of_a_functional_model() -> None:
    model = CASES["Rotation"].make()
    images = keras.Input(FLOATS.shape[1:])
    np.testing.assert_array_equal(keras.Model(images, model.encode(images))(FLOATS), model.encode(FLOATS))
