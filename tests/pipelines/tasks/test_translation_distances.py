"""FID of translations needs more images than features; the report says what is left out and what is biased."""

import numpy as np
import pytest

from keras_genssl import metrics
from pipelines.tasks.translation import measure, task


def images(count, seed):
    return np.random.default_rng(seed).integers(0, 256, (count, 8, 8, 1), dtype=np.uint8)


def test_as_many_images_as_features_have_no_fid_and_one_more_has_it():
    features = metrics.SmallFeatures()
    width = features(images(2, 0)).shape[1]
    real, made = images(width + 1, 0), images(width + 1, 1)
    found = measure._Distances("small", real).of(made)
    assert found["fid"] == pytest.approx(metrics.FID(features, real)(made), rel=1e-4)
    few = measure._Distances("small", real).of(made[:-1])
    assert set(few) == {"kid"}
    assert set(measure._Distances("small", real[:-1]).of(made)) == {"kid"}


def test_the_report_tells_of_few_images():
    told = {
        (name, count): task._told_of_distances({"numbers": dict.fromkeys(name.split(), 0.0), "images": count}, "them")
        for name, count in [("", 40), ("kid", 40), ("fid kid", 2000), ("fid kid", 10_000)]
    }
    assert told["", 40] == ""
    assert told["kid", 40].endswith("No FID is measured: it needs more images of each kind than features.")
    assert told["fid kid", 2000].endswith(
        "FID of 2,000 images is biased upwards: compare it only with that of as many."
    )
    assert "biased" not in told["fid kid", 10_000]
