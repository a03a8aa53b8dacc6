"""AnoGAN and f-AnoGAN: losses by hand, searches with known ends, and networks that stay as they are."""

import pathlib

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_genssl as kg

SHAPE = (1, 5, 1)
RNG = np.random.default_rng(4)


def linear(taken: tuple[int, ...], given: tuple[int, ...], kernel: np.ndarray | None = None) -> keras.Model:
    """A linear map without bias."""
    network = keras.Sequential(
        [
            keras.Input(taken),
            keras.layers.Flatten(),
            keras.layers.Dense(int(np.prod(given)), use_bias=False),
            keras.layers.Reshape(given),
        ]
    )
    if kernel is not None:
        network.set_weights([kernel])
    return network


def judge(kernel: np.ndarray) -> keras.Model:
    """A discriminator whose features are a linear map of the pixels."""
    inputs = keras.Input(SHAPE)
    features = keras.layers.Dense(kernel.shape[1], use_bias=False, name="features")(keras.layers.Flatten()(inputs))
    model = keras.Model(inputs, keras.layers.Dense(1, name="logit")(keras.layers.LeakyReLU(name="relu")(features)))
    model.get_layer("features").set_weights([kernel])
    return model


def flat_images(num: int) -> np.ndarray:
    return RNG.uniform(-1, 1, (num, *SHAPE)).astype("float32")


CONSTANT = np.ones((1, 5))  # the generator's images have one value, its latent
KERNEL = RNG.normal(size=(5, 3))


def trained_gan() -> tuple[keras.Model, keras.Model]:
    """DCGAN's networks with batch statistics that are not those of their first batch."""
    keras.utils.set_random_seed(3)
    networks = kg.backbones.dcgan_generator((28, 28, 1), 4, 2), kg.backbones.dcgan_discriminator((28, 28, 1), 2)
    for network in networks:
        for weight in network.weights:
            if "moving_variance" in weight.path:
                weight.assign(RNG.uniform(0.1, 0.5, weight.shape))
            else:
                weight.assign(RNG.normal(0.0, 0.3, weight.shape))
    return networks


def garments(num: int) -> np.ndarray:
    return RNG.integers(0, 256, (num, 28, 28, 1), dtype=np.uint8)


# AnoGAN -----------------------------------------------------------------------------------------


def test_what_the_generator_makes_is_found_with_a_score_near_zero() -> None:
    kernel = RNG.normal(size=(2, 5)) / 4
    model = kg.models.AnoGAN(linear((2,), SHAPE, kernel), judge(KERNEL), steps=800, learning_rate=0.02)
    latents = RNG.normal(size=(6, 2)).astype("float32").clip(-1, 1)
    images = np.asarray(model.generate(latents))
    np.testing.assert_allclose(model.encode(images), latents, atol=0.03)
    far = np.asarray(model.score(images[::-1] * [[[[1.0], [-1.0], [1.0], [-1.0], [1.0]]]]))
    assert np.asarray(model.score(images)).max() < 0.02 < 0.2 < far.max()
    np.testing.assert_allclose(model.reconstruct(images), images, atol=0.02)


def test_without_features_a_constant_generator_ends_at_the_median() -> None:
    """The latent with the least sum of absolute differences."""
    generator, images = linear((1,), SHAPE, CONSTANT), flat_images(7)
    model = kg.models.AnoGAN(generator, judge(KERNEL), feature_weight=0.0, steps=600, learning_rate=0.01)
    pixels = images.reshape(7, 5)
    median = np.median(pixels, axis=1, keepdims=True)
    np.testing.assert_allclose(model.encode(images), median, atol=0.01)
    np.testing.assert_allclose(model.score(images), np.abs(pixels - median).sum(axis=1), atol=0.01)


def test_pixels_and_features_weigh_as_in_the_paper() -> None:
    """Of a convex function with kinks the least value is at a kink: of a pixel, or of a feature."""
    generator, images = linear((1,), SHAPE, CONSTANT), flat_images(4)
    model = kg.models.AnoGAN(
        generator, judge(KERNEL), feature_layer="features", feature_weight=0.3, steps=600, learning_rate=0.01
    )
    for image, score in zip(images.reshape(4, 5), np.asarray(model.score(images)), strict=True):
        kinks = [*image, *(image @ KERNEL / KERNEL.sum(axis=0))]
        losses = [0.7 * np.abs(image - z).sum() + 0.3 * np.abs((image - z) @ KERNEL).sum() for z in kinks]
        assert score == pytest.approx(min(losses), abs=0.01)


