"""From what a method serves to the signatures of a SavedModel: by bytes, by tensor, by tf.Example."""

from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf

from keras_genssl.engine.serving import Serving
from keras_genssl.export import images

EXAMPLE_FEATURE = "image"
"""The feature of a `tf.train.Example` that holds the encoded image: the name TFDS gives it."""

_Answer = Callable[[tf.Tensor], dict[str, tf.Tensor]]

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
    """Encoded images `(batch,)` -> the signature's outputs."""
    result = by_tensor.structured_outputs[serving.output]
    to_bytes = serving.output == "image"
    key = "image_bytes" if to_bytes else serving.output
    spec = tf.TensorSpec((), tf.string) if to_bytes else tf.TensorSpec(result.shape[1:], result.dtype)

    def one(encoded: tf.Tensor) -> tf.Tensor:
        image = tf.ensure_shape(images.decode(encoded, serving.image_shape[-1] or 3), serving.image_shape)
        answer = by_tensor(images.to_float(image)[tf.newaxis])[serving.output]
        return (images.encode(answer) if to_bytes else answer)[0]

    def each(encoded: tf.Tensor) -> dict[str, tf.Tensor]:
        # One at a time: sizes differ, and memory stays that of the largest image.
        return {key: tf.map_fn(one, encoded, fn_output_signature=spec, parallel_iterations=1)}

    return each


def _by_bytes(answer: _Answer) -> Any:
    @tf.function(autograph=False, input_signature=[tf.TensorSpec((None,), tf.string, "image_bytes")])
    def by_bytes(encoded: tf.Tensor) -> dict[str, tf.Tensor]:
        return answer(encoded)

    return by_bytes.get_concrete_function()


def _by_examples(answer: _Answer) -> Any:
    @tf.function(autograph=False, input_signature=[tf.TensorSpec((None,), tf.string, "examples")])
    def by_examples(serialized: tf.Tensor) -> dict[str, tf.Tensor]:
        features = {EXAMPLE_FEATURE: tf.io.FixedLenFeature((), tf.string)}
        return answer(tf.io.parse_example(serialized, features)[EXAMPLE_FEATURE])

    return by_examples.get_concrete_function()
