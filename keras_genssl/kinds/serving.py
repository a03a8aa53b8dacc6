"""What a trained method offers to the outside world: one entry per exported function."""

import dataclasses
from collections.abc import Callable
from typing import Any

INPUT_KINDS = ("image", "vector", "label", "latent")
OUTPUT_KINDS = ("image", "vector", "label", "latent")


@dataclasses.dataclass(frozen=True)
class Serving:
    """One function that an exported model answers.

    A method returns a dict of these from `Method.serving()`; the first entry is the default
    signature. `keras_genssl.export` turns the kinds into byte and tensor signatures, so that no
    method has to know how images travel.

    Args:
        function: Maps float32 batches to a batch, one argument for each input. Images are
            `(batch, height, width, channels)` in [-1, 1], vectors and latents `(batch, dim)`, labels
            `(batch,)` integers.
        input: What goes in: `"image"`, `"vector"`, `"label"`, `"latent"`, or several of the last three, such
            as `("latent", "label")`.
        output: What comes out, one of the same kinds.
        image_shape: `(height, width, channels)` of the images that go in, None where any will do; 3 channels
            or 1.

    Raises:
        ValueError: If a kind is unknown, an image goes in beside something else, or the images have
            neither 1 nor 3 channels.
    """

    function: Callable[..., Any]
    input: str | tuple[str, ...] = "image"
    output: str = "image"
    image_shape: tuple[int | None, ...] = (None, None, 3)

    @property
    def inputs(self) -> tuple[str, ...]:
        """The kinds of all inputs, in the order of the function's arguments."""
        return (self.input,) if isinstance(self.input, str) else self.input

    def __post_init__(self) -> None:
        for argument, values, known in (
            ("input", self.inputs, INPUT_KINDS),
            ("output", (self.output,), OUTPUT_KINDS),
        ):
            for value in values:
                if value not in known:
                    raise ValueError(f"`{argument}` must be one of {known}. Received: {argument}={value!r}")
        alone = "image" not in self.inputs or len(self.inputs) == 1
        if not self.inputs or len(set(self.inputs)) < len(self.inputs) or not alone:
            raise ValueError(f"`input` must name each kind once, an image alone. Received: input={self.input!r}")
        if len(self.image_shape) != 3 or self.image_shape[-1] not in (1, 3):
            raise ValueError(
                "`image_shape` must be (height, width, channels), with 1 or 3 channels. "
                f"Received: image_shape={self.image_shape}"
            )
