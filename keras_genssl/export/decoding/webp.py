"""Decodes the first frame of WebP by TensorFlow, whose decoder opens no animation without alpha."""

import tensorflow as tf

from keras_genssl.export.decoding.fields import behind, either, length, little, piece, two_bytes
from keras_genssl.export.decoding.found import Found, against_size, damaged, decoded, found, reader, unless

_ANIMATED, _HAS_XMP, _HAS_EXIF, _HAS_ALPHA = 0x02, 0x04, 0x08, 0x10
_FIRST = 12  # behind "RIFF", a size and "WEBP"
_WITH_ALPHA = b"VP8X\x0a\0\0\0\x10\0\0\0"


@reader
def read_webp(encoded: tf.Tensor) -> Found:
    """Reads the first frame of a WebP file."""
    kind = piece(encoded, _FIRST, 4)
    is_extended, is_lossless = kind == b"VP8X", kind == b"VP8L"
    flags = either(is_extended, little(encoded, 20, 1), 0)
    frame, exif, xmp = _chunks(encoded)
    is_animated, has_alpha = _has(flags, _ANIMATED), _has(flags, _HAS_ALPHA) | ~is_extended

    # Lossless pixels start with a signature of one byte, lossy ones with six bytes.
    packed = little(encoded, either(is_lossless, 21, 26), 4)
    width = either(is_lossless, packed % 2**14 + 1, packed % 2**14)
    height = either(is_lossless, packed // 2**14 % 2**14 + 1, packed // 2**16 % 2**14)
    width = either(is_extended, little(encoded, 24, 3) + 1, width)
    height = either(is_extended, little(encoded, 27, 3) + 1, height)
    file = tf.where(is_animated, _alone(frame), encoded)
    left, top = (either(is_animated, 2 * little(frame, place, 3), 0) for place in (0, 3))

    def on_canvas(pixels: tf.Tensor) -> Found:
        rows, columns = tf.unstack(tf.shape(pixels, tf.int64)[:2])
        below, right = height - top - rows, width - left - columns

        def whole() -> Found:
            margins = [[top, below], [left, right], [0, 0]]
            # Without alpha, Pillow drops what is transparent, black around the frame included.
            around = tf.where(has_alpha, tf.constant(255, tf.uint8), 0)
            kept = tf.cond(has_alpha, lambda: pixels, lambda: pixels[..., :3])
            shown = tf.pad(kept, margins, constant_values=around)
            return found(shown, tf.where(_has(flags, _HAS_EXIF), exif, b""), tf.where(_has(flags, _HAS_XMP), xmp, b""))

        fits = (below >= 0) & (right >= 0) & (is_animated | ((below == 0) & (right == 0)))
        return unless(damaged("WebP"), whole, ~fits)

    def kernel(file: tf.Tensor) -> tf.Tensor:
        return tf.io.decode_webp(file)[0]  # 3 channels, or 4

    return unless(against_size(width, height), lambda: decoded("WebP", kernel, file, on_canvas))


def _has(flags: tf.Tensor, flag: int) -> tf.Tensor:
    return tf.bitwise.bitwise_and(flags, flag) != 0


def _alone(frame: tf.Tensor) -> tf.Tensor:
    """Returns one frame of an animation, given with its position and size, as a file."""
    data = behind(frame, 16)
    described = tf.strings.join([_WITH_ALPHA, piece(frame, 6, 6), data])  # the size
    data = tf.where(piece(data, 0, 4) == b"ALPH", described, data)
    size = length(data) + 4
    return tf.strings.join([b"RIFF", two_bytes(size), two_bytes(size // 2**16), b"WEBP", data])


def _chunks(encoded: tf.Tensor) -> tuple[tf.Tensor, ...]:
    """Returns the contents of the first frame, the first EXIF and the first XMP packet."""

    def step(at: tf.Tensor, *before: tf.Tensor) -> tuple[tf.Tensor, ...]:
        size = little(encoded, at + 4, 4)

        def kept(name: bytes, content: tf.Tensor) -> tf.Tensor:
            is_first = (piece(encoded, at, 4) == name) & (content == b"")
            return content + piece(encoded, at + 8, either(is_first, size, 0))

        names = (b"ANMF", b"EXIF", b"XMP ")
        return at + 8 + size + size % 2, *(kept(*it) for it in zip(names, before, strict=True))

    nothing = tf.constant(b"")
    start = (tf.constant(_FIRST, tf.int64), nothing, nothing, nothing)
    told: tuple[tf.Tensor, ...] = tf.while_loop(lambda at, *_: at < length(encoded), step, start, parallel_iterations=1)
    return told[1:]
