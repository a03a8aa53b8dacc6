"""Numbers and pieces of a file's bytes.

All functions are total: bytes beyond the end of the file are empty, or zero. Each is a `tf.function`, so a graph that
reads fifty numbers holds one copy.
"""

import tensorflow as tf

_BYTES = [bytes([value]) for value in range(256)]
_STRING, _NUMBER = tf.TensorSpec((), tf.string), tf.TensorSpec((), tf.int64)
_WIDEST = 4


@tf.function(autograph=False, input_signature=[_STRING])
def length(encoded: tf.Tensor) -> tf.Tensor:
    """Returns the number of bytes, int64."""
    return tf.cast(tf.strings.length(encoded), tf.int64)


@tf.function(autograph=False, input_signature=[_STRING, _NUMBER, _NUMBER])
def piece(encoded: tf.Tensor, start: tf.Tensor, size: tf.Tensor) -> tf.Tensor:
    """Returns `size` bytes from `start`, or fewer at the end of the file."""
    start = tf.clip_by_value(start, 0, length(encoded))
    return tf.strings.substr(encoded, start, tf.maximum(size, tf.constant(0, tf.int64)))


def behind(encoded: tf.Tensor, start: tf.Tensor | int) -> tf.Tensor:
    """Returns all bytes from `start`."""
    return piece(encoded, start, 2**62)


@tf.function(autograph=False, input_signature=[_STRING])
def octets(encoded: tf.Tensor) -> tf.Tensor:
    """Returns all bytes as int64."""
    return tf.cast(tf.io.decode_raw(encoded, tf.uint8), tf.int64)


@tf.function(autograph=False, input_signature=[_STRING, _NUMBER, tf.TensorSpec((_WIDEST,), tf.int64)])
def weighted(encoded: tf.Tensor, start: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
    """Returns the sum of four bytes from `start`, each multiplied by its weight, int64."""
    four = piece(encoded, start, _WIDEST) + b"\0" * _WIDEST
    return tf.reduce_sum(octets(tf.strings.substr(four, 0, _WIDEST)) * weights)


def little(encoded: tf.Tensor, start: tf.Tensor | int, size: int) -> tf.Tensor:
    """An unsigned number of `size` bytes, at most 4, the least significant one first, int64."""
    return weighted(encoded, start, [256**place if place < size else 0 for place in range(_WIDEST)])


def big(encoded: tf.Tensor, start: tf.Tensor | int, size: int) -> tf.Tensor:
    """An unsigned number of `size` bytes, at most 4, the most significant one first, int64."""
    return weighted(encoded, start, [256 ** (size - 1 - place) if place < size else 0 for place in range(_WIDEST)])


@tf.function(autograph=False, input_signature=[tf.TensorSpec((None,), tf.int64)])
def written(values: tf.Tensor) -> tf.Tensor:
    """Returns integers in [0, 255] as a string of bytes."""
    return tf.strings.reduce_join(tf.gather(tf.constant(_BYTES), values))


@tf.function(autograph=False, input_signature=[_NUMBER])
def two_bytes(value: tf.Tensor) -> tf.Tensor:
    """Returns a number as two bytes, the least significant one first."""
    return written(tf.stack([value % 256, value // 256 % 256]))


def is_one_of(value: tf.Tensor, known: list[int]) -> tf.Tensor:
    """Tells whether an int64 is among the known ones."""
    return tf.reduce_any(value == tf.constant(known, tf.int64))


def either(condition: tf.Tensor, number: tf.Tensor | int, otherwise: tf.Tensor | int) -> tf.Tensor:
    """Returns one of two numbers, int64."""
    number, otherwise = (tf.convert_to_tensor(it, tf.int64) for it in (number, otherwise))
    return tf.where(condition, number, otherwise)
