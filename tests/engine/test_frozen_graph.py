"""A TensorFlow 1 graph, frozen in a file, from one tensor to another."""

import tarfile

import numpy as np
import pytest
import tensorflow as tf

from keras_genssl.engine.frozen_graph import FrozenGraph


@pytest.fixture(scope="module")
def frozen(tmp_path_factory):
    """One image at a time in, fixed batch of 1 before "Mul"; behind it an affine map of the mean."""
    path = tmp_path_factory.mktemp("graph") / "graph.pb"
    with tf.Graph().as_default() as graph:
        image = tf.compat.v1.placeholder(tf.uint8, (8, 6, 3), name="image")
        batch = tf.expand_dims(tf.cast(image, tf.float32), 0)
        scaled = tf.multiply(batch - 128.0, 1 / 128, name="Mul")
        mean = tf.reduce_mean(scaled, (1, 2))
        tf.add(tf.matmul(mean, tf.constant([[1.0, 0], [0, 2], [3, 0]])), [0.0, 5.0], name="pool_3")
        path.write_bytes(graph.as_graph_def().SerializeToString())
    return path


def test_it_computes_a_batch_from_the_fed_tensor(frozen):
    graph = FrozenGraph(frozen, "Mul:0", "pool_3:0", (None, 4, 4, 3))
    images = np.random.default_rng(0).normal(size=(5, 4, 4, 3)).astype(np.float32)
    red, green, blue = images.mean((1, 2), dtype=float).T
    np.testing.assert_allclose(graph(images), np.stack([red + 3 * blue, 2 * green + 5], 1), rtol=1e-5, atol=1e-6)


def test_an_archive_holds_the_same_graph(frozen, tmp_path):
    (tmp_path / "licence.txt").write_text("free")
    with tarfile.open(tmp_path / "graph.tgz", "w:gz") as archive:
        archive.add(frozen, "inception/graph.pb")
        archive.add(tmp_path / "licence.txt")
    graphs = [FrozenGraph(path, "Mul:0", "pool_3:0", (None, 2, 2, 3)) for path in (frozen, tmp_path / "graph.tgz")]
    images = np.ones((1, 2, 2, 3), np.float32)
    np.testing.assert_array_equal(graphs[0](images), graphs[1](images))
    assert graphs[0].digest == graphs[1].digest


def test_what_is_no_such_graph_is_refused(frozen, tmp_path):
    with pytest.raises(FileNotFoundError):
        FrozenGraph(tmp_path / "missing.pb", "Mul:0", "pool_3:0", (None,))
    with pytest.raises(ValueError, match=r"`fetch` must name a tensor of the graph. Received: fetch='pool_4:0'"):
        FrozenGraph(frozen, "Mul:0", "pool_4:0", (None, 2, 2, 3))
    with pytest.raises(ValueError, match="`feed` must name a tensor"):
        FrozenGraph(frozen, "Mul", "pool_3:0", (None, 2, 2, 3))
    (tmp_path / "page.pb").write_text("<html>not found</html>")
    with pytest.raises(ValueError, match="`path` must hold a frozen graph"):
        FrozenGraph(tmp_path / "page.pb", "Mul:0", "pool_3:0", (None,))
    with tarfile.open(tmp_path / "empty.tgz", "w:gz") as archive:
        archive.add(tmp_path / "page.pb", "page.html")
    with pytest.raises(ValueError, match=r"one .pb file. Received: .* with \[\]"):
        FrozenGraph(tmp_path / "empty.tgz", "Mul:0", "pool_3:0", (None,))
