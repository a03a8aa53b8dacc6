"""A signature of a SavedModel from images to vectors, loaded once by each process."""

import dataclasses
import functools
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from keras_genssl.checks import arrays
from pipelines.components import served
from pipelines.errors import UserError

_loading = threading.Lock()


@dataclasses.dataclass(frozen=True)
class Refused:
    """What a model returns in place of an image's vector if it refuses the image.

    Attributes:
        kind: the kind of refusal, one word.
        reason: the reason that the model gives; empty if it fails without one.
    """

    kind: str
    reason: str = ""


class VectorFunction:
    """Maps images to vectors, by a signature that takes image bytes or float images.

    A signature for bytes gets the image as it is stored. One for floats gets `(batch, height, width, 3)` in [-1, 1], or
    the luma of ITU-R BT.601 if it takes one channel, as `keras_genssl.export` makes it from the same bytes.

    Args:
        model: the directory of a SavedModel.
        signature: the name of a signature with one input, image bytes `(batch,)` or float32
            `(batch, height, width, channels)`, and one output, a float `(batch, dim)`.

    Raises:
        UserError: there is no such SavedModel or signature, or the signature does not map images to vectors.
    """

    def __init__(self, model: Path, signature: str = "serving_default") -> None:
        self._loaded = served.load(model)  # it owns what the signature uses
        function = self._loaded.signatures.get(signature)
        if function is None:
            known = ", ".join(sorted(self._loaded.signatures)) or "none"
            raise UserError(f"{model}: there is no signature {signature!r}. Its signatures: {known}")
        inputs = function.structured_input_signature[1]
        (self._input, spec), *others = inputs.items()
        self._by_bytes = spec.dtype == "string" and spec.shape.rank == 1
        self._shape = None if self._by_bytes else spec.shape
        by_floats = spec.dtype == "float32" and spec.shape.rank == 4 and spec.shape[-1] in (None, 1, 3)
        if others or not (self._by_bytes or by_floats):
            raise UserError(
                f"{model}: {signature!r} takes no images. It must have one input, the bytes of images or float32 "
                f"(batch, height, width, 1 or 3). Received: {_told(inputs)}"
            )
        outputs = function.structured_outputs
        vectors = [name for name, it in outputs.items() if it.dtype.is_floating and it.shape.rank == 2]
        if len(vectors) != 1:
            raise UserError(
                f"{model}: {signature!r} gives no vectors. It must have one output of floats (batch, dim). "
                f"Received: {_told(outputs)}"
            )
        self._output = vectors[0]
        self._function = function

    def input(self, encoded: bytes, image: np.ndarray) -> Any:
        """Returns the signature's input for an image, or None if it takes images of another size.

        Args:
            encoded: the image as a PNG file.
            image: the decoded image, uint8 `(height, width, 3)`.
        """
        if self._shape is None:
            return encoded
        if self._shape[-1] == 1:
            image = np.asarray(Image.fromarray(image).convert("L"))[..., np.newaxis]
        if not self._shape[1:].is_compatible_with(image.shape):
            return None
        return arrays.signed(image)

    def __call__(self, inputs: Sequence[Any]) -> list[np.ndarray | Refused]:
        """Returns the vector of each image, float32 `(dim,)`, or its refusal if the model refuses it.

        If a batch fails, its images are run one by one.

        Args:
            inputs: results of `input`, all of one size if they are floats.
        """
        answer = self._ask(inputs)
        if not isinstance(answer, Refused):
            return answer
        if len(inputs) == 1:
            return [answer]
        return [result for one in inputs for result in self([one])]

    def _ask(self, inputs: Sequence[Any]) -> list[np.ndarray | Refused] | Refused:
        import tensorflow as tf

        refusals: tuple[type[Exception], ...] = (tf.errors.InvalidArgumentError, tf.errors.UnimplementedError)
        if len(inputs) > 1:  # a single image that exceeds the memory is not the image's fault
            refusals += (tf.errors.ResourceExhaustedError,)
        batch = tf.constant(inputs) if self._by_bytes else tf.constant(np.stack(inputs))
        try:
            answer = self._function(**{self._input: batch})
            rows = answer[self._output].numpy().astype("<f4")
        except refusals as error:
            return Refused(type(error).__name__)
        if len(rows) != len(inputs):
            return Refused("OtherNumberOfVectors")
        reasons = served.refusals(answer, len(inputs))
        return [Refused("Refused", reason) if reason else row for row, reason in zip(rows, reasons, strict=True)]


def loaded(model: str, signature: str) -> VectorFunction:
    """Returns the function; the first call in this process reads it from disk."""
    with _loading:  # Beam may call from several threads
        return _loaded(model, signature)


@functools.lru_cache(maxsize=1)
def _loaded(model: str, signature: str) -> VectorFunction:
    return VectorFunction(Path(model), signature)


def _told(specs: Any) -> str:
    return ", ".join(f"{name}: {it.dtype.name} {it.shape}" for name, it in specs.items()) or "nothing"
