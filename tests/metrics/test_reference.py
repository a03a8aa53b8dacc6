"""Features of arrays and datasets are the same, and real images are seen only once."""

import numpy as np
import pytest

from keras_genssl import data, metrics


class Recording:
    """Features that count the images they see: mean and deviation of each."""

    name, digest = "recording", "a" * 64

    def __init__(self):
        self.seen, self.largest = 0, 0

    def __call__(self, images):
        assert images.dtype == np.uint8
        self.seen, self.largest = self.seen + len(images), max(self.largest, len(images))
        return np.stack([images.mean((1, 2, 3)), images.std((1, 2, 3))], axis=1)


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(256, size=(600, 4, 4, 1), dtype=np.uint8)


@pytest.fixture
def expected(images):
    return np.stack([images.mean((1, 2, 3)), images.std((1, 2, 3))], axis=1)


def test_an_array_is_seen_in_bounded_batches(images, expected):
    features = Recording()
    np.testing.assert_allclose(metrics.extract_features(features, images), expected, rtol=1e-6)
    assert (features.seen, features.largest) == (600, 250)


def test_float_images_are_quantised_first(images, expected):
    """A quarter of a grey level more, or less, is no difference."""
    shaken = (images + np.random.default_rng(1).uniform(-0.25, 0.25, images.shape)) / 127.5 - 1
    shaken = shaken.clip(-1, 1).astype(np.float32)
    np.testing.assert_allclose(metrics.extract_features(Recording(), shaken), expected, rtol=1e-6)


def test_batches_of_many_kinds(images, expected):
    parts = np.split(images, [7, 300])
    labels = [np.zeros(len(part)) for part in parts]
    for batches in (
        parts,
        [{"image": part, "label": label} for part, label in zip(parts, labels, strict=True)],
        list(zip(parts, labels, strict=True)),
    ):
        np.testing.assert_allclose(metrics.extract_features(Recording(), batches), expected, rtol=1e-6)


def test_a_dataset_of_load_keeps_its_position(images, expected):
    """It may be the one that `fit` trains on: measuring must not change the order of training."""
    dataset = data.load({"image": images}, batch_size=64, drop_remainder=False, seed=3)
    untouched = data.load({"image": images}, batch_size=64, drop_remainder=False, seed=3)
    values = metrics.extract_features(Recording(), dataset)
    np.testing.assert_allclose(np.sort(values, axis=0), np.sort(expected, axis=0), rtol=1e-6)
    assert dataset.order.position == untouched.order.position
    for batch, as_before in zip(dataset, untouched, strict=True):
        np.testing.assert_array_equal(batch["image"], as_before["image"])
    metrics.extract_features(Recording(), dataset)
    assert dataset.order.position == untouched.order.position == (1, 0)


def test_statistics_are_those_of_the_features(images, expected):
    statistics = metrics.feature_statistics(Recording(), images)
    assert statistics.count == 600
    np.testing.assert_allclose(statistics.mean, expected.mean(0))
    np.testing.assert_allclose(statistics.covariance, np.cov(expected.T))


@pytest.mark.parametrize("compute", [metrics.extract_features, metrics.feature_statistics])
@pytest.mark.parametrize("loaded", [False, True])
def test_real_images_are_seen_once(images, tmp_path, compute, loaded):
    def source(images):
        return data.load({"image": images}, batch_size=100) if loaded else images

    features = Recording()
    first = compute(features, source(images), tmp_path)
    again = compute(features, source(images.copy()), tmp_path)
    assert features.seen == 600
    assert [file.name[:10] for file in tmp_path.iterdir()] == ["recording-"]
    for attribute in ("mean", "covariance") if compute is metrics.feature_statistics else ("T",):
        np.testing.assert_allclose(getattr(first, attribute), getattr(again, attribute), rtol=1e-14)
    other = images.copy()
    other[0, 0, 0, 0] += 1
    compute(features, source(other), tmp_path)
    assert features.seen == 1200
    features.digest = "b" * 64
    compute(features, source(images), tmp_path)
    assert features.seen == 1800


