"""Decodes BMP from its bytes as Pillow does; TensorFlow's own decoder supports neither palettes nor masks."""

import tensorflow as tf

from keras_genssl.export.decoding.fields import either, is_one_of, length, little, octets, piece
from keras_genssl.export.decoding.found import RESAVE, Found, against_size, damaged, found, reader, unless

_RAW, _BITFIELDS = 0, 3
_HEADERS = [12, 40, 52, 56, 64, 108, 124]
# The masks of red, green, blue and alpha that a number of bits may have, and the bytes that these are, 4 an opaque one.
# Two bytes are taken apart by their bits first: byte 5 is red, 6 green, 7 blue.
_NONE = [-1, -1, -1, -1]
_LAYOUTS = [
    ([16, *_NONE], [5, 6, 7, 4]),
    ([16, 0x7C00, 0x3E0, 0x1F, -1], [5, 6, 7, 4]),
    ([16, 0xF800, 0x7E0, 0x1F, -1], [5, 6, 7, 4]),
    ([24, *_NONE], [2, 1, 0, 4]),
    ([24, 0xFF0000, 0xFF00, 0xFF, -1], [2, 1, 0, 4]),
    ([32, *_NONE], [2, 1, 0, 4]),
    ([32, 0xFF0000, 0xFF00, 0xFF, 0], [2, 1, 0, 4]),
    ([32, 0xFF000000, 0xFF0000, 0xFF00, 0], [3, 2, 1, 4]),
    ([32, 0xFF000000, 0xFF00, 0xFF, 0], [3, 1, 0, 4]),
    ([32, 0xFF000000, 0xFF0000, 0xFF00, 0xFF], [3, 2, 1, 0]),
    ([32, 0xFF, 0xFF00, 0xFF0000, 0xFF000000], [0, 1, 2, 3]),
    ([32, 0xFF0000, 0xFF00, 0xFF, 0xFF000000], [2, 1, 0, 3]),
    ([32, 0xFF000000, 0xFF00, 0xFF, 0xFF0000], [3, 1, 0, 2]),
    ([32, 0, 0, 0, 0], [2, 1, 0, 3]),
]


@reader
def read_bmp(encoded: tf.Tensor) -> Found:
    """Reads an uncompressed BMP file, with a palette or 16, 24 or 32 bits."""
    header = little(encoded, 14, 4)
    is_old = header == 12
    width, height, bits = (
        tf.where(is_old, little(encoded, old, 2), little(encoded, new, size))
        for old, new, size in ((18, 18, 4), (20, 22, 4), (24, 28, 2))
    )
    compression, colours = (either(is_old, 0, little(encoded, place, 4)) for place in (30, 46))
    is_downwards = ~is_old & (height >= 0xFF000000)
    height = either(is_downwards, 2**32 - height, height)
    is_paletted = is_one_of(bits, [1, 4, 8])
    colours = either(
        is_paletted, either(colours == 0, tf.bitwise.left_shift(tf.ones_like(bits), bits % 64), colours), 0
    )
    padding = either(is_old, 3, 4)
    palette = 14 + header
    start = little(encoded, 10, 4)
    start += either(start == palette, padding * colours, 0)
    masks = either((compression == _BITFIELDS) & (header == 40), 12, 0)
    start = either(start == 0, palette + padding * colours + masks, start)
    stride = (width * bits + 31) // 32 * 4

    def read() -> Found:
        raw = tf.io.decode_raw(piece(encoded, start, stride * height), tf.uint8)
        rows = tf.reshape(raw, tf.stack([height, stride]))
        rows = tf.cond(is_downwards, lambda: rows, lambda: rows[::-1])
        return tf.cond(
            is_paletted,
            lambda: _paletted(rows, width, bits, octets(piece(encoded, palette, padding * colours)), padding, colours),
            lambda: _masked(rows, width, bits, _masks(encoded, header, compression)),
        )

    is_known = is_one_of(header, _HEADERS) & (is_paletted | is_one_of(bits, [16, 24, 32]))
    is_compressed = (compression != _RAW) & ((compression != _BITFIELDS) | is_paletted)
    is_whole = (start + stride * height <= length(encoded)) & (palette + padding * colours <= length(encoded))
    reason = tf.where(is_whole & (colours <= 256), "", damaged("BMP"))
    reason = tf.where(is_compressed, f"compressed BMP files are not read{RESAVE}", reason)
    reason = tf.where(is_known, reason, f"BMP files of its kind are not read{RESAVE}")
    size = against_size(width, height)
    return unless(tf.where(size == "", reason, size), read)


