import gzip

import numpy as np
import pytest
import tensorflow as tf

from keras_genssl import data
from keras_genssl.data import arrays

IMAGES = np.arange(10 * 2 * 3, dtype=np.uint8).reshape(10, 2, 3)


def _write(path, **arrays):
    np.savez_compressed(path, **arrays)
    return path


def _labels(*arguments):
    return [int(x["label"]) for x in data.load(*arguments, shuffle=False).as_numpy_iterator()]


@pytest.mark.parametrize("names", [("x_{}", "y_{}"), ("{}_images", "{}_labels")])
def test_splits_are_named_as_keras_and_medmnist_do(tmp_path, names):
    images, labels = names
    path = _write(
        tmp_path / "a.npz",
        **{images.format("train"): IMAGES, labels.format("train"): np.arange(10)[:, None]},
        **{images.format("test"): IMAGES[:2], labels.format("test"): np.array([7, 8], np.uint8)},
    )
    (first, *_) = data.load(path, "train", shuffle=False).as_numpy_iterator()
    np.testing.assert_array_equal(first["image"], IMAGES[0][..., None])
    assert _labels(path, "train") == list(range(10))
    assert _labels(path, "test") == [7, 8]


def test_one_split_is_train_and_can_be_sliced(tmp_path):
    path = _write(tmp_path / "a.npz", images=np.stack([IMAGES] * 3, -1), labels=np.arange(10))
    assert _labels(path, "train[:90%]") == list(range(9))
    assert _labels(path, "train[90%:]") == [9]
    with pytest.raises(ValueError, match=r'must hold an array `x_test` or `test_images`.*slice it, "train\[:90%\]"'):
        data.load(path, "test")


def test_archives_without_labels_have_images_alone(tmp_path):
    assert list(data.load(_write(tmp_path / "a.npz", image=IMAGES)).element_spec) == ["image"]


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"images": IMAGES.astype("f4")}, r"`images` in .* must be uint8 .* Received: float32 of shape \(10, 2, 3\)"),
        ({"images": IMAGES, "labels": np.arange(9)}, r"`labels of .*` must be integers.* \(9,\) for 10 examples"),
        (
            {"pixels": IMAGES},
            r"must hold an array `x_train` or `train_images` or `images` or `image`. Received: pixels",
        ),
        ({"images": np.array([{}])}, "Object arrays cannot be loaded"),
    ],
)
def test_what_an_archive_must_hold_is_said(tmp_path, arrays, message):
    with pytest.raises(ValueError, match=message):
        data.load(_write(tmp_path / "a.npz", **arrays))


def test_a_damaged_archive_is_named(tmp_path):
    path = _write(tmp_path / "a.npz", images=IMAGES)
    whole = path.read_bytes()
    for content in (whole[:-30], b"junk", b"", whole.replace(b"PK\x03\x04", b"PK\x03\x05", 1)):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"a.npz cannot be read as an NPZ archive of NumPy: ") as told:
            data.load(path)
        assert "pickle" not in str(told.value)


def idx(array: np.ndarray) -> bytes:
    header = [0x08 << 8 | array.ndim, *array.shape]
    return np.array(header, ">u4").tobytes() + array.astype(np.uint8).tobytes()


@pytest.fixture
def directory(tmp_path):
    rng = np.random.default_rng(0)
    for name, size in (("train", 10), ("t10k", 4)):
        images = rng.integers(0, 256, (size, 5, 6))
        (tmp_path / f"{name}-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(images)))
        (tmp_path / f"{name}-labels-idx1-ubyte").write_bytes(idx(np.arange(size) % 3))
    return tmp_path


def test_idx_files_are_read_plain_and_compressed(directory) -> None:
    content = gzip.decompress((directory / "t10k-images-idx3-ubyte.gz").read_bytes())
    examples = list(data.load(directory, "test", shuffle=False).as_numpy_iterator())
    assert [int(example["label"]) for example in examples] == [0, 1, 2, 0]
    assert examples[0]["label"].dtype == np.int64
    assert b"".join(example["image"].tobytes() for example in examples) == content[16:]
    assert examples[0]["image"].shape == (5, 6, 1)


def test_slices_are_those_of_tfds(directory) -> None:
    labels = [int(x["label"]) for x in data.load(directory, "train[20%:50%]", shuffle=False).as_numpy_iterator()]
    assert labels == [2, 0, 1]  # examples 2, 3 and 4


def test_rows_of_arrays_stay_together_whatever_their_dtypes() -> None:
    source = {
        "image": np.arange(24, dtype=np.uint8).reshape(6, 2, 2, 1),
        "half": np.arange(6) / 2,
        "flag": np.arange(6) > 2,
    }
    dataset = data.load(source, batch_size=3, seed=5)
    assert dataset.element_spec["image"] == tf.TensorSpec((3, 2, 2, 1), tf.uint8)
    seen = []
    for batch in dataset.as_numpy_iterator():
        numbers = (batch["half"] * 2).astype(int)
        np.testing.assert_array_equal(batch["image"], source["image"][numbers])
        np.testing.assert_array_equal(batch["flag"], numbers > 2)
        seen.extend(numbers)
    assert sorted(seen) == [0, 1, 2, 3, 4, 5]


def test_the_same_rows_in_other_hands_are_the_same_source() -> None:
    images = np.arange(8, dtype=np.uint8).reshape(2, 2, 2, 1)
    first, copy, other = (arrays.ArraySource({"image": x}) for x in (images, images[::-1][::-1].copy(), images[::-1]))
    assert first.identity == copy.identity
    assert first.identity != other.identity


@pytest.mark.parametrize(
    ("source", "options", "message"),
    [
        ({"image": np.zeros((2, 4)), "label": np.zeros(3)}, {}, "one and the same length"),
        ({"image": np.array(["a", "b"])}, {}, "must hold numbers"),
        ({"image": np.zeros((2, 4))}, {"features": ["label"]}, "out of \\['image'\\]"),
        ({"image": np.zeros((2, 4))}, {"split": "test"}, "one split"),
        ({"image": np.zeros((0, 4))}, {}, "holds no example"),
    ],
)
def test_arrays_that_are_no_examples_are_refused(source, options, message) -> None:
    with pytest.raises(ValueError, match=message):
        data.load(source, **options)


def test_damaged_idx_files_are_refused(directory) -> None:
    with pytest.raises(ValueError, match="`split` must be one of"):
        data.load(directory, "validation")
    path = directory / "train-labels-idx1-ubyte"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ValueError, match="must be an IDX file"):
        data.load(directory, "train")
    path.unlink()
    with pytest.raises(ValueError, match="must hold train-labels-idx1-ubyte"):
        data.load(directory, "train")
