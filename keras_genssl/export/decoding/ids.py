"""Decodes one PNG of a label map to its ids, or says why it is not read."""

import tensorflow as tf

from keras_genssl.export.decoding.attempt import attempt
from keras_genssl.export.decoding.fields import big, piece
from keras_genssl.export.decoding.found import against_size, damaged

_PNG = b"\x89PNG\r\n\x1a\n"
_RULE = "a label map must be a PNG of greys of 8 or 16 bits, whose levels are its ids; save it anew as such"


@tf.function(autograph=False, input_signature=[tf.TensorSpec((), tf.string)])
def ids(encoded: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """A function of the bytes of a label map, a string scalar, to int32 `(height, width, 1)`, or the reason against it.

    Levels are taken as stored: fewer bits would be scaled, and a palette's colours do not determine the ids.
    It never raises.
    """
    depth, colour = big(encoded, 24, 1), big(encoded, 25, 1)
    is_grey = (piece(encoded, 0, 8) == _PNG) & (colour == 0) & ((depth == 8) | (depth == 16))
    reason = tf.where(is_grey, "", _RULE)
    reason = tf.where(reason == "", against_size(big(encoded, 16, 4), big(encoded, 20, 4)), reason)
    nothing = tf.zeros((0, 0, 1), tf.int32)

    def read(file: tf.Tensor) -> tf.Tensor:
        def levels(dtype: tf.DType) -> tf.Tensor:
            return tf.cast(tf.io.decode_png(file, channels=1, dtype=dtype), tf.int32)

        return tf.cond(big(file, 24, 1) == 16, lambda: levels(tf.uint16), lambda: levels(tf.uint8))

    found = tf.cond(reason == "", lambda: attempt(read, encoded, nothing), lambda: nothing)
    found = tf.ensure_shape(found, (None, None, 1))
    return found, tf.where((reason == "") & (tf.size(found) == 0), damaged("PNG"), reason)
