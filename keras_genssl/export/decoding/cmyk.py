"""Decodes JPEGs of four inks, to the bit, by a decoder that returns only products of two inks."""

import tensorflow as tf

from keras_genssl.export.decoding.fields import behind, big, piece, written

_ADOBE = b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x00"  # transform 0: samples are what is stored
_TABLE = b"\xff\xdb\x00\x43"  # the start of a quantization table
_GREY, _HALF, _BITS = 128, 1 << 15, 16


def decode_cmyk(encoded: tf.Tensor, frame: tf.Tensor, scan: tf.Tensor, is_ycck: tf.Tensor) -> tf.Tensor:
    """Returns RGB as Pillow computes it; TensorFlow rounds products of inks down.

    Of the fourth sample `t` and each other one `s`, TensorFlow answers `a = s * t // 255` where a file has an Adobe
    marker, and `b = (255 - s) * (255 - t) // 255` where it has none: `s + t` is `255 + a - b`. Where the fourth
    component has a quantization table of zeros, `t` is 128 everywhere: so `s` is known, and then `t`.

    Args:
        encoded: A JPEG file of four components.
        frame: Position of the marker of its frame.
        scan: Position of the marker of its first scan.
        is_ycck: Whether the samples are luma, two colour differences and black.

    Returns:
        uint8 `(height, width, 3)`.
    """
    # Only metadata say Adobe too, which no decoder looks at.
    header = tf.strings.regex_replace(piece(encoded, 0, scan), "Adobe", "adobe")
    rest = behind(encoded, scan)
    # Each component has three bytes, ten behind the marker, the last one of which is the number of its table.
    used = tf.stack([big(header, frame + place, 1) for place in (12, 15, 18)])
    unused = tf.argmin(tf.reduce_sum(tf.one_hot(used, 4), axis=0))
    number = written(unused[tf.newaxis])
    flat = tf.strings.join([piece(header, 0, frame + 21), number, behind(header, frame + 22)])
    flat = tf.strings.join([flat, _TABLE, number, bytes(64)])
    samples = _sums(flat, rest) - _GREY
    fourth = (_sums(header, rest) - samples)[..., :1]
    stored = tf.cond(is_ycck, lambda: _cmy(samples), lambda: samples)  # 255 is no ink, as Adobe stores them
    product = (255 - stored) * fourth + 128
    return tf.cast(fourth - (product // 256 + product) // 256, tf.uint8)


def _sums(header: tf.Tensor, rest: tf.Tensor) -> tf.Tensor:
    """Returns the sum of each of the first three samples and the fourth, int32 `(height, width, 3)`."""

    def decoded(*parts: tf.Tensor) -> tf.Tensor:
        image = tf.io.decode_jpeg(tf.strings.join(parts), channels=3, dct_method="INTEGER_ACCURATE")
        return tf.cast(image, tf.int32)

    return 255 + decoded(piece(header, 0, 2), _ADOBE, behind(header, 2), rest) - decoded(header, rest)


def _cmy(ycc: tf.Tensor) -> tf.Tensor:
    """Converts YCC as libjpeg does, in whole numbers: returns the inverse of RGB."""
    luma, blue, red = ycc[..., 0], ycc[..., 1] - 128, ycc[..., 2] - 128

    def fixed(value: float) -> int:
        return int(value * (1 << _BITS) + 0.5)

    def shifted(value: tf.Tensor) -> tf.Tensor:
        return tf.bitwise.right_shift(value, _BITS)

    rgb = [
        luma + shifted(fixed(1.402) * red + _HALF),
        luma + shifted(-fixed(0.71414) * red - fixed(0.34414) * blue + _HALF),
        luma + shifted(fixed(1.772) * blue + _HALF),
    ]
    return tf.clip_by_value(255 - tf.stack(rgb, axis=-1), 0, 255)
