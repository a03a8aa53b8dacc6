import numpy as np
import pytest

from keras_genssl import pretext


def test_white_is_what_the_bernoulli_likelihood_calls_white():
    greys = np.arange(256, dtype=np.uint8).reshape(16, 16, 1)
    result = pretext.binarized({"image": greys, "label": 3}, seed=0)
    np.testing.assert_array_equal(result["image"] == 255, greys.astype("float32") / 127.5 - 1 > 0)
    assert (set(np.unique(result["image"])), result["image"].dtype, result["label"]) == ({0, 255}, np.uint8, 3)
    assert (pretext.binarized({"image": greys}, 0, threshold=0.25)["image"] == 255).sum() == 256 - 64


@pytest.mark.parametrize("threshold", [0, 1, -0.5])
def test_bad_thresholds_are_named(threshold):
    with pytest.raises(ValueError, match=rf"`threshold` must lie inside \(0, 1\). Received: threshold={threshold}"):
        pretext.binarized({}, 0, threshold)
