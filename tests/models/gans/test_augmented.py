"""A GAN whose discriminator sees its images changed."""

import keras
import numpy as np
import pytest

import keras_genssl as kg
from tests.contracts import SHAPE, garments

IMAGES = garments(np.random.default_rng(0), 16)["image"]


def _made(augmentation, **arguments):
    keras.utils.set_random_seed(3)
    judge = kg.backbones.augmented(kg.backbones.dcgan_discriminator(SHAPE, 2, batch_norm=False), augmentation)
    model = kg.models.DCGAN(kg.backbones.dcgan_generator(SHAPE, 5, 2), judge, 5)
    model.compile({"generator": "sgd", "discriminator": "sgd"}, **arguments)
    return model


def test_the_generator_gets_a_gradient_through_the_change_and_a_saved_model_continues(tmp_path):
    model = _made(kg.layers.DiffAugment())
    before = model.generator.get_layer("images").kernel.numpy()
    model.train_on_batch(IMAGES)
    assert (model.generator.get_layer("images").kernel.numpy() != before).any()
    model.save(tmp_path / "gan.keras")
    again = keras.saving.load_model(tmp_path / "gan.keras")
    assert again.train_on_batch(IMAGES) == model.train_on_batch(IMAGES)  # with the changes of the next step


@pytest.mark.parametrize("jit_compile", [False, True])
def test_a_penalty_on_the_gradient_passes_through_the_change(jit_compile):
    keras.utils.set_random_seed(3)
    critic = kg.backbones.augmented(
        kg.backbones.dcgan_discriminator(SHAPE, 2, batch_norm=False), kg.layers.DiffAugment()
    )
    model = kg.models.WGANGP(kg.backbones.dcgan_generator(SHAPE, 5, 2), critic, 5, critic_steps=1)
    model.compile({"generator": "sgd", "critic": "sgd"}, jit_compile=jit_compile)
    assert np.isfinite(model.train_on_batch(IMAGES)).all()
