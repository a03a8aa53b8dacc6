"""The picture of prepared examples: every value of a number has its column."""

import numpy as np
import pytest
from PIL import Image

from keras_genssl.pretext import codec
from pipelines.beam import records
from pipelines.data import examples_picture


@pytest.mark.parametrize(
    ("values", "side", "bands", "rows"),
    [
        (7, 128, 1, 4),  # tiles of 128 pixels and 8 between: 7 columns of 136 in 960
        (10, 128, 2, 4),  # 7 and 3 values, two examples of each
        (8, 256, 2, 4),  # shown at 128 pixels: 7 and 1
    ],
)
def test_every_value_is_shown_in_bands_where_columns_do_not_fit(tmp_path, values, side, bands, rows):
    shard = tmp_path / "shard"
    with open(shard, "wb") as file:
        for number in range(5 * values):
            image = np.full((side, side, 3), 20 * (number % values), np.uint8)
            example = {"image": codec.encode_png(image), "turn": number % values}
            file.write(records.frame(records.serialize(example)))
    examples_picture.draw(tmp_path / "sheet.png", [str(shard)], {"image": "image", "turn": "int"}, {})
    sheet = np.asarray(Image.open(tmp_path / "sheet.png"))
    assert sheet.shape == (8 + rows * (128 + 16 + 8), 8 + 7 * 136, 3)  # a line of text below each tile
    middles = sheet[8 + 64 :: 152, 8 + 64 :: 136, 0].tolist()
    first, second = [list(range(0, 140, 20)), [20 * value for value in range(7, values)]]
    second += [255] * (7 - len(second))
    assert middles == ([first] * 4 if bands == 1 else [first, first, second, second])
