import numpy as np
import pytest

from keras_genssl import data

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
