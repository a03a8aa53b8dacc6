"""The gated PixelCNN: a network that predicts each pixel, or each code of a map, from those before it."""

from typing import Any

import keras
from keras import layers, ops

from keras_genssl.backbones.sizes import check_widths
from keras_genssl.checks.tensors import require_channels_last, require_inside
from keras_genssl.layers.gated_pixels import GatedPixelBlock
from keras_genssl.layers.masked import HorizontalMaskedConv2D
from keras_genssl.layers.preprocessing import ImageLayer


@keras.saving.register_keras_serializable(package="keras_genssl")
class LevelEncoding(ImageLayer):
    """Encodes integer levels as numbers: on the scale [-1, 1], or as learnt vectors.

    Numbers are rounded to the layer's dtype last, with an error of at most half a spacing of floats near 1. Levels stay
    distinct while they lie further apart than that spacing: up to 512 levels in bfloat16, 4,096 in float16. Give more
    levels an `embedding_dim`.

    Args:
        num_levels: the number of levels.
        embedding_dim: the length of the vector of each level; None: one number, `2 level / (num_levels - 1) - 1`.
        **kwargs: those of `keras.layers.Layer`.

    Call:
        levels: integers `(batch, h, w, c)`.
        Returns `(batch, h, w, c)`, or `(batch, h, w, embedding_dim * c)`, the channels of the input in turn.

    Example:
        >>> LevelEncoding(3)(ops.reshape([0, 1, 2], (1, 1, 3, 1)))[0, 0, :, 0].numpy().tolist()
        [-1.0, 0.0, 1.0]
    """

    def __init__(self, num_levels: int, embedding_dim: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.num_levels = num_levels
        self.embedding_dim = embedding_dim

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        if self.embedding_dim:
            shape = (self.num_levels, self.embedding_dim)
            self.vectors = self.add_weight(shape, "random_normal", name="vectors")

    def call(self, levels: Any) -> Any:
        """Encodes each level by itself."""
        if self.embedding_dim is None:
            numbers = ops.cast(levels, keras.config.floatx()) * (2.0 / (self.num_levels - 1)) - 1.0
            return ops.cast(numbers, self.compute_dtype)
        vectors = ops.take(ops.cast(self.vectors, self.compute_dtype), levels, axis=0)
        return ops.reshape(ops.swapaxes(vectors, -1, -2), self.compute_output_shape((-1, *vectors.shape[1:4])))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The shape of the input, with `embedding_dim` numbers for each channel."""
        channels = input_shape[-1]
        assert channels is not None
        return (*input_shape[:-1], channels * (self.embedding_dim or 1))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "num_levels": self.num_levels, "embedding_dim": self.embedding_dim}


@keras.saving.register_keras_serializable(package="keras_genssl")
class PixelNetwork(keras.Model):
    """The network that `pixelcnn` builds; a functional model with the two steps by which it samples row by row.

    `call` gives the outputs of all pixels of known images at once, which training needs. A sampler knows only the
    pixels before the one that it draws: `row` and `pixel` compute that pixel's outputs from what was kept of earlier
    pixels, at the cost of one pixel.

    Args: those of `pixelcnn`, and `dtype`, the policy of all layers; None: Keras' global policy. A saved network keeps
    its policy.

    Raises:
        ValueError: if an argument is out of its range; when called, if levels are floats, or, outside of graphs, lie
            outside [0, num_levels).
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        num_levels: int,
        num_outputs: int,
        *,
        filters: int = 32,
        blocks: int = 7,
        kernel_size: int = 3,
        first_kernel_size: int = 7,
        head_filters: int | None = None,
        embedding_dim: int | None = None,
        vector_dim: int | None = None,
        map_channels: int | None = None,
        name: str = "pixelcnn",
        dtype: Any = None,
    ) -> None:
        require_channels_last()
        _check(shape, num_levels, num_outputs, filters, head_filters, first_kernel_size)
        widths = {"embedding_dim": embedding_dim, "vector_dim": vector_dim, "map_channels": map_channels}
        check_widths(blocks=blocks, head_filters=head_filters, **widths)
        height, width, channels = shape
        head_filters = head_filters or filters
        config = {"filters": filters, "blocks": blocks, "kernel_size": kernel_size, "head_filters": head_filters}
        policy = keras.dtype_policies.get(dtype)
        encode = LevelEncoding(num_levels, embedding_dim, name="encode", dtype=policy)
        stack = [
            GatedPixelBlock(
                filters,
                kernel_size if index else first_kernel_size,
                first=not index,
                groups=channels,
                name=f"block{index + 1}",
                dtype=policy,
            )
            for index in range(blocks)
        ]
        head = [
            HorizontalMaskedConv2D(head_filters, 1, groups=channels, name="head1", dtype=policy),
            HorizontalMaskedConv2D(channels * num_outputs, 1, groups=channels, name="head2", dtype=policy),
        ]
        levels = keras.Input(tuple(shape), dtype="int32", name="levels")
        vector = keras.Input((vector_dim,), name="vector") if vector_dim else None
        map_ = keras.Input((height, width, map_channels), name="map") if map_channels else None
        vertical = horizontal = encode(levels)
        for block in stack:
            vertical, horizontal = block([vertical, horizontal], vector=vector, map=map_)
        x = layers.Activation("relu", name="relu1", dtype=policy)(horizontal)
        x = layers.Activation("relu", name="relu2", dtype=policy)(head[0](x))
        x = layers.Reshape((height, width, num_outputs, channels), name="outputs_by_channel", dtype=policy)(head[1](x))
        outputs = layers.Permute((1, 2, 4, 3), dtype=keras.config.floatx(), name="outputs")(x)
        inputs = [each for each in (levels, vector, map_) if each is not None]
        super().__init__(inputs, outputs, name=name)
        self.dtype_policy = policy
        self.num_levels = num_levels
        self.num_outputs = num_outputs
        self.vector_dim = vector_dim
        self.map_channels = map_channels
        self.encode, self.stack, self.head = encode, stack, head
        self.level_shape = height, width, channels
        self.own_config = {
            "shape": [height, width, channels],
            "num_levels": num_levels,
            "num_outputs": num_outputs,
            **config,
            "first_kernel_size": first_kernel_size,
            **widths,
            "name": name,
            "dtype": keras.dtype_policies.serialize(policy),
        }

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None, **kwargs: Any) -> Any:
        """The outputs of all pixels; Keras would round levels that are floats, so they are refused."""
        levels = keras.tree.flatten(inputs)[0]
        if hasattr(levels, "dtype"):
            dtype = keras.backend.standardize_dtype(levels.dtype)
            if "float" in dtype:
                raise ValueError(f"`levels` must be integers in [0, {self.num_levels}). Received: {dtype}")
            require_inside(levels, self.num_levels, "levels")
        return super().call(inputs, training=training, mask=mask, **kwargs)

    # Sampling, a row and a pixel at a time ------------------------------------------------------

    def no_rows(self, batch: Any) -> list[Any]:
        """What is kept of the rows above the first one: zeros, for each block."""
        width = self.level_shape[1]
        return [
            ops.zeros((batch, block.rows_kept, width, channels), self.compute_dtype)
            for block, channels in zip(self.stack, self._channels(), strict=True)
        ]

    def no_pixels(self, batch: Any) -> list[Any]:
        """What is kept of the pixels left of the first one: zeros, for each block."""
        return [
            ops.zeros((batch, 1, block.columns_kept, channels), self.compute_dtype)
            for block, channels in zip(self.stack, self._channels(), strict=True)
        ]

    def row(self, kept: list[Any], vector: Any = None, map_row: Any = None) -> tuple[list[Any], list[Any]]:
        """The vertical stack of a row, which no pixel of the row changes.

        Args:
            kept: for each block, the earlier rows of its input; for the first, all rows above are in it.
            vector: the condition `(batch, vector_dim)`.
            map_row: the row of the condition, `(batch, 1, width, map_channels)`.

        Returns:
            What the row tells each block's horizontal stack, `(batch, 1, width, channels)`; and `kept` for the next
            row, where the first block still lacks this row itself (`with_row`).
        """
        links, later = [], []
        vertical = None
        for block, above in zip(self.stack, kept, strict=True):
            window = above if vertical is None else ops.concatenate([above, vertical], axis=1)
            later.append(window if vertical is None else window[:, 1:])
            vertical, link = block.down(window, vector, map_row)
            links.append(link)
        return links, later

    def with_row(self, kept: list[Any], levels: Any) -> list[Any]:
        """`kept` with a finished row of levels, integers `(batch, 1, width, channels)`."""
        above = ops.concatenate([kept[0], self.encode(levels)], axis=1)
        return [above[:, 1:], *kept[1:]]

    def pixel(self, kept: list[Any], links: list[Any], levels: Any) -> tuple[Any, list[Any]]:
        """The outputs of a pixel.

        Args:
            kept: for each block, the earlier pixels of its input.
            links: from `row`, this pixel's column: `(batch, 1, 1, channels)` each.
            levels: integers `(batch, 1, 1, channels)`, of which outputs of channel i see those before i.

        Returns:
            Outputs `(batch, 1, 1, channels, num_outputs)`, and `kept` for the next pixel, which is right for it except
            that the first block's part holds `levels` as they were given.
        """
        later = []
        horizontal = self.encode(levels)
        for block, left, link in zip(self.stack, kept, links, strict=True):
            window = ops.concatenate([left, horizontal], axis=2)
            later.append(window[:, :, 1:])
            horizontal = block.across(window, link)
        # Not `relu`: fused with a convolution on a CPU, it makes zeros of NaN, and the NaN must reach the outputs.
        hidden = ops.maximum(self.head[0].window(ops.maximum(horizontal, 0.0)), 0.0)
        outputs = ops.reshape(self.head[1].window(hidden), (-1, 1, 1, self.num_outputs, self.level_shape[2]))
        return ops.cast(ops.swapaxes(outputs, -1, -2), keras.config.floatx()), later

    def with_pixel(self, kept: list[Any], levels: Any) -> list[Any]:
        """`kept` with the last pixel's levels, integers `(batch, 1, 1, channels)`, in the place of those guessed."""
        left = ops.concatenate([kept[0][:, :, :-1], self.encode(levels)], axis=2)
        return [left, *kept[1:]]

    def _channels(self) -> list[int]:
        """The channels that each block takes."""
        encoded = self.level_shape[2] * (self.encode.embedding_dim or 1)
        return [encoded, *(block.filters for block in self.stack[:-1])]

    # Saving -------------------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        return {**self.own_config, "trainable": self.trainable}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> "PixelNetwork":
        network = cls(**{name: value for name, value in config.items() if name != "trainable"})
        network.trainable = config.get("trainable", True)
        return network


