"""Builds the signatures of a SavedModel from what a method serves: by bytes, by tensor, by tf.Example."""

import functools
import math
from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf

from keras_genssl.export import decoding, reading, tiles
from keras_genssl.kinds import Serving, records
from keras_genssl.kinds.base import Picture
from keras_genssl.kinds.seeds import GivenSeed
from keras_genssl.kinds.serving import ERROR, key

_Named = dict[str, tf.Tensor]
_Read = Callable[[Any], tuple[_Named, tf.Tensor]]
_Answer = Callable[[Any, _Read], _Named]

_Served = Callable[[dict[str, Any]], _Named]

_OF_NOTHING = [tf.TensorSpec((), tf.int32, "num"), tf.TensorSpec((), tf.int64, "seed")]


def build(servings: Mapping[str, Serving]) -> dict[str, Any]:
    """Traces every signature.

    The first entry becomes `serving_default`, `serving_tensor` and `serving_examples`, whatever its name. A later entry
    `name` becomes `name`, `name_tensor` and `name_examples`. Entries without inputs have no `_examples`; neither have
    entries whose inputs do not fit into records (`records.fit_records`). An entry that is computed in tiles also has
    `serving_tile` or `name_tile`.

    Args:
        servings: Name -> `Serving`, the default first.

    Returns:
        Signature name -> `ConcreteFunction`.

    Raises:
        ValueError: If there is no entry, two signatures would have the same name, or a function returns other
            outputs than its entry declares.
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
    tiled = tiles.of(serving)
    if serving.inputs:
        served = _served(by_tensor, serving) if tiled is None else tiles.served(tiled, serving)
        answer = functools.partial(_one_by_one, by_tensor, served, serving)
    if any(isinstance(kind.element, Picture) for kind in serving.inputs.values()):
        default = _by_bytes(answer(), serving)
    else:
        default = _by_value(by_tensor, serving)
    made = {name: default, f"{stem}_tensor": by_tensor}
    if tiled is not None:
        made[f"{stem}_tile"] = tiles.by_tile(tiled, serving)
    if serving.inputs and all(records.fit_records(kind) for kind in serving.inputs.values()):
        made[f"{stem}_examples"] = _by_examples(answer(), serving)
    return made


def _specs(serving: Serving) -> list[tf.TensorSpec]:
    return [
        tf.TensorSpec((None, *kind.example_shape), kind.element.dtype, name) for name, kind in serving.inputs.items()
    ] or _OF_NOTHING


def _by_tensor(serving: Serving) -> Any:
    @tf.function(autograph=False, input_signature=_specs(serving))
    def by_tensor(*given: tf.Tensor) -> _Named:
        if not serving.inputs:
            num, seed = given
            anew = tf.random.uniform((), maxval=tf.int64.max, dtype=tf.int64)
            return _outputs(serving, serving.function(num, GivenSeed(tf.where(seed < 0, anew, seed))))
        taken = [  # functions must not get classes that do not exist
            value if kind.count is None else kind.converted(name, value)
            for (name, kind), value in zip(serving.inputs.items(), given, strict=True)
        ]
        return _outputs(serving, serving.function(*taken))

    return by_tensor.get_concrete_function()


def _outputs(serving: Serving, made: Any) -> _Named:
    """Returns the outputs of a function by name, floats as float32."""
    if not isinstance(made, Mapping):
        made = dict(zip(serving.outputs, [made], strict=False))
    if set(made) != set(serving.outputs):
        raise ValueError(f"`function` must give the outputs {list(serving.outputs)}. Received: {list(made)}")
    answers = {}
    for name, kind in serving.outputs.items():
        answer = tf.convert_to_tensor(made[name])
        if not answer.shape.is_compatible_with((None, *kind.example_shape)):
            raise ValueError(
                f"`function` must give {name!r} of shape {(None, *kind.example_shape)}. Received: {tuple(answer.shape)}"
            )
        answers[name] = tf.cast(answer, tf.float32) if answer.dtype.is_floating else answer
    return answers


def _travelling(serving: Serving, answers: _Named) -> _Named:
    """Returns the answers with pictures as PNG files."""
    return {
        key(name, kind): kind.element.encoded(answers[name]) if isinstance(kind.element, Picture) else answers[name]
        for name, kind in serving.outputs.items()
    }


def _by_value(by_tensor: Any, serving: Serving) -> Any:
    """Returns the default signature of an entry without pictures among its inputs. Pictures leave as bytes."""
    if not any(isinstance(kind.element, Picture) for kind in serving.outputs.values()):
        return by_tensor

    @tf.function(autograph=False, input_signature=_specs(serving))
    def by_value(*given: tf.Tensor) -> _Named:
        return _travelling(serving, by_tensor(*given))

    return by_value.get_concrete_function()


def _served(by_tensor: Any, serving: Serving) -> _Served:
    """What was read of one example to its answers."""

    def served(read: dict[str, Any]) -> _Named:
        batches = [reading.values(kind, read[name])[tf.newaxis] for name, kind in serving.inputs.items()]
        return {name: batch[0] for name, batch in _travelling(serving, by_tensor(*batches)).items()}

    return served


def _one_by_one(by_tensor: Any, served: _Served, serving: Serving) -> _Answer:
    """A batch, and what of one of its elements the inputs are, to the signature's outputs."""
    specs = {key(name, kind): _spec(name, by_tensor, kind) for name, kind in serving.outputs.items()}
    readers = {name: reading.reader(name, kind) for name, kind in serving.inputs.items()}

    def nothing() -> _Named:
        return {name: _no_answer(name, spec) for name, spec in specs.items()}

    def one(carried: _Named, reason: tf.Tensor) -> _Named:
        read = {}
        for name, function in readers.items():
            read[name], against = function(carried[name])
            reason = tf.where(reason == "", against, reason)
        answers = tf.cond(reason == "", lambda: served(read), nothing)
        return {**{name: tf.ensure_shape(answers[name], spec.shape) for name, spec in specs.items()}, ERROR: reason}

    def each(batch: Any, read: _Read) -> _Named:
        # One at a time, since sizes differ. The memory is then that of the largest image.
        signature = {**specs, ERROR: tf.TensorSpec((), tf.string)}
        return tf.map_fn(lambda it: one(*read(it)), batch, fn_output_signature=signature, parallel_iterations=1)

    return each


