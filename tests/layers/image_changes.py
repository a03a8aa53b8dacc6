"""What the tests of augmentations share."""

import numpy as np
import tensorflow as tf


def assert_gradient_is_that_of_an_affine_change(layer, images, parameters, jit_compile, atol):
    """`T(x + d) - T(x)` is `J d` for any d; its transposed product is what a generator gets."""
    rng = np.random.default_rng(2)
    direction, weights = (rng.normal(size=images.shape).astype("float32") for _ in range(2))

    @tf.function(jit_compile=jit_compile)
    def slope(images):
        with tf.GradientTape() as tape:
            tape.watch(images)
            total = tf.reduce_sum(layer.apply(images, parameters) * weights)
        return tape.gradient(total, images)

    along = layer.apply(images + direction, parameters) - layer.apply(images, parameters)
    expected = np.sum(along * weights, axis=(1, 2, 3))
    found = np.sum(slope(tf.constant(images)) * direction, axis=(1, 2, 3))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=atol)
