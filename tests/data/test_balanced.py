import numpy as np
import pytest
import tensorflow_datasets as tfds
from PIL import Image

from keras_genssl import data
from tests.data.prepared import write_prepared
from tests.data.test_order import python_hash

LABELS = np.array([4, 4, 7, 9, 4, 7, 7, 9, 4, 9, 7, 4, 2])  # 2 has one example, 4 five, 7 four, 9 three


def naive_epoch(labels, num_classes, per_class, seed, epoch, steps):
    """The documented order, step by step and class by class."""
    members = {c: [i for i, label in enumerate(labels) if label == c] for c in sorted(set(labels))}
    members = {c: ids for c, ids in members.items() if len(ids) >= per_class}
    classes = list(members)
    queue, cycles, batches, rounds = [], dict.fromkeys(classes, 0), [], 0
    waiting: dict = {c: [] for c in classes}
    while len(batches) < steps:
        if len(queue) < num_classes:  # the rest of a round is left out
            queue = sorted(range(len(classes)), key=lambda c: python_hash(seed, epoch, 3, rounds * len(classes) + c))
            rounds += 1
        chosen, queue = queue[:num_classes], queue[num_classes:]
        batch = []
        for c in (classes[number] for number in chosen):
            if len(waiting[c]) < per_class:
                start = cycles[c] * len(labels)
                waiting[c] = sorted(members[c], key=lambda i: python_hash(seed, epoch, 4, start + i))
                cycles[c] += 1
            batch += waiting[c][:per_class]
            waiting[c] = waiting[c][per_class:]
        batches.append(batch)
    return batches


def test_epoch_is_the_documented_one():
    order = data.BalancedOrder(LABELS, data.ClassBalanced(2, 2, steps_per_epoch=9), seed=5)
    expected = naive_epoch(LABELS.tolist(), 2, 2, 5, 3, 9)
    assert [order.batch(3, step)[0].tolist() for step in range(9)] == expected
    assert order.batch(3, 4)[1].tolist() == [python_hash(5, 3, 2, 16 + place) >> 1 for place in range(4)]
    assert order.classes.tolist() == [4, 7, 9]


def test_classes_come_up_equally_often_and_examples_are_distinct():
    order = data.BalancedOrder(LABELS, data.ClassBalanced(3, 2, steps_per_epoch=10), seed=1)
    batches = [order.batch(0, step)[0] for step in range(10)]
    for batch in batches:
        assert len(set(batch.tolist())) == 6
        assert (LABELS[batch].reshape(3, 2) == LABELS[batch][::2, None]).all()  # class after class
    counts = np.bincount(LABELS[np.concatenate(batches)])
    assert counts[[4, 7, 9]].tolist() == [20, 20, 20]
    seen = np.bincount(np.concatenate(batches), minlength=13)
    assert seen[LABELS == 7].tolist() == [5, 5, 5, 5]  # two visits go through all four


def test_small_classes_are_left_out_or_repeated():
    assert data.BalancedOrder(LABELS, data.ClassBalanced(2, 2)).steps_per_epoch == 3  # 12 examples of 4 a step
    order = data.BalancedOrder(LABELS, data.ClassBalanced(4, 4, repeat=True, steps_per_epoch=2))
    batch = order.batch(0, 1)[0]
    assert order.classes.tolist() == [2, 4, 7, 9]
    assert batch[LABELS[batch] == 2].tolist() == [12] * 4
    nine = batch[LABELS[batch] == 9].tolist()
    assert len(nine) == 4
    assert set(nine) == {3, 7, 9}  # all of them before one comes again
    assert len(set(order.batch(0, 1)[1].tolist())) == 16  # and each is transformed in its own way


def test_epochs_and_seeds_differ_and_any_step_is_the_same_when_drawn_alone():
    make = lambda seed: data.BalancedOrder(LABELS, data.ClassBalanced(2, 2, steps_per_epoch=20), seed)  # noqa: E731
    one = make(0)
    epochs = [one.epoch(epoch).tolist() for epoch in range(3)]
    assert epochs[0] != epochs[1]
    assert one.epoch(0).tolist() != make(1).epoch(0).tolist()
    assert make(0).batch(2, 7)[0].tolist() == epochs[2][28:32]


def arrays():
    images = np.arange(len(LABELS), dtype=np.uint8).reshape(-1, 1, 1, 1)
    return {"image": np.broadcast_to(images, (len(LABELS), 2, 2, 3)), "label": LABELS}


