"""`on_error="skip"`: what cannot be read leaves no gap, and the same stands in its place after a resumption."""

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from tensorflow.python.data.ops import debug_mode

from keras_genssl import data

BAD = (0, 3, 7)


def write(root, bad, count=12):
    """Image number i has the value i, the first five in one folder; of the bad ones the file is none."""
    for number in range(count):
        path = root / ("a" if number < 5 else "b") / f"{number:02d}.png"
        path.parent.mkdir(exist_ok=True, parents=True)
        Image.fromarray(np.full((2, 2, 3), number, np.uint8)).save(path)
        if number in bad:
            path.write_text("no image")
    return root


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write(tmp_path_factory.mktemp("photos"), BAD)


def values(dataset):
    """The numbers of the images of each batch, which their label, key and index must agree with."""
    found = []
    for batch in dataset.as_numpy_iterator():
        numbers = batch["image"][:, 0, 0, 0]
        np.testing.assert_array_equal(numbers, batch["index"])
        np.testing.assert_array_equal(numbers >= 5, batch["label"])
        assert [int(key[2:4]) for key in batch["key"]] == numbers.tolist()
        found.append(numbers.tolist())
    return found


def expected(order, epoch, step):
    """By the definition: from the number that the transform's seed draws on, the next that can be read."""
    ids, seeds = order.batch(epoch, step)
    found = []
    for number, seed in zip(ids.tolist(), seeds.tolist(), strict=True):
        others = [(seed + ahead) % 12 for ahead in range(12)]
        found.append(next(other for other in [number, *others] if other not in BAD))
    return found


def test_batches_are_full_and_the_same_after_a_resumption(folder):
    dataset = data.load(folder, batch_size=4, seed=3, index=True, on_error="skip")
    whole = [values(dataset) for _ in range(3)]
    order = dataset.order
    assert whole == [[expected(order, epoch, step) for step in range(3)] for epoch in range(3)]
    stood_in = {
        (epoch, number): other
        for epoch in range(3)
        for number, other in zip(order.epoch(epoch).tolist(), np.ravel(whole[epoch]).tolist(), strict=True)
        if number in BAD
    }
    assert len(stood_in) == 9
    assert len({stood_in[epoch, 3] for epoch in range(3)}) > 1  # no image has the weight of two in every epoch
    again = data.load(folder, batch_size=4, seed=3, index=True, on_error="skip")
    again.order.position = (1, 2)
    assert values(again) == whole[1][2:]
    assert values(again) == whole[2]


def test_what_was_skipped_is_told_once_each(folder):
    dataset = data.load(folder, batch_size=4, index=True, on_error="skip", shuffle=False)
    assert dataset.skipped == {0: f"Cannot decode the image {folder}/a/00.png: no decoder recognises the bytes"}
    assert values(dataset) == [[1, 1, 2, 4], [4, 5, 6, 8], [8, 9, 10, 11]]  # the next one, on disk
    assert values(dataset) == [[1, 1, 2, 4], [4, 5, 6, 8], [8, 9, 10, 11]]
    assert sorted(dataset.skipped) == list(BAD)
    assert data.load(folder / "b", features=["key"]).skipped == {}


def test_a_class_keeps_its_number_of_examples(folder):
    dataset = data.load(folder, balance=data.ClassBalanced(2, 2, steps_per_epoch=12), index=True, on_error="skip")
    for batch in values(dataset):
        assert sorted(number >= 5 for number in batch) == [False, False, True, True]
        assert not set(batch) & set(BAD)


def test_without_it_a_bad_file_is_an_error(folder):
    with pytest.raises(ValueError, match=r"Cannot decode the image .*a/00\.png: no decoder recognises the bytes"):
        data.load(folder)
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"Cannot decode the image .*b/07\.png"):
        list(data.load(folder / "b"))
    with pytest.raises(ValueError, match=r'`on_error` must be "raise" or "skip"\. Received: on_error=\'ignore\''):
        data.load(folder, on_error="ignore")


def test_a_folder_of_bad_files_alone_ends_in_an_error(tmp_path):
    with pytest.raises(
        ValueError, match=r"None of the 3 examples can be read\. The first: Cannot decode .*00\.png: no"
    ):
        data.load(write(tmp_path / "one", range(3), 3), on_error="skip")
    classes = data.load(
        write(tmp_path / "two", range(5), 7), balance=data.ClassBalanced(2, 2), on_error="skip", features=["image"]
    )
    with pytest.raises(
        tf.errors.InvalidArgumentError, match=r"None of the 5 examples that may stand for the image .*/a/0"
    ):
        list(classes)


def small(example, seed):
    """Refuses the images above 9, and breaks at 5."""
    if example["image"][0, 0, 0] > 9:
        raise ValueError("`image` must be darker")
    return {"value": {5: {}}.get(int(example["image"][0, 0, 0]), example)["image"][0, 0, 0]}


def test_what_a_transform_refuses_is_skipped_and_what_breaks_in_it_is_not(folder, tmp_path):
    good = write(tmp_path, (), 12)
    (good / "b" / "05.png").unlink()
    dataset = data.load(good, on_error="skip", transform=small, shuffle=False)
    assert [int(example["value"]) for example in dataset] == [0, 1, 2, 3, 4, 6, 7, 8, 9, 0, 0]
    assert dataset.skipped[10] == f"Cannot transform the image {good}/b/11.png: `image` must be darker"
    with pytest.raises(
        tf.errors.InvalidArgumentError, match=r"Cannot transform the image .*05\.png: KeyError: 'image'"
    ):
        list(data.load(folder, on_error="skip", transform=small, shuffle=False))


def test_pairs_and_films_are_skipped_whole(folder, tmp_path):
    groups = data.Groups({"first": [1, 2, 4], "second": [2, 3, 5]}, labels=[0, 1, 1])
    pairs = data.load(folder, groups=groups, on_error="skip", shuffle=False)
    found = [[int(pair[field].numpy().ravel()[0]) for field in ("first", "second", "label")] for pair in pairs]
    assert found == [[1, 2, 0], [4, 5, 1], [4, 5, 1]]
    assert list(pairs.skipped) == [1]
    films = data.load(data.FrameFolders(write(tmp_path, (1,), 9)), on_error="skip", shuffle=False)
    assert [film["key"] for film in films.as_numpy_iterator()] == [b"b", b"b"]
    assert "Cannot decode the frame" in films.skipped[0]


def test_debug_mode_of_tf_data_gives_the_same(folder, monkeypatch):
    options = {"batch_size": 2, "index": True, "on_error": "skip"}
    whole, one = data.load(folder, **options), data.load(folder / "b", on_error="skip", features=["image"])
    first = values(whole), [int(example["image"][0, 0, 0]) for example in one]
    monkeypatch.setattr(debug_mode, "DEBUG_MODE", False)  # there is no way back but this
    tf.data.experimental.enable_debug_mode()
    whole, one = data.load(folder, **options), data.load(folder / "b", on_error="skip", features=["image"])
    assert (values(whole), [int(example["image"][0, 0, 0]) for example in one]) == first
    only = data.load({"image": np.arange(6, dtype=np.uint8).reshape(6, 1, 1, 1)}, batch_size=3, shuffle=False)
    assert [batch["image"].ravel().tolist() for batch in only.as_numpy_iterator()] == [[0, 1, 2], [3, 4, 5]]
    assert only.order.position == (1, 0)
