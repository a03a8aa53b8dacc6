"""Checks of codes, widths and sizes, shared by encoders and decoders."""

LARGEST_CORE = 7


def check_code_dim(code_dim: int) -> None:
    """Raise ValueError unless there is at least one code unit."""
    if not isinstance(code_dim, int) or code_dim < 1:
        raise ValueError(f"`code_dim` must be an integer of at least 1. Received: code_dim={code_dim!r}")


def check_units(units: tuple[int, ...]) -> None:
    """Raise ValueError unless all hidden layers have units."""
    if any(width < 1 for width in units):
        raise ValueError(f"`units` must hold positive numbers. Received: units={units}")


def check_image_shape(shape: tuple[int, int, int], argument: str) -> None:
    """Raise ValueError unless ``shape`` is a fixed ``(height, width, channels)``."""
    if len(shape) != 3 or any(not isinstance(size, int) or size < 1 for size in shape):
        raise ValueError(
            f"`{argument}` must be (height, width, channels), all fixed: a code has one size. "
            f"Received: {argument}={tuple(shape)}"
        )


def halvings(shape: tuple[int, int, int], argument: str) -> tuple[int, int]:
    """Returns how often a square image is halved, and the remaining side.

    The image is halved until at most 7 pixels are left: 28 to 7 in two stages, 32 to 4 in three, 64 to 4 in four.

    Raises:
        ValueError: if the image is not square or a side to halve is odd.
    """
    check_image_shape(shape, argument)
    side, stages = shape[0], 0
    while side > LARGEST_CORE and side % 2 == 0:
        side //= 2
        stages += 1
    if shape[0] != shape[1] or side > LARGEST_CORE or not stages:
        raise ValueError(
            f"`{argument}` must be square with a side that halves evenly to at most {LARGEST_CORE}, such as 28, 32 or "
            f"64. Received: {argument}={tuple(shape)}"
        )
    return stages, side
