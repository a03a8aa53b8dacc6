"""Image files of every mode and format that preparation reads, made by Pillow, or by hand where it writes none."""

import io
import itertools
import struct
import zlib

import numpy as np
from PIL import Image, PngImagePlugin
from skimage import data

RNG = np.random.default_rng(0)
PHOTO = Image.fromarray(data.astronaut()[100:121, 200:233])  # 33 wide, 21 high


def written(image, kind, **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def with_alpha(image):
    pixels = np.array(image.convert("RGBA"))
    pixels[..., 3] = RNG.integers(0, 256, pixels.shape[:2])
    pixels[:3, :, 3], pixels[3:6, :, 3] = 0, 255
    return Image.fromarray(pixels)


def oriented(orientation):
    exif = Image.Exif()
    exif[0x010F] = "a camera"
    exif[0x0112] = orientation
    return exif.tobytes()


def big_endian(orientation):
    return b"Exif\0\0MM\0*" + struct.pack(">IHHHIHHI", 8, 1, 0x0112, 3, 1, orientation, 0, 0)


def xmp(orientation, attribute=True):
    said = f'tiff:Orientation="{orientation}"/>' if attribute else f"><tiff:Orientation>{orientation}</x>"
    return f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description é {said}'.encode()


# JPEG -----------------------------------------------------------------------------------------


def segment(marker, content):
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


def with_segments(jpeg, *segments):
    return jpeg[:2] + b"".join(segments) + jpeg[2:]


def with_subsampling(jpeg, sampling):
    """The same bits read as blocks of another shape: another picture, and none that Pillow writes."""
    at = jpeg.index(b"\xff\xc0") + 11
    return jpeg[:at] + bytes([sampling]) + jpeg[at + 1 :]


def inks(kind, **options):
    """Four inks that vary by themselves; Pillow's own conversion from RGB uses no black."""
    small = RNG.integers(0, 256, (6, 8, 4), np.uint8)
    return written(Image.fromarray(small, "CMYK").resize((40, 30), Image.Resampling.BICUBIC), kind, **options)


def as_ycck(cmyk):
    """An Adobe marker that says that the first three inks are luma and colour differences."""
    at = cmyk.index(b"Adobe") + 11
    return cmyk[:at] + b"\2" + cmyk[at + 1 :]


def without_adobe(cmyk):
    return cmyk.replace(b"Adobe", b"adobe")


def jpegs():
    square = PHOTO.resize((64, 64))
    yield "jpeg", written(PHOTO, "JPEG", quality=95)
    yield "jpeg 4:4:4", written(PHOTO, "JPEG", subsampling=0)
    yield "jpeg 4:2:2", written(PHOTO, "JPEG", subsampling=1)
    yield "jpeg 4:4:0", with_subsampling(written(square, "JPEG", subsampling=1), 0x12)
    yield "jpeg of low quality", written(PHOTO, "JPEG", quality=5)
    yield "progressive jpeg", written(PHOTO, "JPEG", quality=50, subsampling=2, progressive=True)
    yield "jpeg with restarts", written(PHOTO, "JPEG", restart_marker_blocks=1)
    yield "grey jpeg", written(PHOTO.convert("L"), "JPEG")
    yield "jpeg of rgb", written(PHOTO, "JPEG", keep_rgb=True)
    yield "mpo", written(PHOTO, "MPO", save_all=True, append_images=[PHOTO.rotate(180)])
    for name, options in {"": {}, " progressive": {"progressive": True}, " 4:2:0": {"subsampling": 2}}.items():
        file = inks("JPEG", quality=90, **options)
        yield f"cmyk jpeg{name}", file
        yield f"ycck jpeg{name}", as_ycck(file)
        yield f"cmyk jpeg{name} without a marker", without_adobe(file)
    for orientation in range(10):
        yield f"jpeg of orientation {orientation}", written(PHOTO, "JPEG", exif=oriented(orientation))
    plain = written(PHOTO, "JPEG")
    yield "jpeg of big-endian exif", with_segments(plain, segment(0xE1, big_endian(6)))
    yield (
        "jpeg of exif behind a profile",
        with_segments(plain, segment(0xE2, b"\xff\xe1" * 999), segment(0xE1, big_endian(5))),
    )
    yield (
        "jpeg of exif in two",
        with_segments(plain, segment(0xE1, big_endian(8)[:20]), segment(0xE1, b"Exif\0\0" + big_endian(8)[20:])),
    )
    yield "jpeg of xmp", with_segments(plain, segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + xmp(3)))
    yield (
        "jpeg of exif without orientation, and xmp",
        with_segments(
            plain,
            segment(0xE1, b"Exif\0\0II*\0\x08\0\0\0\0\0"),
            segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + xmp(6)),
        ),
    )
    yield (
        "jpeg of exif against xmp",
        with_segments(plain, segment(0xE1, big_endian(6)), segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + xmp(3))),
    )
    yield "jpeg with fill bytes", plain[:2] + b"\xff\xff\xff" + plain[2:]
    yield "cmyk jpeg upside down", inks("JPEG", exif=oriented(3))


