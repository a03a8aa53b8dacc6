"""Reads the inputs of a signature, example by example, and says why an example is refused."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from keras_genssl.export import decoding
from keras_genssl.kinds import Image, Kind, LabelMap
from keras_genssl.kinds.base import Picture, Shape, told_range

Read = Callable[[tf.Tensor], tuple[Any, tf.Tensor]]


def reader(name: str, kind: Kind) -> Read:
    """Returns a function from one example in the form `Kind.carried` to its values and the reason against it, or ""."""
    if not isinstance(kind.element, Picture):
        return lambda numbers: (numbers, _against_numbers(name, kind, numbers))
    if kind.element is kind:
        return lambda file: _file(name, kind, file)
    return lambda files: _files(name, kind, files)


def values(kind: Kind, read: Any) -> tf.Tensor:
    """Returns the function's argument from the values of a `reader`, if there was no reason against them."""
    if not isinstance(kind.element, Picture):
        return read
    if isinstance(read, list):
        read = tf.stack(read)
    pixels = tf.identity(read)
    pixels.set_shape(kind.example_shape)  # checked before; TensorFlow may run an `ensure_shape` of a branch not taken
    return tf.cast(kind.element.values(pixels), kind.element.dtype)


def _file(name: str, kind: Kind, file: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    shape = kind.example_shape
    decode = decoding.ids if isinstance(kind, LabelMap) else decoding.decoder(_channels(kind))
    pixels, reason = decode(file)
    reason = tf.where(reason == "", _against_size(pixels, shape, kind), reason)
    if isinstance(kind, LabelMap):
        reason = tf.where(reason == "", _against_numbers(name, kind, pixels), reason)
    return pixels, reason


def _files(name: str, kind: Kind, files: tf.Tensor) -> tuple[list[tf.Tensor], tf.Tensor]:
    """Reads the files of a stack, all of one size."""
    reason = tf.constant("")
    read: list[tf.Tensor] = []
    for file in tf.unstack(files, kind.carried.shape[0]):
        pixels, against = _file(name, kind.element, file)
        if read:
            first = tf.shape(read[0])
            unequal = f"all files of {name!r} must have one size"
            against = tf.where((against == "") & tf.reduce_any(tf.shape(pixels) != first), unequal, against)
        reason = tf.where(reason == "", against, reason)
        read.append(pixels)
    return read, reason


def _channels(kind: Kind) -> int:
    return int(kind.shape[-1] or 1) if isinstance(kind, Image) else 1


def _against_size(image: tf.Tensor, wanted: Shape, kind: Kind) -> tf.Tensor:
    """Returns the reason against an image of the wrong size; empty if the size is right."""
    told = " x ".join("any" if side is None else str(side) for side in wanted[1::-1])
    sides = tf.unstack(tf.shape(image)[:2])
    fits = [side == size for side, size in zip(sides, wanted, strict=False) if size is not None]
    received = tf.strings.join([tf.strings.as_string(side) for side in sides[::-1]], " x ")
    what = "images" if isinstance(kind, Image) else "maps"
    reason = tf.strings.join([f"the model takes {what} of {told} pixels (width x height). Received: ", received])
    return tf.where(tf.reduce_all(tf.stack(fits)) if fits else True, "", reason)


def _against_numbers(name: str, kind: Kind, numbers: tf.Tensor) -> tf.Tensor:
    """Returns the reason against classes that do not exist; empty if all exist."""
    if kind.count is None:
        return tf.constant("")
    inside = tf.reduce_all((numbers >= kind.least) & (numbers < kind.count))
    extremes = [tf.strings.as_string(edge(numbers)) for edge in (tf.reduce_min, tf.reduce_max)]
    rule = f"{name!r} must {told_range(kind.count, kind.least)}. Received: numbers from "
    return tf.where(inside, "", tf.strings.join([rule, tf.strings.join(extremes, " to ")]))
