"""From what a method serves to the signatures of a SavedModel: by bytes, by tensor, by tf.Example."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf

from keras_genssl.export import decoding, images
from keras_genssl.kinds.serving import Serving

EXAMPLE_FEATURE = "image"
"""The feature of a `tf.train.Example` that holds the encoded image: the name TFDS gives it."""

ERROR = "error"
"""The output of every signature that takes encoded images: why each was refused, empty where it was served."""

_Read = Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]
_Answer = Callable[[tf.Tensor, _Read], dict[str, tf.Tensor]]

_INPUTS = {
    "vector": tf.TensorSpec((None, None), tf.float32, "vector"),
    "latent": tf.TensorSpec((None, None), tf.float32, "latent"),
    "label": tf.TensorSpec((None,), tf.int64, "label"),
}


def build(servings: Mapping[str, Serving]) -> dict[str, Any]:
    """Traces every signature.

    The first entry answers as `serving_default`, `serving_tensor` and `serving_examples`, whatever
    its name; an entry `name` further down as `name`, `name_tensor` and `name_examples`. Only entries
    that take images have an `_examples` signature.

    Args:
        servings: Name -> `Serving`, the default first.

    Returns:
        Signature name -> `ConcreteFunction`.

    Raises:
        ValueError: If there is no entry, or two signatures would have the same name.
    """
    if not servings:
        raise ValueError("A model must serve at least one function. Received: no entry")
    signatures: dict[str, Any] = {}
    for position, (name, serving) in enumerate(servings.items()):
        names = (name, name) if position else ("serving_default", "serving")
        for signature, function in _of_entry(*names, serving).items():
            if signature in signatures:
                raise ValueError(
                    f"Two entries would both be the signature {signature!r}; rename one. Received: {list(servings)}"
                )
            signatures[signature] = function
    return signatures


def _of_entry(name: str, stem: str, serving: Serving) -> dict[str, Any]:
    by_tensor = _by_tensor(serving)
    if serving.inputs != ("image",):
        return {name: _by_value(by_tensor, serving), f"{stem}_tensor": by_tensor}
    answer = _image_by_image(by_tensor, serving)
    return {name: _by_bytes(answer), f"{stem}_tensor": by_tensor, f"{stem}_examples": _by_examples(answer)}


def _specs(serving: Serving) -> list[tf.TensorSpec]:
    if serving.inputs == ("image",):
        return [tf.TensorSpec((None, *serving.image_shape), tf.float32, "image")]
    return [_INPUTS[kind] for kind in serving.inputs]


def _by_tensor(serving: Serving) -> Any:
    @tf.function(autograph=False, input_signature=_specs(serving))
    def by_tensor(*batches: tf.Tensor) -> dict[str, tf.Tensor]:
        result = tf.convert_to_tensor(serving.function(*batches))
        return {serving.output: tf.cast(result, tf.float32) if result.dtype.is_floating else result}

    return by_tensor.get_concrete_function()


def _by_value(by_tensor: Any, serving: Serving) -> Any:
    """The default of an entry that takes no images: images leave as bytes, all else as it is."""
    if serving.output != "image":
        return by_tensor

    @tf.function(autograph=False, input_signature=_specs(serving))
    def by_value(*batches: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"image_bytes": images.encode(by_tensor(*batches)["image"])}

    return by_value.get_concrete_function()


def _image_by_image(by_tensor: Any, serving: Serving) -> _Answer:
    """A batch `(batch,)`, and what an image's bytes in one of its elements are, to the signature's outputs."""
    result = by_tensor.structured_outputs[serving.output]
    to_bytes = serving.output == "image"
    key = "image_bytes" if to_bytes else serving.output
    spec = tf.TensorSpec((), tf.string) if to_bytes else tf.TensorSpec(result.shape[1:], result.dtype)
    decode = decoding.decoder(serving.image_shape[-1] or 3)

    def served(image: tf.Tensor) -> tf.Tensor:
        image = tf.identity(image)
        image.set_shape(
            serving.image_shape
        )  # checked before: TensorFlow may run an `ensure_shape` of a branch not taken
        answer = by_tensor(images.to_float(image)[tf.newaxis])[serving.output]
        return (images.encode(answer) if to_bytes else answer)[0]

    def one(encoded: tf.Tensor, reason: tf.Tensor) -> dict[str, tf.Tensor]:
        image, against_file = decode(encoded)
        reason = tf.where(reason == "", against_file, reason)
        reason = tf.where(reason == "", _against_size(image, serving.image_shape), reason)
        answer = tf.cond(reason == "", lambda: served(image), lambda: _no_answer(spec))
        return {key: tf.ensure_shape(answer, spec.shape), ERROR: reason}

    def each(batch: tf.Tensor, read: _Read) -> dict[str, tf.Tensor]:
        # One at a time: sizes differ, and memory stays that of the largest image.
        specs = {key: spec, ERROR: tf.TensorSpec((), tf.string)}
        return tf.map_fn(lambda it: one(*read(it)), batch, fn_output_signature=specs, parallel_iterations=1)

    return each


def _no_answer(spec: tf.TensorSpec) -> tf.Tensor:
    """What stands in the place of an answer: no bytes, not a number, or the label -1."""
    if not spec.shape.is_fully_defined():
        raise ValueError(f"`function` must answer images with vectors of one length. Received: shape {spec.shape}")
    value = b"" if spec.dtype == tf.string else math.nan if spec.dtype.is_floating else -1
    return tf.fill(spec.shape, tf.constant(value, spec.dtype))


def _against_size(image: tf.Tensor, wanted: tuple[int | None, ...]) -> tf.Tensor:
    """The reason against an image that is not of the model's size; empty if it is."""
    told = " x ".join("any" if side is None else str(side) for side in wanted[1::-1])
    sides = tf.unstack(tf.shape(image)[:2])
    fits = [side == size for side, size in zip(sides, wanted, strict=False) if size is not None]
    received = tf.strings.join([tf.strings.as_string(side) for side in sides[::-1]], " x ")
    reason = tf.strings.join([f"the model takes images of {told} pixels (width x height). Received: ", received])
    return tf.where(tf.reduce_all(tf.stack(fits)) if fits else True, "", reason)


def _by_bytes(answer: _Answer) -> Any:
    @tf.function(autograph=False, input_signature=[tf.TensorSpec((None,), tf.string, "image_bytes")])
    def by_bytes(encoded: tf.Tensor) -> dict[str, tf.Tensor]:
        return answer(encoded, lambda it: (it, tf.constant("")))

    return by_bytes.get_concrete_function()


def _by_examples(answer: _Answer) -> Any:
    features = {EXAMPLE_FEATURE: tf.io.FixedLenFeature((), tf.string)}

    def image(serialized: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return tf.io.parse_single_example(serialized, features)[EXAMPLE_FEATURE], tf.constant("")

    reason = f"not a serialized tf.train.Example with one string as its feature {EXAMPLE_FEATURE!r}"

    @tf.function(autograph=False, input_signature=[tf.TensorSpec((None,), tf.string, "examples")])
    def by_examples(serialized: tf.Tensor) -> dict[str, tf.Tensor]:
        otherwise = tf.constant(b""), tf.constant(reason)
        return answer(serialized, lambda it: decoding.attempt(image, it, otherwise))

    return by_examples.get_concrete_function()
