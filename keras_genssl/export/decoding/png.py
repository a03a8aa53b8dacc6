"""Decodes PNG by TensorFlow, with Pillow's interpretation of transparency and metadata."""

import tensorflow as tf

from keras_genssl.export.decoding.attempt import attempt
from keras_genssl.export.decoding.fields import behind, big, either, length, octets, piece, written
from keras_genssl.export.decoding.found import RESAVE, Found, against_size, damaged, decoded, found, reader, unless

_GREY, _RGB, _PALETTE = 0, 2, 3
_PROFILE, _XMP = b"Raw profile type exif\0", b"XML:com.adobe.xmp\0"
_MOST_CHUNKS = 2**15
_MOST_TEXT = 2**16  # compressed bytes, of which may come a thousand times as many
_FIRST = 8  # behind the signature


@reader
def read_png(encoded: tf.Tensor) -> Found:
    """Reads a PNG file, of any colour type and depth, interlaced or not."""
    depth, colour = big(encoded, 24, 1), big(encoded, 25, 1)
    chunks, key, exif, profile, xmp = _chunks(encoded)
    is_keyed = (key != b"") & ((colour == _GREY) | (colour == _RGB))
    wanted = either(colour == _GREY, 2, 6)
    samples = octets(piece(key, 0, either(length(key) >= wanted, wanted, 0)))  # the transparent sample
    samples = 256 * samples[::2] + samples[1::2]
    # For greys of 2 and 4 bits Pillow compares the sample with pixels scaled to 0 ... 255; for one bit it scales it.
    eight_bit = tf.where((depth == 1) & (samples != 0), tf.constant(255, tf.int64), samples % 256)

    def deep_grey(file: tf.Tensor, samples: tf.Tensor) -> tf.Tensor:
        levels = tf.cast(tf.io.decode_png(file, channels=1, dtype=tf.uint16), tf.int64)
        grey = either(tf.reduce_any(levels == samples, axis=-1, keepdims=True), 255, (levels + 128) // 257)
        return tf.image.grayscale_to_rgb(tf.cast(grey, tf.uint8))

    def eight_bits(file: tf.Tensor, with_alpha: tf.Tensor) -> tf.Tensor:
        return tf.cond(with_alpha, lambda: tf.io.decode_png(file, 4), lambda: tf.io.decode_png(file, 3))

    def told(pixels: tf.Tensor) -> Found:
        told_exif, told_xmp = tf.cond(
            (profile == b"") & (xmp == b""),
            lambda: (exif, tf.constant(b"")),
            lambda: attempt(_texts, (exif, profile, xmp), (tf.constant(b"?"), tf.constant(b""))),
        )
        return found(pixels, told_exif, told_xmp)

    def keyed(pixels: tf.Tensor) -> Found:
        return told(tf.cond(is_keyed, lambda: _on_white(pixels, eight_bit), lambda: pixels))

    def read() -> Found:
        with_alpha = (colour > _PALETTE) | ((colour == _PALETTE) & (key != b""))
        return tf.cond(
            (colour == _GREY) & (depth == 16),
            lambda: decoded("PNG", deep_grey, (encoded, samples), told),
            lambda: decoded("PNG", eight_bits, (encoded, with_alpha), keyed),
        )

    heavy = (length(profile) > _MOST_TEXT) | (length(xmp) > _MOST_TEXT) | (chunks >= _MOST_CHUNKS)
    reason = tf.where(heavy, f"its metadata are too large{RESAVE} without them", "")
    reason = tf.where(is_keyed & (length(key) < wanted), damaged("PNG"), reason)
    reason = tf.where(reason == "", against_size(big(encoded, 16, 4), big(encoded, 20, 4)), reason)
    return unless(reason, read)


def _on_white(pixels: tf.Tensor, key: tf.Tensor) -> tf.Tensor:
    hidden = tf.reduce_all(tf.cast(pixels, tf.int64) == key, axis=-1, keepdims=True)
    return tf.where(hidden, tf.constant(255, tf.uint8), pixels)


def _chunks(encoded: tf.Tensor) -> tuple[tf.Tensor, ...]:
    """Returns the metadata.

    Returns:
        The number of chunks, the content of the last `tRNS` and `eXIf`, and the last text chunks, type included, with
        the EXIF that ImageMagick writes and with an XMP packet.
    """

    def is_inside(at: tf.Tensor, *_: tf.Tensor) -> tf.Tensor:
        return (at < length(encoded)) & (piece(encoded, at + 4, 4) != b"IEND")

    def step(
        at: tf.Tensor, count: tf.Tensor, key: tf.Tensor, exif: tf.Tensor, profile: tf.Tensor, xmp: tf.Tensor
    ) -> tuple[tf.Tensor, ...]:
        size, kind = big(encoded, at, 4), piece(encoded, at + 4, 4)
        content = piece(encoded, at + 4, either(kind == b"IDAT", 0, size + 4))
        is_text = tf.strings.regex_full_match(kind, "tEXt|zTXt|iTXt")

        def named(name: bytes) -> tf.Tensor:
            return is_text & (piece(content, 4, len(name)) == name)

        return (
            at + size + 12,
            count + 1,
            tf.where(kind == b"tRNS", behind(content, 4), key),
            tf.where(kind == b"eXIf", behind(content, 4), exif),
            tf.where(named(_PROFILE), content, profile),
            tf.where(named(_XMP), content, xmp),
        )

    nothing = tf.constant(b"")
    start = (tf.constant(_FIRST, tf.int64), tf.constant(0), nothing, nothing, nothing, nothing)
    told: tuple[tf.Tensor, ...] = tf.while_loop(
        is_inside, step, start, parallel_iterations=1, maximum_iterations=_MOST_CHUNKS
    )
    return told[1:]


def _texts(exif: tf.Tensor, profile: tf.Tensor, xmp: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns the bytes of EXIF and of XMP in text chunks."""
    of_profile = (exif == b"") & (profile != b"")
    exif = tf.cond(of_profile, lambda: _unhexed(_text(profile)), lambda: exif)
    return exif, tf.cond(xmp == b"", lambda: xmp, lambda: _text(xmp))


@tf.function(autograph=False, input_signature=[tf.TensorSpec((), tf.string)])
def _text(chunk: tf.Tensor) -> tf.Tensor:
    """Returns the text of a text chunk, which starts with its type."""
    kind = piece(chunk, 0, 4)
    ends = tf.where(octets(chunk) == 0)[:, 0]
    keyword = ends[0] + 1  # ends here
    # Of an international text, two bytes say whether it is compressed and how, two strings the language and a keyword.
    is_international = kind == b"iTXt"
    described = tf.concat([tf.boolean_mask(ends, ends >= keyword + 2), [-1, -1]], axis=0)[1] + 1
    start = either(is_international, described, keyword + either(kind == b"zTXt", 1, 0))
    is_compressed = (kind == b"zTXt") | (is_international & (big(chunk, keyword, 1) != 0))
    text = behind(chunk, start)
    return tf.cond(is_compressed, lambda: tf.io.decode_compressed(text, "ZLIB"), lambda: text)


def _unhexed(text: tf.Tensor) -> tf.Tensor:
    """Returns the bytes that ImageMagick writes as hexadecimal digits after three lines."""
    digits = tf.strings.regex_replace(text, r"^(\C*?\n){3}", "", replace_global=False)
    values = octets(tf.strings.lower(tf.strings.regex_replace(digits, r"\s", "")))
    values = tf.where(values >= ord("a"), values - ord("a") + 10, values - ord("0"))
    pairs = tf.reshape(values, (-1, 2))
    return written(pairs[:, 0] * 16 + pairs[:, 1])
