"""Plain JPEG files get Pillow's pixels from another decoder; all other files are left to Pillow."""

import io

import numpy as np
import pytest
from PIL import Image, ImageCms

from keras_genssl.pretext import codec, decode_image, jpeg

rng = np.random.default_rng(0)
SMOOTH = Image.fromarray(rng.integers(0, 256, (5, 7, 3)).astype(np.uint8)).resize((51, 37), Image.Resampling.BICUBIC)


def encoded(image: Image.Image = SMOOTH, **options) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", **options)
    return file.getvalue()


def exif(**tags: int | str) -> Image.Exif:
    held = Image.Exif()
    names = {"orientation": 0x0112, "maker": 0x010F, "width": 0x0100}
    for name, value in tags.items():
        held[names[name]] = value
    return held


def orientation_in_xmp(value: int) -> bytes:
    return f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf tiff:Orientation="{value}"/></x:xmpmeta>'.encode()


PLAIN = {
    "colour": encoded(),
    "grey": encoded(SMOOTH.convert("L")),
    "progressive": encoded(progressive=True),
    "optimized, without subsampling": encoded(quality=98, subsampling=0, optimize=True),
    "colour of half the width": encoded(subsampling=1),
    "restart markers": encoded(restart_marker_blocks=2),
    "RGB, no YCbCr": encoded(keep_rgb=True),
    "a comment and a resolution": encoded(comment=b"a comment", dpi=(300, 300)),
    "a colour profile": encoded(icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()),
    "EXIF, upright": encoded(exif=exif(maker="a camera", orientation=1)),
    "EXIF without an orientation": encoded(exif=exif(maker="a camera", width=51)),
    "one pixel": encoded(SMOOTH.resize((1, 1))),
}
LEFT_TO_PILLOW = {
    **{f"EXIF, orientation {number}": encoded(exif=exif(orientation=number)) for number in range(2, 9)},
    "XMP, orientation 6": encoded(xmp=orientation_in_xmp(6)),
    "CMYK": encoded(SMOOTH.convert("CMYK")),
    "bytes behind the last marker": encoded() + b"\0\0",
    "damaged EXIF": encoded(exif=b"Exif\0\0II*\0\x08\0\0\0\xff\xff"),
}


def by_pillow(data: bytes) -> tuple[np.ndarray, str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jpeg, "plain_header", lambda data: None)
        return decode_image(data)


@pytest.mark.parametrize("name", PLAIN)
def test_plain_files_have_pillows_pixels_and_mode(name):
    pixels, mode = by_pillow(PLAIN[name])
    header = jpeg.plain_header(PLAIN[name])
    assert (header.height, header.width, header.grey) == (*pixels.shape[:2], mode == "L")
    np.testing.assert_array_equal(jpeg.decode_plain(PLAIN[name], header), pixels)
    assert decode_image(PLAIN[name])[1] == mode


@pytest.mark.parametrize("name", LEFT_TO_PILLOW)
def test_other_files_are_left_to_pillow(name):
    assert jpeg.plain_header(LEFT_TO_PILLOW[name]) is None


@pytest.mark.parametrize("kind", ["PNG", "GIF", "BMP", "WEBP"])
def test_other_formats_are_left_to_pillow(kind):
    file = io.BytesIO()
    SMOOTH.save(file, kind)
    assert jpeg.plain_header(file.getvalue()) is None


def test_pixels_that_anyone_holds_are_not_overwritten():
    black, white = (encoded(Image.new("RGB", (16, 8), colour)) for colour in ("black", "white"))
    held = decode_image(black)[0][2:, ::2]  # a view of a view
    address = held.__array_interface__["data"][0]
    others = [decode_image(white)[0] for _ in range(3)]
    assert not held.any()
    assert all((other == 255).all() for other in others)
    del held, others
    first = decode_image(black)[0].__array_interface__["data"][0]
    assert decode_image(white)[0].__array_interface__["data"][0] == first != address


def test_a_plain_file_of_too_many_pixels_is_refused_as_any_other():
    assert decode_image(PLAIN["colour"], max_pixels=51 * 37)[0].shape == (37, 51, 3)
    with pytest.raises(Image.DecompressionBombError, match="51 x 37 pixels, more than the limit of 1886"):
        decode_image(PLAIN["colour"], max_pixels=51 * 37 - 1)


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0, "restart_marker_blocks": 1}])
def test_a_file_cut_short_anywhere_or_damaged_is_answered_as_by_pillow(options):
    """Lengths, and every byte: the same pixels and mode, or the same error."""
    whole = encoded(SMOOTH.resize((16, 8)), exif=exif(maker="a camera", orientation=1), **options)
    damaged = [whole[:length] for length in range(0, len(whole), 5)]
    damaged += [whole[:length] + b"\xff\xd9" for length in range(4, len(whole), 7)]
    damaged += [whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :] for at in range(len(whole))]
    for data in damaged:
        assert outcome(decode_image, data) == outcome(by_pillow, data), data


def outcome(decode, data: bytes):
    try:
        pixels, mode = decode(data)
        return pixels.shape, pixels.tobytes(), mode
    except codec.DECODE_ERRORS as error:
        return type(error), str(error)
