"""An exported encoder whose vector is the mean colour, and a folder of images of three colours."""

import numpy as np
import tensorflow as tf
from PIL import Image

RED, GREEN, BLUE = (200, 0, 0), (0, 200, 0), (0, 0, 200)
PHOTOS = {
    "blue/a": BLUE,
    "blue/b": (0, 0, 220),
    "green/a": GREEN,
    "green/b": (0, 220, 0),
    "red/a": RED,
    "red/b": (220, 0, 0),
}
WIDEST = 8
"""Pixels; the model refuses wider images."""


def export(path):
    """Writes the SavedModel: by bytes, by floats, by grey levels of 3 x 4 pixels, and signatures of other kinds."""

    def mean(encoded):
        image = tf.io.decode_png(encoded, 3)
        with tf.control_dependencies([tf.debugging.assert_less_equal(tf.shape(image)[1], WIDEST)]):
            return tf.reduce_mean(tf.cast(image, tf.float32), axis=[0, 1])

    def signature(function, *specs):
        return tf.function(function, autograph=False, input_signature=specs).get_concrete_function()

    encoded = tf.TensorSpec([None], tf.string, "image_bytes")
    floats = tf.TensorSpec([None, None, None, 3], tf.float32, "image")
    grey = tf.TensorSpec([None, 3, 4, 1], tf.float32, "image")
    signatures = {
        "serving_default": signature(
            lambda image_bytes: {"vector": tf.map_fn(mean, image_bytes, fn_output_signature=tf.TensorSpec([3]))},
            encoded,
        ),
        "serving_tensor": signature(lambda image: {"vector": tf.reduce_mean(image, axis=[1, 2])}, floats),
        "grey": signature(lambda image: {"vector": tf.reduce_mean(image, axis=[1, 2])}, grey),
        "rows": signature(lambda image: {"vector": tf.reduce_mean(image, axis=[2, 3])}, floats),
        "infinite": signature(lambda image: {"vector": 1.0 / tf.zeros([tf.shape(image)[0], 2])}, floats),
        "first": signature(lambda image: {"vector": tf.reduce_mean(image, axis=[1, 2])[:1]}, floats),
        "label": signature(lambda image_bytes: {"label": tf.zeros_like(image_bytes)}, encoded),
        "draw": signature(lambda latent: {"vector": latent}, tf.TensorSpec([None, 2], tf.float32, "latent")),
    }
    tf.saved_model.save(tf.Module(), str(path), signatures=signatures)
    return path


def photos(folder):
    """Writes `PHOTOS`, 4 x 3 pixels each."""
    for name, colour in PHOTOS.items():
        path = folder / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((3, 4, 3), colour, np.uint8)).save(path)
    return folder
