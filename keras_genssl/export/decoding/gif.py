"""Decodes the first frame of a GIF by TensorFlow, on Pillow's canvas, with transparency on white."""

import tensorflow as tf

from keras_genssl.export.decoding.fields import either, length, little, octets, piece, two_bytes, written
from keras_genssl.export.decoding.found import Found, against_size, decoded, found, reader, unless

_EXTENSION, _CONTROL, _IMAGE = ord("!"), 0xF9, ord(",")
_RAMP = bytes(value for level in range(256) for value in (level, level, level))


@reader
def read_gif(encoded: tf.Tensor) -> Found:
    """Reads the first frame of a GIF file, with white for transparent pixels."""
    own, start = _palette(encoded, tf.constant(13, tf.int64), little(encoded, 10, 1), tf.constant(_RAMP))
    at, transparent = _first_frame(encoded, start)
    left, top, width, height = (little(encoded, at + place, 2) for place in (1, 3, 5, 7))
    flags = little(encoded, at + 9, 1)
    palette, data = _palette(encoded, at + 10, flags, own)
    canvas_width = tf.maximum(little(encoded, 6, 2), left + width)
    canvas_height = tf.maximum(little(encoded, 8, 2), top + height)

    def read() -> Found:
        colours = tf.reshape(octets(palette), (-1, 3))
        is_hidden = tf.range(tf.shape(colours, tf.int64)[0])[:, tf.newaxis] == transparent
        colours = tf.where(is_hidden, tf.constant(255, tf.int64), colours)
        image = piece(encoded, data, _behind_blocks(encoded, data + 1) - data)

        def on_canvas(frame: tf.Tensor) -> Found:
            margins = [[top, canvas_height - top - height], [left, canvas_width - left - width], [0, 0]]
            inside = tf.pad(tf.ones_like(frame[..., :1], tf.bool), margins)
            around = tf.cast(tf.where(transparent >= 0, tf.constant(255, tf.int64), colours[0]), tf.uint8)
            return found(tf.where(inside, tf.pad(frame, margins), around))

        return decoded("GIF", _decode, (colours, width, height, flags, image), on_canvas)

    return unless(against_size(canvas_width, canvas_height), read)


@tf.function(
    autograph=False,
    input_signature=[tf.TensorSpec((), kind) for kind in (tf.string, tf.int64, tf.int64, tf.string)],
)
def _palette(
    encoded: tf.Tensor, start: tf.Tensor, flags: tf.Tensor, otherwise: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns the palette that starts here if the flags announce one, and its end."""
    has_palette = flags >= 128
    size = either(has_palette, 3 * tf.bitwise.left_shift(tf.constant(2, tf.int64), flags % 8), 0)
    palette = piece(piece(encoded, start, size) + _RAMP, 0, size)  # of a file that ends within it
    return tf.where(has_palette, palette, otherwise), start + size


def _first_frame(encoded: tf.Tensor, start: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns the start of the first image, and the index of the transparent colour, -1 if there is none."""

    def is_before_image(at: tf.Tensor, _: tf.Tensor) -> tf.Tensor:
        return (at < length(encoded)) & (little(encoded, at, 1) != _IMAGE)

    def step(at: tf.Tensor, transparent: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        is_extension = little(encoded, at, 1) == _EXTENSION
        names = is_extension & (little(encoded, at + 1, 1) == _CONTROL) & (little(encoded, at + 3, 1) % 2 == 1)
        after = tf.cond(is_extension, lambda: _behind_blocks(encoded, at + 2), lambda: at + 1)
        return after, either(names, little(encoded, at + 6, 1), transparent)

    first: tuple[tf.Tensor, tf.Tensor] = tf.while_loop(
        is_before_image, step, (start, tf.constant(-1, tf.int64)), parallel_iterations=1
    )
    return first


@tf.function(autograph=False, input_signature=[tf.TensorSpec((), tf.string), tf.TensorSpec((), tf.int64)])
def _behind_blocks(encoded: tf.Tensor, start: tf.Tensor) -> tf.Tensor:
    """Returns the end of the blocks that start here, each preceded by its length; the last one is empty."""
    (last,) = tf.while_loop(
        lambda at: little(encoded, at, 1) != 0,
        lambda at: (at + 1 + little(encoded, at, 1),),
        (start,),
        parallel_iterations=1,
    )
    return last + 1


def _decode(colours: tf.Tensor, width: tf.Tensor, height: tf.Tensor, flags: tf.Tensor, image: tf.Tensor) -> tf.Tensor:
    """Decodes one frame, opaque, with its own palette and a canvas of its size."""
    entries = tf.shape(colours, tf.int64)[0]
    bits = tf.reduce_sum(tf.cast(entries > tf.constant([2**power for power in range(1, 8)], tf.int64), tf.int64))
    size = two_bytes(width) + two_bytes(height)
    screen = written(tf.stack([128 + bits, 0, 0]))
    interlaced = written(tf.bitwise.bitwise_and(flags, 64)[tf.newaxis])
    palette = written(tf.reshape(colours, (-1,)))
    file = tf.strings.join([b"GIF89a", size, screen, palette, b",\0\0\0\0", size, interlaced, image, b";"])
    return tf.io.decode_gif(file)[0]
