"""Clusterer: three colours are three clusters, by closed-form centres; counts against scikit-learn's."""

import csv
import dataclasses

import numpy as np
import pytest
from sklearn.metrics import normalized_mutual_info_score

from pipelines.components.bulk_inferrer import bulk_inferrer
from pipelines.components.cluster_counts import ClusterCounts, mutual_information
from pipelines.components.clusterer import _fit, clusterer
from pipelines.components.vectors import Vector
from pipelines.data.example_gen.images import image_example_gen
from pipelines.errors import UserError
from tests.pipelines.colour_encoder import PHOTOS, export, photos


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("clusters")


@pytest.fixture(scope="module")
def examples(home):
    folder = photos(home / "photos")
    return image_example_gen(folder, home / "examples", {"images": 1.0}, shards={"images": 2}, labels=True)


@pytest.fixture(scope="module")
def embeddings(home, examples):
    return bulk_inferrer(examples, export(home / "model"), home / "embeddings")


def test_three_colours_are_three_clusters(home, examples, embeddings):
    made = clusterer(embeddings, home / "clusters", 3, examples=examples)
    with open(made.path / "assignments.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["name"]: row["label"] for row in rows} == {name: name.partition("/")[0] for name in PHOTOS}
    assert {float(row["distance"]) for row in rows} == {10.0}  # 200 and 220 of one channel, the centre between
    assert len({(row["label"], row["cluster"]) for row in rows}) == 3
    centres = np.load(made.path / "centres.npy")
    assert centres.dtype == np.float32
    for row in rows:
        expected = np.zeros(3)
        expected[np.argmax(PHOTOS[row["name"]])] = 210
        np.testing.assert_allclose(centres[int(row["cluster"])], expected, atol=1e-4)
    result = made.manifest["result"]
    assert (result["images"], result["nmi"]) == (6, 1.0)
    assert result["inertia"] == pytest.approx(6 * 10**2)
    assert [(cluster["size"], cluster["rms_distance"]) for cluster in result["clusters"]] == [
        (2, pytest.approx(10)),
    ] * 3
    sheet = (made.path / "contact_sheet.html").read_text()
    assert sheet.count("data:image/png;base64,") == 6
    assert sheet.count("2 images (33.3%)") == 3
    assert "http" not in sheet
    # The same seed gives the same bytes; nothing is made twice.
    again = clusterer(embeddings, home / "again", 3, examples=examples)
    for name in made.manifest["files"]:
        assert (again.path / name).read_bytes() == (made.path / name).read_bytes()
    assert clusterer(embeddings, home / "clusters", 3, examples=examples).reused


def test_directions_alone_and_more_clusters_than_different_vectors(home, embeddings):
    made = clusterer(embeddings, home / "unit", 4, unit=True)
    centres = np.load(made.path / "centres.npy")
    np.testing.assert_allclose(
        sorted(map(tuple, centres)), sorted([*map(tuple, np.eye(3)), tuple(centres[-1])]), atol=1e-6
    )
    sizes = sorted(cluster["size"] for cluster in made.manifest["result"]["clusters"])
    assert sizes == [0, 2, 2, 2]
    sheet = (made.path / "contact_sheet.html").read_text()
    assert "The images themselves were not at hand" in sheet
    assert "0 images (0.0%)" in sheet


def test_a_small_cluster_keeps_its_centre():
    """Of 8,000 points about 0 and 40 about 30 in each of 8 dimensions, both centres are the means of these points."""
    draw = np.random.default_rng(0)
    points = np.concatenate([draw.normal(size=(8000, 8)), 30 + draw.normal(size=(40, 8))])
    small = np.arange(8040) >= 8000
    order = draw.permutation(8040)
    batches = [[Vector("", "", "", None, points[i]) for i in part] for part in np.array_split(order, 8)]
    for seed in range(4):
        sample = points[np.concatenate([order[:1000], [8000]])]
        centres = _fit(sample, lambda: iter(batches), clusters=2, passes=5, seed=seed, size=1005)
        nearest = np.linalg.norm(points[:, None] - centres, axis=2).argmin(axis=1)
        assert (nearest == nearest[0]).sum() == 8000
        # A running mean of all passes and of the sample's start: within a few of the standard error 1 / sqrt(40).
        np.testing.assert_allclose(centres[nearest[-1]], points[small].mean(axis=0), atol=3 / np.sqrt(40))


def test_counts_equal_scikit_learns():
    draw = np.random.default_rng(0)
    labels, clusters = draw.integers(0, 3, 500), draw.integers(0, 4, 500)
    labels = np.where(draw.random(500) < 0.5, clusters % 3, labels)
    distances = draw.random(500)
    counts = ClusterCounts(4, 2, ["a", "b", "c"])
    for number, (label, cluster, distance) in enumerate(zip(labels, clusters, distances, strict=True)):
        counts.add(Vector(f"k{number}", f"n{number}", "images", label, np.zeros(1)), cluster, distance)
    result = counts.result()
    assert result["nmi"] == pytest.approx(normalized_mutual_info_score(labels, clusters), abs=1e-12)
    assert result["inertia"] == pytest.approx((distances**2).sum())
    for cluster, found in enumerate(result["clusters"]):
        ids = np.flatnonzero(clusters == cluster)
        nearest = ids[np.argsort(distances[ids])[:2]]
        assert [one["name"] for one in found["nearest"]] == [f"n{number}" for number in nearest]
        assert found["labels"] == {"abc"[label]: n for label, n in enumerate(np.bincount(labels[ids])) if n}
    assert mutual_information(np.array([[5, 3]])) == 0.0
    assert mutual_information(np.array([[5]])) == 1.0


def test_bad_input(home, tmp_path, examples, embeddings):
    for arguments, message in (
        ({"clusters": 7}, "`clusters` must not exceed the 6 vectors. Received: clusters=7"),
        ({"clusters": 0}, "`clusters` must be positive. Received: clusters=0"),
        ({"passes": 0}, "`passes` must be positive. Received: passes=0"),
        ({"splits": ["eval"]}, "`splits` must be of images. Received: eval"),
        ({"embeddings": examples}, "must be embeddings, and holds no vectors"),
        ({"examples": embeddings}, "must be the examples that .* was made of, and are others"),
    ):
        with pytest.raises(UserError, match=message):
            clusterer(**{"embeddings": embeddings, "output_dir": tmp_path / "out", "clusters": 3, **arguments})
    other = dataclasses.replace(embeddings, manifest={**embeddings.manifest, "vectors": {"vector": 4}})
    with pytest.raises(
        UserError, match=r"all vectors must be of 4 numbers, as the manifest says. Received: 3 numbers of"
    ):
        clusterer(other, tmp_path / "out", 3)
