"""Small image files for tests."""

import io
import struct
import zlib

import numpy as np
from PIL import Image


def noise(seed, height=40, width=48):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def save(path, seed, height=40, width=48):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(noise(seed, height, width)).save(path)


def bomb(side=60_000):
    """A PNG of 68 bytes that claims to be of side x side pixels."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b""))


def bad_folder(folder):
    """Every kind of file that a user's folder may hold."""
    for seed in range(4):
        save(folder / f"good{seed}.png", seed)
    save(folder / "below" / "deep.png", 4)
    (folder / "again.png").write_bytes((folder / "good1.png").read_bytes())
    Image.new("L", (48, 40), 9).save(folder / "grey.png")
    Image.fromarray(np.full((40, 48), 40_000, np.uint16)).save(folder / "sixteen.png")
    Image.new("CMYK", (48, 40), (255, 0, 0, 0)).save(folder / "ink.jpg", quality=95)
    palette = Image.new("P", (48, 40))
    palette.putpalette([255, 0, 0])
    palette.save(folder / "palette.png", transparency=0)
    frames = [Image.new("RGB", (48, 40), color) for color in ((10, 200, 30), (200, 0, 0))]
    frames[0].save(folder / "animated.gif", save_all=True, append_images=frames[1:])
    Image.new("RGB", (1, 1)).save(folder / "dot.png")
    buffer = io.BytesIO()
    Image.fromarray(noise(9)).save(buffer, "JPEG")
    (folder / "cut.jpg").write_bytes(buffer.getvalue()[:700])
    (folder / "text.jpg").write_text("no image")
    (folder / "empty.png").write_bytes(b"")
    (folder / "bomb.png").write_bytes(bomb())
    (folder / "gone.jpg").symlink_to(folder / "nowhere")
    (folder / "folder.png").mkdir()
    (folder / "notes.txt").write_text("no image, and it does not say so")
    (folder / ".hidden.png").write_bytes(b"")
