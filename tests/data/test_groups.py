import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds
from PIL import Image

from keras_genssl import data
from tests.data.prepared import write_prepared

IMAGES = np.arange(6, dtype=np.uint8).reshape(6, 1, 1, 1) * np.ones((1, 2, 3, 3), np.uint8)
PAIRS = data.Groups({"first": [0, 5, 2, 2], "second": [1, 4, 3, 0]}, labels=[1, 0, 1, 0])


@pytest.fixture(params=["arrays", "folder", "prepared"])
def source(request, tmp_path):
    if request.param == "arrays":
        return {"image": IMAGES}
    if request.param == "folder":
        for number, image in enumerate(IMAGES):
            Image.fromarray(image).save(tmp_path / f"{number}.png")
        return tmp_path
    features = {"image": tfds.features.Image(shape=(2, 3, 3)), "key": tfds.features.Text()}
    return write_prepared(tmp_path / "tiny", {"train": [{"image": i, "key": "k"} for i in IMAGES]}, features)


def test_groups_of_any_source_hold_the_images_they_name(source):
    dataset = data.load(source, batch_size=4, groups=PAIRS, shuffle=False)
    assert dataset.element_spec == {
        "first": tf.TensorSpec((4, 2, 3, 3), tf.uint8),
        "second": tf.TensorSpec((4, 2, 3, 3), tf.uint8),
        "label": tf.TensorSpec((4,), tf.int64),
    }
    (batch,) = dataset.as_numpy_iterator()
    np.testing.assert_array_equal(batch["first"], IMAGES[[0, 5, 2, 2]])
    np.testing.assert_array_equal(batch["second"], IMAGES[[1, 4, 3, 0]])
    assert batch["label"].tolist() == [1, 0, 1, 0]


def test_groups_are_shuffled_resumed_and_balanced_as_examples_are():
    dataset = data.load({"image": IMAGES}, batch_size=2, groups=PAIRS, seed=4)
    first = [batch["first"][:, 0, 0, 0].tolist() for batch in dataset.as_numpy_iterator()]
    assert first == [np.array([0, 5, 2, 2])[dataset.order.batch(0, step)[0]].tolist() for step in range(2)]
    dataset.order.position = (0, 1)
    assert [batch["first"][:, 0, 0, 0].tolist() for batch in dataset.as_numpy_iterator()] == first[1:]
    balanced = data.load({"image": IMAGES}, groups=PAIRS, balance=data.ClassBalanced(2, 2))
    assert [sorted(batch["label"].tolist()) for batch in balanced.as_numpy_iterator()] == [[0, 0, 1, 1]]


def test_other_groups_take_their_place_and_other_groups_are_another_source():
    dataset = data.load({"image": IMAGES}, batch_size=2, groups=data.Groups.of_triplets([[0, 1, 2], [3, 4, 5]]))
    before = dataset.order.config["source"]
    dataset.groups.replace(data.Groups.of_triplets([[5, 4, 3], [5, 4, 3]]))
    (batch,) = dataset.as_numpy_iterator()
    assert [batch[field][:, 0, 0, 0].tolist() for field in ("anchor", "positive", "negative")] == [
        [5, 5],
        [4, 4],
        [3, 3],
    ]
    assert dataset.order.config["source"] == before
    other = data.load({"image": IMAGES}, groups=data.Groups.of_triplets([[5, 4, 3], [5, 4, 3]]))
    assert other.order.config["source"] != before


