"""A GAN whose discriminator sees its images changed."""

import keras
import numpy as np
import pytest

import keras_genssl as kg
from tests import toys
from tests.contracts import CLASSES, SHAPE, classes, garments

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


BATCH = classes(np.random.default_rng(0), 12)


def _watched(judge: keras.Model) -> keras.Model:
    return kg.backbones.augmented(judge, kg.layers.AdaptiveAugment(target=0.05, adjustment_images=1000, every=1))


def _of_latents(method, judge, **arguments):
    return method(kg.backbones.dcgan_generator(SHAPE, 5, 2), _watched(judge), 5, **arguments)


def _of_classes(method, judge):
    return method(kg.backbones.dcgan_generator(SHAPE, 5, 2, num_classes=CLASSES), _watched(judge), 5, CLASSES)


def _of_codes(method):
    encoder, judge = kg.backbones.dcgan_encoder(5, 2, input_shape=SHAPE), kg.backbones.joint_discriminator(SHAPE, 5, 2)
    return method(encoder, kg.backbones.dcgan_generator(SHAPE, 5, 2), _watched(judge), latent_dim=5)


def _vaegan():
    judge = kg.backbones.with_features(kg.backbones.dcgan_discriminator(SHAPE, 2), "relu2")
    encoder = kg.backbones.dcgan_encoder(2 * 5, 2, input_shape=SHAPE)
    return kg.models.VAEGAN(encoder, kg.backbones.dcgan_generator(SHAPE, 5, 2), _watched(judge), latent_dim=5)


def _term():
    base = kg.models.Autoencoder(toys.encoder("encoder"), toys.decoder(4), loss=keras.losses.MeanAbsoluteError())
    return kg.models.AdversarialTerm(base, _watched(toys.encoder("discriminator", 1)))


METHODS = {
    # Name: how it is built, and how many of 12 images its discriminator sees in a step.
    "GAN": (lambda: _of_latents(kg.models.GAN, kg.backbones.dcgan_discriminator(SHAPE, 2)), 6),
    "DCGAN": (lambda: _of_latents(kg.models.DCGAN, kg.backbones.dcgan_discriminator(SHAPE, 2)), 12),
    "WGANGP": (
        lambda: _of_latents(
            kg.models.WGANGP, kg.backbones.dcgan_discriminator(SHAPE, 2, batch_norm=False), critic_steps=1
        ),
        6,
    ),
    "SNGAN": (
        lambda: _of_latents(kg.models.SNGAN, kg.backbones.spectral_discriminator(SHAPE, 2), discriminator_steps=1),
        6,
    ),
    "ConditionalGAN": (
        lambda: _of_classes(kg.models.ConditionalGAN, kg.backbones.dcgan_discriminator(SHAPE, 2, num_classes=CLASSES)),
        12,
    ),
    "ACGAN": (lambda: _of_classes(kg.models.ACGAN, kg.backbones.acgan_discriminator(SHAPE, CLASSES, 2)), 12),
    "BiGAN": (lambda: _of_codes(kg.models.BiGAN), 12),
    "VAEGAN": (_vaegan, 12),  # judges two kinds of fakes against one pass of real images
    "AdversarialTerm": (_term, 12),
}


@pytest.mark.parametrize("name", METHODS)
def test_p_follows_the_real_images_of_each_method(name):
    keras.utils.set_random_seed(3)
    build, images = METHODS[name]
    model = build()
    model.compile(dict.fromkeys(model.players(), "sgd"), run_eagerly=True)
    judge = model.critic if name == "WGANGP" else model.discriminator
    (augment,) = (layer for layer in judge.layers if isinstance(layer, kg.layers.AdaptiveAugment))
    augment.p.assign(0.5)
    batch = BATCH if name in ("ConditionalGAN", "ACGAN") else {"image": BATCH["image"]}
    if name == "AdversarialTerm":
        batch = {"image": np.random.default_rng(1).integers(0, 256, (12, toys.SIZE, toys.SIZE, 3), "uint8")}
    logs = model.train_on_batch(batch, return_dict=True)
    # r is a multiple of 1/6 or 1/12, and so never the target.
    assert abs(float(augment.p) - 0.5) == pytest.approx(images / 1000, rel=1e-4)
    assert logs["augment_p"] == pytest.approx(float(augment.p))


def test_a_method_that_tells_no_logits_is_refused():
    model = kg.models.SemiSupervisedGAN(
        kg.backbones.dcgan_generator(SHAPE, 5, 2),
        _watched(kg.backbones.semi_supervised_discriminator(SHAPE, CLASSES, 2)),
        latent_dim=5,
    )
    model.compile(dict.fromkeys(model.players(), "sgd"), run_eagerly=True)
    with pytest.raises(ValueError, match="SemiSupervisedGAN, which tells those of none"):
        model.train_on_batch(BATCH)
