"""The decoder that travels in exports: Pillow's pixels as preparation reads them, or a refusal of one image alone."""

import struct

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_genssl.export.decoding import decoder
from keras_genssl.export.decoding.orientation import stated
from keras_genssl.export.decoding.transparency import on_white
from keras_genssl.pretext import DECODE_ERRORS, MAX_PIXELS, decode_image
from tests.export.image_files import (
    PHOTO,
    SERVED,
    bmp,
    chunk,
    oriented,
    png,
    segment,
    with_chunks,
    with_segments,
    written,
)


def decoded(data, channels=3):
    pixels, reason = decoder(channels)(tf.constant(data))
    return pixels.numpy(), reason.numpy().decode()


@pytest.mark.parametrize("family", ["jpeg", "mpo", "png", "one pixel", "column", "gif", "bmp", "webp"])
def test_files_of_every_mode_and_format_have_the_pixels_of_preparation(family):
    names = [name for name in SERVED if family in name]
    assert names
    for name in names:
        pixels, reason = decoded(SERVED[name])
        assert reason == "", name
        np.testing.assert_array_equal(pixels, decode_image(SERVED[name])[0], err_msg=name)


def test_metadata_that_turn_an_image_turn_it():
    """So that the files above are what their names say."""
    shapes = {name: decode_image(SERVED[name])[0].shape for name in SERVED if "orientation" in name or "exif" in name}
    assert sum(shape == (33, 21, 3) for shape in shapes.values()) >= 12
    assert shapes["jpeg of exif without orientation, and xmp"] == shapes["jpeg of exif in two"] == (33, 21, 3)


def test_grey_models_get_the_luma_of_colours():
    for name in ("jpeg", "png with alpha", "cmyk jpeg", "gif with a transparent colour", "png of 16 bit grey"):
        luma = np.asarray(Image.fromarray(decode_image(SERVED[name])[0]).convert("L"))
        np.testing.assert_array_equal(decoded(SERVED[name], 1)[0][..., 0], luma, err_msg=name)


def test_every_value_under_every_alpha_is_blended_as_pillow_does():
    value, alpha = np.mgrid[:256, :256].astype(np.uint8)
    rgba = np.stack([value, value[::-1], value, alpha], axis=-1)
    white = Image.new("RGBA", (256, 256), "white")
    wanted = Image.alpha_composite(white, Image.fromarray(rgba)).convert("RGB")
    np.testing.assert_array_equal(on_white(tf.constant(rgba)), wanted)


REFUSED = {
    "empty": (b"", "the file is empty"),
    "text": (b"<!DOCTYPE html><html><body>404</body></html>", "no image file of a kind that is read"),
    "random bytes": (np.random.default_rng(0).bytes(2000), "no image file of a kind that is read"),
    "tga": (
        written(PHOTO, "TGA"),
        "no image file of a kind that is read: JPEG, PNG, GIF, BMP or WebP; save it anew as PNG",
    ),
    "tiff": (written(PHOTO, "TIFF"), "TIFF files are not read; save it anew as PNG"),
    "avif": (written(PHOTO, "AVIF"), "AVIF files are not read"),
    "jpeg 2000": (written(PHOTO, "JPEG2000"), "JPEG 2000 files are not read"),
    "codestream": (written(PHOTO, "JPEG2000", no_jp2=True), "JPEG 2000 files are not read"),
    "heic": (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC files are not read"),
    "ppm": (written(PHOTO, "PPM"), "Netpbm files are not read"),
    "compressed bmp": (
        bmp(4, 1, 8, b"\4\1\0\1", palette=bytes(1024), compression=1),
        "compressed BMP files are not read",
    ),
    "bmp of odd masks": (bmp(1, 1, 16, bytes(4), compression=3, masks=bytes(12)), "its layout of bits are not read"),
    "huge png": (png(60_000, 60_000, 8, 2, [b""]), f"60000 x 60000 pixels, more than the limit of {MAX_PIXELS}"),
    "endless png": (png(2**31, 2**31, 8, 2, [b""]), "more than the limit"),
    "huge gif": (b"GIF89a" + struct.pack("<HH", 60_000, 60_000) + SERVED["gif"][10:], "more than the limit"),
    "huge bmp": (bmp(2**30, 2**30, 24, b""), "more than the limit"),
    "no pixels": (png(0, 3, 8, 2, [b""]), "0 x 3 pixels: its header is damaged"),
    "odd exif": (with_segments(SERVED["jpeg"], segment(0xE1, b"Exif\0\0no TIFF")), "its EXIF is damaged"),
    "orientation as a fraction": (
        with_segments(SERVED["jpeg"], segment(0xE1, b"Exif\0\0MM\0*" + struct.pack(">IHHHIII", 8, 1, 274, 5, 1, 8, 0))),
        "its EXIF is damaged, or of an unusual form",
    ),
    "much text": (
        with_chunks(SERVED["png"], chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + b" " * 2**17)),
        "its metadata are too large",
    ),
}
for _name in ("jpeg", "png", "gif", "bmp", "webp"):
    REFUSED[f"{_name} cut in its pixels"] = (SERVED[_name][:-40], "file is damaged or cut off; save it anew as PNG")
    REFUSED[f"{_name} cut in its header"] = (SERVED[_name][:20], "damaged")


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_read_is_refused_with_what_would_help(name):
    data, wanted = REFUSED[name]
    pixels, reason = decoded(data)
    assert wanted in reason
    assert pixels.shape == (0, 0, 3)


def test_orientations_are_those_of_pillow():
    for orientation in range(1, 9):
        exif = tf.constant(oriented(orientation))
        assert stated(exif, tf.constant(b'tiff:Orientation="3"')) == orientation
    assert stated(tf.constant(b""), tf.constant(b"\xff<tiff:Orientation>7<tiff:Orientation>2")) == 7
    assert stated(tf.constant(b""), tf.constant(b"")) == 1


def test_damage_never_raises_and_never_changes_pixels():
    rng = np.random.default_rng(6)
    names = [name for name in SERVED if len(SERVED[name]) < 9_000]
    served = 0
    for number in range(200):
        data = bytearray(SERVED[names[int(rng.integers(len(names)))]])
        end = len(data) if number % 2 else min(60, len(data))
        for place in rng.integers(0, end, rng.integers(1, 4)):
            data[place] = rng.integers(256)
        pixels, reason = decoded(bytes(data))
        try:
            wanted, _ = decode_image(bytes(data))
        except DECODE_ERRORS:
            continue
        if reason == "":
            np.testing.assert_array_equal(pixels, wanted)
            served += 1
    assert served > 20
