import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

import keras_genssl as kg
from keras_genssl.export import tiles
from keras_genssl.kinds.tiles import TILE
from tests.contracts import CASES

RNG = np.random.default_rng(5)


def images(*shape: int) -> np.ndarray:
    return RNG.uniform(-1, 1, shape).astype("float32")


@pytest.mark.parametrize(
    ("name", "distance"),
    [("SRCNN", np.square), ("ESPCN", np.square), ("SRResNet", np.square), ("EDSR", np.abs)],
)
def test_each_papers_loss_example_by_example(name, distance) -> None:
    model = CASES[name].make()
    truth, output = images(3, 8, 8, 3), images(3, 8, 8, 3)
    expected = [np.mean(distance(truth[i] - output[i])) for i in range(3)]
    np.testing.assert_allclose(model.example_losses(None, truth, output), expected, rtol=1e-5)


def test_edsr_starts_at_bicubic() -> None:
    small = images(1, 9, 7, 3) / 2
    large = kg.models.EDSR(kg.backbones.edsr(scale=2, filters=8, blocks=1)).upscale(small)
    for channel in range(3):
        plane = Image.fromarray(small[0, :, :, channel], mode="F").resize((14, 18), Image.Resampling.BICUBIC)
        np.testing.assert_allclose(large[0, :, :, channel], np.clip(plane, -1, 1), atol=1e-5)


def test_srcnn_interpolates_the_small_image_first() -> None:
    model = kg.models.SRCNN(kg.backbones.srcnn(filters=(8, 4)), scale=3)
    small = images(1, 6, 5, 3) / 2
    planes = [
        np.array(Image.fromarray(small[0, :, :, c], mode="F").resize((15, 18), Image.Resampling.BICUBIC))
        for c in range(3)
    ]
    interpolated = np.stack(planes, axis=-1)[None]
    np.testing.assert_allclose(model.upscale(small), np.clip(model(interpolated), -1, 1), atol=1e-4)


def test_upscale_clips_to_the_range_of_images() -> None:
    image = keras.Input((None, None, 3))
    doubled = keras.Model(image, keras.layers.UpSampling2D(2)(image * 3.0))
    large = kg.models.EDSR(doubled).upscale(np.full((1, 2, 2, 3), 0.5, "float32"))
    np.testing.assert_array_equal(large, np.ones((1, 4, 4, 3)))


@pytest.mark.parametrize("name", ["SRCNN", "EDSR", "SRGAN"])
@pytest.mark.parametrize("size", [(9, 7), (12, TILE + 8)], ids=["one tile", "two tiles"])
def test_what_is_enlarged_in_memory_is_what_is_served_to_the_bit(name, size) -> None:
    model = CASES[name].make()
    serving = model.serving()["upscale"]
    of_any_size = tf.TensorSpec((None, None, None, 3))
    served = tf.function(serving.function, autograph=False, input_signature=[of_any_size])
    pixels = RNG.integers(0, 256, (1, *size, 3)).astype("uint8")
    large = np.asarray(model.upscale(pixels))
    floats = images(1, *size, 3)
    np.testing.assert_array_equal(model.upscale(floats), served(floats))
    levels = np.round((large + 1) * np.float32(127.5))
    np.testing.assert_array_equal(levels, tiles.of(serving)(pixels))
    np.testing.assert_array_equal(levels, tf.function(tiles.of(serving), reduce_retracing=True)(pixels))


def test_floats_outside_the_range_are_refused_before_anything_is_computed() -> None:
    model = CASES["EDSR"].make()
    with pytest.raises(ValueError, match=r"`images` with values from 0 to 2"):
        model.upscale(np.linspace(0, 2, 48, dtype="float32").reshape(1, 4, 4, 3))


def test_srgan_objectives_are_the_papers() -> None:
    generator = kg.backbones.srresnet(scale=2, filters=8, blocks=1)
    discriminator = kg.backbones.srgan_discriminator(filters=4, dense=8, input_shape=(16, 16, 3))
    model = kg.models.SRGAN(generator, discriminator, adversarial_weight=0.25)
    low, high = images(4, 8, 8, 3), images(4, 16, 16, 3)
    losses = model.player_losses({"low": low, "high": high}, ("generator", "discriminator"))
    fake = np.array(generator(low, training=True))
    on_fake = np.array(discriminator(fake, training=True))[:, 0]
    on_real = np.array(discriminator(high, training=True))[:, 0]
    sigmoid = lambda x: 1 / (1 + np.exp(-x))  # noqa: E731
    content = np.mean((fake - high) ** 2, axis=(1, 2, 3))
    np.testing.assert_allclose(losses["generator"], content - 0.25 * np.log(sigmoid(on_fake)), rtol=1e-4)
    expected = -np.log(sigmoid(on_real)) - np.log(1 - sigmoid(on_fake))
    np.testing.assert_allclose(losses["discriminator"], expected, rtol=1e-4)


def test_errors_name_argument_rule_and_value() -> None:
    network = kg.backbones.srcnn(filters=(8, 4))
    with pytest.raises(ValueError, match=r"`interpolation` must be one of .* interpolation='cubic'"):
        kg.models.SRCNN(network, scale=2, interpolation="cubic")
    with pytest.raises(ValueError, match=r"`scale` must be an integer above 1. Received: scale=1"):
        kg.models.SRCNN(network, scale=1)
    with pytest.raises(ValueError, match="`adversarial_weight` must not be negative"):
        kg.models.SRGAN(network, network, adversarial_weight=-1.0)
    grey = keras.Sequential([keras.Input((None, None, 1)), keras.layers.Conv2D(1, 3)])
    with pytest.raises(ValueError, match="`network` must give images"):
        kg.models.EDSR(grey)
    with pytest.raises(ValueError, match="`network` must be built"):
        kg.models.EDSR(keras.Sequential([keras.layers.Conv2D(3, 3)]))
