"""Replica noise on two logical devices; several-replica gradients are held in tests/distribution."""

import pathlib
import subprocess
import sys

import keras
import numpy as np

from keras_genssl.engine import replicas

ROOT = pathlib.Path(__file__).parents[2]

PROGRAM = """
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
import keras, numpy as np
from keras_genssl.engine import replicas, strategy
from keras_genssl import layers

chosen = strategy("mirrored")
with chosen.scope():
    stock, own = (keras.layers.Dropout(0.5, seed=1) for _ in range(2))
    shared = keras.random.SeedGenerator(2)
    network = keras.Sequential([keras.Input((64,)), own])
    replicas.separate_noise(network)

@tf.function
def step():
    x = tf.ones((2, 64))
    rows = replicas.normal((2, 3), shared)
    order = replicas.all_gather(tf.cast(replicas.index(), tf.int32)[None])
    return stock(x, training=True), own(x, training=True), rows, order

for _ in range(2):
    stock_drawn, own_drawn, rows, order = [chosen.experimental_local_results(v) for v in chosen.run(step)]
assert np.array_equal(*stock_drawn), "stock Dropout was expected to repeat itself"
assert not np.array_equal(*own_drawn), "separate_noise did not separate"
states = [np.array(v) for v in chosen.experimental_local_results(own.seed_generator.state.value)]
assert np.array_equal(*states), "seed states diverged"
one = keras.random.SeedGenerator(2)
keras.random.normal((4, 3), seed=one)
assert np.allclose(np.concatenate(rows), keras.random.normal((4, 3), seed=one)), "the noise is not one device's"
assert all(np.array_equal(v, [0, 1]) for v in order)
print("replica noise is right")
"""


def test_noise_on_two_replicas() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, timeout=240)
    assert "replica noise is right" in done.stdout, done.stderr[-4000:]


def test_one_replica_is_plain_keras() -> None:
    noise = replicas.normal((3, 2), keras.random.SeedGenerator(4))
    np.testing.assert_array_equal(noise, keras.random.normal((3, 2), seed=keras.random.SeedGenerator(4)))
    uniform = replicas.uniform((3, 2), keras.random.SeedGenerator(4), -1.0, 1.0)
    expected = keras.random.uniform((3, 2), -1.0, 1.0, seed=keras.random.SeedGenerator(4))
    np.testing.assert_array_equal(uniform, expected)
    own = keras.random.normal((3,), seed=replicas.ReplicaSeedGenerator(9))
    np.testing.assert_array_equal(own, keras.random.normal((3,), seed=keras.random.SeedGenerator(9)))
    assert replicas.count() == 1
    assert int(replicas.index()) == 0
    assert replicas.all_gather({"a": 1})["a"] == 1
    assert replicas.share_of_mean(np.array([1.0, 2.0, 6.0])) == 3.0
