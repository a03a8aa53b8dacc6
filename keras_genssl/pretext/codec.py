"""Decodes image files of any format and mode to 8-bit RGB, and encodes PNG."""

import io
import struct
import threading
import zlib
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageOps, TiffImagePlugin, UnidentifiedImageError

from keras_genssl.pretext import jpeg

MAX_PIXELS = 89_478_485  # Pillow's own: a quarter of a gigabyte of RGB
NO_LIMIT = 2**62  # for images that were checked when their examples were made

# The formats of photographs, and Pillow's decoder of each. Pillow has no decoder of HEIC here: such files count as
# images and are refused with a reason, rather than ignored. Decoders of other formats are never used, whatever the
# bytes: that of PostScript would start Ghostscript.
_DECODERS = {
    "AVIF": (".avif",),
    "BMP": (".bmp",),
    "GIF": (".gif",),
    "JPEG": (".jfif", ".jpe", ".jpeg", ".jpg"),
    "JPEG2000": (".jp2",),
    "PNG": (".png",),
    "PPM": (".pbm", ".pgm", ".pnm", ".ppm"),
    "TIFF": (".tif", ".tiff"),
    "WEBP": (".webp",),
    "TGA": (".tga",),  # tried last, since its files have no signature
}
EXTENSIONS = (*(extension for known in _DECODERS.values() for extension in known), ".heic", ".heif")

# Errors of Pillow's decoders on bad files, including accidental ones. A MemoryError is not the file's fault and ends
# the job.
DECODE_ERRORS = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)

_opening = threading.Lock()


def decode_image(data: bytes, max_pixels: int = MAX_PIXELS) -> tuple[np.ndarray, str]:
    """Decode an image file to 8-bit RGB.

    The EXIF orientation is applied. The first frame of an animation is taken. Transparency, also of palettes, is
    composited on white. Grey levels of more than 8 bits are scaled by their depth, not clipped:
    `rint(255 * level / white)`, where white is 65535, or 4095 for a TIFF of 12 bits, or the `maxval` of a PGM, and so
    on. For signed levels white is the largest level, and black is 0. The high byte of 16-bit colours is used. CMYK is
    converted by ink arithmetic (red = 255 - min(255, cyan + black)); colour profiles are not applied.

    Args:
        data: the bytes of the file, in a format whose extension is in `EXTENSIONS`, whatever its name.
        max_pixels: images of more pixels are refused by their header, before anything is decompressed.

    Returns:
        uint8 array (height, width, 3), and Pillow's name of the file's mode (`"RGB"`, `"CMYK"`, `"I;16"`...).

    Raises:
        One of `DECODE_ERRORS`: if the bytes are not an image, are truncated, or hold levels without a defined range
            (floats, and negative ones).

    Example:
        >>> image, mode = decode_image(encode_png(np.full((2, 3, 3), 7, np.uint8)))
        >>> image.shape, mode
        ((2, 3, 3), 'RGB')
    """
    if not data:
        raise UnidentifiedImageError("the file is empty")
    plain = jpeg.plain_header(data)
    if plain is not None and plain.height * plain.width <= max_pixels:
        image = jpeg.decode_plain(data, plain)
        if image is not None:
            return image, "L" if plain.grey else "RGB"
    return _decode_by_pillow(data, max_pixels)


def _decode_by_pillow(data: bytes, max_pixels: int) -> tuple[np.ndarray, str]:
    with _open(data, max_pixels) as file:
        mode = file.mode
        if mode == "F":
            raise ValueError("pixels of mode F, floats, have no defined range")
        depth = _depth(file, data) if mode.startswith("I") else None
        upright = ImageOps.exif_transpose(file)
        image = _rgb(upright) if depth is None else _scaled(upright, depth)
        return np.array(image, dtype=np.uint8), mode


def encode_png(image: np.ndarray) -> bytes:
    """Encode a uint8 array (height, width, 1 or 3) as PNG."""
    buffer = io.BytesIO()
    Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image).save(buffer, "PNG")
    return buffer.getvalue()


def encode_jpeg(image: np.ndarray, quality: int) -> bytes:
    """Encode a uint8 array (height, width, 1 or 3) as JPEG of a quality from 1 to 100, its colour at half the size."""
    buffer = io.BytesIO()
    Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def _open(data: bytes, max_pixels: int) -> Image.Image:
    # Pillow's own limit is global and only warns up to twice its value, so the limit is checked here.
    with _opening:
        limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            file = Image.open(io.BytesIO(data), formats=tuple(_DECODERS))
        except UnidentifiedImageError:
            raise UnidentifiedImageError("no decoder recognises the bytes") from None
        finally:
            Image.MAX_IMAGE_PIXELS = limit
    if file.width * file.height > max_pixels:
        raise Image.DecompressionBombError(f"{file.width} x {file.height} pixels, more than the limit of {max_pixels}")
    return file


class _Depth(NamedTuple):
    """The level of white in Pillow's grey levels, and whether levels are signed, or measure ink."""

    white: int
    signed: bool = False
    inverted: bool = False


def _depth(file: Image.Image, data: bytes) -> _Depth:
    if isinstance(file, TiffImagePlugin.TiffImageFile):
        bits = file.tag_v2[TiffImagePlugin.BITSPERSAMPLE][0]
        signed = file.tag_v2.get(TiffImagePlugin.SAMPLEFORMAT, (1,))[0] == 2
        inverted = file.tag_v2.get(TiffImagePlugin.PHOTOMETRIC_INTERPRETATION) == 0
        return _Depth(2 ** (bits - signed) - 1, signed, inverted)
    if file.format == "JPEG2000":
        header = data.index(b"\xff\x4f\xff\x51")  # the codestream's header, where byte 42 is the depth of a component
        bits = data[header + 42] % 128 + 1
        return _Depth(2**16 - 2 ** max(16 - bits, 0))  # Pillow shifts them up to 16 bits
    return _Depth(2**16 - 1)  # for PNG; Pillow scales PGM to it


def _scaled(image: Image.Image, depth: _Depth) -> Image.Image:
    levels = np.asarray(image).astype(np.int64)
    if image.mode == "I" and not depth.signed:
        levels %= 2**32  # Pillow holds them as signed numbers
    if levels.min() < 0:
        raise ValueError("negative grey levels have no defined range")
    levels = depth.white - levels if depth.inverted else levels
    grey = np.rint(255 * levels / depth.white).clip(0, 255).astype(np.uint8)
    if "transparency" in image.info:
        grey[levels == image.info["transparency"]] = 255
    return Image.fromarray(grey).convert("RGB")


def _rgb(image: Image.Image) -> Image.Image:
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image).convert("RGB")
    return image.convert("RGB")
