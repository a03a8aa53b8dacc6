import numpy as np
import pytest

from keras_genssl import data
from pipelines.data.example_gen.dataset import dataset_example_gen
from pipelines.data.preparations.images import Images
from pipelines.data.prepare import prepare
from pipelines.errors import UserError
from tests.pipelines import digits

SPLITS = {"train": "train", "eval": "test"}


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    folder = tmp_path_factory.mktemp("digits")
    digits.write_idx(folder, train=50, test=20)
    return str(folder)


@pytest.fixture(scope="module")
def examples(source, tmp_path_factory):
    return dataset_example_gen(source, tmp_path_factory.mktemp("out"), SPLITS)


def test_records_are_the_images_and_labels_of_the_data_set_in_its_order(examples):
    images, labels = digits.digits()
    batches = data.load(examples.path, "eval", 20, shuffle=False, features=["image", "label"])
    (batch,) = batches.as_numpy_iterator()
    np.testing.assert_array_equal(batch["image"][..., 0], images[50:70])
    np.testing.assert_array_equal(batch["label"], labels[50:70])
    assert examples.manifest["labels"] == [str(digit) for digit in range(10)]
    assert examples.manifest["statistics"]["train"]["label"] == {
        str(digit): int((labels[:50] == digit).sum()) for digit in range(10)
    }


def test_equal_images_stay_and_nothing_is_made_twice(source, tmp_path):
    for name in ("train", "t10k"):
        header = np.array([0x803, 3, 2, 2], ">u4").tobytes()
        (tmp_path / f"{name}-images-idx3-ubyte").write_bytes(header + bytes(12))
        (tmp_path / f"{name}-labels-idx1-ubyte").write_bytes(np.array([0x801, 3], ">u4").tobytes() + bytes([1, 1, 0]))
    twice = [dataset_example_gen(str(tmp_path), tmp_path / "out", SPLITS) for _ in range(2)]
    assert [one.manifest["splits"]["train"]["records"] for one in twice] == [3, 3]
    assert [one.reused for one in twice] == [False, True]


def test_prepared_images_of_the_right_size_are_the_same_to_the_bit_and_keep_their_label(examples, tmp_path):
    prepared = prepare(examples, tmp_path, Images(size=digits.SIZE))
    read = [
        next(data.load(one.path, "train", 50, shuffle=False, features=["image", "label"]).as_numpy_iterator())
        for one in (examples, prepared)
    ]
    for name in ("image", "label"):
        np.testing.assert_array_equal(read[0][name], read[1][name])


@pytest.mark.parametrize(("name", "split"), [("no_such_data", "train"), (None, "validation")])
def test_what_there_is_none_of_is_an_error(source, tmp_path, name, split):
    with pytest.raises(UserError, match=rf"^data.dataset=.*, split {split}: "):
        dataset_example_gen(name or source, tmp_path, {"train": split})


def test_an_archive_of_arrays_is_a_data_set_and_its_faults_are_told(tmp_path):
    images, labels = digits.digits()
    np.savez(tmp_path / "digits.npz", images=images[:10], labels=labels[:10])
    splits = {"train": "train[:80%]", "eval": "train[80%:]"}
    made = dataset_example_gen(str(tmp_path / "digits.npz"), tmp_path / "out", splits)
    (batch,) = data.load(made.path, "eval", 2, shuffle=False, features=["image", "label"]).as_numpy_iterator()
    np.testing.assert_array_equal(batch["image"][..., 0], images[8:10])
    np.testing.assert_array_equal(batch["label"], labels[8:10])
    for empty in ({"train": "train[:0]", "eval": "train"}, {"train": "train", "eval": "train[:0]"}):
        (split,) = (name for name, theirs in empty.items() if theirs == "train[:0]")
        message = rf"^data\.{split}_split=train\[:0\]: must hold images, and holds none of .*digits\.npz$"
        with pytest.raises(UserError, match=message):
            dataset_example_gen(str(tmp_path / "digits.npz"), tmp_path / "out", empty)
    with pytest.raises(UserError, match=r"digits\.npz, split test: .* must hold an array `x_test`"):
        dataset_example_gen(str(tmp_path / "digits.npz"), tmp_path / "out", SPLITS)


def test_classes_are_left_out_of_the_training_split_alone(source, examples, tmp_path):
    images, labels = digits.digits()
    made = dataset_example_gen(source, tmp_path, SPLITS, train_without=[3, 9])
    kept = ~np.isin(labels[:50], [3, 9])
    train = data.load(made.path, "train", kept.sum(), shuffle=False, features=["image", "label"])
    (batch,) = train.as_numpy_iterator()
    np.testing.assert_array_equal(batch["image"][..., 0], images[:50][kept])
    np.testing.assert_array_equal(batch["label"], labels[:50][kept])
    splits, labels_of = made.manifest["splits"], made.manifest["labels"]
    assert splits["eval"] == examples.manifest["splits"]["eval"]  # with all classes
    assert labels_of == examples.manifest["labels"]
    with pytest.raises(UserError, match=r"^data\.train_without=\[10\]: must be numbers of the 10 classes of "):
        dataset_example_gen(source, tmp_path, SPLITS, train_without=[10])
    with pytest.raises(UserError, match="The split 'train' holds no record"):
        dataset_example_gen(source, tmp_path, SPLITS, train_without=range(10))
    np.savez(tmp_path / "plain.npz", x_train=images[:10], x_test=images[10:12])
    with pytest.raises(UserError, match=r"^data\.train_without=\[3\]: must be left out of data with labels; .* none$"):
        dataset_example_gen(str(tmp_path / "plain.npz"), tmp_path, SPLITS, train_without=[3])
