"""SAGAN's and the projection GAN's objectives against the hinge in NumPy, their rounds, and standing statistics."""

import keras
import numpy as np
import pytest

import keras_genssl as kg
from tests.contracts import CASES
from tests.models.gans.test_gans import CLASSES, LATENT, RNG, SHAPE, SIZE, generator, points, run, with_next_latents

array = keras.ops.convert_to_numpy
BOTH = [kg.models.SAGAN, kg.models.ProjectionGAN]


def judge() -> keras.Model:
    """A logit that knows no class, and the projection on the class."""
    image, label = keras.Input(SHAPE), keras.Input((CLASSES,))
    flat = keras.layers.Flatten()(image)
    of_class = kg.layers.ClassProjection(True, name="projection")([flat, label])
    return keras.Model([image, label], keras.layers.Dense(1, name="logit")(flat) + of_class)


def made(build, **arguments) -> kg.engine.PlayersModel:
    return build(generator(CLASSES), judge(), LATENT, CLASSES, **arguments)


@pytest.mark.parametrize("build", BOTH)
def test_both_players_minimise_the_hinge_of_what_is_projected(build) -> None:
    model = made(build)
    real, labels = points(SIZE, *SHAPE), RNG.integers(0, CLASSES, SIZE)
    one_hot = np.eye(CLASSES, dtype="float32")[labels]
    weights, offset = model.discriminator.get_layer("logit").get_weights()
    vectors = model.discriminator.get_layer("projection").vectors
    kernel, u = array(vectors.layer.kernel), array(vectors.u)
    v = kernel @ u / np.linalg.norm(kernel @ u)  # one power iteration serves real images and fakes
    u = v @ kernel / np.linalg.norm(v @ kernel)
    normalised = kernel / np.linalg.norm(kernel @ u)

    def logits(images: np.ndarray) -> np.ndarray:
        flat = images.reshape(SIZE, -1)
        return flat @ weights[:, 0] + offset + np.einsum("bd,bd->b", flat, normalised[labels])

    losses, latents = with_next_latents(model, {"image": real, "label": labels}, "discriminator")
    np.testing.assert_allclose(array(vectors.u), u, atol=1e-6)
    fake = run(model.generator, latents, one_hot)
    expected = np.maximum(0, 1 - logits(real)) + np.maximum(0, 1 + logits(fake))
    np.testing.assert_allclose(losses, expected, rtol=1e-4, atol=1e-5)

    vectors.u.assign(model.discriminator.get_layer("projection").vectors.spectral_norm(200)[1])
    normalised = kernel / np.linalg.svd(kernel, compute_uv=False)[0]
    losses, latents = with_next_latents(model, {"image": real, "label": labels}, "generator")
    np.testing.assert_allclose(losses, -logits(run(model.generator, latents, one_hot)), rtol=1e-4, atol=1e-5)


def test_a_round_of_both_players_has_the_losses_of_rounds_of_each() -> None:
    model = made(kg.models.SAGAN)
    vectors = model.discriminator.get_layer("projection").vectors
    vectors.u.assign(vectors.spectral_norm(200)[1])  # a fixed point of the power iteration
    batch = {"image": points(SIZE, *SHAPE), "label": RNG.integers(0, CLASSES, SIZE)}
    batch = {key: keras.ops.convert_to_tensor(value) for key, value in batch.items()}
    state = array(model.seed.state)
    found = []
    for players in (("discriminator", "generator"), ("discriminator",), ("generator",)):
        model.seed.state.assign(state)
        found.append(model.player_losses(batch, players))
    together, *alone = found
    assert set(together) == {"discriminator", "generator"}
    for losses in alone:
        ((player, values),) = losses.items()
        np.testing.assert_allclose(together[player], values, rtol=1e-4, atol=1e-5)


def test_sagan_updates_both_at_once_and_the_projection_gan_in_turn() -> None:
    assert made(kg.models.SAGAN).rounds() == [("discriminator", "generator")]
    rounds = made(kg.models.ProjectionGAN, discriminator_steps=2).rounds()
    assert rounds == [("discriminator",), ("discriminator",), ("generator",)]
    model = made(kg.models.ProjectionGAN, discriminator_steps=2)
    model.compile(dict.fromkeys(model.players(), "sgd"))
    batch = {"image": points(4, *SHAPE), "label": np.arange(4)}
    with pytest.raises(Exception, match="must be a multiple of the 3 rounds"):
        model.train_on_batch(batch)
    model = made(kg.models.ProjectionGAN, discriminator_steps=2, reuse_batch=True)
    model.compile(dict.fromkeys(model.players(), "sgd"))
    model.train_on_batch(batch)


def test_gains_are_learnt_from_the_images_of_their_class() -> None:
    """A step on images of class 1 alone moves the gains, the biases and the vector of no other class."""
    model = CASES["ProjectionGAN"].build()
    model.compile({player: keras.optimizers.SGD(0.1) for player in model.players()}, run_eagerly=True)
    norms = [layer for layer in model.generator.layers if isinstance(layer, kg.layers.ConditionalBatchNormalization)]
    vectors = model.discriminator.get_layer("projection").vectors.layer.kernel
    kept = [part for norm in norms for part in (norm.gain, norm.bias)]
    before = [array(part) for part in kept]
    model.train_on_batch({"image": points(8, 28, 28, 1), "label": np.ones(8, "int32")})
    assert len(kept) == 4
    for part, old in zip(kept, before, strict=True):
        moved = np.any(array(part) != old, axis=1)
        np.testing.assert_array_equal(moved, [False, True, False], err_msg=part.path)
    assert vectors.shape[0] == 3


@pytest.mark.parametrize("build", BOTH)
def test_a_discriminator_without_classes_is_refused(build) -> None:
    with pytest.raises(ValueError, match=r"`discriminator` must take inputs of shape \(2, 2, 1\), \(4,\)"):
        build(generator(CLASSES), kg.backbones.mlp_discriminator(SHAPE), LATENT, CLASSES)
    with pytest.raises(ValueError, match=r"`num_classes` must be an integer of at least 2"):
        build(generator(1), kg.backbones.mlp_discriminator(SHAPE, num_classes=1), LATENT, 1)


def test_a_wrong_number_of_steps_is_refused() -> None:
    with pytest.raises(ValueError, match=r"`discriminator_steps` must be .*Received: discriminator_steps=0"):
        made(kg.models.ProjectionGAN, discriminator_steps=0)
