"""Image files of any format and mode to 8-bit RGB, and back to PNG."""

import io
import struct
import threading
import zlib

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

MAX_PIXELS = 89_478_485  # Pillow's own: a quarter of a gigabyte of RGB
NO_LIMIT = 2**62  # of images that were judged when their examples were made

# What photographs come as, and Pillow's decoder of each. Pillow has none here of HEIC: such files are taken for
# images and refused with a reason, rather than passed over. Decoders of other formats are not asked, whatever
# the bytes: that of PostScript would start Ghostscript on them.
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
    "TGA": (".tga",),  # asked last, for its files do not say what they are
}
EXTENSIONS = (*(extension for known in _DECODERS.values() for extension in known), ".heic", ".heif")

# What Pillow's decoders raise on bad files, by accident too. A MemoryError is no fault of the file and ends the job.
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

    The orientation that EXIF names is applied. Of an animation the first frame counts. Transparency, of
    palettes too, is composited on white. 16 bits are scaled to 8, not clipped. CMYK is converted by ink
    arithmetic (red = 255 - min(255, cyan + black)); colour profiles are not applied.

    Args:
        data: the bytes of the file, in a format whose extension is in `EXTENSIONS`, whatever its name.
        max_pixels: images of more pixels are refused by their header, before anything is decompressed.

    Returns:
        uint8 array (height, width, 3), and Pillow's name of the file's mode (`"RGB"`, `"CMYK"`, `"I;16"`...).

    Raises:
        One of `DECODE_ERRORS`: if the bytes are no image, are truncated, or hold a mode whose range is not
            defined (32-bit integers and floats).

    Example:
        >>> image, mode = decode_image(encode_png(np.full((2, 3, 3), 7, np.uint8)))
        >>> image.shape, mode
        ((2, 3, 3), 'RGB')
    """
    if not data:
        raise UnidentifiedImageError("the file is empty")
    with _open(data, max_pixels) as file:
        mode = file.mode
        if mode in ("I", "F"):
            raise ValueError(f"pixels of mode {mode} have no defined range")
        return np.array(_rgb(ImageOps.exif_transpose(file)), dtype=np.uint8), mode


def encode_png(image: np.ndarray) -> bytes:
    """Encode a uint8 array (height, width, 1 or 3) as PNG."""
    buffer = io.BytesIO()
    Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image).save(buffer, "PNG")
    return buffer.getvalue()


def _open(data: bytes, max_pixels: int) -> Image.Image:
    # Pillow's own limit is a global, warns only up to twice its value, and is judged here instead.
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


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16"):
        levels = np.asarray(image).astype(np.float64)
        grey = np.rint(levels / 257).astype(np.uint8)
        if "transparency" in image.info:
            grey[levels == image.info["transparency"]] = 255
        return Image.fromarray(grey).convert("RGB")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image).convert("RGB")
    return image.convert("RGB")
