"""Contact sheets of many images."""

import math
import os

import numpy as np
import numpy.typing as npt

from keras_genssl.checks import image_arrays


def image_grid(
    images: npt.ArrayLike, columns: int | None = None, padding: int = 2, background: int = 255
) -> np.ndarray:
    """Lay images out on one sheet, row by row.

    Args:
        images: `(num, height, width, 1 or 3)`, uint8 or float in [-1, 1].
        columns: images in a row; by default `ceil(sqrt(num))`, for a square sheet.
        padding: pixels between images and around the sheet, at least 0.
        background: value of the padding and of empty places, 0 ... 255.

    Returns:
        uint8 `(rows * (height + padding) + padding, columns * (width + padding) + padding, channels)`.

    Raises:
        ValueError: if an argument is invalid, or a float lies outside [-1, 1].

    Example:
        >>> sheet = image_grid(np.zeros((5, 28, 28, 1), np.uint8))
        >>> sheet.shape, int(sheet[0, 0, 0]), int(sheet[2, 2, 0])
        ((62, 92, 1), 255, 0)
    """
    images = to_uint8(images)
    num, height, width, channels = images.shape
    columns = math.ceil(math.sqrt(num)) if columns is None else columns
    if columns < 1:
        raise ValueError(f"`columns` must be at least 1, or None. Received: columns={columns}")
    if padding < 0:
        raise ValueError(f"`padding` must not be negative. Received: padding={padding}")
    if not 0 <= background <= 255:
        raise ValueError(f"`background` must lie in 0 ... 255. Received: background={background}")
    rows = math.ceil(num / columns)
    cells = np.full((rows * columns, height + padding, width + padding, channels), background, np.uint8)
    cells[:num, padding:, padding:] = images
    cells = cells.reshape(rows, columns, height + padding, width + padding, channels)
    sheet = cells.swapaxes(1, 2).reshape(rows * (height + padding), columns * (width + padding), channels)
    return np.pad(sheet, ((0, padding), (0, padding), (0, 0)), constant_values=background)


def save_image_grid(
    path: str | os.PathLike[str],
    images: npt.ArrayLike,
    columns: int | None = None,
    padding: int = 2,
    background: int = 255,
) -> None:
    """Writes `image_grid` of the same arguments as a PNG.

    Args:
        path: file to write.
        images: `(num, height, width, 1 or 3)`, uint8 or float in [-1, 1].
        columns: images in a row; by default those of a square sheet.
        padding: pixels between images and around the sheet, at least 0.
        background: value of the padding and of empty places, 0 ... 255.

    Raises:
        ValueError: if an argument is invalid.

    Example:

        kg.analysis.save_image_grid("out/samples.png", gan.sample(64, seed=0))
    """
    from PIL import Image

    sheet = image_grid(images, columns, padding, background)
    Image.fromarray(sheet[..., 0] if sheet.shape[-1] == 1 else sheet).save(path, "PNG", optimize=True)


def to_uint8(images: npt.ArrayLike) -> np.ndarray:
    """Returns a batch of images as uint8: floats in [-1, 1] are scaled and rounded, uint8 is unchanged.

    Args:
        images: `(num, height, width, 1 or 3)`, uint8 or float in [-1, 1].

    Returns:
        uint8 array of the same shape.

    Raises:
        ValueError: if the shape or the dtype is another, or a float lies outside [-1, 1].

    Example:
        >>> to_uint8(np.array([-1.0, 0.0, 1.0]).reshape(1, 3, 1, 1)).ravel().tolist()
        [0, 128, 255]
    """
    images = image_arrays.levels(images)
    if images.ndim != 4 or images.shape[-1] not in (1, 3) or not images.size:
        raise ValueError(f"`images` must be (num, height, width, 1 or 3). Received: shape {images.shape}")
    return images