def test_features_are_by_default_those_that_the_logit_takes() -> None:
    generator, images = linear((1,), SHAPE, CONSTANT), flat_images(1)
    model = kg.models.AnoGAN(generator, judge(KERNEL), feature_weight=1.0, steps=1, learning_rate=1e-9, seed=5)
    start = np.random.default_rng(5).standard_normal((1, 1))
    features = [np.where(x > 0, x, 0.3 * x) for x in (images.reshape(1, 5) @ KERNEL, start * CONSTANT @ KERNEL)]
    np.testing.assert_allclose(model.score(images), np.abs(features[0] - features[1]).sum(axis=1), rtol=1e-5)


def test_a_score_does_not_depend_on_the_images_beside_it() -> None:
    """To the bit, and in networks with batch normalisation."""
    model = kg.models.AnoGAN(*trained_gan(), steps=5, num_starts=2)
    images, others = garments(4), garments(4)
    scores = np.asarray(model.score(images))
    np.testing.assert_array_equal(model.score(np.concatenate([images[:2], others[:2]]))[:2], scores[:2])
    np.testing.assert_array_equal(model.score(images[::-1]), scores[::-1])
    np.testing.assert_array_equal(model.score(images), scores)
    np.testing.assert_allclose(model.score(images[:1]), scores[:1], rtol=1e-3)


def test_more_steps_and_more_starts_never_give_a_larger_score() -> None:
    networks, images = trained_gan(), garments(3)
    scores = [kg.models.AnoGAN(*networks, steps=steps, learning_rate=0.3).score(images) for steps in (1, 3, 9)]
    assert (np.diff(scores, axis=0) <= 0).all()
    assert (np.diff(scores, axis=0) < 0).any()
    one, several = (kg.models.AnoGAN(*networks, steps=2, num_starts=num).score(images) for num in (1, 6))
    assert (np.asarray(several) <= np.asarray(one) * (1 + 1e-5)).all()
    assert (np.asarray(several) < np.asarray(one) * 0.999).any()


def test_a_search_changes_no_network_and_there_is_nothing_to_train() -> None:
    generator, discriminator = trained_gan()
    before = [weight.numpy() for weight in generator.weights + discriminator.weights]
    model, images = kg.models.AnoGAN(generator, discriminator, steps=2), garments(3)
    np.testing.assert_allclose(model.predict(images, verbose=0), model.score(images), rtol=1e-5)
    for one, weight in zip(before, generator.weights + discriminator.weights, strict=True):
        np.testing.assert_array_equal(one, weight.numpy())
    model.compile("sgd")
    with pytest.raises(ValueError, match="AnoGAN has nothing to train: `generator` and `discriminator` must be those"):
        model.fit(images, epochs=1, verbose=0)


def test_a_saved_search_is_served_from_the_bytes_of_images(tmp_path: pathlib.Path) -> None:
    model, images = kg.models.AnoGAN(*trained_gan(), steps=3, num_starts=2), garments(2)
    model.export(tmp_path / "anogan")
    served = tf.saved_model.load(str(tmp_path / "anogan")).signatures["serving_default"]
    pngs = [tf.io.encode_png(image).numpy() for image in images]
    np.testing.assert_allclose(
        served(image_bytes=tf.constant(pngs))["anomaly_score"][:, 0], model.score(images), rtol=1e-3
    )
    model.save(tmp_path / "anogan.keras")
    again = keras.models.load_model(tmp_path / "anogan.keras")
    np.testing.assert_array_equal(again.score(images), model.score(images))


# f-AnoGAN ---------------------------------------------------------------------------------------


def fanogan(**arguments: float | str) -> kg.models.FAnoGAN:
    return kg.models.FAnoGAN(linear(SHAPE, (2,)), linear((2,), SHAPE), judge(KERNEL), **arguments)


def test_the_loss_is_that_of_a_naive_computation() -> None:
    model, images = fanogan(feature_layer="features", feature_weight=0.25), flat_images(4)
    encode, generate = (network.get_weights()[0] for network in (model.encoder, model.generator))
    expected = []
    for image in images.reshape(4, 5):
        made = image @ encode @ generate
        pixels = sum((image - made) ** 2) / 5
        expected.append(pixels + 0.25 * sum(((image - made) @ KERNEL) ** 2) / 3)
    np.testing.assert_allclose(model.score(images), expected, rtol=1e-4)
    model.compile("sgd")
    assert model.evaluate(images, verbose=0) == pytest.approx(np.mean(expected), rel=1e-4)
    np.testing.assert_allclose(model.encode(images), images.reshape(4, 5) @ encode, rtol=1e-4, atol=1e-6)
    made = images.reshape(4, 5) @ encode @ generate
    np.testing.assert_allclose(np.reshape(model.reconstruct(images), (4, 5)), made.clip(-1, 1), rtol=1e-4, atol=1e-6)


