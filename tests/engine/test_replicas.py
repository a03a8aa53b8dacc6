"""Replica noise on two logical devices; several-replica gradients are held in tests/distribution."""

import keras
import numpy as np

from keras_genssl.engine import replicas
from tests import processes

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

# Seven examples: four fall to one replica, three to the other.
images = np.arange(7.0)
data = tf.data.Dataset.from_tensors({"image": images[:, None]}).unbatch().batch(7)
with chosen.scope():
    again = keras.random.SeedGenerator(5)

def uneven(batch):
    image = batch["image"]
    ranks = replicas.on_global_batch(lambda x, y: (x - keras.ops.mean(y)) * x, image, image)
    size = keras.ops.shape(image)[0]
    order = keras.ops.cast(replicas.offset(size) + keras.ops.arange(size, dtype="int32"), "float32")
    mean = replicas.mean_of_all(image[:, 0])[None]
    return ranks, replicas.normal((size, 2), again), replicas.uniform((size,), again, -1.0, 1.0), order, mean

@tf.function
def one_step(iterator):  # as `fit` does: sizes are known only when it runs
    return chosen.run(uneven, (next(iterator),))

distributed = chosen.experimental_distribute_dataset(data)
answers = [chosen.experimental_local_results(v) for v in one_step(iter(distributed))]
assert [len(v) for v in answers[0]] == [4, 3]
ranks, drawn, flat, order, means = (np.concatenate(v) for v in answers)
assert np.allclose(means, [3.0, 3.0]), "the mean is that of seven images on both replicas"
assert np.array_equal(order, images), "rows are numbered as they are gathered"
assert np.allclose(ranks[:, 0], (images - 3.0) * images), "each replica must keep its own rows"
one = keras.random.SeedGenerator(5)
assert np.allclose(drawn, keras.random.normal((7, 2), seed=one), atol=1e-6), "uneven noise is not one device's"
assert np.allclose(flat, keras.random.uniform((7,), -1.0, 1.0, seed=one), atol=1e-6), "uneven noise is not one device's"
(batch,) = distributed  # out of a function each replica's size is known, and noise cannot be one device's
try:
    tf.function(lambda batch: chosen.run(uneven, (batch,)))(batch)
except tf.errors.InvalidArgumentError as error:
    assert "needs batches of one size on all replicas" in str(error), error
else:
    raise AssertionError("uneven static sizes were taken")
print("replica noise is right")
"""


def test_noise_on_two_replicas() -> None:
    done = processes.run(["-c", PROGRAM])
    assert "replica noise is right" in done.output, done.errors[-4000:]


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
    assert int(replicas.offset(5)) == 0
    assert replicas.share_of_mean(np.array([1.0, 2.0, 6.0])) == 3.0
    assert replicas.mean_of_all(np.array([1.0, 2.0, 6.0])) == 3.0