# PNG ------------------------------------------------------------------------------------------


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width, height, depth, colour, rows, *chunks, interlaced=False):
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced)
    body = zlib.compress(b"".join(b"\0" + row for row in rows))
    parts = [chunk(b"IHDR", header), *chunks, chunk(b"IDAT", body), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def interlaced(width, height, depth, colour, samples, *chunks):
    """By Adam7, of samples of whole bytes (height, width, bytes)."""
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    rows = [row.tobytes() for x, y, dx, dy in passes for row in samples[y::dy, x::dx] if row.size]
    return png(width, height, depth, colour, rows, *chunks, interlaced=True)


def with_chunks(file, *chunks, before=b"IDAT"):
    at = file.index(before) - 4
    return file[:at] + b"".join(chunks) + file[at:]


def transparent_key(*samples):
    return chunk(b"tRNS", struct.pack(f">{len(samples)}H", *samples))


def packed(depth):
    """All samples of a depth, in rows of 13 that end within a byte."""
    samples = RNG.integers(0, 2**depth, (7, 13), np.uint8)
    bits = np.unpackbits(samples[..., np.newaxis], axis=-1)[..., 8 - depth :].reshape(7, -1)
    return [np.packbits(row).tobytes() for row in bits]


def profile(orientation):
    digits = big_endian(orientation).hex()
    return f"\nexif\n{len(digits) // 2:8}\n" + "\n".join(digits[i : i + 72] for i in range(0, len(digits), 72)) + "\n"


def pngs():
    alpha, palette = with_alpha(PHOTO), PHOTO.quantize(16)
    plain = written(PHOTO, "PNG")
    yield "png", plain
    yield "one pixel", written(PHOTO.crop((0, 0, 1, 1)), "PNG")
    yield "column", written(PHOTO.crop((0, 0, 1, 21)), "PNG")
    yield "grey png", written(PHOTO.convert("L"), "PNG")
    yield "png of grey and alpha", written(alpha.convert("LA"), "PNG")
    yield "png with alpha", written(alpha, "PNG")
    for bits in (1, 2, 4, 8):
        yield f"palette png of {bits} bits", written(PHOTO.quantize(2**bits), "PNG", bits=bits)
    yield "palette png with a transparent colour", written(palette, "PNG", transparency=3)
    yield "palette png with alphas", written(palette, "PNG", transparency=bytes(range(0, 240, 16)))
    yield "palette png of 1 bit with alphas", written(PHOTO.quantize(2), "PNG", bits=1, transparency=b"\x40\xf0")
    for depth in (1, 2, 4):
        rows = packed(depth)
        yield f"grey png of {depth} bits", png(13, 7, depth, 0, rows)
        for key in (0, 1, 2**depth - 1):
            yield f"grey png of {depth} bits, {key} transparent", png(13, 7, depth, 0, rows, transparent_key(key))
    grey = RNG.integers(0, 5, (9, 7, 1), np.uint8)
    colour = RNG.integers(0, 2, (9, 7, 3), np.uint8)
    levels = RNG.integers(0, 65536, (9, 7, 1)).astype(">u2")
    levels[:2, :, 0] = np.arange(14).reshape(2, 7) * 257 + 128  # where rounding decides
    deep = RNG.integers(0, 65536, (9, 7, 4)).astype(">u2")
    for name, key in {"a": 3, "no": 9, "too large a": 256 + 3}.items():
        yield (
            f"grey png, {name} level transparent",
            png(7, 9, 8, 0, [it.tobytes() for it in grey], transparent_key(key)),
        )
    for name, key in {"a": (0, 1, 1), "no": (9, 9, 9)}.items():
        yield f"png, {name} colour transparent", png(7, 9, 8, 2, [it.tobytes() for it in colour], transparent_key(*key))
    yield "png of 16 bit grey", png(7, 9, 16, 0, [it.tobytes() for it in levels])
    for key in (int(levels[4, 4, 0]), 128, 70):
        rows = [it.tobytes() for it in levels]
        yield f"png of 16 bit grey, {key} transparent", png(7, 9, 16, 0, rows, transparent_key(key))
    yield "png of 16 bit colour", png(7, 9, 16, 2, [it.tobytes() for it in deep[..., :3].copy()])
    yield "png of 16 bit grey and alpha", png(7, 9, 16, 4, [it.tobytes() for it in deep[..., :2].copy()])
    yield "png of 16 bit colour and alpha", png(7, 9, 16, 6, [it.tobytes() for it in deep])
    low = (RNG.integers(0, 2, (9, 7, 3)) * 256 + 200).astype(">u2")
    for key in ((200, 456, 456), (0, 1, 1)):
        rows = [it.tobytes() for it in low]
        yield f"png of 16 bit colour, {key} transparent", png(7, 9, 16, 2, rows, transparent_key(*key))
    yield "interlaced png", interlaced(33, 21, 8, 2, np.array(PHOTO))
    yield "interlaced png with alpha", interlaced(33, 21, 8, 6, np.array(alpha))
    yield "interlaced png of 16 bit grey", interlaced(7, 9, 16, 0, levels)
    yield "animated png", written(PHOTO, "PNG", save_all=True, append_images=[PHOTO.rotate(180)], default_image=False)
    yield (
        "animated png beside its image",
        written(PHOTO, "PNG", save_all=True, append_images=[PHOTO.rotate(180), PHOTO], default_image=True),
    )
    for orientation in (1, 6, 7):
        yield f"png of orientation {orientation}", written(PHOTO, "PNG", exif=oriented(orientation))
    exif = chunk(b"eXIf", big_endian(8)[6:])
    yield "png of exif behind the pixels", with_chunks(plain, exif, before=b"IEND")
    yield "png of exif twice", with_chunks(plain, chunk(b"eXIf", big_endian(3)[6:]), exif)
    yield "png of 16 bit grey, upright", with_chunks(png(7, 9, 16, 0, [it.tobytes() for it in levels]), exif)
    for compressed, attribute in itertools.product((False, True), repeat=2):
        info = PngImagePlugin.PngInfo()
        info.add_itxt("XML:com.adobe.xmp", xmp(6, attribute).decode(), "de", "lang", zip=compressed)
        yield (
            f"png of xmp{' compressed' * compressed}{' in a tag' * (not attribute)}",
            written(PHOTO, "PNG", pnginfo=info),
        )
        info = PngImagePlugin.PngInfo()
        info.add_text("Raw profile type exif", profile(5), zip=compressed)
        yield f"png of ImageMagick's exif{' compressed' * compressed}", written(PHOTO, "PNG", pnginfo=info)


# GIF ------------------------------------------------------------------------------------------


def gif_frame(file):
    """The first frame of a GIF that has a palette of its file: from `,` to the end."""
    return file[file.index(b",", 13 + 3 * 2 ** (file[10] % 8 + 1)) :]


def on_gif_canvas(file, canvas, left, top, control=b""):
    """The first frame on a larger canvas."""
    at = file.index(gif_frame(file))
    head = file[:6] + struct.pack("<HH", *canvas) + file[10:at]
    return head + control + file[at : at + 1] + struct.pack("<HH", left, top) + file[at + 5 :]


def gifs():
    palette = PHOTO.quantize(16)
    plain = written(palette, "GIF")
    transparent = b"!\xf9\x04\x01\0\0\x05\0"
    yield "gif", written(PHOTO, "GIF")
    yield "grey gif", written(PHOTO.convert("L"), "GIF")
    yield "gif of two colours", written(PHOTO.convert("1"), "GIF")
    yield "gif with a transparent colour", written(palette, "GIF", transparency=5)
    yield "gif with transparent pixels", written(with_alpha(PHOTO), "GIF")
    yield (
        "grey gif with a transparent level",
        written(PHOTO.convert("L"), "GIF", transparency=int(np.array(PHOTO.convert("L"))[3, 3])),
    )
    yield "animated gif", written(PHOTO, "GIF", save_all=True, append_images=[PHOTO.rotate(180)])
    yield (
        "animated gif with transparent pixels",
        written(with_alpha(PHOTO), "GIF", save_all=True, append_images=[with_alpha(PHOTO.rotate(180))], disposal=2),
    )
    yield "interlaced gif", written(palette, "GIF", interlace=1)
    yield "gif that is not interlaced", written(palette, "GIF", interlace=0)
    yield "gif with a comment", written(palette, "GIF", comment="x" * 600)
    yield "gif smaller than its canvas", on_gif_canvas(plain, (40, 30), 3, 5)
    yield "gif larger than its canvas", on_gif_canvas(plain, (20, 30), 3, 5)
    yield "transparent gif smaller than its canvas", on_gif_canvas(plain, (40, 30), 3, 5, transparent)
    yield "gif with two controls", on_gif_canvas(plain, (33, 21), 0, 0, transparent + b"!\xf9\x04\0\0\0\x07\0")
    frame, colours = gif_frame(plain), plain[13 : plain.index(gif_frame(plain))]
    local = (
        frame[:9] + bytes([frame[9] | 0x80 | (plain[10] & 7)]) + colours[: 3 * 2 ** (plain[10] % 8 + 1)] + frame[10:]
    )
    yield "gif with a palette of its frame", plain[:10] + b"\0\0\0" + local
    yield "gif without a palette", plain[:10] + b"\0\0\0" + frame


# BMP ------------------------------------------------------------------------------------------


def bmp(width, height, bits, body, *, palette=b"", compression=0, masks=b"", colours=0, header=40, downwards=False):
    size = -height if downwards else height
    if header == 12:
        described = struct.pack("<IHHHH", 12, width, height, 1, bits)
    else:
        described = struct.pack("<IiiHHIIiiII", 40, width, size, 1, bits, compression, len(body), 0, 0, colours, 0)
        described = struct.pack("<I", header) + described[4:] + (masks + bytes(84))[: header - 40]
        masks = masks if header == 40 else b""
    start = 14 + len(described) + len(masks) + len(palette)
    return struct.pack("<2sIHHI", b"BM", start + len(body), 0, 0, start) + described + masks + palette + body


def bmps():
    plain = written(PHOTO, "BMP")
    yield "bmp", plain
    yield "bmp of two levels", written(PHOTO.convert("1"), "BMP")
    yield "grey bmp", written(PHOTO.convert("L"), "BMP")
    yield "palette bmp", written(PHOTO.quantize(256), "BMP")
    yield "palette bmp of few colours", written(PHOTO.quantize(16), "BMP")
    yield "bmp with alpha", written(with_alpha(PHOTO), "BMP")
    colours = [bytes(RNG.integers(0, 256, 4, np.uint8)) for _ in range(16)]
    four = RNG.integers(0, 256, (5, 8), np.uint8).tobytes()
    yield "bmp of 4 bits", bmp(13, 5, 4, four, palette=b"".join(colours))
    yield "bmp of 4 bits downwards", bmp(13, 5, 4, four, palette=b"".join(colours), downwards=True)
    yield "bmp of 1 bit", bmp(13, 5, 1, four[:20], palette=b"".join(colours[:2]))
    yield "bmp of OS/2", bmp(13, 5, 4, four, palette=b"".join(it[:3] for it in colours), header=12)
    yield "bmp of OS/2 with 24 bits", bmp(3, 2, 24, four[:24], header=12)
    yield "bmp of two grey levels in 1 bit", bmp(13, 5, 1, four[:20], palette=bytes(4) + b"\xff" * 4)
    yield "bmp of two levels the other way", bmp(13, 5, 1, four[:20], palette=b"\xff" * 4 + bytes(4))
    all_pairs = np.arange(65536, dtype="<u2").tobytes()
    fives, sixes = struct.pack("<III", 0x7C00, 0x3E0, 0x1F), struct.pack("<III", 0xF800, 0x7E0, 0x1F)
    yield "bmp of 15 bits", bmp(256, 256, 16, all_pairs)
    yield "bmp of 15 bits by masks", bmp(256, 256, 16, all_pairs, compression=3, masks=fives)
    yield "bmp of 16 bits", bmp(256, 256, 16, all_pairs, compression=3, masks=sixes)
    yield "bmp downwards", bmp(3, 2, 24, four[:24], downwards=True)
    yield "bmp of 32 bits", bmp(3, 3, 32, four[:36])
    for masks in (
        (0xFF0000, 0xFF00, 0xFF, 0),
        (0xFF000000, 0xFF0000, 0xFF00, 0),
        (0xFF000000, 0xFF00, 0xFF, 0),
        (0xFF000000, 0xFF0000, 0xFF00, 0xFF),
        (0xFF, 0xFF00, 0xFF0000, 0xFF000000),
        (0xFF0000, 0xFF00, 0xFF, 0xFF000000),
        (0xFF000000, 0xFF00, 0xFF, 0xFF0000),
        (0, 0, 0, 0),
    ):
        for header in (56, 108, 124):
            stated = struct.pack("<IIII", *masks)
            yield (
                f"bmp of 32 bits, masks {masks}, header {header}",
                bmp(3, 3, 32, four[:36], compression=3, masks=stated, header=header),
            )
    yield (
        "bmp with masks and no alpha",
        bmp(3, 3, 32, four[:36], compression=3, masks=struct.pack("<III", 0xFF0000, 0xFF00, 0xFF)),
    )


# WebP -----------------------------------------------------------------------------------------


def webps():
    alpha = with_alpha(PHOTO)
    frames = {"save_all": True, "append_images": [PHOTO.rotate(180)]}
    yield "webp", written(PHOTO, "WEBP", quality=60)
    yield "lossless webp", written(PHOTO, "WEBP", lossless=True)
    yield "grey webp", written(PHOTO.convert("L"), "WEBP")
    yield "webp with alpha", written(alpha, "WEBP")
    yield "lossless webp with alpha", written(alpha, "WEBP", lossless=True)
    yield "exact webp with alpha", written(alpha, "WEBP", lossless=True, exact=True)
    for name, options in {"": {}, "lossless ": {"lossless": True}}.items():
        yield f"{name}animated webp", written(PHOTO, "WEBP", **frames, **options)
        yield f"{name}animated webp with alpha", written(alpha, "WEBP", **frames, **options)
        middle = Image.new("RGBA", (40, 30))
        middle.paste(alpha.crop((0, 0, 20, 10)), (10, 12))
        yield (
            f"{name}animated webp on a canvas",
            written(middle, "WEBP", save_all=True, append_images=[middle.rotate(180)], **options),
        )
    yield "webp of orientation 6", written(PHOTO, "WEBP", exif=oriented(6))
    yield "webp with alpha of orientation 7", written(alpha, "WEBP", exif=oriented(7))
    yield "animated webp of orientation 8", written(PHOTO, "WEBP", exif=oriented(8), **frames)
    yield "webp of xmp", written(PHOTO, "WEBP", xmp=xmp(5))


SERVED = dict(itertools.chain(jpegs(), pngs(), gifs(), bmps(), webps()))
