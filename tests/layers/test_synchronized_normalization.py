"""Run as a script, this shows two replicas; the test compares them with one device."""

import sys

import numpy as np
import tensorflow as tf

from keras_genssl.layers import BatchNormalization
from tests import processes

IMAGES = np.random.default_rng(0).normal(2.0, 3.0, (4, 3, 2, 5)).astype("float32")


def step(layer, images):
    with tf.GradientTape() as tape:
        images = tf.convert_to_tensor(images)
        tape.watch(images)
        outputs = layer(images, training=True)
        loss = tf.reduce_sum(outputs**3)
    gradient, to_gamma = tape.gradient(loss, [images, layer.gamma.value])
    replica = tf.distribute.get_replica_context()
    return outputs, gradient, replica.all_reduce("sum", to_gamma)


def two_replicas():
    tf.config.set_logical_device_configuration(
        tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
    )
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    with strategy.scope():
        layer = BatchNormalization(synchronized=True, momentum=0.5)
        layer.build(IMAGES.shape)

    @tf.function
    def run():
        def body():
            index = tf.distribute.get_replica_context().replica_id_in_sync_group
            return step(layer, tf.gather(tf.reshape(IMAGES, (2, 2, 3, 2, 5)), index))

        return [tf.concat(strategy.experimental_local_results(r), 0) for r in strategy.run(body)]

    outputs, gradient, to_gamma = run()
    return outputs, gradient, to_gamma[:5], *[variable.numpy() for variable in layer.non_trainable_variables]


def test_two_replicas_equal_one_device(tmp_path):
    done = processes.run(["-m", __name__, tmp_path / "two.npz"])
    assert done.returncode == 0, done.errors
    layer = BatchNormalization(synchronized=True, momentum=0.5)
    one = *step(layer, IMAGES), *[variable.numpy() for variable in layer.non_trainable_variables]
    with np.load(tmp_path / "two.npz") as two:
        for key, expected in zip(two.files, one, strict=True):
            scale = np.abs(expected).max()
            np.testing.assert_allclose(two[key] / scale, expected / scale, atol=1e-5)


if __name__ == "__main__":
    np.savez(sys.argv[1], *[np.asarray(value) for value in two_replicas()])
