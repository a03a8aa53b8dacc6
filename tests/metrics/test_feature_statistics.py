"""One pass over batches gives NumPy's mean and covariance of the whole."""

import numpy as np
import pytest

from keras_genssl.metrics import FeatureStatistics


@pytest.fixture
def features():
    """Far from zero: sums of squares about 0 would lose the covariance's digits in float32 and some in float64."""
    return np.random.default_rng(0).normal(size=(101, 6)) * [1, 2, 3, 1e-3, 5, 6] + 1e6


def assert_numpys(statistics, features):
    assert statistics.count == len(features)
    np.testing.assert_allclose(statistics.mean, features.mean(0), rtol=1e-14)
    np.testing.assert_allclose(statistics.covariance, np.cov(features.T), rtol=1e-7, atol=1e-10)


@pytest.mark.parametrize("sizes", [[101], [1, 100], [0, 33, 33, 35], [1] * 101])
def test_batches_of_any_size(features, sizes):
    statistics = FeatureStatistics()
    for part in np.split(features, np.cumsum(sizes)[:-1]):
        statistics.update(part)
    assert_numpys(statistics, features)


def test_parts_merge(features):
    parts = [FeatureStatistics(features[:40]), FeatureStatistics(), FeatureStatistics(features[40:])]
    whole = FeatureStatistics()
    for part in parts:
        whole.merge(part)
    assert_numpys(whole, features)
    assert_numpys(parts[0], features[:40])


def test_float32_features_are_summed_in_float64():
    features = np.full((1000, 1), 0.1, np.float32) + np.float32(4096)
    assert FeatureStatistics(features).mean[0] == pytest.approx(float(features[0, 0]), rel=1e-15)


def test_saved_ones_continue(features, tmp_path):
    FeatureStatistics(features[:60]).save(tmp_path / "new" / "real.npz")
    assert [file.name for file in (tmp_path / "new").iterdir()] == ["real.npz"]
    assert_numpys(FeatureStatistics.load(tmp_path / "new" / "real.npz").update(features[60:]), features)


def test_bad_features_are_refused(features):
    with pytest.raises(ValueError, match=r"\(count, dim\). Received: shape \(6,\)"):
        FeatureStatistics(features[0])
    with pytest.raises(ValueError, match="finite"):
        FeatureStatistics(features).update(np.full((1, 6), np.inf))
    with pytest.raises(ValueError, match=r"keep their size, 6. Received: 5"):
        FeatureStatistics(features).update(features[:, :5])
    with pytest.raises(ValueError, match=r"two feature vectors at least. Received: 1"):
        _ = FeatureStatistics(features[:1]).covariance