def test_a_transform_sees_the_whole_group():
    def halved(example, seed):
        return {"image": example["first"] // 2, "same": example["label"] == 0}

    dataset = data.load({"image": IMAGES}, groups=PAIRS, transform=halved, shuffle=False)
    assert [(int(x["image"][0, 0, 0]), bool(x["same"])) for x in dataset.as_numpy_iterator()] == [
        (0, False),
        (2, True),
        (1, False),
        (1, True),
    ]


def test_prepared_pairs_of_a_pipeline_are_read_as_they_are(tmp_path):
    """Records that hold several images need no groups."""
    image = tfds.features.Image(shape=(2, 3, 3))
    features = {"first": image, "second": image, "label": tfds.features.Scalar(np.int64)}
    examples = [{"first": IMAGES[i], "second": IMAGES[j], "label": y} for i, j, y in ((0, 1, 1), (4, 5, 0))]
    directory = write_prepared(tmp_path / "tiny", {"train": examples}, features)
    (batch,) = data.load(directory, batch_size=2, shuffle=False).as_numpy_iterator()
    np.testing.assert_array_equal(batch["second"], IMAGES[[1, 5]])
    assert batch["label"].tolist() == [1, 0]


LABELS = np.array(list("abbcccaaab"))


def test_pairs_alternate_and_are_even_among_what_may_stand_together():
    drawn = data.pairs(LABELS, num=24_000, seed=3)
    first, second, label = drawn.members["first"], drawn.members["second"], drawn.labels
    np.testing.assert_array_equal(label, np.arange(24_000) % 2)
    np.testing.assert_array_equal(LABELS[first] != LABELS[second], label.astype(bool))
    assert (first != second).all()
    for choice, total in ((label == 1, 12_000), (label == 0, 12_000)):
        counts = np.zeros((10, 10))
        np.add.at(counts, (first[choice], second[choice]), 1)
        may = (LABELS[:, None] == LABELS) != (label[choice][0] == 1)
        np.fill_diagonal(may, False)
        expected = total / 10 * may / may.sum(axis=1, keepdims=True)
        assert (np.abs(counts - expected) <= 5 * np.sqrt(expected)).all()


def test_triplets_are_even_and_seeded():
    labels = np.array([1, 1, 2, 3, 3, 3])
    drawn = data.triplets(labels, num=9000, seed=0)
    anchor, positive, negative = (drawn.members[name] for name in ("anchor", "positive", "negative"))
    assert (labels[anchor] == labels[positive]).all()
    assert (labels[anchor] != labels[negative]).all()
    assert (anchor != positive).all()
    assert 2 not in anchor  # the only one of its class
    counts = np.bincount(negative[anchor == 0], minlength=6) / (anchor == 0).sum()
    np.testing.assert_allclose(counts, [0, 0, 0.25, 0.25, 0.25, 0.25], atol=0.06)
    again, other = data.triplets(labels, 9000, seed=0), data.triplets(labels, 9000, seed=1)
    assert again.members["negative"].tolist() == negative.tolist() != other.members["negative"].tolist()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: data.pairs([1, 1, 1], 4), "at least two classes, .* Received: 1 classes, the largest of 3"),
        (lambda: data.triplets([1, 2, 3], 4), "Received: 3 classes, the largest of 1"),
        (lambda: data.pairs([], 4), "Received: 0 classes"),
        (lambda: data.pairs([1, 1, 2], 0), "`num` must be an integer of at least 1. Received: num=0"),
        (lambda: data.Groups({"first": [0], "second": [1, 2]}), r"Received: lengths \{'first': 1, 'second': 2\}"),
        (lambda: data.Groups({"label": [0]}), "none named 'label'"),
        (
            lambda: data.Groups({"first": [0.5]}),
            r"`first` must be integers \(num,\), one for each example. Received: float64",
        ),
        (lambda: data.Groups.of_triplets([[1, 2]]), r"`triplets` must be \(num, 3\)"),
        (
            lambda: data.load({"image": IMAGES}, groups=data.Groups({"first": [6]})),
            "`first` must hold positions in 0 ... 5. Received: 6 ... 6",
        ),
        (
            lambda: data.load({"image": IMAGES}, groups=PAIRS).groups.replace(data.Groups({"first": [0]})),
            r"must be 4 groups of \['first', 'second'\], with labels, .* Received: 1 groups of \['first'\]",
        ),
    ],
)
def test_errors_name_the_argument(call, message):
    with pytest.raises(ValueError, match=message):
        call()