def pixelcnn(
    shape: tuple[int, int, int],
    num_levels: int,
    num_outputs: int,
    *,
    filters: int = 32,
    blocks: int = 7,
    kernel_size: int = 3,
    first_kernel_size: int = 7,
    head_filters: int | None = None,
    embedding_dim: int | None = None,
    vector_dim: int | None = None,
    map_channels: int | None = None,
    name: str = "pixelcnn",
) -> PixelNetwork:
    """Build a gated PixelCNN (van den Oord et al., 2016b): two stacks, no blind spot.

    It takes integer levels and gives, for each, the outputs of its distribution given all levels before it: those of
    the rows above, those to the left, and the earlier channels of the same pixel. The first block has a large kernel
    and does not see the pixel itself; the others are residual. Two masked 1x1 convolutions with ReLU give the outputs.

    Args:
        shape: `(height, width, channels)` of the levels: an image, or a map of codes with one channel.
        num_levels: levels are integers in [0, num_levels): 2, 256, or the size of a codebook.
        num_outputs: outputs for each level: `num_outputs` of the distribution (`losses.CategoricalDistribution`).
        filters: channels of each stack, a multiple of the image's channels. (The paper has 128 to 384.)
        blocks: gated blocks, the first included.
        kernel_size: odd side of the kernels of all blocks but the first.
        first_kernel_size: odd side of the first kernel, at least 3.
        head_filters: channels between the two last convolutions, a multiple of the image's channels; as `filters` by
            default.
        embedding_dim: the length of a learnt vector for each level, for codes, whose order means nothing, and for more
            levels than half precision tells apart (bfloat16: 512); None: levels are numbers on the scale [-1, 1].
        vector_dim: the length of a vector that the whole image depends on, such as a one-hot class; a second input
            `(batch, vector_dim)`.
        map_channels: the channels of a map that the image depends on pixel by pixel, such as a decoder's features; a
            further input `(batch, height, width, map_channels)`.
        name: the model's name.

    Returns:
        A model from a list `[levels, vector, map]`, of the inputs that it was made with, to float32 `(batch, height,
        width, channels, num_outputs)`. Levels are int32 `(batch, height, width, channels)`.

    Raises:
        ValueError: if an argument is out of its range.

    Example:
        >>> network = pixelcnn((28, 28, 1), 256, 256, filters=8, blocks=2)
        >>> network([ops.zeros((2, 28, 28, 1), "int32")]).shape
        TensorShape([2, 28, 28, 1, 256])
    """
    return PixelNetwork(
        shape,
        num_levels,
        num_outputs,
        filters=filters,
        blocks=blocks,
        kernel_size=kernel_size,
        first_kernel_size=first_kernel_size,
        head_filters=head_filters,
        embedding_dim=embedding_dim,
        vector_dim=vector_dim,
        map_channels=map_channels,
        name=name,
    )


