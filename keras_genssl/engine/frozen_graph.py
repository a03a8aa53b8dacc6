"""Frozen TensorFlow 1 graphs as callables; some published metrics still need them."""

import hashlib
import os
import pathlib
import tarfile

import numpy as np
import tensorflow as tf
from google.protobuf.message import DecodeError


class FrozenGraph:
    """A function in a frozen TensorFlow 1 graph, from one tensor to another.

    Everything before the fed tensor is removed, such as the part that decodes and resizes one image at a time, and with
    it any fixed batch size.

    Args:
        path: a ``.pb`` file that holds a ``GraphDef`` with its weights as constants, or a tar archive
            (compressed or not) with exactly one such file.
        feed: name of the tensor that is given, such as ``"Mul:0"``.
        fetch: name of the tensor that is returned, such as ``"pool_3:0"``.
        shape: shape of what is fed, None where it may vary, the batch first.

    Attributes:
        digest: SHA-256 of the ``GraphDef``'s bytes, in hexadecimal.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is not a frozen graph, TensorFlow cannot run it, or a tensor is not in it.

    Example:

        graph = FrozenGraph("classify_image_graph_def.pb", "Mul:0", "pool_3:0", (None, 299, 299, 3))
        graph(images).shape                                           # (batch, 1, 1, 2048)
    """

    def __init__(self, path: str | os.PathLike[str], feed: str, fetch: str, shape: tuple[int | None, ...]) -> None:
        data = _read(pathlib.Path(path))
        self.digest = hashlib.sha256(data).hexdigest()
        definition = tf.compat.v1.GraphDef()
        try:
            definition.ParseFromString(data)
        except DecodeError:
            raise ValueError(f"`path` must hold a frozen graph. Received: {path}") from None
        names = {node.name for node in definition.node}
        for argument, name in (("feed", feed), ("fetch", fetch)):
            if name.partition(":")[0] not in names or ":" not in name:
                raise ValueError(f"`{argument}` must name a tensor of the graph. Received: {argument}={name!r}, {path}")

        modern = _without_removed_ops(definition)

        def call(values: tf.Tensor) -> tf.Tensor:
            return tf.graph_util.import_graph_def(modern, {feed: values}, [fetch], name="")[0]

        try:
            wrapped = tf.compat.v1.wrap_function(call, [tf.TensorSpec(shape, tf.float32)])
            self._function = wrapped.prune(wrapped.inputs, wrapped.outputs[0])
        except (tf.errors.OpError, ValueError) as error:
            raise ValueError(f"`path` must hold a graph that TensorFlow can run. Received: {path}: {error}") from error

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """Returns the fetched tensor for a batch, float32."""
        return self._function(tf.constant(values, tf.float32)).numpy()


def _read(path: pathlib.Path) -> bytes:
    if not tarfile.is_tarfile(path):
        return path.read_bytes()
    with tarfile.open(path) as archive:
        members = [member for member in archive.getmembers() if member.isfile() and member.name.endswith(".pb")]
        if len(members) != 1:
            raise ValueError(f"`path` must hold one .pb file. Received: {path} with {[m.name for m in members]}")
        file = archive.extractfile(members[0])
        assert file is not None  # of a regular file it never is
        return file.read()


def _without_removed_ops(definition: tf.compat.v1.GraphDef) -> tf.compat.v1.GraphDef:
    """The graph, each `BatchNormWithGlobalNormalization` as `(t - m) * (rsqrt(v + epsilon) * gamma) + beta`."""
    modern = tf.compat.v1.GraphDef(versions=definition.versions, library=definition.library)
    for node in definition.node:
        modern.node.extend(_arithmetic(node) if node.op == "BatchNormWithGlobalNormalization" else [node])
    return modern


def _arithmetic(node: tf.compat.v1.NodeDef) -> list[tf.compat.v1.NodeDef]:
    """The nodes of a batch normalisation; the last has its name."""
    kind, scaled = node.attr["T"], node.attr["scale_after_normalization"].b
    values, mean, variance, beta, gamma, *after = node.input  # control inputs last
    epsilon = tf.make_tensor_proto(node.attr["variance_epsilon"].f, dtype=kind.type)
    constant = tf.compat.v1.NodeDef(name=f"{node.name}/epsilon", op="Const", device=node.device)
    constant.attr["dtype"].CopyFrom(kind)
    constant.attr["value"].tensor.CopyFrom(epsilon)
    nodes = [constant]

    def add(op: str, name: str, *inputs: str) -> str:
        nodes.append(tf.compat.v1.NodeDef(name=name, op=op, input=inputs, device=node.device, attr={"T": kind}))
        return name

    factor = add("Rsqrt", f"{node.name}/rsqrt", add("Add", f"{node.name}/shifted", variance, constant.name))
    factor = add("Mul", f"{node.name}/factor", factor, gamma) if scaled else factor
    product = add("Mul", f"{node.name}/product", add("Sub", f"{node.name}/centred", values, mean), factor)
    add("Add", node.name, product, beta, *after)
    return nodes
