"""The content of a file: pixels and their orientation, or the reason why it is not served."""

from collections.abc import Callable
from typing import Any, NamedTuple

import tensorflow as tf

from keras_genssl.export.decoding.attempt import attempt
from keras_genssl.pretext import MAX_PIXELS

RESAVE = "; save it anew as PNG"


class Found(NamedTuple):
    """The content of one file.

    Attributes:
        pixels: uint8 `(height, width, 3 | 4)`, as stored; empty if there is a reason.
        reason: Why the file is refused; empty if it is served.
        exif: The bytes of its EXIF; empty without EXIF.
        xmp: The bytes of its XMP packet; empty without one.
    """

    pixels: tf.Tensor
    reason: tf.Tensor
    exif: tf.Tensor
    xmp: tf.Tensor


def found(pixels: tf.Tensor, exif: tf.Tensor | bytes = b"", xmp: tf.Tensor | bytes = b"") -> Found:
    """Returns pixels without a reason."""
    pixels = tf.ensure_shape(pixels, (None, None, None))
    return Found(pixels, tf.constant(""), tf.convert_to_tensor(exif), tf.convert_to_tensor(xmp))


def refused(reason: str | tf.Tensor) -> Found:
    """Returns a reason without pixels."""
    nothing = tf.ensure_shape(tf.zeros((0, 0, 3), tf.uint8), (None, None, None))
    return Found(nothing, tf.convert_to_tensor(reason), tf.constant(b""), tf.constant(b""))


def unless(reason: str | tf.Tensor, then: Callable[[], Found], refuse: tf.Tensor | None = None) -> Found:
    """Returns the result of `then`, unless there is a reason against the file."""
    refuse = tf.not_equal(reason, "") if refuse is None else refuse
    answer: Found = tf.cond(refuse, lambda: refused(reason), then)
    return answer


def damaged(name: str) -> str:
    """Returns the reason against a file that its decoder cannot read."""
    return f"the {name} file is damaged or cut off{RESAVE}"


def decoded(name: str, kernel: Callable[..., tf.Tensor], given: Any, then: Callable[[tf.Tensor], Found]) -> Found:
    """Returns the result of `then` for the pixels of one of TensorFlow's decoders, unless that fails."""
    pixels = attempt(kernel, given, tf.zeros((0, 0, 3), tf.uint8))
    pixels = tf.ensure_shape(pixels, (None, None, None))
    return unless(damaged(name), lambda: then(pixels), tf.size(pixels) == 0)


@tf.function(autograph=False, input_signature=[tf.TensorSpec((), tf.int64)] * 2)
def against_size(width: tf.Tensor, height: tf.Tensor) -> tf.Tensor:
    """Returns the reason against an image of this size, by its header, before decompression; empty if none."""
    size = tf.strings.join([tf.strings.as_string(width), " x ", tf.strings.as_string(height), " pixels"])
    large = tf.strings.join(["the image has ", size, f", more than the limit of {MAX_PIXELS}; make it smaller"])
    empty = tf.strings.join(["the image has ", size, ": its header is damaged", RESAVE])
    is_large = (width > MAX_PIXELS) | (height > MAX_PIXELS) | (width * height > MAX_PIXELS)  # 64 bits have an end
    return tf.where(is_large, large, tf.where((width < 1) | (height < 1), empty, ""))


def reader(function: Callable[[tf.Tensor], Found]) -> Callable[[tf.Tensor], Found]:
    """Makes a separate graph of a reader, which a process prepares when the first file of its kind comes."""
    prepared: Callable[[tf.Tensor], Found] = tf.function(
        function,
        autograph=False,
        input_signature=[tf.TensorSpec((), tf.string)],
        experimental_attributes={"_noinline": True},
    )
    return prepared
