import keras
import numpy as np
import pytest

from keras_genssl.corruptions import GaussianNoise, MaskingNoise, SaltAndPepperNoise

SIZE = 200 * 10 * 10


def corrupted(corruption, value=0.0, channels=3):
    images = np.full((200, 10, 10, channels), value, "float32")
    return np.array(corruption(images, keras.random.SeedGenerator(1)))


def assert_share(found, rate):
    """A binomial share within four standard deviations."""
    assert abs(np.mean(found) - rate) < 4 * np.sqrt(rate * (1 - rate) / SIZE)


def test_gaussian_noise_has_its_moments():
    noise = corrupted(GaussianNoise(0.2))  # the bounds are five deviations away
    count = noise.size
    assert abs(noise.mean()) < 4 * 0.2 / np.sqrt(count)
    assert abs(noise.var() - 0.04) < 4 * 0.04 * np.sqrt(2 / count)
    assert abs((noise**4).mean() / 0.04**2 - 3) < 4 * np.sqrt(96 / count)  # var of z^4 is 105 - 9
    assert abs(np.corrcoef(noise[..., 0].ravel(), noise[..., 1].ravel())[0, 1]) < 4 / np.sqrt(SIZE)


def test_gaussian_noise_is_clipped_as_a_stored_image():
    noisy = corrupted(GaussianNoise(0.5), value=1.0)
    assert noisy.max() == 1.0
    assert abs((noisy == 1.0).mean() - 0.5) < 4 * np.sqrt(0.25 / noisy.size)
    assert corrupted(GaussianNoise(50.0)).min() == -1.0


def test_masks_strike_out_whole_pixels():
    masked = corrupted(MaskingNoise(0.3, value=-0.5), value=0.25)
    assert set(np.unique(masked)) == {-0.5, 0.25}
    struck = masked == -0.5
    assert np.array_equal(struck.all(axis=-1), struck.any(axis=-1))
    assert_share(struck.all(axis=-1), 0.3)


def test_salt_and_pepper_in_equal_shares():
    noisy = corrupted(SaltAndPepperNoise(0.2), value=0.25)
    assert set(np.unique(noisy)) == {-1.0, 0.25, 1.0}
    assert_share((noisy == 1.0).all(axis=-1), 0.1)
    assert_share((noisy == -1.0).all(axis=-1), 0.1)
    assert ((noisy != 0.25).all(axis=-1) == (noisy != 0.25).any(axis=-1)).all()


@pytest.mark.parametrize("corruption", [GaussianNoise(0.0), MaskingNoise(0.0), SaltAndPepperNoise(0.0)])
def test_none_of_it_leaves_the_image(corruption):
    assert (corrupted(corruption, value=0.3) == np.float32(0.3)).all()


@pytest.mark.parametrize("corruption", [GaussianNoise(0.1), MaskingNoise(0.2, 0.5), SaltAndPepperNoise(0.3)])
def test_each_draw_is_new_and_the_seed_gives_it(corruption):
    images, seed = np.zeros((2, 8, 8, 1), "float32"), keras.random.SeedGenerator(3)
    first, second = np.array(corruption(images, seed)), np.array(corruption(images, seed))
    assert (first != second).any()
    np.testing.assert_array_equal(first, corruption(images, keras.random.SeedGenerator(3)))
    restored = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(corruption))
    assert (type(restored), vars(restored)) == (type(corruption), vars(corruption))


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: GaussianNoise(-1), "`stddev` must not be negative. Received: stddev=-1"),
        (lambda: MaskingNoise(1.5), r"`rate` must lie in \[0, 1\]. Received: rate=1.5"),
        (lambda: MaskingNoise(value=3), r"`value` must lie in \[-1, 1\]. Received: value=3"),
        (lambda: SaltAndPepperNoise(-0.1), r"`rate` must lie in \[0, 1\]. Received: rate=-0.1"),
    ],
)
def test_bad_arguments_are_named(build, message):
    with pytest.raises(ValueError, match=message):
        build()