def _paletted(
    rows: tf.Tensor, width: tf.Tensor, bits: tf.Tensor, palette: tf.Tensor, padding: tf.Tensor, colours: tf.Tensor
) -> Found:
    places = tf.range(8 // bits)[::-1] * bits  # of the pixels in a byte, the first one highest
    shifted = tf.bitwise.right_shift(rows[..., tf.newaxis], tf.cast(places, tf.uint8))
    samples = tf.bitwise.bitwise_and(shifted, tf.cast(tf.bitwise.left_shift(tf.ones_like(bits), bits) - 1, tf.uint8))
    indices = tf.cast(tf.reshape(samples, (tf.shape(rows)[0], -1))[:, :width], tf.int32)
    table = tf.reshape(palette, tf.stack([colours, padding]))[:, 2::-1]
    # Where a palette is the levels themselves, Pillow takes the bytes for grey levels, whatever their bits.
    levels = tf.range(colours) * either(colours == 2, 255, 1)
    is_grey = tf.reduce_all(table == levels[:, tf.newaxis])
    odd = is_grey & (bits != either(colours == 2, 1, 8))
    return unless(
        f"its palette does not fit its pixels{RESAVE}",
        lambda: found(tf.gather(tf.cast(table, tf.uint8), indices)),
        odd | (tf.reduce_max(indices) >= tf.cast(colours, tf.int32)),
    )


def _masks(encoded: tf.Tensor, header: tf.Tensor, compression: tf.Tensor) -> tf.Tensor:
    """Returns the masks of red, green, blue and alpha, -1 if not stated."""
    stated = [*(little(encoded, place, 4) for place in (54, 58, 62)), either(header >= 56, little(encoded, 66, 4), 0)]
    return tf.where(compression == _BITFIELDS, tf.stack(stated), tf.constant(_NONE, tf.int64))


def _masked(rows: tf.Tensor, width: tf.Tensor, bits: tf.Tensor, masks: tf.Tensor) -> Found:
    size = bits // 8
    pixels = tf.reshape(rows[:, : width * size], tf.stack([tf.shape(rows, tf.int64)[0], width, size]))
    masks = tf.where(bits == 32, masks, tf.concat([masks[:3], [-1]], axis=0))  # others know no alpha
    is_this = tf.reduce_all(tf.constant([it for it, _ in _LAYOUTS], tf.int64) == tf.concat([[bits], masks], 0), axis=1)
    places = tf.constant([it for _, it in _LAYOUTS])[tf.argmax(is_this)]

    def taken_apart() -> tf.Tensor:
        value = tf.cast(pixels[..., 0], tf.int32) + 256 * tf.cast(pixels[..., 1], tf.int32)
        greens = tf.where(masks[1] == 0x7E0, 64, 32)
        levels = [
            value // 32 // greens % 32 * 255 // 31,
            value // 32 % greens * 255 // (greens - 1),
            value % 32 * 255 // 31,
        ]
        return tf.pad(tf.cast(tf.stack(levels, axis=-1), tf.uint8), [[0, 0], [0, 0], [5, 0]])

    wide = tf.pad(pixels, [[0, 0], [0, 0], [0, 5 - size]], constant_values=tf.constant(255, tf.uint8))
    wide = tf.cond(bits == 16, taken_apart, lambda: wide)
    used = tf.cond(places[3] == 4, lambda: places[:3], lambda: places)
    return unless(
        f"BMP files of its layout of bits are not read{RESAVE}",
        lambda: found(tf.gather(wide, used, axis=-1)),
        ~tf.reduce_any(is_this),
    )
