"""Standing statistics against a loop over batches in NumPy, and what they must not move."""

import keras
import numpy as np
import pytest

import keras_genssl as kg
from tests.contracts import CASES

array = keras.ops.convert_to_numpy


def gan(num_classes: int | None = None, **arguments) -> kg.models.DCGAN | kg.models.ConditionalGAN:
    """A generator of points that is a batch normalisation: of the latents, or of latents and classes."""
    latents = keras.Input((3,))
    if num_classes is None:
        norm = kg.layers.BatchNormalization(name="norm")(latents)
        judge = kg.backbones.mlp_discriminator((3,), (4,))
        return kg.models.DCGAN(keras.Model(latents, norm), judge, 3, **arguments)
    labels = keras.Input((num_classes,))
    norm = kg.layers.BatchNormalization(name="norm")(keras.layers.Concatenate()([latents, labels]))
    judge = kg.backbones.mlp_discriminator((3 + num_classes,), (4,), num_classes=num_classes)
    return kg.models.ConditionalGAN(keras.Model([latents, labels], norm), judge, 3, num_classes, **arguments)


@pytest.mark.parametrize("num_batches", [1, 5])
def test_they_are_the_means_of_the_statistics_of_batches(num_batches: int) -> None:
    model = gan()
    norm = model.generator.get_layer("norm")
    kg.engine.standing_statistics(model, num_batches, 7, seed=4)
    batches = model.sample_latents(num_batches * 7, 4).reshape(num_batches, 7, 3).astype("float64")
    mean, variance = np.zeros(3), np.zeros(3)
    for batch in batches:
        mean += batch.mean(0) / num_batches
        variance += batch.var(0) / num_batches
    np.testing.assert_allclose(array(norm.moving_mean), mean, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(array(norm.moving_variance), variance, rtol=1e-4)
    assert norm.momentum == 0.99
    expected = (model.sample_latents(4, 0) - mean) / np.sqrt(variance + 1e-3)
    np.testing.assert_allclose(model.sample(4, seed=0), expected, rtol=1e-4, atol=1e-5)


def test_classes_are_drawn_evenly_and_not_by_the_numbers_of_the_latents() -> None:
    model = gan(num_classes=2)
    kg.engine.standing_statistics(model, 40, 200, seed=1)
    mean = array(model.generator.get_layer("norm").moving_mean)[3:]
    assert mean.sum() == pytest.approx(1.0, abs=1e-5)
    assert mean[0] == pytest.approx(0.5, abs=4 * 0.5 / 8000**0.5)


def test_of_a_moving_average_it_is_the_average_that_gets_them() -> None:
    model = gan(ema=0.9)
    norms = model.generator.get_layer("norm"), model.average.copy.get_layer("norm")
    kg.engine.standing_statistics(model, 2, 5, seed=0)
    assert not np.any(array(norms[0].moving_mean))
    np.testing.assert_allclose(array(norms[1].moving_mean), model.sample_latents(10, 0).mean(0), rtol=1e-4, atol=1e-6)


def test_nothing_else_moves_and_the_seed_decides() -> None:
    """Power iterations, seeds and the discriminator stay; so does a model that trains on, as if nothing had been."""
    model = CASES["SAGAN"].make()
    model.train_on_batch(CASES["SAGAN"].batches(1)[0])
    moving = {id(w) for w in model.average.weights if w.name in ("moving_mean", "moving_variance")}
    others = [variable for variable in model.variables if id(variable) not in moving]
    before = [array(variable) for variable in others]
    found = []
    for seed in (3, 3, 4):
        kg.engine.standing_statistics(model, 2, 4, seed=seed)
        found.append(np.concatenate([array(w) for w in model.average.weights if id(w) in moving]))
    for variable, old in zip(others, before, strict=True):
        np.testing.assert_array_equal(array(variable), old, err_msg=variable.path)
    np.testing.assert_array_equal(found[0], found[1])
    assert np.any(found[0] != found[2])


def test_what_has_no_such_statistics_is_refused() -> None:
    with pytest.raises(ValueError, match=r"`model` must be a GAN that samples from latents. Received: EDSR"):
        kg.engine.standing_statistics(CASES["EDSR"].build())
    judge = keras.Sequential([keras.Input((3,)), kg.layers.BatchNormalization(), keras.layers.Dense(1)])
    plain = kg.models.GAN(kg.backbones.mlp_generator((3,), 2, (4,)), judge, 2)
    with pytest.raises(
        ValueError, match=r"`model` must have a generator with batch normalisation. Received: .* without it"
    ):
        kg.engine.standing_statistics(plain)
    for name, value in (("num_batches", 0), ("batch_size", 1), ("seed", -1)):
        with pytest.raises(ValueError, match=rf"`{name}` must .*Received: {name}={value}"):
            kg.engine.standing_statistics(gan(), **{name: value})
