"""Choosing a `tf.distribute` strategy by name."""

import json
import os

import tensorflow as tf

NAMES = ("auto", "default", "mirrored", "multi_worker", "tpu")


def strategy(name: str = "auto") -> tf.distribute.Strategy:
    """The `tf.distribute` strategy of a name, ready for `with strategy(...).scope():`.

    Args:
        name: `"default"` is one device. `"mirrored"` uses every GPU of this machine (or every
            logical CPU device where there is no GPU). `"multi_worker"` reads the cluster from the
            environment variable `TF_CONFIG`. `"tpu"` connects to the TPU that TensorFlow finds.
            `"auto"` takes the first that applies of multi_worker (a `TF_CONFIG` with a cluster is
            set), tpu (`TPU_NAME` is set or TPU devices are visible), mirrored (more than one GPU),
            default.

    Returns:
        A strategy. Build models, optimizers and compile them inside its scope.

    Raises:
        ValueError: If the name is unknown, or `"multi_worker"` finds no cluster in `TF_CONFIG`.

    Example:

        with kg.engine.strategy("auto").scope():
            model = kg.models.EDSR(kg.backbones.edsr(scale=2))
            model.compile("adam")
    """
    if name not in NAMES:
        raise ValueError(f"`name` must be one of {NAMES}. Received: name={name!r}")
    if name == "auto":
        name = _detect()
    if name == "multi_worker":
        if not _cluster():
            raise ValueError(
                "`multi_worker` needs the environment variable TF_CONFIG to hold a `cluster` with its "
                f"`worker` addresses. Received: TF_CONFIG={os.environ.get('TF_CONFIG')!r}"
            )
        return tf.distribute.MultiWorkerMirroredStrategy()
    if name == "tpu":
        resolver = tf.distribute.cluster_resolver.TPUClusterResolver.connect(os.environ.get("TPU_NAME", ""))
        return tf.distribute.TPUStrategy(resolver)
    if name == "mirrored":
        if tf.config.list_logical_devices("GPU"):
            return tf.distribute.MirroredStrategy()
        # Collectives between logical CPUs of one process dead-lock with steps_per_execution > 1.
        cpus = [device.name for device in tf.config.list_logical_devices("CPU")]
        return tf.distribute.MirroredStrategy(cpus, cross_device_ops=tf.distribute.ReductionToOneDevice())
    return tf.distribute.get_strategy()


def _cluster() -> dict[str, list[str]]:
    return json.loads(os.environ.get("TF_CONFIG") or "{}").get("cluster", {})


def _detect() -> str:
    if _cluster():
        return "multi_worker"
    if os.environ.get("TPU_NAME") or tf.config.list_physical_devices("TPU"):
        return "tpu"
    return "mirrored" if len(tf.config.list_logical_devices("GPU")) > 1 else "default"
