import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_genssl.layers import DiffAugment
from tests.layers.image_changes import assert_gradient_is_that_of_an_affine_change

RNG = np.random.default_rng(0)
IMAGES = RNG.uniform(-1, 1, (4, 8, 6, 3)).astype("float32")
PARAMETERS = {
    "brightness": np.float32([0.0, -0.5, 0.25, 0.49]),
    "saturation": np.float32([1.0, 0.0, 1.9, 0.5]),
    "contrast": np.float32([1.0, 0.5, 1.4, 0.75]),
    "shift": np.int32([[0, 0], [1, -1], [-1, 0], [1, 1]]),
    "centre": np.int32([[4, 3], [0, 0], [8, 5], [2, 4]]),
}


def naive(images, colour=True, cut=(4, 3), shifts=True):
    """Each image by itself, pixel by pixel."""
    made = np.zeros(images.shape)
    for number, image in enumerate(images.astype("float64")):
        of = {name: values[number] for name, values in PARAMETERS.items()}
        if colour:
            image = image + of["brightness"]
            for row in range(image.shape[0]):
                for column in range(image.shape[1]):
                    grey = image[row, column].mean()
                    factor = of["saturation"] if image.shape[-1] > 1 else 1.0
                    image[row, column] = grey + factor * (image[row, column] - grey)
            image = image.mean() + of["contrast"] * (image - image.mean())
        for row in range(image.shape[0]):
            for column in range(image.shape[1]):
                source = [row, column] - of["shift"] * shifts
                if (source >= 0).all() and (source < image.shape[:2]).all():
                    made[number, row, column] = image[tuple(source)]
        first = of["centre"] - np.array(cut) // 2
        for row in range(first[0], first[0] + cut[0]):
            for column in range(first[1], first[1] + cut[1]):
                if 0 <= row < image.shape[0] and 0 <= column < image.shape[1]:
                    made[number, row, column] = 0
    return made


@pytest.mark.parametrize("channels", [1, 3])
def test_equals_naive_loops_at_given_parameters(channels):
    images = IMAGES[..., :channels]
    np.testing.assert_allclose(DiffAugment().apply(images, PARAMETERS), naive(images), atol=1e-6)
    colour = DiffAugment(translation=0, cutout=0)
    np.testing.assert_allclose(colour.apply(images, PARAMETERS), naive(images, cut=(0, 0), shifts=False), atol=1e-6)
    cutout = DiffAugment(colour=False, translation=0)
    np.testing.assert_allclose(cutout.apply(images, PARAMETERS), naive(images, colour=False, shifts=False), atol=1e-6)
    moved = DiffAugment(colour=False, cutout=0)
    np.testing.assert_allclose(moved.apply(images, PARAMETERS), naive(images, colour=False, cut=(0, 0)), atol=1e-6)


def test_parameters_have_the_ranges_of_the_paper():
    layer = DiffAugment()
    ends = np.stack([np.zeros(7), np.full(7, np.float32(1) - np.float32(2) ** -24)]).astype("float32")
    drawn = layer.draw(ends, (28, 32, 3))
    low, high = ({name: np.array(value)[row] for name, value in drawn.items()} for row in (0, 1))
    assert [low[name] for name in ("brightness", "saturation", "contrast")] == [-0.5, 0.0, 0.5]
    highest = [high[name] for name in ("brightness", "saturation", "contrast")]
    np.testing.assert_allclose(highest, [0.5, 2.0, 1.5], rtol=1e-6)
    # An eighth of 28 is 3.5, rounded up to 4; rectangles of 14 and 16 rows have 29 and 33 places.
    assert [of["shift"].tolist() for of in (low, high)] == [[-4, -4], [4, 4]]
    assert [of["centre"].tolist() for of in (low, high)] == [[0, 0], [28, 32]]
    assert np.array(layer.draw(ends, (10, 10, 3))["centre"])[1].tolist() == [9, 9]  # of 5 rows: it has a middle
    drawn = layer.draw(np.random.default_rng(1).random((20_000, 7), "float32"), (28, 32, 3))
    shares = np.bincount(np.array(drawn["shift"])[:, 0] + 4) / 20_000
    np.testing.assert_allclose(shares, np.full(9, 1 / 9), atol=0.01)


def test_images_have_parameters_of_their_own_and_inference_changes_nothing():
    layer, same = DiffAugment(seed=3), np.repeat(IMAGES[:1], 16, axis=0)
    changed = layer(same, training=True).numpy()
    assert len(np.unique(changed.reshape(16, -1), axis=0)) == 16
    np.testing.assert_array_equal(layer(IMAGES, training=False), IMAGES)
    np.testing.assert_array_equal(layer(IMAGES), IMAGES)
    np.testing.assert_array_equal(DiffAugment(False, 0, 0)(IMAGES, training=True), IMAGES)
    np.testing.assert_array_equal(DiffAugment(seed=3)(same, training=True), changed)
    assert (layer(same, training=True).numpy() != changed).any()


@pytest.mark.parametrize("jit_compile", [False, True])
def test_the_gradient_is_that_of_the_change_which_is_affine(jit_compile):
    assert_gradient_is_that_of_an_affine_change(DiffAugment(), IMAGES, PARAMETERS, jit_compile, atol=1e-4)


def test_a_gradient_of_the_second_order_passes():
    """As in a penalty on a gradient: the gradient of `sum(T(x)²) / 2` is `JᵀT(x)`, its slope along v `JᵀJv`."""
    layer, images = DiffAugment(translation=0, cutout=0), tf.constant(IMAGES[:1, ..., :1])
    parameters = {name: values[2:3] for name, values in PARAMETERS.items()}
    with tf.GradientTape() as outer:
        outer.watch(images)
        with tf.GradientTape() as inner:
            inner.watch(images)
            half = 0.5 * tf.reduce_sum(layer.apply(images, parameters) ** 2)
        total = tf.reduce_sum(inner.gradient(half, images))
    # J is c (I - 11ᵀ/n) + 11ᵀ/n, so that J1 = 1 and JᵀJ1 = 1.
    np.testing.assert_allclose(outer.gradient(total, images), np.ones(images.shape), rtol=1e-5)


def test_half_precision_config_and_arguments():
    policy = keras.config.dtype_policy()
    try:
        keras.config.set_dtype_policy("mixed_float16")
        assert DiffAugment()(IMAGES, training=True).dtype == "float32"
    finally:
        keras.config.set_dtype_policy(policy)
    layer = DiffAugment(False, 0.25, 0.4, seed=4, name="changes")
    assert DiffAugment.from_config(layer.get_config()).get_config() == layer.get_config()
    with pytest.raises(ValueError, match=r"`translation` must .* Received: translation=2"):
        DiffAugment(translation=2)
    with pytest.raises(ValueError, match=r"DiffAugment takes images .* Received: shape=\(None, None, 6, 3\)"):
        DiffAugment()(keras.Input((None, 6, 3)))