def test_an_encoder_that_inverts_the_generator_has_no_loss() -> None:
    """The pseudo-inverse of a linear generator; what is orthogonal to its plane stays."""
    plane = np.linalg.qr(RNG.normal(size=(5, 2)))[0]
    model = kg.models.FAnoGAN(linear(SHAPE, (2,), plane), linear((2,), SHAPE, plane.T), judge(KERNEL), feature_weight=0)
    latents = RNG.uniform(-0.5, 0.5, (3, 2)).astype("float32")
    np.testing.assert_allclose(model.score(model.generate(latents)), 0, atol=1e-12)
    images = flat_images(3).reshape(3, 5)
    rest = images - images @ plane @ plane.T
    np.testing.assert_allclose(model.score(images.reshape(3, *SHAPE)), np.mean(rest**2, axis=1), rtol=1e-4)


def test_training_changes_the_encoder_alone() -> None:
    generator, discriminator = trained_gan()
    model = kg.models.FAnoGAN(kg.backbones.dcgan_encoder(4, 2), generator, discriminator)
    before = [weight.numpy() for weight in generator.weights + discriminator.weights]
    encoder = [weight.numpy() for weight in model.encoder.weights]
    model.compile(keras.optimizers.Adam(0.01), run_eagerly=True)
    model.fit(garments(8), batch_size=4, epochs=2, verbose=0)
    for one, weight in zip(before, generator.weights + discriminator.weights, strict=True):
        np.testing.assert_array_equal(one, weight.numpy())
    assert all(np.any(one != weight.numpy()) for one, weight in zip(encoder, model.encoder.weights, strict=True))
    assert {id(variable) for variable in model.trainable_variables} == {
        id(v) for v in model.encoder.trainable_variables
    }


def test_a_score_of_f_anogan_does_not_depend_on_the_images_beside_it() -> None:
    model = kg.models.FAnoGAN(kg.backbones.dcgan_encoder(4, 2), *trained_gan())
    images, others = garments(4), garments(4)
    scores = model.score(images)
    np.testing.assert_array_equal(model.score(np.concatenate([images[:2], others[:2]]))[:2], scores[:2])


def test_samples_are_the_generators() -> None:
    model = fanogan()
    samples = model.sample(600, seed=2)
    latents = np.random.default_rng(2).standard_normal((600, 2), dtype=np.float32)
    made = (latents @ model.generator.get_weights()[0]).clip(-1, 1)
    np.testing.assert_allclose(samples.reshape(600, 5), made, atol=1e-6)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: fanogan(feature_weight=-1.0), "`feature_weight` must be at least 0 and finite. Received"),
        (lambda: fanogan(feature_layer="relu9"), "`layer` must be the name of a layer .*Received: 'relu9'"),
        (
            lambda: kg.models.FAnoGAN(linear(SHAPE, (3,)), linear((2,), SHAPE), judge(KERNEL)),
            r"`encoder` must take \(1, 5, 1\), which `generator` gives, and give \(2,\)",
        ),
        (
            lambda: kg.models.AnoGAN(linear((2,), (1, 4, 1)), judge(KERNEL)),
            r"`discriminator` must take inputs of shape \(1, 4, 1\)",
        ),
        (lambda: kg.models.AnoGAN(linear(SHAPE, SHAPE), judge(KERNEL)), "`generator` must take inputs of shape"),
        (
            lambda: kg.models.AnoGAN(linear((2,), SHAPE), judge(KERNEL), feature_weight=1.5),
            r"`feature_weight` must lie in \[0, 1\]",
        ),
        (
            lambda: kg.models.AnoGAN(linear((2,), SHAPE), judge(KERNEL), steps=0),
            "`steps` must be an integer of at least 1",
        ),
        (
            lambda: kg.models.AnoGAN(linear((2,), SHAPE), judge(KERNEL), learning_rate=0),
            "`learning_rate` must be positive and finite. Received: learning_rate=0",
        ),
        (
            lambda: kg.models.AnoGAN(linear((2,), SHAPE), judge(KERNEL), num_starts=0),
            "`num_starts` must be an integer of at least 1",
        ),
    ],
)
def test_errors(build, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build()