@pytest.fixture(params=["arrays", "folder", "prepared"])
def source(request, tmp_path):
    """The same images in the same order, wherever they come from."""
    order = np.argsort(LABELS, kind="stable")
    sorted_arrays = {name: values[order] for name, values in arrays().items()}
    if request.param == "arrays":
        return sorted_arrays
    if request.param == "folder":
        for number, (image, label) in enumerate(zip(*sorted_arrays.values(), strict=True)):
            path = tmp_path / str(label) / f"{number:02d}.png"
            path.parent.mkdir(exist_ok=True)
            Image.fromarray(image).save(path)
        return tmp_path
    features = {"image": tfds.features.Image(shape=(2, 2, 3)), "label": tfds.features.Scalar(np.int64)}
    examples = [{"image": i, "label": y} for i, y in zip(*sorted_arrays.values(), strict=True)]
    return write_prepared(tmp_path / "tiny", {"train": examples}, features)


def test_load_gives_balanced_batches_of_any_source_and_resumes(source):
    balance = data.ClassBalanced(2, 2, steps_per_epoch=5)
    dataset = data.load(source, balance=balance, seed=3, features=("image",))
    assert len(dataset) == 5
    assert dataset.element_spec["image"].shape == (4, 2, 2, 3)
    epochs = [[batch["image"][:, 0, 0, 0].tolist() for batch in dataset.as_numpy_iterator()] for _ in range(2)]
    labels = np.sort(LABELS)
    expected = data.BalancedOrder(labels, balance, seed=3)
    pixels = np.argsort(LABELS, kind="stable")
    assert epochs == [[pixels[expected.batch(e, s)[0]].tolist() for s in range(5)] for e in range(2)]
    dataset.order.position = (1, 3)
    assert [batch["image"][:, 0, 0, 0].tolist() for batch in dataset.as_numpy_iterator()] == epochs[1][3:]
    assert dataset.order.position == (2, 0)
    assert dataset.order.config["balance"] == {
        "num_classes": 2,
        "per_class": 2,
        "repeat": False,
        "steps_per_epoch": 5,
        "label": "label",
    }


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"balance": (0, 2)}, "`num_classes` must be an integer of at least 1. Received: num_classes=0"),
        ({"balance": (2, 2.0)}, r"`per_class` must be .* per_class=2.0"),
        ({"balance": (4, 2)}, r"which is 3 of 4 \(`repeat=True` takes smaller classes too\). Received: num_classes=4"),
        ({"balance": (2, 2), "drop_remainder": False}, "all batches are full.* Received: .*drop_remainder=False"),
        ({"balance": (2, 2), "batch_size": 5}, "the batch size is 4, .* Received: batch_size=5"),
        ({"balance": (2, 2), "shuffle": False}, "shuffle=False"),
        ({"balance": (2, 2, False, None, "name")}, "There must be an array 'name' of integers"),
    ],
)
def test_errors_name_the_argument(arguments, message):
    with pytest.raises(ValueError, match=message):
        data.load(arrays(), **{**arguments, "balance": data.ClassBalanced(*arguments["balance"])})


def test_folders_and_records_without_labels_are_refused(tmp_path):
    Image.new("RGB", (2, 2)).save(tmp_path / "a.png")
    with pytest.raises(ValueError, match="A folder has 'label', where all its images lie in sub-folders"):
        data.load(tmp_path, balance=data.ClassBalanced(1, 1))
    features = {"image": tfds.features.Image(shape=(2, 2, 3)), "label": tfds.features.Text()}
    examples = [{"image": np.zeros((2, 2, 3), np.uint8), "label": "a"}] * 3
    directory = write_prepared(tmp_path / "tiny", {"train": examples}, features)
    with pytest.raises(ValueError, match="There must be a feature 'label' of one integer"):
        data.load(directory, balance=data.ClassBalanced(1, 1))


def test_classes_that_are_not_named_stay_unseen():
    named = data.BalancedOrder(LABELS, data.ClassBalanced(2, 2, steps_per_epoch=9, classes=(9, 4)), seed=5)
    alone = np.where(np.isin(LABELS, (4, 9)), LABELS, 2)  # the others too few for a class
    alone[LABELS == 7] = np.arange(100, 104)
    others = data.BalancedOrder(alone, data.ClassBalanced(2, 2, steps_per_epoch=9), seed=5)
    assert named.classes.tolist() == others.classes.tolist() == [4, 9]
    assert [named.batch(1, step)[0].tolist() for step in range(9)] == [
        others.batch(1, step)[0].tolist() for step in range(9)
    ]
    with pytest.raises(ValueError, match=r"`classes` must be integers, num_classes=2 of them at least.*\(4,\)"):
        data.ClassBalanced(2, 2, classes=(4,))
    with pytest.raises(ValueError, match="which is 1 of 2"):
        data.BalancedOrder(LABELS, data.ClassBalanced(2, 2, classes=(4, 2)))
