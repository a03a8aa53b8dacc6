"""Where the networks of SAGAN have their self-attention."""

from typing import Any

from keras_genssl.layers import SelfAttention2D


def attention_side(image_shape: tuple[int, int, int]) -> int:
    """Returns the side of the features that attention is applied to: 32, or half the image's if that is less.

    Zhang et al., 2019, Table 1: of features of 8, 16, 32 and 64 pixels a side, those of 32 gain the most.

    Example:
        >>> [attention_side((side, side, 3)) for side in (28, 32, 64, 128)]
        [14, 16, 32, 32]
    """
    return min(32, image_shape[0] // 2)


def attended(x: Any, image_shape: tuple[int, int, int], spectral_normalization: bool = True) -> Any:
    """Applies self-attention to features ``(batch, h, w, c)`` of that side, and returns all others as they are.

    Raises:
        ValueError: if the channels there are no multiple of 8.
    """
    if x.shape[1] != attention_side(image_shape):
        return x
    if x.shape[-1] % 8:
        raise ValueError(
            "`filters` must make the channels at the side of the attention a multiple of 8. "
            f"Received: {x.shape[-1]} channels at {x.shape[1]} x {x.shape[2]}"
        )
    return SelfAttention2D(spectral_normalization, name="attention")(x)
