import numpy as np
import pytest
from PIL import Image

from pipelines.batch.png_rows import PNGRows

RNG = np.random.default_rng(5)


@pytest.mark.parametrize(("height", "width", "channels"), [(1, 1, 3), (150, 31, 3), (70, 5, 1)])
def test_pillow_reads_what_was_written_in_parts(height, width, channels, tmp_path) -> None:
    rows = RNG.integers(0, 256, (height, width, channels)).astype(np.uint8)
    rows[height // 2 :] //= 64  # other filters are better here
    with PNGRows(tmp_path / "a.png", height, width, channels) as png:
        for start in range(0, height, 67):
            png.write(rows[start : start + 67])
    with Image.open(tmp_path / "a.png") as image:
        image.load()
        assert image.mode == {1: "L", 3: "RGB"}[channels]
        np.testing.assert_array_equal(np.asarray(image).reshape(rows.shape), rows)


def test_a_gradient_is_almost_nothing(tmp_path) -> None:
    """Sub leaves ones to the right of each first pixel: a row of 3,000 bytes shrinks to a few."""
    rows = np.broadcast_to(np.arange(1000, dtype=np.int64)[None, :, None] % 256, (100, 1000, 3)).astype(np.uint8)
    with PNGRows(tmp_path / "a.png", *rows.shape) as png:
        png.write(rows)
    assert (tmp_path / "a.png").stat().st_size < rows.nbytes / 100


def test_rows_must_fit_and_be_complete(tmp_path) -> None:
    png = PNGRows(tmp_path / "a.png", 2, 4, 3)
    png.write(np.zeros((1, 4, 3), np.uint8))
    for rows in (np.zeros((1, 5, 3), np.uint8), np.zeros((2, 4, 3), np.uint8), np.zeros((1, 4, 3))):
        with pytest.raises(ValueError, match=r"`rows` must be uint8 of shape \(at most 1, 4, 3\)"):
            png.write(rows)
    with pytest.raises(ValueError, match=r"Received: 1 too few"):
        png.__exit__(None, None, None)
