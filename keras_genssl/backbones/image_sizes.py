"""The image shapes that the convolutional GANs support, and their starting resolutions."""

_BASES = {28: 7, 32: 4, 64: 4, 128: 4}


def halvings(image_shape: tuple[int, int, int]) -> tuple[int, int]:
    """Returns the side of the smallest feature map, and how often the image's side is halved to reach it.

    Args:
        image_shape: ``(side, side, channels)``, side 28, 32, 64 or 128, channels 1 or 3.

    Raises:
        ValueError: if the shape is not supported.

    Example:
        >>> halvings((28, 28, 1)), halvings((64, 64, 3))
        ((7, 2), (4, 4))
    """
    shape = tuple(image_shape)
    if len(shape) != 3 or shape[0] != shape[1] or shape[0] not in _BASES or shape[2] not in (1, 3):
        raise ValueError(
            "`image_shape` must be (side, side, channels) with a side of 28, 32, 64 or 128 and 1 or 3 channels. "
            f"Received: image_shape={image_shape}"
        )
    base = _BASES[shape[0]]
    return base, (shape[0] // base).bit_length() - 1


def check_widths(**widths: int | None) -> None:
    """Raise ValueError for the first argument that is given and not at least 1."""
    for name, value in widths.items():
        if value is not None and value < 1:
            raise ValueError(f"`{name}` must be at least 1. Received: {name}={value}")
