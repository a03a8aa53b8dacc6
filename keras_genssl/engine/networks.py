"""Checks of a method's networks, and of the sizes of their images."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_genssl.engine import batches
from keras_genssl.kinds.rules import require

# Products of strides, the usual ones first; a size is a prime times one, so that it is a multiple of no other, and
# large enough for all borders.
_MULTIPLES = (*(2**k for k in range(10)), *(odd * 2**k for odd in (3, 5, 7, 9) for k in range(5)))
_PRIMES = (257, 263)


def require_built(**networks: keras.Model) -> None:
    """Requires built networks with known input and output shapes.

    Args:
        networks: The networks, by argument name.

    Raises:
        ValueError: If one is not a model, is not built, or is a subclass of `keras.Model` with its own `call`.
    """
    for argument, network in networks.items():
        if not isinstance(network, keras.Model):
            raise ValueError(f"`{argument}` must be a keras.Model. Received: {argument}={network!r}")
        if not network.built:
            raise ValueError(
                f"`{argument}` must be built (give it an input shape). Received: {network.name!r}, which has no "
                "weights yet"
            )
        if not (hasattr(network, "input_shape") and hasattr(network, "output_shape")):
            raise ValueError(
                f"`{argument}` must be a functional or sequential model, which tells what it takes and gives "
                f"(`keras.Model(inputs, outputs)`). Received: {network.name!r}, a {type(network).__name__}"
            )


def require_inputs(argument: str, network: keras.Model, *shapes: tuple[int, ...]) -> None:
    """Raises ValueError unless a network is built, has known shapes, and has inputs of these shapes, without batch."""
    require_built(**{argument: network})
    received = [tuple(tensor.shape[1:]) for tensor in keras.tree.flatten(network.inputs)]
    if received != list(shapes):
        expected, found = (", ".join(str(shape) for shape in each) for each in (shapes, received))
        raise ValueError(
            f"`{argument}` must take inputs of shape {expected} beside the batch. "
            f"Received: {network.name!r} with inputs of shape {found}"
        )


def fitting(network: keras.Model, images: Any) -> Any:
    """Checks that images have a network's size and channels; returns them as float in [-1, 1] (`batches.scaled`).

    Raises:
        ValueError: If their shape is known to be wrong, or as in `batches.scaled`.
        RuleError: When run, if their size is wrong and was not known before.
    """
    wanted = tuple(network.input_shape[1:])
    named = ", ".join("any" if size is None else str(size) for size in wanted)
    rule = f"Images must have shape (batch, {named}) for the network `{network.name}`"
    images = images if hasattr(images, "shape") else np.asarray(images)
    if isinstance(images, tf.Tensor) and images.shape.rank is None:
        images = tf.ensure_shape(images, [None] * (len(wanted) + 1))
    given = tuple(images.shape)
    pairs = list(zip(given[1:], wanted, strict=False))
    if len(given) != len(wanted) + 1 or any(None not in pair and pair[0] != pair[1] for pair in pairs):
        raise ValueError(f"{rule}. Received: {given}")
    unknown = [axis for axis, (size, fixed) in enumerate(pairs, start=1) if size is None and fixed is not None]
    if unknown and not isinstance(images, keras.KerasTensor):
        sizes = tf.gather(tf.shape(images), unknown)
        fixed = tf.constant([wanted[axis - 1] for axis in unknown])
        with tf.control_dependencies([require(tf.reduce_all(sizes == fixed), f"{rule}. Received:", tf.shape(images))]):
            images = tf.ensure_shape(tf.identity(images), (None, *wanted))
    return batches.scaled(images)


def size_multiple(network: keras.Model) -> int:
    """The number m such that a network keeps the size of images whose sides are multiples of m; 1 if it keeps any.

    A network that halves images and then doubles them changes some sizes, or fails on them. The network is traced on a
    few sizes, not run. A network of fixed size is not traced; unknown output sizes count as correct.

    Args:
        network: A built network of images `(batch, h, w, c)` to images.

    Raises:
        ValueError: If there is no such number among the usual ones.
    """
    sizes = network.input_shape[1:3]
    if None not in sizes:
        return 1
    for multiple in _MULTIPLES:
        height, width = (size or prime * multiple for size, prime in zip(sizes, _PRIMES, strict=True))
        spec = tf.TensorSpec((1, height, width, network.input_shape[-1]), keras.config.floatx())
        try:  # Keras' shape inference does not notice skip connections of different sizes
            traced = tf.function(lambda images: network(images, training=False), autograph=False)
            made = traced.get_concrete_function(spec).structured_outputs.shape
        except ValueError:
            continue
        if all(after in (None, before) for after, before in zip(made[1:3], (height, width), strict=True)):
            return multiple
    raise ValueError(
        f"The network {network.name!r} must give images of the size that it takes, at least of multiples of a usual "
        f"number. Received: a network that does so for none of {_MULTIPLES}"
    )


def require_multiple(field: str, images: Any, multiple: int, remedy: str = "") -> Any:
    """Returns the images if their height and width are multiples of a number.

    Args:
        field: The name of the input, for the message.
        images: `(batch, h, w, c)`, sizes known or not.
        multiple: At least 1.
        remedy: A remedy, for the message.

    Raises:
        ValueError: If their size is known to be wrong.
        RuleError: When run, if their size is wrong and was not known before.
    """
    rule = f"The height and width of `{field}` must be multiples of {multiple}{remedy}. Received: a batch of shape"
    sides = tuple(images.shape)[1:3]
    if any(side is not None and side % multiple for side in sides):
        raise ValueError(f"{rule} {tuple(images.shape)}")
    if multiple == 1 or None not in sides or isinstance(images, keras.KerasTensor):
        return images
    rest = tf.shape(images)[1:3] % multiple
    with tf.control_dependencies([require(tf.reduce_all(rest == 0), rule, tf.shape(images))]):
        return tf.identity(images)


def require_match(name: str, shape: tuple[int | None, ...], other: str, expected: tuple[int | None, ...]) -> None:
    """Requires that the output shape of one network fits the input shape of another.

    Args:
        name: The argument name of the first network.
        shape: Its output shape; None for any size.
        other: The argument name of the second network.
        expected: Its input shape.

    Raises:
        ValueError: If the two shapes do not fit.
    """
    fits = len(shape) == len(expected) and all(
        given == taken or None in (given, taken) for given, taken in zip(shape, expected, strict=True)
    )
    if not fits:
        raise ValueError(f"`{name}` must give what `{other}` takes, {tuple(expected)}. Received: {tuple(shape)}")
