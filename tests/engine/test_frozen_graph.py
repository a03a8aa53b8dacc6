"""A TensorFlow 1 graph, frozen in a file, from one tensor to another."""

import hashlib
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


@pytest.mark.parametrize("scaled", [True, False])
def test_the_batch_normalisation_of_2015_is_rewritten(scaled, tmp_path):
    """TensorFlow removed it at version 9 of graphs; the Inception graph is of version 8 or before."""
    rng = np.random.default_rng(0)
    mean, beta, gamma = rng.normal(size=(3, 3)).astype(np.float32)
    variance, epsilon = rng.uniform(0.0, 0.01, 3).astype(np.float32), 1e-3  # as small as that epsilon counts
    definition = tf.compat.v1.GraphDef()
    definition.versions.producer = 8
    definition.node.add(name="Mul", op="Placeholder").attr["dtype"].type = tf.float32.as_datatype_enum
    for name, value in {"mean": mean, "variance": variance, "beta": beta, "gamma": gamma}.items():
        node = definition.node.add(name=name, op="Const")
        node.attr["dtype"].type = tf.float32.as_datatype_enum
        node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(value))
    inputs = ["Mul", "mean", "variance", "beta", "gamma", "^mean"]
    node = definition.node.add(name="pool_3", op="BatchNormWithGlobalNormalization", input=inputs)
    node.attr["T"].type = tf.float32.as_datatype_enum
    node.attr["variance_epsilon"].f = epsilon
    node.attr["scale_after_normalization"].b = scaled
    (tmp_path / "graph.pb").write_bytes(definition.SerializeToString())
    images = rng.normal(size=(2, 4, 5, 3)).astype(np.float32)
    expected = (images - mean) / np.sqrt(variance + epsilon) * (gamma if scaled else 1.0) + beta
    graph = FrozenGraph(tmp_path / "graph.pb", "Mul:0", "pool_3:0", (None, 4, 5, 3))
    np.testing.assert_allclose(graph(images), expected, rtol=1e-5, atol=1e-5)
    assert graph.digest == hashlib.sha256(definition.SerializeToString()).hexdigest()


@pytest.mark.parametrize("op", ["NoSuchOp", "RandomCrop"])  # the latter was removed at version 8
def test_a_graph_that_tensorflow_cannot_run_is_refused(op, tmp_path):
    definition = tf.compat.v1.GraphDef()
    definition.versions.producer = 7
    definition.node.add(name="Mul", op="Placeholder").attr["dtype"].type = tf.float32.as_datatype_enum
    node = definition.node.add(name="size", op="Const")
    node.attr["dtype"].type = tf.int64.as_datatype_enum
    node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(np.array([1, 1])))
    node = definition.node.add(name="pool_3", op=op, input=["Mul", "size"])
    node.attr["T"].type = tf.float32.as_datatype_enum
    (tmp_path / "graph.pb").write_bytes(definition.SerializeToString())
    with pytest.raises(ValueError, match=f"`path` must hold a graph that TensorFlow can run. Received: .*{op}"):
        FrozenGraph(tmp_path / "graph.pb", "Mul:0", "pool_3:0", (2, 2, 3))


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
