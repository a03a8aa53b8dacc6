import math

import numpy as np
import pytest

from keras_genssl import analysis


def test_channels_are_images_whose_labels_are_the_digits_of_the_label():
    images = np.random.default_rng(0).integers(0, 256, (50, 4, 3, 1), dtype=np.uint8)
    labels = np.arange(50) % 10
    stacked, modes = analysis.stacked_classes(images, labels, num=20, seed=5)
    by_bytes = {image.tobytes(): label for image, label in zip(images, labels, strict=True)}
    for image, mode in zip(stacked, modes, strict=True):
        digits = [by_bytes[image[..., channel].tobytes()] for channel in range(3)]
        assert mode == 100 * digits[0] + 10 * digits[1] + digits[2]
    np.testing.assert_array_equal(stacked, analysis.stacked_classes(images, labels, num=20, seed=5)[0])


def test_predictions_undo_the_stacking():
    images = np.linspace(-1, 1, 10).reshape(10, 1, 1, 1)
    stacked, modes = analysis.stacked_classes(images, np.arange(10), num=300, seed=0)
    classify = lambda batch: -np.abs(batch.reshape(-1, 1) - np.linspace(-1, 1, 10))  # noqa: E731
    np.testing.assert_array_equal(analysis.stacked_predictions(classify, stacked, batch_size=64), modes)


def test_all_modes_alike_diverge_by_nothing():
    assert analysis.stacked_mode_coverage(np.repeat(np.arange(1000), 3)) == (1000, pytest.approx(0.0, abs=1e-12))


@pytest.mark.parametrize("reached", [1, 10, 250])
def test_equal_shares_of_some_modes_diverge_by_the_logarithm(reached):
    modes, divergence = analysis.stacked_mode_coverage(np.arange(1000) % reached)
    assert modes == reached
    assert divergence == pytest.approx(math.log(1000 / reached), rel=1e-12)


def test_unequal_shares():
    labels = np.array([7] * 3 + [999])
    modes, divergence = analysis.stacked_mode_coverage(labels)
    assert modes == 2
    assert divergence == pytest.approx(0.75 * math.log(750) + 0.25 * math.log(250), rel=1e-12)


def test_a_uniform_draw_diverges_by_chance_alone():
    """Twice the number of draws times the divergence is chi squared of 999 degrees of freedom."""
    drawn = np.random.default_rng(0).integers(0, 1000, 26000)
    modes, divergence = analysis.stacked_mode_coverage(drawn)
    assert modes == 1000
    assert abs(2 * 26000 * divergence - 999) < 5 * math.sqrt(2 * 999)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: analysis.stacked_classes(np.zeros((5, 2, 2, 3)), np.zeros(5, int), 1, 0), "height, width, 1"),
        (lambda: analysis.stacked_classes(np.zeros((5, 2, 2, 1)), np.full(5, 10), 1, 0), "integers in \\[0, 10\\)"),
        (lambda: analysis.stacked_classes(np.zeros((5, 2, 2, 1)), np.zeros(5, int), 0, 0), "`num` must be"),
        (lambda: analysis.stacked_predictions(lambda x: x, np.zeros((5, 2, 2, 1))), "height, width, 3"),
        (lambda: analysis.stacked_predictions(lambda x: x, np.zeros((5, 2, 2, 3))), "must answer \\(batch, 10\\)"),
        (lambda: analysis.stacked_mode_coverage([1000]), "integers in \\[0, 1000\\)"),
        (lambda: analysis.stacked_mode_coverage([0.5]), "integers"),
        (lambda: analysis.stacked_mode_coverage([]), "must hold a label"),
    ],
)
def test_bad_arguments_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
