import math

import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from keras_genssl.regularizers import Blur, Jitter, L2Decay, TotalVariation

IMAGES = np.random.default_rng(0).uniform(-1, 1, (3, 7, 9, 2)).astype(np.float32)


def test_l2_decay_is_the_weighted_squared_distance_to_the_centre():
    centre = IMAGES.mean(axis=0)
    expected = [0.3 * sum(float(v) ** 2 for v in (image - centre).ravel()) for image in IMAGES]
    np.testing.assert_allclose(L2Decay(0.3, centre).penalty(ops.array(IMAGES), None), expected, rtol=1e-5)
    np.testing.assert_allclose(
        L2Decay(2.0, -1.0).penalty(ops.array(IMAGES), None), 2 * ((IMAGES + 1) ** 2).sum((1, 2, 3)), rtol=1e-5
    )


def test_a_centre_of_images_is_scaled_as_images_are():
    """0 of uint8 is black, -1; 255 is white, 1: an image that is the centre costs nothing."""
    stored = np.random.default_rng(2).integers(256, size=(7, 9, 2), dtype=np.uint8)
    decay = L2Decay(2.0, stored)
    decay.require((7, 9, 2), (7, 9, 2), False)
    np.testing.assert_allclose(decay.penalty(ops.array(stored[None] / 127.5 - 1.0), None), [0.0], atol=1e-6)
    black = L2Decay(0.5, np.zeros((7, 9, 2), np.uint8)).penalty(ops.array(IMAGES), None)
    np.testing.assert_allclose(black, 0.5 * ((IMAGES + 1) ** 2).sum((1, 2, 3)), rtol=1e-5)


def test_total_variation_is_that_of_two_loops_and_of_tensorflow():
    def variation(image):
        height, width, channels = image.shape
        total = 0.0
        for i in range(height):
            for j in range(width):
                for c in range(channels):
                    total += abs(image[i + 1, j, c] - image[i, j, c]) if i + 1 < height else 0.0
                    total += abs(image[i, j + 1, c] - image[i, j, c]) if j + 1 < width else 0.0
        return total

    penalties = TotalVariation(0.5).penalty(None, ops.array(IMAGES))
    np.testing.assert_allclose(penalties, [0.5 * variation(image.astype(np.float64)) for image in IMAGES], rtol=1e-5)
    np.testing.assert_allclose(penalties, 0.5 * tf.image.total_variation(tf.constant(IMAGES)), rtol=1e-5)


def test_blur_is_a_loop_over_a_gaussian_with_mirrored_borders():
    sigma = 0.6
    reach = math.ceil(3 * sigma)
    weights = np.exp(-np.square(np.arange(-reach, reach + 1)) / (2 * sigma**2))
    weights /= weights.sum()
    padded = np.pad(IMAGES.astype(np.float64), ((0, 0), (reach, reach), (reach, reach), (0, 0)), mode="reflect")
    expected = np.zeros_like(IMAGES, np.float64)
    for i in range(7):
        for j in range(9):
            window = padded[:, i : i + 2 * reach + 1, j : j + 2 * reach + 1]
            expected[:, i, j] = np.einsum("brsc,r,s->bc", window, weights, weights)
    np.testing.assert_allclose(Blur(sigma, every=1).changed(ops.array(IMAGES), 0), expected, atol=1e-6)


def test_blur_comes_after_every_third_step():
    blur = Blur(0.6, every=3)
    blurred = [not np.array_equal(blur.changed(ops.array(IMAGES), step), IMAGES) for step in range(7)]
    assert blurred == [False, False, True, False, False, True, False]


@pytest.mark.parametrize(
    ("chances", "down", "right"), [((0.0, 0.5), -2, 0), ((0.999, 0.2), 2, -1), ((0.4, 0.79), 0, 1)]
)
def test_jitter_is_an_exact_shift_and_its_gradient_shifts_back(chances, down, right):
    weights = np.random.default_rng(1).normal(size=IMAGES.shape).astype(np.float32)
    images = tf.constant(IMAGES)
    with tf.GradientTape() as tape:
        tape.watch(images)
        seen = Jitter(2).seen(images, ops.array(chances))
        value = ops.sum(seen * weights)
    np.testing.assert_array_equal(seen, np.roll(IMAGES, (down, right), axis=(1, 2)))
    np.testing.assert_array_equal(tape.gradient(value, images), np.roll(weights, (-down, -right), axis=(1, 2)))


def test_all_shifts_are_equally_likely():
    draws = (np.arange(50) + 0.5) / 50  # ten in each fifth of [0, 1)
    spot = np.zeros((1, 5, 5, 1), np.float32)
    spot[0, 2, 2] = 1.0
    rows = [int(np.argmax(ops.max(Jitter(2).seen(ops.array(spot), ops.array([draw, 0.5])), axis=2))) for draw in draws]
    assert np.bincount(rows).tolist() == [10] * 5


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: L2Decay(0.0), "`weight` must be positive and finite. Received: weight=0.0"),
        (lambda: L2Decay(1.0, np.nan), "`centre` must be finite"),
        (lambda: L2Decay(1.0, np.zeros(3)).require((4,), (4,), False), r"of the shape \(4,\) .* shape \(3,\)"),
        (lambda: L2Decay(1.0, "black"), "`centre` must hold numbers. Received: <U5"),
        (
            lambda: L2Decay(1.0, 127.5 * np.ones((4, 4, 1))).require((4, 4, 1), (4, 4, 1), False),
            r"lie in \[-1, 1\].* Received: `centre` with values from 127.5 to 127.5",
        ),
        (lambda: L2Decay(1.0, 255).require((4, 4, 1), (4, 4, 1), False), r"lie in \[-1, 1\].* `centre`"),
        (
            lambda: L2Decay(1.0, np.zeros(4, np.uint8)).require((4,), (4, 4, 1), True),
            "`centre` must be float where points are not images. Received: uint8",
        ),
        (lambda: TotalVariation(True), "`weight` must be positive and finite. Received: weight=True"),
        (lambda: TotalVariation(-1.0), "`weight` must be positive and finite"),
        (lambda: TotalVariation(1.0).require((2,), (2,), False), r"`TotalVariation` is for images .* shape \(2,\)"),
        (lambda: Blur(0.0), "`sigma` must be positive"),
        (lambda: Blur(1.0, every=0), "`every` must be an integer of at least 1. Received: every=0"),
        (lambda: Blur().require((8,), (28, 28, 1), True), "`Blur` changes images, and cannot change codes"),
        (lambda: Blur(2.0).require((6, 28, 1), (6, 28, 1), False), "`sigma` must be smaller .* 6 x 28 pixels"),
        (lambda: Jitter(1.5), "`pixels` must be an integer of at least 1. Received: pixels=1.5"),
        (lambda: Jitter(28).require((8,), (28, 28, 1), True), "`pixels` must be smaller than the images, 28 x 28"),
        (lambda: Jitter(1).require((2,), (2,), False), "`Jitter` is for images"),
    ],
)
def test_bad_arguments_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
