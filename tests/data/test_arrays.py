import gzip

import numpy as np
import pytest
import tensorflow as tf

from keras_genssl import data
from keras_genssl.data import arrays


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
