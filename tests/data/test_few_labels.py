"""Few known labels: which are kept, from arrays and records, and what the rest of a batch holds."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

from keras_genssl import data, metrics
from tests.data.prepared import write_prepared
from tests.data.test_order import python_hash

LABELS = np.tile(np.arange(3), 20)
ARRAYS = {"image": np.arange(60, dtype=np.uint8).reshape(60, 1, 1, 1), "label": LABELS.astype(np.uint8)}


def test_the_kept_labels_are_those_of_a_labelled_subset() -> None:
    marked = data.FewLabels(4, seed=3).marked(LABELS)
    chosen = np.sort(metrics.labelled_subset(LABELS, 4, seed=3))
    np.testing.assert_array_equal(np.flatnonzero(marked >= 0), chosen)
    np.testing.assert_array_equal(marked[chosen], LABELS[chosen])
    assert (marked[np.setdiff1d(np.arange(60), chosen)] == -1).all()
    assert (data.FewLabels(4, seed=4).marked(LABELS) != marked).any()


def test_labels_that_are_unknown_already_stay_so() -> None:
    labels = np.where(np.arange(60) < 30, LABELS, -1)
    marked = data.FewLabels(10).marked(labels)
    np.testing.assert_array_equal(marked, labels)


def test_all_labels_of_a_source_that_is_partly_labelled_are_kept() -> None:
    known = {7: 1, 10: 1, 27: 0}  # two of one class, one of another
    partly = {**ARRAYS, "label": np.where(np.isin(np.arange(60), list(known)), LABELS, -1)}
    few = data.FewLabels(None, per_batch=3)
    np.testing.assert_array_equal(few.marked(partly["label"]), partly["label"])
    batches = list(data.load(partly, batch_size=22, few_labels=few))
    assert len(batches) == 3  # 57 images without a label, 19 a step
    for batch in batches:
        numbers, labels = batch["image"].numpy().ravel(), batch["label"].numpy()
        assert dict(zip(numbers[labels >= 0].tolist(), labels[labels >= 0].tolist(), strict=True)) == known


@pytest.mark.parametrize(("batch_size", "per_batch", "replicas"), [(12, 4, 4), (12, 5, 2), (12, 7, 3), (128, 32, 8)])
def test_replicas_get_equally_many_labelled_examples(batch_size: int, per_batch: int, replicas: int) -> None:
    order = data.LabelledOrder(np.where(np.arange(400) < 40, 0, -1), batch_size, per_batch)
    for step in range(order.steps_per_epoch):
        shares = np.sum(order.batch(0, step)[0].reshape(replicas, -1) < 40, axis=1)
        assert sum(shares) == per_batch
        assert set(shares) <= {per_batch // replicas, -(-per_batch // replicas)}


def test_every_epoch_of_arrays_and_of_records_has_the_same_labels(tmp_path) -> None:
    """Labels are int64, although the array's are unsigned; each goes with its image in every order."""
    few = data.FewLabels(2, seed=1)
    expected = few.marked(LABELS)
    arrays = data.load(ARRAYS, batch_size=20, seed=5, few_labels=few)
    for _ in range(2):
        seen = {}
        for batch in arrays:
            assert batch["label"].dtype == tf.int64
            seen.update(zip(batch["image"].numpy().ravel().tolist(), batch["label"].numpy().tolist(), strict=True))
        assert [seen[number] for number in range(60)] == expected.tolist()
    examples = [{"image": ARRAYS["image"][number], "label": LABELS[number]} for number in range(60)]
    image = tfds.features.Image(shape=(None, None, 1), encoding_format="png")
    features = {"image": image, "label": tfds.features.ClassLabel(num_classes=3)}
    stored = write_prepared(tmp_path / "prepared", {"train": examples}, features)
    records = data.load(stored, batch_size=60, shuffle=False, features=("image", "label"), few_labels=few)
    batch = next(iter(records))
    np.testing.assert_array_equal(batch["label"], expected[batch["image"].numpy().ravel()])


