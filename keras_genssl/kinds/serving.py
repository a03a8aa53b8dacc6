"""The functions of an exported model."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from keras_genssl.kinds.base import Anything, Kind, Picture
from keras_genssl.kinds.images import Image
from keras_genssl.kinds.stack import Stack

ERROR = "error"
"""The name of the output that says why an input was refused."""


@dataclasses.dataclass(frozen=True)
class Serving:
    """One function of an exported model, with the kinds of its inputs and outputs.

    A method returns a dict of these from `Method.serving()`; the first entry is the default signature.
    `keras_genssl.export` makes byte, tensor and `tf.train.Example` signatures from the kinds, so that a method does not
    have to handle encoded images.

    Args:
        function: Maps batches, one argument for each input in order, to a batch; or, with several outputs, to a dict of
            batches by name. Batches are as the kinds convert them: images `(batch, height, width, channels)` in
            [-1, 1], labels `(batch,)` integers, and so on. Without inputs it is called as `function(num, seed)`: the
            number of examples, an int32 scalar, and a `kinds.seeds.GivenSeed`, a seed for Keras' random functions.
        inputs: Name -> kind; may be empty. Input images must have 1 or 3 channels.
        outputs: Name -> kind.

    Raises:
        ValueError: If a name or a kind cannot be exported.

    Example:

        Serving(self.encode, {"image": Image((28, 28, 1))}, {"vector": Vector(128)})
        Serving(self.generate, {"latent": Vector(64), "label": Label(10)}, {"image": Image((28, 28, 1))})
        Serving(self.draw, {}, {"image": Image((28, 28, 1))})
    """

    function: Callable[..., Any]
    inputs: Mapping[str, Kind]
    outputs: Mapping[str, Kind]

    def __post_init__(self) -> None:
        for argument, kinds in (("inputs", self.inputs), ("outputs", self.outputs)):
            if not isinstance(kinds, Mapping) or any(
                not isinstance(kind, Kind) or isinstance(kind.element, Anything) for kind in kinds.values()
            ):
                raise ValueError(
                    f"`{argument}` must map names to kinds, such as engine.Image((28, 28, 1)); Anything cannot "
                    f"travel. Received: {argument}={kinds!r}"
                )
        if not self.outputs or ERROR in self.outputs:
            raise ValueError(
                f"`outputs` must name at least one output, and none {ERROR!r}, which tells why an input was refused. "
                f"Received: outputs={self.outputs!r}"
            )
        for name, kind in self.inputs.items():
            image = kind.element
            if isinstance(image, Image) and image.shape[-1] not in (1, 3):
                raise ValueError(
                    "Images that go in must have 1 or 3 channels: (height, width, channels). "
                    f"Received: {name!r} of shape {image.shape}"
                )
            if isinstance(kind, Stack) and isinstance(image, Picture) and kind.num is None:
                raise ValueError(f"A stack of files that goes in must say its `num`. Received: {name!r}, {kind!r}")


def key(name: str, kind: Kind) -> str:
    """The name of an input or output in byte signatures, where pictures are files: `image_bytes`, but `label`."""
    return f"{name}_bytes" if isinstance(kind.element, Picture) else name
