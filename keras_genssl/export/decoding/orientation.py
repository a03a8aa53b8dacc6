"""The orientation of the camera, from EXIF, otherwise from XMP, as in Pillow's `exif_transpose`."""

import tensorflow as tf

from keras_genssl.export.decoding.fields import big, either, is_one_of, length, octets, piece, weighted

_TAG, _SHORT, _LONG = 0x0112, 3, 4
_ENTRY = 12
_UNITS = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 0]  # bytes of a value of each type
_IN_XMP = r'tiff:Orientation(?:="|>)([0-9])'
_BYTES = tf.TensorSpec((), tf.string)


@tf.function(
    autograph=False, input_signature=[tf.TensorSpec((None, None, None), tf.uint8), tf.TensorSpec((), tf.int64)]
)
def turned(pixels: tf.Tensor, orientation: tf.Tensor) -> tf.Tensor:
    """Turns an image upright from EXIF orientation 1 to 8: transposes, then mirrors it sideways and upside down."""
    pixels = tf.cond(orientation >= 5, lambda: tf.transpose(pixels, (1, 0, 2)), lambda: pixels)
    pixels = tf.cond(is_one_of(orientation, [2, 3, 6, 7]), lambda: pixels[:, ::-1], lambda: pixels)
    return tf.cond(is_one_of(orientation, [3, 4, 7, 8]), lambda: pixels[::-1], lambda: pixels)


@tf.function(autograph=False, input_signature=[_BYTES, _BYTES])
def stated(exif: tf.Tensor, xmp: tf.Tensor) -> tf.Tensor:
    """Returns the orientation, 1 to 8; 1 if none is stated; 0 if it cannot be read."""
    exif = tf.strings.regex_replace(exif, "^(Exif\\x00\\x00)+", "", replace_global=False)
    in_xmp = tf.strings.regex_full_match(xmp, rf"\C*{_IN_XMP}\C*")
    digit = tf.where(in_xmp, tf.strings.regex_replace(xmp, rf"^\C*?{_IN_XMP}\C*$", r"\1"), "1")
    otherwise = tf.strings.to_number(digit, tf.int64)
    known, value = _in_exif(exif, otherwise)
    known |= exif == b""
    return either(known, either((value >= 1) & (value <= 8), value, 1), 0)


def _in_exif(exif: tf.Tensor, otherwise: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Of the first directory of a TIFF file's structure; a tag that stands there twice counts the last time."""
    order = big(exif, 0, 4)
    is_little = is_one_of(order, [int.from_bytes(b"II*\0"), int.from_bytes(b"II\0*")])
    is_big = is_one_of(order, [int.from_bytes(b"MM\0*"), int.from_bytes(b"MM*\0")])
    four = tf.where(
        is_little, *(tf.constant([256**place for place in it], tf.int64) for it in ((0, 1, 2, 3), (3, 2, 1, 0)))
    )
    two = tf.where(is_little, *(tf.constant(it, tf.int64) for it in ([1, 256, 0, 0], [256, 1, 0, 0])))
    start = weighted(exif, 4, four)
    whole = tf.maximum((length(exif) - start - 2) // _ENTRY, 0)
    count = tf.minimum(weighted(exif, start, two), whole)
    table = tf.reshape(octets(piece(exif, start + 2, count * _ENTRY)), (-1, _ENTRY))

    def field(rows: tf.Tensor, first: int, weights: tf.Tensor) -> tf.Tensor:
        return tf.linalg.matvec(rows[:, first : first + 4], weights)

    matches = field(table, 0, two) == _TAG
    entry = tf.boolean_mask(table, matches)[-1:]
    # Pillow stops at the first entry whose values are not in the file.
    units = tf.gather(tf.constant(_UNITS, tf.int64), tf.minimum(field(table, 2, two), len(_UNITS) - 1))
    size = units * field(table, 4, four)
    is_cut = (size > 4) & (field(table, 8, four) + size > length(exif))
    is_before = tf.cumsum(tf.cast(matches, tf.int64), reverse=True) > 0
    kind, number, short, long = (field(entry, *it) for it in ((2, two), (4, four), (8, two), (8, four)))
    usual = (number == 1) & ((kind == _SHORT) | (kind == _LONG))
    value = tf.reduce_sum(tf.where(kind == _SHORT, short, long))  # of one entry, or of none
    known = (is_little | is_big) & tf.reduce_all(usual) & ~tf.reduce_any(is_cut & is_before)
    return known, either(tf.size(kind) == 0, otherwise, value)
