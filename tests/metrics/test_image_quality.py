import keras
import numpy as np
import pytest
import skimage.data
import tensorflow as tf
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from keras_genssl.metrics import PSNR, SSIM, psnr, ssim


@pytest.fixture(scope="module")
def images():
    """Two photographs and noisy copies, uint8 ``(2, 64, 48, 3)``."""
    generator = np.random.default_rng(0)
    photographs = [skimage.data.astronaut()[30:94, 180:228], skimage.data.coffee()[100:164, 200:248]]
    clean = np.stack(photographs)
    noise = np.array([5.0, 20.0])[:, None, None, None] * generator.normal(size=clean.shape)
    return clean, np.clip(clean + noise, 0, 255).astype("uint8")


def _luma(image):
    """MATLAB's rgb2ycbcr, first channel, not rounded."""
    return 16 + image.astype("float64") @ np.array([65.481, 128.553, 24.966]) / 255


def _crop(image, border):
    return image[border : image.shape[0] - border, border : image.shape[1] - border]


def _similarity(a, b, **kwargs):
    return structural_similarity(
        a, b, data_range=255, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, **kwargs
    )


@pytest.mark.parametrize("border", [0, 3])
def test_equal_to_scikit_image(images, border):
    clean, noisy = images
    for channel, convert, axis in (("y", _luma, None), ("rgb", lambda image: image, -1)):
        pairs = [(_crop(convert(a), border), _crop(convert(b), border)) for a, b in zip(*images, strict=True)]
        arguments = {"channel": channel, "border": border, "max_value": 255}
        expected = [peak_signal_noise_ratio(a, b, data_range=255) for a, b in pairs]
        np.testing.assert_allclose(psnr(clean, noisy, **arguments), expected, atol=1e-4)
        expected = [_similarity(a, b, channel_axis=axis) for a, b in pairs]
        np.testing.assert_allclose(ssim(clean, noisy, **arguments), expected, atol=1e-4)


def test_flat_regions_keep_ssim_exact():
    # Nearly constant bright images: variances are the small difference of large numbers.
    generator = np.random.default_rng(0)
    a = 250 + generator.uniform(-1, 1, (32, 32, 3))
    b = 250 + generator.uniform(-1, 1, (32, 32, 3))
    got = ssim(a[None], b[None], channel="rgb", max_value=255)[0]
    np.testing.assert_allclose(got, _similarity(a, b, channel_axis=-1), atol=1e-4)


def test_ranges_agree(images):
    clean, noisy = (image.astype("float32") for image in images)
    for function in (psnr, ssim):
        expected = function(clean, noisy, max_value=255)
        np.testing.assert_allclose(function(clean / 255, noisy / 255, max_value=1.0), expected, rtol=1e-5)
        np.testing.assert_allclose(function(clean / 127.5 - 1, noisy / 127.5 - 1), expected, rtol=1e-5)


def test_quantise_is_what_a_png_shows(images):
    clean, noisy = (image / 127.5 - 1 for image in images)
    # Off by less than half a step, and beyond the range: the PNG does not see it.
    shifted = np.where(noisy == 1.0, 1.3, noisy + 0.4 / 127.5)
    np.testing.assert_allclose(psnr(clean, shifted, quantise=True), psnr(clean, noisy), rtol=1e-5)
    assert np.all(np.isinf(psnr(clean, clean + 0.4 / 127.5, quantise=True)))


def test_black_and_white():
    black, white = np.zeros((1, 16, 16, 3)), np.ones((1, 16, 16, 3))
    np.testing.assert_allclose(psnr(black, white, channel="rgb", max_value=1), [0.0], atol=1e-5)
    # Y runs from 16 to 235: 20 log10(255 / 219).
    np.testing.assert_allclose(psnr(black, white, max_value=1), [20 * np.log10(255 / 219)], atol=1e-4)
    c1 = 0.01**2
    np.testing.assert_allclose(ssim(black, white, channel="rgb", max_value=1), [c1 / (1 + c1)], atol=1e-6)
    np.testing.assert_allclose(ssim(black, black), [1.0], atol=1e-6)


@pytest.mark.parametrize(("metric", "function"), [(PSNR, psnr), (SSIM, ssim)])
def test_metric_is_the_mean_over_images(images, metric, function):
    clean, noisy = (image.astype("float32") / 127.5 - 1 for image in images)
    state = metric(channel="rgb", border=2, quantise=True)
    state.update_state(clean[:1], noisy[:1])
    state.update_state(clean, noisy)
    values = np.array(function(clean, noisy, channel="rgb", border=2, quantise=True))
    np.testing.assert_allclose(state.result(), (2 * values[0] + values[1]) / 3, rtol=1e-5)
    restored = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(state))
    assert (type(restored), restored.get_config()) == (metric, state.get_config())


@pytest.mark.parametrize("function", [psnr, ssim])
def test_compiles_with_xla(images, function):
    clean, noisy = (image.astype("float32") for image in images)
    compiled = tf.function(lambda a, b: function(a, b, max_value=255), jit_compile=True)
    np.testing.assert_allclose(compiled(clean, noisy), function(clean, noisy, max_value=255), rtol=1e-4)


@pytest.mark.parametrize(
    ("shape", "arguments", "message"),
    [
        ((1, 16, 16, 3), {"channel": "Y"}, "`channel` must be 'y' or 'rgb'. Received: channel='Y'"),
        ((1, 16, 16, 3), {"border": -1}, "`border` must be at least 0. Received: border=-1"),
        ((1, 16, 16, 3), {"max_value": 0}, "`max_value` must be positive"),
        ((1, 16, 16, 1), {}, r"`y_true` and `y_pred` must be RGB of one shape, \(batch, h, w, 3\)"),
        ((1, 16, 16, 3), {"border": 8}, "`border` leaves nothing. Received: border=8"),
        ((1, 16, 16, 3), {"border": 3}, "at least 11 pixels.*border=3"),
        ((1, 16, 10, 3), {}, "at least 11 pixels"),
    ],
)
def test_errors_name_the_argument(shape, arguments, message):
    with pytest.raises(ValueError, match=message):
        ssim(np.zeros(shape), np.zeros(shape), **arguments)


def test_shapes_must_agree():
    with pytest.raises(ValueError, match=r"of one shape.*\(1, 8, 8, 3\) and \(2, 8, 8, 3\)"):
        psnr(np.zeros((1, 8, 8, 3)), np.zeros((2, 8, 8, 3)))
