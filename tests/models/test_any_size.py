"""Images whose size a network cannot keep: padded and cropped, in training and serving, or refused by name."""

import io

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

import keras_genssl as kg
from keras_genssl.engine.networks import size_multiple
from tests import toys

RNG = np.random.default_rng(8)


def pictures(*shape: int) -> np.ndarray:
    return RNG.integers(0, 256, shape, np.uint8)


def judge() -> keras.Model:
    return kg.backbones.patch_discriminator((None, None, 6), filters=2, layers=1)


def halving(strides: int = 2, times: int = 2) -> keras.Model:
    """A network of somebody else: down, up, a skip from the image; no padding."""
    images = x = keras.Input((None, None, 3))
    for _ in range(times):
        x = keras.layers.Conv2D(2, 3, strides, padding="same")(x)
    for _ in range(times):
        x = keras.layers.Conv2DTranspose(3, 3, strides, padding="same")(x)
    return keras.Model(images, keras.layers.Concatenate()([images, x])[..., 3:], name="halving")


@pytest.fixture(scope="module")
def pix2pix() -> kg.models.Pix2Pix:
    """Of any size, by networks of ours, without the norms that magnify rounding where an image has one colour."""
    generator = kg.backbones.resnet_translator(
        (None, None, 3), filters=2, blocks=1, normalization=lambda name: keras.layers.Activation("linear", name=name)
    )
    return kg.models.Pix2Pix(generator, judge(), pixel_weight=3.0)


def test_pix2pix_learns_from_odd_sizes(pix2pix: kg.models.Pix2Pix) -> None:
    source, target = pictures(2, 30, 45, 3), pictures(2, 30, 45, 3)
    x, y = source / 127.5 - 1.0, target / 127.5 - 1.0
    fake = np.array(pix2pix.translate(source))
    assert fake.shape == x.shape
    logits = np.array(pix2pix.discriminator(np.concatenate([x, fake], axis=-1)), "float64")
    expected = np.mean(np.log1p(np.exp(-logits))) + 3.0 * np.mean(np.abs(fake - y))
    batch = pix2pix.batch({"source": source, "target": target})
    losses = pix2pix.player_losses(batch, tuple(pix2pix.players()))
    assert np.mean(losses["generator"]) == pytest.approx(expected, rel=1e-4)


def test_what_is_served_has_the_size_of_what_came(pix2pix: kg.models.Pix2Pix, tmp_path) -> None:
    loaded = tf.saved_model.load(str(kg.export.saved_model(pix2pix, tmp_path / "model")))
    images = [pictures(height, width, 3) for height, width in ((30, 45), (1, 1), (31, 7), (32, 48))]
    files = []
    for image in images:
        Image.fromarray(image).save(file := io.BytesIO(), "PNG")
        files.append(file.getvalue())
    answers = loaded.signatures["serving_default"](image_bytes=tf.constant(files))["image_bytes"].numpy()
    for image, answer in zip(images, answers, strict=True):
        served = np.asarray(Image.open(io.BytesIO(answer)))
        assert served.shape == image.shape
        expected = np.clip((np.array(pix2pix.translate(image[None]))[0] + 1.0) * 127.5, 0, 255)
        assert np.abs(served - expected).max() <= 0.501  # rounded


@pytest.mark.parametrize(
    ("build", "multiple"),
    [
        (lambda: kg.backbones.resnet_translator((None, None, 3), filters=2, blocks=1), 1),
        (lambda: kg.backbones.unet_generator((None, None, 3), filters=2, halvings=3), 1),
        (lambda: kg.backbones.unet_generator((28, 28, 3), filters=2), 1),
        (lambda: kg.backbones.srcnn((2, 2)), 1),
        (halving, 4),
        (lambda: halving(3, 1), 3),
        (lambda: halving(5, 1), 5),
        (lambda: halving(2, 3), 8),
    ],
)
def test_the_multiple_is_the_product_of_strides(build, multiple: int) -> None:
    assert size_multiple(build()) == multiple


def test_a_network_that_never_keeps_a_size_is_refused() -> None:
    smaller = keras.Sequential([keras.Input((None, None, 3)), keras.layers.Conv2D(3, 3)], name="smaller")
    with pytest.raises(ValueError, match=r"The network 'smaller' must give images of the size that it takes"):
        kg.models.Pix2Pix(smaller, judge())