def test_an_epoch_with_labelled_examples_in_each_batch_is_the_documented_one() -> None:
    few = data.FewLabels(2, seed=1, per_batch=4)
    loaded = data.load(ARRAYS, batch_size=10, seed=5, few_labels=few)
    labels = few.marked(LABELS)
    known, others = np.flatnonzero(labels >= 0).tolist(), np.flatnonzero(labels < 0).tolist()
    assert (len(known), loaded.order.steps_per_epoch) == (6, 9)  # 54 examples without a label, 6 a step

    def expected(epoch):
        cycles = [sorted((python_hash(5, epoch, 6, 60 * turn + n), n) for n in known) for turn in range(6)]
        first = [n for cycle in cycles for _, n in cycle]
        rest = [n for _, n in sorted((python_hash(5, epoch, 1, n), n) for n in others)]
        made = []
        for step in range(9):
            (a, b, c, d), (e, f, g, h, i, j) = first[4 * step : 4 * step + 4], rest[6 * step : 6 * step + 6]
            made.append([a, e, b, f, g, c, h, d, i, j])  # labelled in rows 0, 10 / 4, 20 / 4, 30 / 4
        return made

    for epoch in range(2):
        batches = list(loaded)
        found = [batch["image"].numpy().ravel().tolist() for batch in batches]
        assert found == expected(epoch)
        for ids, batch in zip(found, batches, strict=True):
            np.testing.assert_array_equal(batch["label"], labels[ids])
    loaded.order.position = (1, 7)
    np.testing.assert_array_equal(next(iter(loaded))["image"], batches[7]["image"])
    assert loaded.order.batch(1, 2, 2)[1].tolist() == [python_hash(5, 1, 2, place) >> 1 for place in range(20, 40)]


def test_an_example_that_cannot_be_read_is_replaced_by_one_of_its_part() -> None:
    order = data.LabelledOrder([-1, 0, -1, 1, -1, 2], batch_size=4, per_batch=2)
    assert list(order.substitutes(3, seed=7)) == [5, 1]
    assert sorted(order.substitutes(4, seed=8)) == [0, 2]


def test_another_draw_is_another_data_set() -> None:
    """So that a training is not continued with other labels."""
    configs = [data.load(ARRAYS, few_labels=few).order.config for few in (None, data.FewLabels(2), data.FewLabels(3))]
    assert configs[0] != configs[1] != configs[2]
    assert data.load(ARRAYS, few_labels=data.FewLabels(2)).order.config == configs[1]
    orders = [data.LabelledOrder(LABELS - 1, 10, number) for number in (2, 3)]
    assert orders[0].config != orders[1].config


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (
            lambda: data.FewLabels(0),
            "`labels_per_class` must be an integer of at least 1. Received: labels_per_class=0",
        ),
        (lambda: data.FewLabels(1, per_batch=0), "`per_batch` must be an integer of at least 1"),
        (lambda: data.load(ARRAYS, few_labels=data.FewLabels(1, per_batch=1)), "a batch size must be given"),
        (
            lambda: data.load(ARRAYS, batch_size=6, drop_remainder=False, few_labels=data.FewLabels(1, per_batch=1)),
            "all batches are full. Received: .*drop_remainder=False",
        ),
        (
            lambda: data.load(ARRAYS, batch_size=6, few_labels=data.FewLabels(20, per_batch=2)),
            "`per_batch` must be None where every example has a label.* per_batch=2, with 60 labelled examples",
        ),
        (lambda: data.LabelledOrder(LABELS - 1, 4, 4), "leave room in a batch for 1 ... 20 .* with batch_size=4"),
        (lambda: data.LabelledOrder(-np.ones(9, int), 4, 1), "hold one at least that is not negative"),
        (
            lambda: data.FewLabels(21).marked(LABELS),
            "`labels_per_class` must lie in 1 ... 20, the size of the smallest class",
        ),
        *(
            (
                lambda number=number: data.FewLabels(number).marked(-np.ones(3, int)),
                "`label` must be known of one example at least. Received: 3 examples without a label",
            )
            for number in (1, None)
        ),
        (lambda: data.load({"image": ARRAYS["image"]}, few_labels=data.FewLabels(1)), "must be an array 'label'"),
        (
            lambda: data.load(ARRAYS, few_labels=3),
            "`few_labels` must be a data.FewLabels, or None. Received: few_labels=3",
        ),
        (
            lambda: data.load(ARRAYS, few_labels=data.FewLabels(1), balance=data.ClassBalanced(2, 2)),
            "`few_labels` must be None with `balance` or `groups`",
        ),
    ],
)
def test_what_is_refused(made, message) -> None:
    with pytest.raises(ValueError, match=message):
        made()
