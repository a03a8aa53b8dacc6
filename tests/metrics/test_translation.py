import numpy as np
import pytest
from skimage.exposure import match_histograms
from skimage.metrics import peak_signal_noise_ratio

from keras_genssl.metrics import histogram_matching, translation_scores

RNG = np.random.default_rng(8)
IMAGES = RNG.integers(0, 200, (5, 12, 12, 3), dtype=np.uint8)
DOMAIN = RNG.integers(90, 256, (7, 12, 12, 3), dtype=np.uint8)


@pytest.mark.parametrize("channel", range(3))
def test_each_image_is_matched_as_scikit_image_does(channel) -> None:
    matched = histogram_matching(IMAGES, DOMAIN)
    pooled = DOMAIN[..., channel].reshape(-1, 12)
    for image, answer in zip(IMAGES, matched, strict=True):
        np.testing.assert_allclose(answer[..., channel], match_histograms(image[..., channel], pooled), atol=1e-4)


def test_one_map_for_all_images_as_scikit_image_does_for_one_tall_image() -> None:
    matched = histogram_matching(IMAGES, DOMAIN, each=False)
    tall = match_histograms(IMAGES[..., 1].reshape(-1, 12), DOMAIN[..., 1].reshape(-1, 12))
    np.testing.assert_allclose(matched[..., 1].reshape(tall.shape), tall, atol=1e-4)
    assert np.abs(matched - histogram_matching(IMAGES, DOMAIN)).max() > 1


def test_scores_pixel_by_pixel() -> None:
    images, truth, domain = IMAGES[..., :1], 255 - IMAGES[..., :1], DOMAIN[..., :1]
    shift = -0.1  # stays in [-1, 1]
    scores = translation_scores(lambda x: shift - x, images, truth, domain, lambda x: -x, batch_size=2)
    assert scores["error"] == pytest.approx(-shift, rel=1e-4)
    assert scores["cycle_error"] == pytest.approx(-shift, rel=1e-4)  # -(-0.1 - x) is 0.1 beside x
    copy = np.mean(np.abs(2 * (images / 127.5 - 1)))
    assert scores["copy"] == pytest.approx(copy, rel=1e-5)
    matched = [np.abs(histogram_matching(images, domain, each) - truth).mean() / 127.5 for each in (True, False)]
    assert scores["histogram_matching"] == pytest.approx(matched[0], rel=1e-5)
    assert scores["pooled_histogram_matching"] == pytest.approx(matched[1], rel=1e-5)
    assert scores["baseline"] == pytest.approx(min(copy, *matched), rel=1e-5)
    assert scores["ratio"] == pytest.approx(-shift / min(copy, *matched), rel=1e-4)
    median = np.median(domain, axis=0)
    assert scores["median_image"] == pytest.approx(np.abs(median - truth).mean() / 127.5, rel=1e-5)
    decibels = peak_signal_noise_ratio(np.zeros(4), np.full(4, shift), data_range=2)
    assert scores["psnr"] == pytest.approx(decibels, rel=1e-4)
    assert translation_scores(lambda x: -x, images, truth, domain)["ssim"] == pytest.approx(1, abs=1e-4)


def test_errors_name_argument_rule_and_value() -> None:
    with pytest.raises(ValueError, match=r"`images` and `truth` must have one shape.*\(5, 12, 12, 3\), \(4, 12"):
        translation_scores(lambda x: x, IMAGES, IMAGES[:4], DOMAIN)
    with pytest.raises(ValueError, match=r"`images` and `references` must have equally many channels"):
        histogram_matching(IMAGES, DOMAIN[..., :1])
    with pytest.raises(ValueError, match=r"must lie in \[-1, 1\].*`references` with values from 90"):
        histogram_matching(IMAGES, DOMAIN.astype(float))
    with pytest.raises(ValueError, match=r"`translate` must answer images of shape \(5, 12, 12, 3\).*\(5, 1, 1, 3\)"):
        translation_scores(lambda x: x[:, :1, :1], IMAGES, IMAGES, DOMAIN)
    with pytest.raises(ValueError, match=r"must lie in \[-1, 1\].*what translate answers"):
        translation_scores(lambda x: 127.5 * (x + 1), IMAGES, IMAGES, DOMAIN)


def test_answers_of_another_shape_are_refused() -> None:
    """One grey value for an image would be compared with each of its pixels."""
    for translate in (lambda x: x[..., :1], lambda x: x[:, :1, :1], lambda x: x[:1]):
        with pytest.raises(ValueError, match=r"`translate` must answer images of shape \(5, 12, 12, 3\)"):
            translation_scores(translate, IMAGES, 255 - IMAGES, DOMAIN)
        with pytest.raises(ValueError, match=r"`translate_back` must answer images of shape \(5, 12, 12, 3\)"):
            translation_scores(lambda x: -x, IMAGES, 255 - IMAGES, DOMAIN, translate_back=translate)