def test_what_has_no_identity_is_not_cached(images, tmp_path):
    with pytest.raises(ValueError, match="known by their content"):
        metrics.extract_features(Recording(), [images], tmp_path)
    transformed = data.load({"image": images}, batch_size=9, transform=lambda example, seed: example)
    with pytest.raises(ValueError, match="known by their content"):
        metrics.extract_features(Recording(), transformed, tmp_path)
    with pytest.raises(ValueError, match="`digest`"):
        metrics.extract_features(lambda images: images[:, 0, 0], images, tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("images", "rule"),
    [
        (np.zeros((4, 4, 1), np.uint8), r"`images` must be \(num, height, width, channels\)\. Received: shape \(4"),
        (np.full((1, 4, 4, 1), 255.0), "must lie in"),
        (np.full((1, 4, 4, 1), np.nan), "must lie in"),
        (np.zeros((1, 4, 4, 1), np.int64), "uint8, or float in"),
        (np.zeros((0, 4, 4, 1), np.uint8), "Received: none"),
    ],
)
def test_bad_images_are_refused(images, rule):
    for compute in (metrics.extract_features, metrics.feature_statistics):
        with pytest.raises(ValueError, match=rule):
            compute(Recording(), images)


def test_bad_features_are_refused(images):
    with pytest.raises(ValueError, match=r"must return \(batch, dim\)"):
        metrics.extract_features(lambda images: images, images)


def test_the_metrics_share_one_pass(images, expected):
    """Objects give what the functions give, of images and of features, under the name of the features."""
    features = Recording()
    metric = {
        kind: kind(features, images[:300], **arguments)
        for kind, arguments in (
            (metrics.FID, {}),
            (metrics.KID, {"num_subsets": 5, "subset_size": 50}),
            (metrics.PrecisionRecall, {"num_neighbours": 2}),
            (metrics.DensityCoverage, {"num_neighbours": 2}),
        )
    }
    real, fake = expected[:300].astype(np.float32), expected[300:].astype(np.float32)
    moments = [moment for x in (real, fake) for moment in (x.mean(0, dtype=float), np.cov(x.T.astype(float)))]
    fid, kid, both, dense = metric.values()
    assert fid(images[300:]) == pytest.approx(metrics.frechet_distance(*moments), rel=1e-6)
    assert kid(images[300:]) == pytest.approx(metrics.kernel_distance(real, fake, 5, 50), rel=1e-6)
    assert both(images[300:]) == metrics.precision_recall(real, fake, 2)
    assert dense(images[300:]) == metrics.density_coverage(real, fake, 2)
    values = metrics.extract_features(features, images[300:])
    seen = features.seen
    numbers = [m.measure(values) for m in metric.values()]
    assert features.seen == seen
    assert {key for one in numbers for key in one} == {
        "recording_fid",
        "recording_kid",
        "recording_kid_deviation",
        "recording_precision",
        "recording_recall",
        "recording_density",
        "recording_coverage",
        "num_samples",
        "num_real",
    }
    assert all((one["num_samples"], one["num_real"]) == (300, 300) for one in numbers)


def test_fid_takes_statistics_and_features(images, expected):
    distances = [
        metrics.FID(Recording(), real)(images[300:])
        for real in (images[:300], expected[:300], metrics.FeatureStatistics(expected[:300]))
    ]
    np.testing.assert_allclose(distances, distances[0], rtol=1e-5)


@pytest.mark.parametrize(
    ("kind", "arguments", "rule"),
    [
        (metrics.KID, {"subset_size": 601}, "subset_size=601, with 600 real images"),
        (metrics.KID, {"num_subsets": 0}, "num_subsets=0"),
        (metrics.DensityCoverage, {"num_neighbours": 0}, "num_neighbours=0"),
        (metrics.DensityCoverage, {"num_neighbours": 600}, "num_neighbours=600, with 600 real images"),
        (metrics.PrecisionRecall, {"num_neighbours": 0}, "num_neighbours=0"),
        (metrics.PrecisionRecall, {"num_neighbours": 600}, "num_neighbours=600, with 600 real images"),
    ],
)
def test_bad_settings_are_refused_before_anything_is_measured(images, kind, arguments, rule):
    with pytest.raises(ValueError, match=rule):
        kind(Recording(), images, **arguments)
