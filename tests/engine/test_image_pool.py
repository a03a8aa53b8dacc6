"""The history pool against the image-by-image loop of the papers."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_genssl.engine import ImagePool


class NaivePool:
    """CycleGAN's loop: one image after the other, with the draws given."""

    def __init__(self, size):
        self.size = size
        self.images = []

    def query(self, images, swap, places):
        answers = []
        for image, exchange, place in zip(images, swap, places, strict=True):
            if len(self.images) < self.size:
                self.images.append(image)
                answers.append(image)
            elif exchange:
                answers.append(self.images[place])
                self.images[place] = image
            else:
                answers.append(image)
        return np.array(answers)


def numbered(count, start):
    """Images (count, 1, 2, 1) that tell their number."""
    return np.stack([np.full((1, 2, 1), number, "float32") for number in range(start, start + count)])


# Batches smaller and larger than the pool; 3 * 5 and 4 * 7 cross the moment at which it is full in mid-batch.
@pytest.mark.parametrize(("size", "batch"), [(7, 3), (10, 4), (2, 9), (1, 6), (5, 5)])
def test_the_loop_image_by_image(size, batch) -> None:
    rng = np.random.default_rng(size)
    pool, naive = ImagePool((1, 2, 1), size), NaivePool(size)
    answer = tf.function(pool.answer)
    swapped_within_a_batch = 0
    for step in range(12):
        images = numbered(batch, 1 + step * batch)
        swap, places = rng.random(batch) < 0.5, rng.integers(0, size, batch, dtype="int32")
        expected = naive.query(images, swap, places)
        np.testing.assert_array_equal(answer(images, swap, places), expected)
        np.testing.assert_array_equal(pool.images.numpy()[: len(naive.images)], naive.images)
        assert int(pool.stored) == len(naive.images)
        swapped_within_a_batch += np.sum((expected != images) & (expected >= images[0]))
    assert swapped_within_a_batch > 0 or size > batch  # the case that a plain gather and scatter gets wrong


def test_query_swaps_half_and_draws_places_evenly() -> None:
    size, count = 4, 4000
    pool = ImagePool((1, 1, 1), size)
    seed = keras.random.SeedGenerator(5)
    first = numbered(size, 1)[:, :, :1]
    np.testing.assert_array_equal(pool.query(first, seed), first)
    images = numbered(count, size + 1)[:, :, :1]
    ages = (images - pool.query(images, seed)).numpy().ravel()
    swapped = ages[200:] > 0
    # 3,800 draws of probability 1/2: standard deviation 0.008.
    assert np.mean(swapped) == pytest.approx(0.5, abs=0.035)
    # A stored image leaves with probability 1/8 each turn: its age is geometric with mean 8, deviation 7.5.
    assert np.mean(ages[200:][swapped]) == pytest.approx(2 * size, abs=4 * 7.5 / np.sqrt(1900))


def test_no_gradient_flows_through_the_pool() -> None:
    pool, seed = ImagePool((1, 1, 1), 3), keras.random.SeedGenerator(0)
    images = tf.Variable(numbered(2, 1)[:, :, :1])
    with tf.GradientTape() as tape:
        value = tf.reduce_sum(pool.query(images, seed))
    assert tape.gradient(value, images) is None


def test_the_pool_is_saved_with_its_model(tmp_path) -> None:
    pool, seed = ImagePool((1, 1, 1), 3), keras.random.SeedGenerator(0)
    pool.query(numbered(2, 1)[:, :, :1], seed)
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.pool = pool
    model.save_weights(tmp_path / "w.weights.h5")
    again = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    again.pool = ImagePool.from_config(pool.get_config())
    again.load_weights(tmp_path / "w.weights.h5")
    np.testing.assert_array_equal(again.pool.images.numpy().ravel(), [1, 2, 0])
    assert int(again.pool.stored) == 2


def test_errors_name_argument_rule_and_value() -> None:
    with pytest.raises(ValueError, match=r"`size` must be an integer of at least 1. Received: size=0"):
        ImagePool((4, 4, 1), 0)
    with pytest.raises(ValueError, match=r"`image_shape` must be three positive integers.*\(None, 4, 1\)"):
        ImagePool((None, 4, 1))
