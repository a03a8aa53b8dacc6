"""Decodes one image file to pixels, or says why it is not served."""

import functools

import tensorflow as tf

from keras_genssl.export.decoding.bmp import read_bmp
from keras_genssl.export.decoding.fields import piece
from keras_genssl.export.decoding.found import RESAVE, refused
from keras_genssl.export.decoding.gif import read_gif
from keras_genssl.export.decoding.jpeg import read_jpeg
from keras_genssl.export.decoding.orientation import stated, turned
from keras_genssl.export.decoding.png import read_png
from keras_genssl.export.decoding.transparency import on_white
from keras_genssl.export.decoding.webp import read_webp

# What files of a kind have at a place, and what reads them.
_READ = [
    (0, [b"\xff\xd8\xff"], read_jpeg),
    (0, [b"\x89PNG\r\n\x1a\n"], read_png),
    (0, [b"GIF87a", b"GIF89a"], read_gif),
    (8, [b"WEBP"], read_webp),
    (0, [b"BM"], read_bmp),
]
_NOT_READ = [
    (0, [b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"], "TIFF"),
    (4, [b"ftypavif", b"ftypavis"], "AVIF"),
    (4, [b"ftypheic", b"ftypheix", b"ftyphevc", b"ftypmif1", b"ftypmsf1"], "HEIC"),
    (4, [b"jP  \r\n\x87\n"], "JPEG 2000"),
    (0, [b"\xff\x4f\xff\x51"], "JPEG 2000"),
    (0, [b"P%d" % kind for kind in range(1, 7)], "Netpbm"),
]
_UNKNOWN = f"no image file of a kind that is read: JPEG, PNG, GIF, BMP or WebP{RESAVE}"


@functools.cache
def decoder(channels: int) -> tf.types.experimental.PolymorphicFunction:
    """Returns a function from the bytes of one image file, a string scalar, to its pixels or the reason against it.

    The function returns uint8 `(height, width, channels)` and a string scalar, which is empty if the image is served.
    The pixels are those of `pretext.decode_image`, to the bit. It reads JPEG, PNG, GIF and WebP of every mode, and
    uncompressed BMP: upright by EXIF or XMP, transparency on white, the first frame of an animation, 16 bits scaled to
    8. Files of other kinds, images of more than `pretext.MAX_PIXELS`, and damaged files are refused. It never raises.

    Args:
        channels: 3, or 1 for the luma of ITU-R BT.601, that of Pillow's `convert("L")`.
    """

    @tf.function(autograph=False, input_signature=[tf.TensorSpec((), tf.string)])
    def decode(encoded: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        readers = [functools.partial(read, encoded) for _, _, read in _READ]
        kind = tf.constant(len(_READ))
        for number, (place, starts, _) in enumerate(_READ):
            kind = tf.where(_starts(encoded, place, starts), number, kind)
        pixels, reason, exif, xmp = tf.switch_case(kind, [*readers, lambda: refused(_why_unknown(encoded))])

        nothing = tf.zeros((0, 0, channels), tf.uint8)

        def shown() -> tuple[tf.Tensor, tf.Tensor]:
            rgb = tf.cond(tf.shape(pixels)[-1] == 4, lambda: on_white(pixels), lambda: pixels)
            orientation = stated(exif, xmp)
            odd = tf.constant(f"its EXIF is damaged, or of an unusual form{RESAVE}")
            upright = tf.ensure_shape(turned(rgb, orientation), (None, None, 3))
            answer = upright if channels == 3 else _luma(upright)
            return tf.cond(orientation == 0, lambda: (nothing, odd), lambda: (answer, tf.constant("")))

        answer, reason = tf.cond(reason == "", shown, lambda: (nothing, reason))
        return tf.ensure_shape(answer, (None, None, channels)), reason

    return decode


def _starts(encoded: tf.Tensor, place: int, known: list[bytes]) -> tf.Tensor:
    return tf.reduce_any(piece(encoded, place, len(known[0])) == tf.constant(known))


def _why_unknown(encoded: tf.Tensor) -> tf.Tensor:
    reason = tf.where(encoded == b"", "the file is empty", _UNKNOWN)
    for place, starts, name in _NOT_READ:
        reason = tf.where(_starts(encoded, place, starts), f"{name} files are not read{RESAVE}", reason)
    return reason


def _luma(rgb: tf.Tensor) -> tf.Tensor:
    weighted = tf.tensordot(tf.cast(rgb, tf.int32), tf.constant([[19595], [38470], [7471]]), axes=1)
    return tf.cast(tf.bitwise.right_shift(weighted + 0x8000, 16), tf.uint8)