def test_sizes_that_a_network_of_somebody_else_cannot_keep_are_refused_by_its_multiple() -> None:
    model = kg.models.Pix2Pix(halving(), judge())
    rule = r"`source` must be multiples of 4, or the generator stand between layers\.PadToMultiple\(4\)"
    odd, even = pictures(2, 30, 45, 3), pictures(2, 32, 44, 3)
    with pytest.raises(ValueError, match=rf"{rule}.*Received: a batch of shape \(2, 30, 45, 3\)"):
        model.translate(odd)
    with pytest.raises(ValueError, match=rule):
        model.player_losses(model.batch({"source": odd, "target": odd}), tuple(model.players()))
    in_graph = tf.function(model.translate, input_signature=[tf.TensorSpec((None, None, None, 3), tf.uint8)])
    with pytest.raises(tf.errors.InvalidArgumentError, match=rule):
        in_graph(odd)
    np.testing.assert_allclose(in_graph(even), model.translate(even), atol=1e-6)

    images = keras.Input((None, None, 3))
    padded = kg.layers.CropToSize()([halving()(kg.layers.PadToMultiple(4)(images)), images])
    model = kg.models.Pix2Pix(keras.Model(images, padded), judge())
    assert model.multiple == 1
    assert model.translate(odd).shape == odd.shape


def _fixed() -> dict[str, tuple]:
    """Functions of images of methods whose networks have one size."""
    encoder, decoder = toys.encoder("encoder"), toys.decoder(4)
    shape = (toys.SIZE, toys.SIZE, 3)
    unet = kg.backbones.unet_generator(shape, filters=2)
    return {
        "translate": kg.models.Pix2Pix(unet, judge()).translate,
        "reconstruct": kg.models.Autoencoder(encoder, decoder).reconstruct,
        "VAE": kg.models.VAE(toys.encoder("encoder", 8), decoder).encode,
        "inpaint": kg.models.ContextEncoder(encoder, decoder).inpaint,
        "encode": kg.models.Rotation(encoder).encode,
        "embed": kg.models.EmbeddingModel(encoder, kg.losses.TripletHardLoss()).encode,
    }


def test_networks_of_one_size_refuse_others_by_theirs() -> None:
    side = toys.SIZE
    wrong, right = pictures(2, side, side + 2, 3), pictures(2, side, side, 3)
    rule = rf"Images must have shape \(batch, {side}, {side}, 3\) for the network `\w+`"
    for function in _fixed().values():
        with pytest.raises(ValueError, match=rf"{rule}\. Received: \(2, {side}, {side + 2}, 3\)"):
            function(wrong)
        with pytest.raises(ValueError, match=rf"{rule}\. Received: \({side}, {side}, 3\)"):
            function(right[0])
        in_graph = tf.function(function, input_signature=[tf.TensorSpec((None, None, None, 3), tf.uint8)])
        with pytest.raises(tf.errors.InvalidArgumentError, match=rule):
            in_graph(wrong)
        np.testing.assert_allclose(in_graph(right), function(right), atol=1e-5)
        np.testing.assert_allclose(function((right / 127.5 - 1).tolist()), function(right), atol=1e-5)


@pytest.mark.parametrize("method", [kg.models.ColorizationRegression, kg.models.SplitBrainRegression])
def test_colours_are_not_learnt_of_sizes_that_the_stride_does_not_divide(method) -> None:
    """Where sizes are unknown until the batch is there, too."""
    channels = (1,) if method is kg.models.ColorizationRegression else (1, 2)
    model = method(*(kg.backbones.small_feature_map((None, None, count), filters=2) for count in channels))
    unpack = tf.function(
        lambda images: model.split_inputs(model.batch({"image": images})),
        input_signature=[tf.TensorSpec((None, None, None, 3), tf.uint8)],
    )
    unpack(pictures(2, 12, 8, 3))
    with pytest.raises(
        tf.errors.InvalidArgumentError, match=r"`image` must be multiples of 4, the stride of the networks"
    ):
        unpack(pictures(2, 12, 9, 3))
    if method is kg.models.ColorizationRegression:
        assert model.colorize(pictures(1, 5, 9, 3)).shape == (1, 5, 9, 3)
