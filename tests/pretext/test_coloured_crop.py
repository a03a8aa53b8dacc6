import numpy as np
import pytest

from keras_genssl import data
from keras_genssl.pretext import coloured_crop

PICTURE = np.random.default_rng(0).integers(0, 256, (7, 9, 3), dtype=np.uint8)


def crops():
    """All crops of 4 pixels of the picture, and their mirror images, in bytes."""
    places = [(top, left) for top in range(4) for left in range(6)]
    plain = [PICTURE[top : top + 4, left : left + 4] for top, left in places]
    return [crop.tobytes() for crop in plain] + [crop[:, ::-1].tobytes() for crop in plain]


def test_places_and_mirrorings_are_even():
    drawn = [coloured_crop({"image": PICTURE, "label": 1}, seed, 4) for seed in range(4800)]
    assert {tuple(example) for example in drawn} == {("image",)}
    counts = np.bincount([crops().index(example["image"].tobytes()) for example in drawn], minlength=48)
    # 100 of each: standard deviation 9.9.
    assert np.all(np.abs(counts - 100) < 5 * 9.9)
    again = coloured_crop({"image": PICTURE}, 7, 4)["image"]
    np.testing.assert_array_equal(again, drawn[7]["image"])


def test_a_crop_without_colour_is_drawn_again():
    half = np.full((8, 40, 3), 90, np.uint8)
    half[:, 30:] = [200, 40, 40]
    for seed in range(40):
        assert np.ptp(coloured_crop({"image": half}, seed, 8)["image"], axis=-1).max() == 160


def test_serves_load_as_a_transform():
    dataset = data.load({"image": np.stack([PICTURE] * 4)}, batch_size=2, transform=coloured_crop_of_4)
    assert [batch["image"].shape.as_list() for batch in dataset] == [[2, 4, 4, 3]] * 2


def coloured_crop_of_4(example, seed):
    return coloured_crop(example, seed, 4)


@pytest.mark.parametrize(
    ("image", "size", "message"),
    [
        (PICTURE[..., :1], 4, r"must have three channels: a grey image has no colour.*shape=\(7, 9, 1\)"),
        (np.repeat(PICTURE[..., :1], 3, axis=-1), 4, r"must hold colour: a or b beyond 5 in a crop of 4 pixels"),
        (PICTURE, 8, "must be at least `size` = 8 pixels high and wide. Received: height=7, width=9"),
        (PICTURE, 0, "`size` must be a positive integer. Received: size=0"),
    ],
)
def test_errors_name_argument_rule_and_value(image, size, message):
    with pytest.raises(ValueError, match=message):
        coloured_crop({"image": image}, 0, size)
