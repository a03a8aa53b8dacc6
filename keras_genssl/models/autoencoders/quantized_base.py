"""The base class of autoencoders whose codes are integers."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import keras
from keras import ops

from keras_genssl.checks.numbers import finite
from keras_genssl.engine import Anything, Codebook, Image, Kind, Label, Method, Serving, Tokens
from keras_genssl.engine.code_usage import CodeUsage
from keras_genssl.engine.networks import fitting
from keras_genssl.engine.shapes import same_shape, some
from keras_genssl.layers import Quantizer, VectorQuantizer


class Level(NamedTuple):
    """One map of codes of each image.

    Attributes:
        vectors: The encoder's vectors, float `(batch, h, w, dim)`.
        codes: The codes that replace them, of the same shape; gradients pass straight through to `vectors`.
        indices: The indices of the codes, int32 `(batch, h, w)`.
    """

    vectors: Any
    codes: Any
    indices: Any


class QuantizedAutoencoder(Method):
    """Base class of autoencoders that quantize one or several maps of vectors, the levels, from coarse to fine.

    The loss of an example is `mean |x - decoded|^2 / variance` plus the penalties of the quantizers. The codes of a
    `layers.VectorQuantizer` are learnt by an `engine.Codebook`. Logs `squared_error`, the perplexity of the codes, the
    share of codes that are used, and `restarts`, how often codes have been placed anew. Batches hold `image` (a tensor,
    a dict, or the first of a tuple), uint8 or float in [-1, 1]; labels are ignored.

    A subclass defines `levels` and `decoded`.

    Args:
        encoder: The network that takes the images.
        quantizers: Argument's name -> `layers.Quantizer` of a level, from coarse to fine.
        code_shapes: `(height, width)` of each map of codes.
        variance: The variance of the pixels in [-1, 1], positive.
        name: The model's name.

    Raises:
        ValueError: If a quantizer is given twice, or the variance is not positive.
    """

    def __init__(
        self,
        encoder: keras.Model,
        quantizers: dict[str, Quantizer],
        code_shapes: Sequence[tuple[int, int]],
        variance: float,
        *,
        name: str | None = None,
    ) -> None:
        if len({id(quantizer) for quantizer in quantizers.values()}) < len(quantizers):
            named = " and ".join(f"`{argument}`" for argument in quantizers)
            raise ValueError(f"{named} must be different layers. Received: one layer for both")
        super().__init__(name=name)
        self.image_shape = tuple(encoder.input_shape[1:])
        self.code_shapes = tuple((height, width) for height, width in code_shapes)
        self.variance = finite("variance", variance, 0, above=True)
        self.quantizers = list(quantizers.values())
        self.learnt = [number for number, it in enumerate(self.quantizers) if isinstance(it, VectorQuantizer)]
        self.codebooks = [  # fixed names: the paths of their weights are the same when they are loaded
            Codebook(self.quantizers[number], name=f"codebook_{self.level_names[number]}") for number in self.learnt
        ]
        self.seed = keras.random.SeedGenerator()
        self.error_tracker = keras.metrics.Mean("squared_error")
        self.usages = [
            CodeUsage(quantizer.num_codes, f"_{level}" if len(quantizers) > 1 else "", name=f"usage_{level}")
            for level, quantizer in zip(self.level_names, self.quantizers, strict=True)
        ]

    # What a subclass defines --------------------------------------------------------------------

    level_names: tuple[str, ...] = ("codes",)
    """The names of the levels, from coarse to fine."""

    def levels(self, images: Any, training: bool = False) -> tuple[Level, ...]:
        """The levels of images in [-1, 1], each made by `quantized`."""
        raise NotImplementedError

    def decoded(self, codes: Sequence[Any], training: bool = False) -> Any:
        """The image of the codes of all levels, each `(batch, h, w, dim)`, before clipping."""
        raise NotImplementedError

    def quantized(self, number: int, vectors: Any, training: bool) -> Level:
        """Quantizes the vectors of one level, by its number."""
        vectors = ops.cast(vectors, keras.config.floatx())
        if training and number in self.learnt:
            vectors = self.codebooks[self.learnt.index(number)].require_enough(vectors)
        return Level(vectors, *self.quantizers[number](vectors))

    # Training -----------------------------------------------------------------------------------

    def inputs(self) -> dict[str, Kind]:
        """The image that the encoder takes; labels are ignored."""
        return {"image": Image(self.image_shape), "label": Anything(required=False)}

    def split_inputs(self, batch: dict[str, Any]) -> tuple[Any, Any]:
        """The images, as input and as target."""
        return batch["image"], batch["image"]

    def matched(self, y: Any, y_pred: Any) -> Any:
        """Returns the images if they have the shape of their reconstructions."""
        return same_shape("`image`", y, "what `decoder` makes of it", y_pred["image"])

    def call(self, images: Any, training: bool = False) -> dict[str, Any]:
        """Returns `image`, the reconstructions before clipping, and the `levels`."""
        levels = self.levels(images, training)
        image = self.decoded([level.codes for level in levels], training)
        return {"image": ops.cast(image, keras.config.floatx()), "levels": levels}

    def example_losses(self, x: Any, y: Any, y_pred: Any) -> Any:
        """`mean |x - decoded|^2 / variance` plus the penalties of each example, `(batch,)`."""
        penalties = [
            quantizer.penalties(level.vectors, level.indices)
            for quantizer, level in zip(self.quantizers, y_pred["levels"], strict=True)
        ]
        return _squared_errors(y, y_pred["image"]) / self.variance + sum(penalties)

    def remember(self, x: Any, y: Any, y_pred: Any) -> None:
        """Adds the batch to what the codebooks are learnt from."""
        for number, codebook in zip(self.learnt, self.codebooks, strict=True):
            level = y_pred["levels"][number]
            codebook.observe(level.vectors, level.indices, self.seed)

    def after_update(self) -> None:
        """Moves the codes."""
        for codebook in self.codebooks:
            codebook.update()

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict[str, Any]:
        """Updates the metrics; those of `compile` compare images with reconstructions clipped to [-1, 1]."""
        self.error_tracker.update_state(_squared_errors(y, y_pred["image"]))
        for usage, level in zip(self.usages, y_pred["levels"], strict=True):
            usage.update_state(level.indices)
        return super().compute_metrics(x, y, ops.clip(y_pred["image"], -1.0, 1.0), sample_weight)

    def get_metrics_result(self) -> dict[str, Any]:
        """The values of all metrics, and the number of restarts since the beginning."""
        values = super().get_metrics_result()
        if not self.codebooks:
            return values
        return {**values, "restarts": sum(ops.convert_to_tensor(codebook.restarts) for codebook in self.codebooks)}

    def predict_step(self, data: Any) -> Any:
        """The reconstructions that `predict` returns."""
        return self.reconstruct(self.batch(data, training=False)["image"])

    # Codes and images ---------------------------------------------------------------------------

    def code_maps(self, images: Any) -> tuple[Any, ...]:
        """The indices of all levels: `(batch, h, w, c)`, uint8 or float in [-1, 1], to int32 `(batch, h, w)` each.

        Raises:
            ValueError: If there is no image, or images have another shape or dtype.
        """
        return tuple(level.indices for level in self.levels(some("images", fitting(self.encoder, images))))

    def from_code_maps(self, maps: Sequence[Any]) -> Any:
        """The images of the indices of all levels, integers `(batch, h, w)` each, in [-1, 1].

        Raises:
            ValueError: If there is no map of a level, or maps are no integers or have other sizes than the levels.
            RuleError: When run, if an index is not that of a code.
        """
        codes = []
        for level, shape, quantizer, indices in zip(
            self.level_names, self.code_shapes, self.quantizers, maps, strict=True
        ):
            indices = ops.convert_to_tensor(indices)
            if tuple(indices.shape[1:]) != shape:
                raise ValueError(
                    f"`{level}` must have shape (batch, {shape[0]}, {shape[1]}). Received: {tuple(indices.shape)}"
                )
            indices = Label(quantizer.num_codes).converted(level, some(level, indices))
            codes.append(quantizer.codes(indices))
        return ops.clip(ops.cast(self.decoded(codes), keras.config.floatx()), -1.0, 1.0)

    def reconstruct(self, images: Any) -> Any:
        """Encodes and decodes images, `(batch, h, w, c)`; gives images in [-1, 1]."""
        return self.from_code_maps(self.code_maps(images))

    def serving(self) -> dict[str, Serving]:
        """Image to image, image to codes, codes to image; codes are integers `(batch, height * width)`, row by row."""
        image: dict[str, Kind] = {"image": Image(self.image_shape)}
        codes: dict[str, Kind] = {
            level: Tokens(quantizer.num_codes, height * width)
            for level, quantizer, (height, width) in zip(
                self.level_names, self.quantizers, self.code_shapes, strict=True
            )
        }

        def encode(images: Any) -> dict[str, Any]:
            maps = zip(codes, self.code_maps(images), self.code_shapes, strict=True)
            return {level: ops.reshape(indices, (-1, height * width)) for level, indices, (height, width) in maps}

        def decode(*tokens: Any) -> Any:
            maps = zip(tokens, self.code_shapes, strict=True)
            return self.from_code_maps([ops.reshape(indices, (-1, *shape)) for indices, shape in maps])

        return {
            "reconstruct": Serving(self.reconstruct, image, image),
            "encode": Serving(encode, image, codes),
            "decode": Serving(decode, codes, image),
        }


def _squared_errors(images: Any, decoded: Any) -> Any:
    """The mean squared error of each example, `(batch,)`."""
    return ops.mean(ops.square(images - decoded), axis=tuple(range(1, len(decoded.shape))))


def require_quantizer_takes(name: str, quantizer: Quantizer, argument: str, network: keras.Model) -> tuple[int, int]:
    """Returns the size of the map of vectors that a network makes, if a quantizer takes its vectors.

    Args:
        name: The argument's name of the quantizer.
        quantizer: The quantizer.
        argument: The argument's name of the network.
        network: A built network.

    Raises:
        ValueError: If the quantizer is none, or the network does not make maps of fixed size of vectors that it takes.
    """
    if not isinstance(quantizer, Quantizer):
        raise ValueError(f"`{name}` must be a layers.Quantizer. Received: {name}={quantizer!r}")
    shape = tuple(network.output_shape[1:])
    if len(shape) != 3 or None in shape or shape[2] != quantizer.dim:
        raise ValueError(
            f"`{argument}` must make a map (batch, height, width, {quantizer.dim}) of fixed size for `{name}`. "
            f"Received: a network with output shape {tuple(network.output_shape)}"
        )
    return shape[0], shape[1]
