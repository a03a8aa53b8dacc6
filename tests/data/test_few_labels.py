"""Few known labels: which are kept, from arrays and records, and what the rest of a batch holds."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

from keras_genssl import data, metrics
from tests.data.prepared import write_prepared

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


def test_another_draw_is_another_data_set() -> None:
    """So that a training is not continued with other labels."""
    configs = [data.load(ARRAYS, few_labels=few).order.config for few in (None, data.FewLabels(2), data.FewLabels(3))]
    assert configs[0] != configs[1] != configs[2]
    assert data.load(ARRAYS, few_labels=data.FewLabels(2)).order.config == configs[1]


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (
            lambda: data.FewLabels(0),
            "`labels_per_class` must be an integer of at least 1. Received: labels_per_class=0",
        ),
        (
            lambda: data.FewLabels(21).marked(LABELS),
            "`labels_per_class` must lie in 1 ... 20, the size of the smallest class",
        ),
        (lambda: data.FewLabels(1).marked(-np.ones(3, int)), "`labels` must hold one at least. Received: none"),
        (lambda: data.load({"image": ARRAYS["image"]}, few_labels=data.FewLabels(1)), "must be an array 'label'"),
        (
            lambda: data.load(ARRAYS, few_labels=data.FewLabels(1), balance=data.ClassBalanced(2, 2)),
            "`few_labels` must be None with `balance` or `groups`",
        ),
    ],
)
def test_what_is_refused(made, message) -> None:
    with pytest.raises(ValueError, match=message):
        made()
