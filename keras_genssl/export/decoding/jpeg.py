"""Decodes JPEG: TensorFlow's decoder gives Pillow's pixels except for CMYK, and ignores EXIF."""

import tensorflow as tf

from keras_genssl.export.decoding.cmyk import decode_cmyk
from keras_genssl.export.decoding.fields import behind, big, either, is_one_of, length, piece
from keras_genssl.export.decoding.found import Found, against_size, decoded, found, reader, unless

_RST0, _SOI, _SOS, _APP1, _APP14 = 0xD0, 0xD8, 0xDA, 0xE1, 0xEE
_FRAMES = [marker for marker in range(0xC0, 0xD0) if marker not in (0xC4, 0xC8, 0xCC)]
_EXIF, _XMP, _ADOBE = b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0", b"Adobe"


@reader
def read_jpeg(encoded: tf.Tensor) -> Found:
    """Reads a JPEG file: grey, YCbCr, RGB, CMYK or YCCK, baseline or progressive."""
    scan, frame, is_ycc, exif, xmp = _segments(encoded)

    def rgb(file: tf.Tensor) -> tf.Tensor:
        return tf.io.decode_jpeg(file, channels=3, dct_method="INTEGER_ACCURATE")

    def read() -> Found:
        return tf.cond(
            big(encoded, frame + 9, 1) == 4,
            lambda: decoded("JPEG", decode_cmyk, (encoded, frame, scan, is_ycc), lambda it: found(it, exif, xmp)),
            lambda: decoded("JPEG", rgb, encoded, lambda it: found(it, exif, xmp)),
        )

    return unless(against_size(big(encoded, frame + 7, 2), big(encoded, frame + 5, 2)), read)


def _segments(encoded: tf.Tensor) -> tuple[tf.Tensor, ...]:
    """Returns the position of the first scan, and the metadata before it.

    Returns:
        The positions of the markers of the first scan and of the frame; whether an Adobe marker says that the first
        three samples are luma and colour differences; the EXIF; and the XMP packet.
    """

    def is_before_scan(at: tf.Tensor, *_: tf.Tensor) -> tf.Tensor:
        return (big(encoded, at, 2) != 0xFF00 + _SOS) & (at < length(encoded))

    def step(
        at: tf.Tensor, frame: tf.Tensor, is_ycc: tf.Tensor, exif: tf.Tensor, xmp: tf.Tensor
    ) -> tuple[tf.Tensor, ...]:
        is_marker, marker, size = big(encoded, at, 1) == 0xFF, big(encoded, at + 1, 1), big(encoded, at + 2, 2)
        is_alone = (marker == 0) | ((marker >= _RST0) & (marker <= _SOI))
        is_segment = is_marker & (marker != 0xFF) & ~is_alone
        is_told = is_segment & is_one_of(marker, [_APP1, _APP14])
        content = piece(encoded, at + 4, either(is_told, size - 2, 0))

        def starts(kind: int, name: bytes) -> tf.Tensor:
            return (marker == kind) & (piece(content, 0, len(name)) == name)

        is_exif, is_xmp, is_adobe = starts(_APP1, _EXIF), starts(_APP1, _XMP), starts(_APP14, _ADOBE)
        # Of several, the bytes of EXIF are joined and the last one of the others counts.
        return (
            at + either(is_segment, 2 + size, either(is_marker & is_alone, 2, 1)),
            either(is_segment & is_one_of(marker, _FRAMES), at, frame),
            tf.where(is_adobe & (length(content) >= 12), big(content, 11, 1) != 0, is_ycc),
            tf.where(is_exif, exif + behind(content, either(exif == b"", 0, len(_EXIF))), exif),
            tf.where(is_xmp, behind(content, len(_XMP)), xmp),
        )

    nothing = tf.constant(b"")
    start = (tf.constant(2, tf.int64), tf.constant(2**40, tf.int64), tf.constant(False), nothing, nothing)
    told: tuple[tf.Tensor, ...] = tf.while_loop(is_before_scan, step, start, parallel_iterations=1)
    return told
