import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

import keras_genssl as kg
from pipelines.data.example_gen.images import image_example_gen
from pipelines.data.preparations.images import Images
from pipelines.data.prepare import prepare
from tests.pipelines import digits


def _only(preparation, image):
    (example,) = preparation.examples(image, "key", "train", 1)
    return example["image"]


def test_the_square_in_the_middle_is_shrunk_without_aliases():
    image = np.zeros((8, 20, 3), np.uint8)
    image[:, 6:14] = 255 * (np.indices((8, 8)).sum(0) % 2)[..., None]  # a checker of single pixels, black around it
    made = _only(Images(size=4, channels=1), image)
    assert made.shape == (4, 4, 1)
    assert made[1:3, 1:3].min() > 118  # every second pixel would be black or white
    assert made[1:3, 1:3].max() < 137


def test_an_image_of_the_size_stays_as_it_is_and_grey_is_luma():
    image = np.random.default_rng(0).integers(0, 256, (5, 5, 3), dtype=np.uint8)
    np.testing.assert_array_equal(_only(Images(size=5, channels=3), image), image)
    grey = _only(Images(size=5, channels=1), image)[..., 0]
    np.testing.assert_allclose(grey, image @ np.array([0.299, 0.587, 0.114]), atol=0.51)
    same = np.repeat(image[..., :1], 3, axis=-1)
    np.testing.assert_array_equal(_only(Images(size=5, channels=1), same), image[..., :1])


def test_what_would_be_enlarged_more_than_twice_is_refused():
    assert _only(Images(size=8), np.zeros((4, 9, 3), np.uint8)).shape == (8, 8, 1)
    with pytest.raises(ValueError, match="9 x 3 pixels would be enlarged more than twice for a size of 8"):
        _only(Images(size=8), np.zeros((3, 9, 3), np.uint8))


@pytest.mark.parametrize("channels", [1, 3])
def test_jpeg_is_kept_as_pillow_writes_it_and_read_as_pillow_reads_it(tmp_path, channels):
    pixels = np.random.default_rng(0).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    photograph = Image.fromarray(pixels).resize((48, 40), Image.Resampling.BICUBIC)
    (tmp_path / "photos").mkdir()
    photograph.save(tmp_path / "photos" / "a.png")
    examples = image_example_gen(tmp_path / "photos", tmp_path / "out", {"train": ["a"]})
    kept = Images(size=40, channels=channels, jpeg_quality=80)
    prepared = prepare(examples, tmp_path / "prepared", kept)
    assert prepared.digest != prepare(examples, tmp_path / "prepared", Images(size=40, channels=channels)).digest

    square = photograph.crop((4, 0, 44, 40)).convert("RGB" if channels == 3 else "L")
    file = io.BytesIO()
    square.save(file, "JPEG", quality=80)
    (record,) = tf.data.TFRecordDataset(str(next(prepared.path.glob("*.tfrecord*"))))
    stored = tf.train.Example.FromString(record.numpy()).features.feature["image"].bytes_list.value[0]
    assert stored == file.getvalue()
    (example,) = kg.data.load(prepared.path, features=["image"])
    expected = np.asarray(Image.open(file)).reshape(40, 40, channels)
    np.testing.assert_array_equal(example["image"], expected)
    assert example["image"].shape == (40, 40, channels)


def test_folders_of_classes_give_labels_where_there_are_two_or_more(tmp_path):
    digits.write_folder(tmp_path / "photos", count=12, classes=2)
    split = {"train": 0.5, "eval": 0.5}
    examples = image_example_gen(tmp_path / "photos", tmp_path / "out", split, labels=True)
    prepared = prepare(examples, tmp_path / "prepared", Images(size=28))
    assert prepared.manifest["labels"] == ["digit_0", "digit_1"]
    counts = [prepared.manifest["statistics"][name]["label"] for name in split]
    assert sum(sum(count.values()) for count in counts) == 12
    alone = image_example_gen(tmp_path / "photos" / "digit_0", tmp_path / "out", split, labels=True)
    assert "labels" not in alone.manifest
    Image.new("RGB", (28, 28)).save(tmp_path / "photos" / "loose.png")
    loose = image_example_gen(tmp_path / "photos", tmp_path / "out", split, labels=True)
    assert "labels" not in loose.manifest