def code_map(
    shape: tuple[int, int],
    num_codes: int,
    size: tuple[int, int],
    channels: int = 32,
    name: str = "code_map",
) -> keras.Model:
    """Build the condition of a PixelCNN over fine codes: features of a coarser map of codes, enlarged.

    Args:
        shape: `(height, width)` of the coarse codes.
        num_codes: codes are integers in [0, num_codes).
        size: `(height, width)` of the fine codes, the same multiple of both sides.
        channels: of the features: `map_channels` of the PixelCNN.
        name: the model's name.

    Returns:
        A model from int32 `(batch, *shape, 1)` to `(batch, *size, channels)`.

    Raises:
        ValueError: if `shape` is no pair of sizes of at least 1, `size` is no multiple of it, or a number is less than
            1.

    Example:
        >>> code_map((7, 7), 64, (14, 14), 8).output_shape
        (None, 14, 14, 8)
    """
    require_channels_last()
    check_widths(num_codes=num_codes, channels=channels)
    if len(shape) != 2 or any(not isinstance(side, int) or side < 1 for side in shape):
        raise ValueError(f"`shape` must be (height, width), at least 1 each. Received: shape={tuple(shape)}")
    scale = size[0] // shape[0]
    if (shape[0] * scale, shape[1] * scale) != tuple(size) or scale < 1:
        raise ValueError(f"`size` must be the same multiple of both sides of `shape`. Received: size={size}, {shape=}")
    codes = keras.Input((*shape, 1), dtype="int32", name="codes")
    x = LevelEncoding(num_codes, channels, name="encode")(codes)
    x = layers.Conv2D(channels, 3, padding="same", activation="relu", name="conv1")(x)
    x = layers.UpSampling2D(scale, interpolation="nearest", name="enlarge")(x)
    x = layers.Conv2D(channels, 3, padding="same", activation="relu", name="conv2")(x)
    return keras.Model(codes, x, name=name)


def _check(
    shape: tuple[int, int, int],
    num_levels: int,
    num_outputs: int,
    filters: int,
    head_filters: int | None,
    first_kernel_size: int,
) -> None:
    if len(shape) != 3 or any(not isinstance(size, int) or size < 1 for size in shape):
        raise ValueError(f"`shape` must be (height, width, channels), all fixed. Received: shape={tuple(shape)}")
    check_widths(num_outputs=num_outputs, filters=filters)
    if num_levels < 2:
        raise ValueError(f"`num_levels` must be at least 2. Received: num_levels={num_levels}")
    for name, value in (("filters", filters), ("head_filters", head_filters)):
        if value is not None and value % shape[2]:
            raise ValueError(
                f"`{name}` must be a multiple of the image's channels. Received: {name}={value}, shape={tuple(shape)}"
            )
    if first_kernel_size < 3 or first_kernel_size % 2 == 0:
        raise ValueError(
            f"`first_kernel_size` must be odd, at least 3. Received: first_kernel_size={first_kernel_size}"
        )
