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


def pgm(levels, white, plain=False):
    height, width = levels.shape
    header = f"P{2 if plain else 5}\n{width} {height}\n{white}\n".encode()
    return header + (" ".join(map(str, levels.flat)).encode() if plain else levels.astype(">u2").tobytes())


def tiff(levels, bits, *, order="<", sample_format=1, photometric=1):
    """Grey levels of whole bytes, or of 12 bits, by hand: Pillow writes few of them."""
    height, width = levels.shape
    if bits == 12:
        digits = "".join(f"{level:03x}" for level in levels.flat)
        body = bytes.fromhex(digits + "0" * (len(digits) % 2))
    else:
        body = levels.astype(f"{order}{'iu'[sample_format == 1]}{bits // 8}").tobytes()
    entries = {256: width, 257: height, 258: bits, 259: 1, 262: photometric, 273: 8, 277: 1, 278: height}
    entries |= {279: len(body), 339: sample_format}
    table = b"".join(
        struct.pack(f"{order}HHI", tag, 4, 1) + struct.pack(f"{order}I", it) for tag, it in entries.items()
    )
    start = 8 + len(body) + len(body) % 2
    entries_at = struct.pack(f"{order}I", start)
    head = (b"II*\0" if order == "<" else b"MM\0*") + entries_at + body + bytes(len(body) % 2)
    return head + struct.pack(f"{order}H", len(entries)) + table + bytes(4)


def jpeg2000(levels, bits):
    """The coefficients of 16 bits, taken for those of fewer."""
    data = bytearray(encoded(Image.fromarray(levels), "JPEG2000", no_jp2=True))
    data[data.index(b"\xff\x51") + 40] = bits - 1
    return bytes(data)


LEVELS = np.random.default_rng(1).integers(0, 1000, (8, 6))
LEVELS[0, :4] = [0, 1, 999, 100]  # 25.5 of 255 is rounded to the even one


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize("white", [999, 1000, 4095, 65535])
def test_portable_greys_are_scaled_by_their_maxval(white, plain):
    levels = LEVELS * (white // 999)
    image, mode = codec.decode_image(pgm(levels, white, plain))
    assert mode == "I"
    np.testing.assert_array_equal(image, np.rint(255 * levels / white)[..., np.newaxis].repeat(3, axis=-1))


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    ("bits", "sample_format", "white"), [(16, 1, 2**16 - 1), (16, 2, 2**15 - 1), (32, 2, 2**31 - 1)]
)
def test_greys_of_tiff_are_scaled_by_their_depth(bits, sample_format, white, order):
    levels = (LEVELS * (white // 999)).astype(np.int64)
    image, _ = codec.decode_image(tiff(levels, bits, order=order, sample_format=sample_format))
    np.testing.assert_array_equal(image[..., 0], np.rint(255 * levels / white))
    if sample_format == 2:
        with pytest.raises(ValueError, match="negative grey levels have no defined range"):
            codec.decode_image(tiff(-1 - levels, bits, order=order, sample_format=2))


def test_unsigned_twelve_bit_and_inverted_greys_of_tiff():
    np.testing.assert_array_equal(codec.decode_image(tiff(LEVELS * 4, 12))[0][..., 1], np.rint(255 * LEVELS * 4 / 4095))
    wide = LEVELS.astype(np.int64) * (2**32 // 1000)  # beyond 2**31, which Pillow takes for negative
    np.testing.assert_array_equal(codec.decode_image(tiff(wide, 32))[0][..., 2], np.rint(255 * wide / (2**32 - 1)))
    ink = codec.decode_image(tiff(LEVELS * 65, 16, photometric=0))[0]
    np.testing.assert_array_equal(ink[..., 0], np.rint(255 * (65535 - LEVELS * 65) / 65535))


def test_greys_of_jpeg2000_are_scaled_by_their_depth():
    levels = (LEVELS * 65).astype(np.uint16)
    data = encoded(Image.fromarray(levels), "JPEG2000")
    np.testing.assert_array_equal(codec.decode_image(data)[0][..., 0], np.rint(levels / 257))
    twelve = jpeg2000(levels, 12)
    shifted = np.asarray(Image.open(io.BytesIO(twelve))).astype(int)
    assert shifted.max() == 4095 << 4
    np.testing.assert_array_equal(codec.decode_image(twelve)[0][..., 0], np.rint(255 * (shifted >> 4) / 4095))


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
