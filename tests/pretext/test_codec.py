import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, UnidentifiedImageError

from keras_genssl.pretext import codec


def encoded(image, kind="PNG", **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def png(width, height, depth, color_type, rows):
    """A PNG written by hand, for what Pillow does not write."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, depth, color_type, 0, 0, 0)
    body = zlib.compress(b"".join(b"\0" + row for row in rows))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def pixels(data, **options):
    image, mode = codec.decode_image(data, **options)
    assert image.dtype == np.uint8
    return image.tolist(), mode


def test_grey_and_bilevel_become_equal_channels():
    assert pixels(encoded(Image.new("L", (2, 1), 9))) == ([[[9] * 3] * 2], "L")
    assert pixels(encoded(Image.new("1", (1, 1), 1))) == ([[[255] * 3]], "1")


def test_sixteen_bits_are_scaled_and_not_clipped():
    levels = np.array([[0, 257, 128 * 257, 40000, 65535]], np.uint16)
    for kind in ("PNG", "TIFF"):
        image, mode = codec.decode_image(encoded(Image.fromarray(levels), kind))
        assert mode.startswith("I;16")
        assert image[0, :, 0].tolist() == [0, 1, 128, 156, 255]  # 40000 / 257 = 155.6


def test_sixteen_bit_colour_keeps_the_high_byte():
    row = np.array([0x00FF, 0x0100, 0xFFFF], ">u2").tobytes()
    assert pixels(png(1, 1, 16, 2, [row])) == ([[[0, 1, 255]]], "RGB")


@pytest.mark.parametrize(
    ("ink", "rgb"), [((255, 0, 0, 0), (0, 255, 255)), ((0, 0, 0, 255), (0, 0, 0)), ((0, 0, 0, 0), (255,) * 3)]
)
def test_cmyk_jpeg_is_ink_not_its_inverse(ink, rgb):
    image, mode = codec.decode_image(encoded(Image.new("CMYK", (16, 16), ink), "JPEG", quality=95))
    assert mode == "CMYK"
    np.testing.assert_allclose(image[8, 8], rgb, atol=2)


def test_transparency_is_laid_on_white():
    half = Image.new("RGBA", (1, 1), (200, 0, 0, 128))  # 200 * 128/255 + 255 * 127/255 = 227.4
    assert pixels(encoded(half)) == ([[[227, 127, 127]]], "RGBA")
    grey = Image.new("LA", (1, 1), (0, 0))
    assert pixels(encoded(grey)) == ([[[255, 255, 255]]], "LA")


@pytest.mark.parametrize("transparency", [0, bytes([0, 255])])
def test_palette_with_transparency(transparency):
    image = Image.new("P", (2, 1))
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.putpixel((1, 0), 1)
    assert pixels(encoded(image, transparency=transparency)) == ([[[255, 255, 255], [0, 0, 255]]], "P")
    assert pixels(encoded(image)) == ([[[255, 0, 0], [0, 0, 255]]], "P")


def test_animation_gives_its_first_frame():
    frames = [Image.new("RGB", (4, 4), color) for color in ((10, 200, 30), (200, 0, 0))]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    image, _ = codec.decode_image(data)
    assert image.shape == (4, 4, 3)
    assert (image == (10, 200, 30)).all()


def test_exif_orientation_is_applied():
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: rotate by 90 degrees clockwise to show
    image = np.array([[[1, 1, 1], [2, 2, 2], [3, 3, 3]]], np.uint8)
    turned, _ = codec.decode_image(encoded(Image.fromarray(image), exif=exif))
    assert turned[..., 0].tolist() == [[1], [2], [3]]


def test_one_pixel_decodes():
    assert pixels(encoded(Image.new("RGB", (1, 1), (1, 2, 3)))) == ([[[1, 2, 3]]], "RGB")


def test_what_is_no_image_says_so_without_memory_addresses():
    with pytest.raises(UnidentifiedImageError, match=r"^no decoder recognises the bytes$"):
        codec.decode_image(b"this is no JPEG")
    with pytest.raises(UnidentifiedImageError, match=r"^the file is empty$"):
        codec.decode_image(b"")


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_truncated_files_are_refused(kind):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    data = encoded(Image.fromarray(noise), kind)
    with pytest.raises(codec.DECODE_ERRORS):
        codec.decode_image(data[: len(data) // 2])


@pytest.mark.parametrize("side", [60_000, 10_000])  # where Pillow raises, and where it only warns
def test_decompression_bombs_are_refused_by_their_header(side):
    with pytest.raises(Image.DecompressionBombError):
        codec.decode_image(png(side, side, 8, 2, [b""]))


def test_max_pixels_can_be_lowered_and_raised():
    data = encoded(Image.new("L", (10, 10)))
    with pytest.raises(Image.DecompressionBombError, match="10 x 10 pixels"):
        codec.decode_image(data, max_pixels=99)
    assert codec.decode_image(data, max_pixels=100)[0].shape == (10, 10, 3)
    with pytest.raises(OSError, match="truncated"):  # let in, and found empty
        codec.decode_image(png(60_000, 60_000, 1, 0, [b""]), max_pixels=2**40)


def test_floats_have_no_range():
    with pytest.raises(ValueError, match="mode F"):
        codec.decode_image(encoded(Image.new("F", (2, 2)), "TIFF"))


def test_other_formats_are_refused_whatever_their_name():
    """The decoder of PostScript would start Ghostscript."""
    for data in (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", encoded(Image.new("RGB", (9, 9)), "PCX")):
        with pytest.raises(UnidentifiedImageError, match="no decoder recognises the bytes"):
            codec.decode_image(data)


FORMATS = ["AVIF", "BMP", "GIF", "JPEG", "JPEG2000", "MPO", "PNG", "PPM", "TGA", "TIFF", "WEBP"]


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.filterwarnings("ignore")
def test_damaged_files_are_images_or_decode_errors(kind):
    rng = np.random.default_rng(0)
    data = encoded(Image.fromarray(rng.integers(0, 256, (9, 11, 3), np.uint8)), kind)
    assert codec.decode_image(data)[0].shape == (9, 11, 3)
    refused = 0
    for _ in range(150):
        damaged = bytearray(data)
        end = len(data) if rng.random() < 0.5 else min(40, len(data))  # the other half in the header
        for place in rng.integers(0, end, rng.integers(1, 5)):
            damaged[place] = rng.integers(256)
        try:
            image, _ = codec.decode_image(bytes(damaged), max_pixels=10_000)
        except codec.DECODE_ERRORS:
            refused += 1
        else:
            assert image.dtype == np.uint8
            assert image.shape[2:] == (3,)
    assert refused > 0


def test_encode_is_lossless():
    image = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)
    assert (codec.decode_image(codec.encode_png(image))[0] == image).all()
