"""The lecture's GAN of one dimension: at the optimum D = 1/2, and the generator's distribution is the data's."""

import keras
import numpy as np

import keras_genssl as kg

MEAN, DEVIATION = 1.5, 0.6


def test_a_gan_learns_a_gaussian_and_its_discriminator_gives_up() -> None:
    keras.utils.set_random_seed(2)
    model = kg.models.GAN(
        kg.backbones.mlp_generator((1,), 4, (16,), output_activation=None),
        kg.backbones.mlp_discriminator((1,), (32, 32)),
        latent_dim=4,
        penalty=kg.penalties.R1Penalty(0.2),  # without it the two circle around the optimum
        ema=0.99,
    )
    model.compile(
        {"generator": keras.optimizers.Adam(2e-3, 0.5), "discriminator": keras.optimizers.Adam(4e-3, 0.5)},
        steps_per_execution=50,
    )
    data = np.random.default_rng(0).normal(MEAN, DEVIATION, (256 * 500, 1)).astype("float32")
    before = model.sample(4000, seed=1)
    assert abs(before.mean() - MEAN) > 0.5  # it starts elsewhere
    model.fit(data, batch_size=256, epochs=4, verbose=0)
    samples = model.sample(4000, seed=1)
    # The standard errors of 4,000 samples are 0.01 and 0.007; a tenth of a deviation is left for the training.
    assert abs(samples.mean() - MEAN) < 0.1 * DEVIATION
    assert abs(samples.std() - DEVIATION) < 0.1 * DEVIATION
    inside = np.linspace(MEAN - 2 * DEVIATION, MEAN + 2 * DEVIATION, 41, dtype="float32")[:, None]
    probability = keras.ops.sigmoid(model.discriminator(inside))
    np.testing.assert_allclose(probability, 0.5, atol=0.1)