def _spec(name: str, by_tensor: Any, kind: Any) -> tf.TensorSpec:
    """Returns the spec of one answer in the form in which it leaves."""
    result = by_tensor.structured_outputs[name]
    if isinstance(kind.element, Picture):
        return tf.TensorSpec(result.shape[1:-3], tf.string)
    return tf.TensorSpec(result.shape[1:], result.dtype)


def _no_answer(name: str, spec: tf.TensorSpec) -> tf.Tensor:
    """Returns the placeholder for a missing answer: empty bytes, NaN, or the label -1."""
    if not spec.shape.is_fully_defined():
        raise ValueError(
            f"`function` must give {name!r} of one shape where it answers example by example. "
            f"Received: shape {spec.shape}"
        )
    value = b"" if spec.dtype == tf.string else math.nan if spec.dtype.is_floating else -1
    return tf.fill(spec.shape, tf.constant(value, spec.dtype))


def _by_bytes(answer: _Answer, serving: Serving) -> Any:
    names = list(serving.inputs)
    specs = [
        tf.TensorSpec((None, *kind.carried.shape), kind.carried.dtype, key(name, kind))
        for name, kind in serving.inputs.items()
    ]

    @tf.function(autograph=False, input_signature=specs)
    def by_bytes(*carried: tf.Tensor) -> _Named:
        return answer(dict(zip(names, carried, strict=True)), lambda it: (it, tf.constant("")))

    return by_bytes.get_concrete_function()


def _by_examples(answer: _Answer, serving: Serving) -> Any:
    wanted = " and ".join(records.told(name, kind) for name, kind in serving.inputs.items())
    reason = f"not a serialized tf.train.Example with {wanted}"

    def parsed(record: tf.Tensor) -> tuple[_Named, tf.Tensor]:
        return records.parsed(serving.inputs, record), tf.constant("")

    @tf.function(autograph=False, input_signature=[tf.TensorSpec((None,), tf.string, "examples")])
    def by_examples(serialized: tf.Tensor) -> _Named:
        carried = {name: kind.carried for name, kind in serving.inputs.items()}
        nothing = {name: tf.zeros([size or 0 for size in spec.shape], spec.dtype) for name, spec in carried.items()}
        otherwise = nothing, tf.constant(reason)

        def read(record: tf.Tensor) -> tuple[_Named, tf.Tensor]:
            found, against = decoding.attempt(parsed, record, otherwise)
            for name, spec in carried.items():
                found[name].set_shape(spec.shape)
            return found, against

        return answer(serialized, read)

    return by_examples.get_concrete_function()
