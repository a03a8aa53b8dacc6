import random

import keras
import numpy as np
import pytest
import sklearn.datasets

from keras_genssl import metrics
from keras_genssl.data import gaussian_grid, gaussian_ring
from keras_genssl.metrics import mode_coverage


class Brightness:
    """Calls an image 1 if it is bright."""

    def classify(self, images):
        assert images.dtype == np.uint8
        return (images.mean((1, 2, 3)) > 127).astype(int)


def test_label_accuracy_counts_matches():
    samples = np.zeros((4, 8, 8, 1)) + np.array([-1.0, 1.0, 0.5, -0.5]).reshape(4, 1, 1, 1)
    assert metrics.label_accuracy(Brightness(), samples, [0, 1, 0, 0]) == 0.75


@pytest.fixture(scope="module")
def digits():
    """Zeros and ones, 16 pixels a side."""
    loaded = sklearn.datasets.load_digits(n_class=2)
    images = (loaded.images / 16 * 255).astype(np.uint8).repeat(2, 1).repeat(2, 2)[..., None]
    return images, loaded.target


def test_right_labels_teach_and_wrong_ones_do_not(digits):
    """Mirrored or shifted, zeros and ones stay apart; labels exchanged, everything is answered wrongly."""
    images, labels = digits
    arguments = {"real_images": images[200:], "real_labels": labels[200:], "steps": 60, "batch_size": 32}
    accuracy = metrics.train_on_synthetic_accuracy(images[:200], labels[:200], **arguments)
    assert accuracy > 0.97
    assert metrics.train_on_synthetic_accuracy(images[:200], 1 - labels[:200], **arguments) < 0.03


def test_it_repeats_and_touches_no_global_seed(digits):
    images, labels = digits
    numbers = []
    for seed in (1, 2):
        keras.utils.set_random_seed(seed)
        arguments = (images[:50], labels[:50], images[50:], labels[50:])
        numbers.append(metrics.train_on_synthetic_accuracy(*arguments, steps=8, batch_size=16))
        drawn = [random.random(), np.random.random(), float(keras.random.uniform(()))]
        keras.utils.set_random_seed(seed)
        assert drawn == [random.random(), np.random.random(), float(keras.random.uniform(()))]
    assert numbers[0] == numbers[1]


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"labels": np.zeros(49, int)}, "one for each example. Received: int64 of shape \\(49,\\) for 50 examples"),
        ({"labels": np.full(50, -1)}, "integers from 0. Received: -1"),
        ({"labels": np.zeros(50)}, "`labels` must be integers .* Received: float64"),
        ({"real_images": np.zeros((50, 8, 8, 1), np.uint8)}, "must have one size"),
        ({"samples": np.full((50, 16, 16, 1), 255.0)}, "must lie in"),
        ({"steps": 0}, "steps=0"),
        ({"batch_size": 0}, "batch_size=0"),
    ],
)
def test_bad_arguments_are_refused(digits, change, rule):
    images, labels = (part[:50] for part in digits)
    arguments = {"samples": images, "labels": labels, "real_images": images, "real_labels": labels}
    with pytest.raises(ValueError, match=rule):
        metrics.train_on_synthetic_accuracy(**{**arguments, **change})


@pytest.mark.parametrize("modes", [gaussian_grid(), gaussian_ring()], ids=["grid", "ring"])
def test_of_the_mixture_itself(modes):
    """In the plane P(|x| <= 3 sigma) = 1 - exp(-9/2)."""
    coverage = mode_coverage(modes.sample(20_000, seed=0), modes.centres, modes.sigma)
    share = 1 - np.exp(-4.5)
    assert coverage.num_modes == len(modes.centres)
    assert coverage.high_quality == pytest.approx(share, abs=5 * np.sqrt(share * (1 - share) / 20_000))
    assert coverage.counts.sum() == round(coverage.high_quality * 20_000)


def test_equals_naive_loop():
    grid = gaussian_grid(3, sigma=0.4)
    samples = np.random.default_rng(0).uniform(-3, 3, (200, 2))
    counts = [0] * 9
    for sample in samples:
        distances = [np.hypot(*(sample - centre)) for centre in grid.centres]
        if min(distances) <= 2.0 * 0.4:
            counts[int(np.argmin(distances))] += 1
    for least in (1, 10, 1000):
        coverage = mode_coverage(samples, grid.centres, 0.4, within=2.0, min_samples=least)
        assert coverage.counts.tolist() == counts
        assert coverage.num_modes == sum(count >= least for count in counts)
        assert coverage.high_quality == pytest.approx(sum(counts) / 200)


def test_collapsed_samples():
    grid = gaussian_grid()
    coverage = mode_coverage(np.repeat(grid.centres[:1], 50, 0), grid.centres, grid.sigma)
    assert (coverage.num_modes, coverage.high_quality) == (1, 1.0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((np.zeros((3, 2)), np.zeros((4, 3)), 1.0), "`samples` and `centres` must be"),
        ((np.zeros((0, 2)), np.zeros((4, 2)), 1.0), "not empty"),
        ((np.zeros((3, 2)), np.zeros((4, 2)), 0.0), "`sigma` must be positive"),
        ((np.zeros((3, 2)), np.zeros((4, 2)), 1.0, 0.0), "`within` must be positive"),
        ((np.zeros((3, 2)), np.zeros((4, 2)), 1.0, 3.0, 0), "`min_samples` must be positive"),
    ],
)
def test_wrong_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        mode_coverage(*arguments)
