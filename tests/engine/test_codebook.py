"""Codes against a loop that follows the paper: averages corrected for their start, smoothed, placed anew."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_genssl.engine import Codebook
from keras_genssl.engine.code_usage import CodeUsage
from keras_genssl.layers import VectorQuantizer
from tests import processes


def codebook(num_codes: int = 4, dim: int = 3, **arguments) -> Codebook:
    arguments = {"from_data": False, "restart_below": 0.0, **arguments}
    quantizer = VectorQuantizer(num_codes, dim, **arguments)
    quantizer.codebook.assign(np.random.default_rng(1).normal(size=(num_codes, dim)))
    return Codebook(quantizer)


def learn(made: Codebook, *batches: np.ndarray, seed: keras.random.SeedGenerator | None = None) -> list[np.ndarray]:
    """One update of several batches; returns their indices."""
    found = []
    for vectors in batches:
        indices = made.quantizer.indices(vectors)
        made.observe(vectors, indices, seed or keras.random.SeedGenerator(0))
        found.append(np.array(indices))
    made.update()
    return found


def draws(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def test_averages_over_several_updates_are_those_of_a_loop():
    made, decay, epsilon = codebook(decay=0.9, epsilon=1e-2), 0.9, 1e-2
    counts, sums = np.zeros(4), np.zeros((4, 3))
    codes = np.array(made.quantizer.codebook, "float64")
    for number in range(1, 6):
        vectors = draws(5, 2, 3, seed=number)
        (indices,) = learn(made, vectors)
        picked = np.eye(4)[indices.ravel()]
        counts = decay * counts + (1 - decay) * picked.sum(axis=0)
        sums = decay * sums + (1 - decay) * picked.T @ vectors.reshape(-1, 3)
        corrected = counts / (1 - decay**number)
        smoothed = (corrected + epsilon) / (corrected.sum() + 4 * epsilon) * corrected.sum()
        codes += (sums / (1 - decay**number) - corrected[:, None] * codes) / smoothed[:, None]
        np.testing.assert_allclose(made.quantizer.codebook, codes, atol=1e-5)
    assert int(made.updates) == 5
    assert int(made.restarts) == 0


def test_without_memory_one_batch_puts_each_code_at_the_mean_of_its_vectors():
    made, vectors = codebook(decay=0.0, epsilon=1e-9), draws(50, 3)
    (indices,) = learn(made, vectors)
    for code in range(4):
        np.testing.assert_allclose(made.quantizer.codebook[code], vectors[indices == code].mean(axis=0), atol=1e-5)


def test_a_code_that_no_vector_chooses_stays_where_it_is():
    """One that was never chosen, and one whose count has fallen to 2**-60, far below `epsilon`."""
    made, vectors = codebook(decay=0.5), draws(30, 3)
    codes = np.array(made.quantizer.codebook)
    codes[1], codes[3] = 100.0, 50.0
    made.quantizer.codebook.assign(codes)
    learn(made, np.concatenate([vectors, [[49.0, 50.0, 51.0]] * 3]).astype("float32"))
    np.testing.assert_allclose(made.quantizer.codebook[3], [49.0, 50.0, 51.0], rtol=1e-5)
    for _ in range(60):
        learn(made, vectors)
    np.testing.assert_array_equal(made.quantizer.codebook[1], codes[1])
    np.testing.assert_allclose(made.quantizer.codebook[3], [49.0, 50.0, 51.0], rtol=1e-5)
    assert float(made.counts[3]) < 1e-15


def test_batches_of_one_update_are_one_batch_of_their_size():
    parts, whole = codebook(decay=0.5), codebook(decay=0.5)
    for seed in (0, 2):
        vectors = draws(8, 3, seed=seed)
        learn(parts, vectors[:3], vectors[3:])
        learn(whole, vectors)
        np.testing.assert_allclose(parts.quantizer.codebook, whole.quantizer.codebook, atol=1e-6)


def test_as_many_distinct_vectors_as_codes_have_no_error_after_the_first_update():
    made, vectors = codebook(num_codes=6, from_data=True), draws(2, 3, 3)
    learn(made, vectors)
    codes, indices = made.quantizer(vectors)
    np.testing.assert_allclose(codes, vectors, atol=1e-6)
    assert sorted(np.ravel(indices)) == list(range(6))
    assert int(made.restarts) == 0  # to be placed at first is no restart


def test_codes_start_at_different_vectors_of_the_batch():
    made, vectors = codebook(num_codes=5, from_data=True), draws(40, 3)
    learn(made, vectors)
    rows = {tuple(row) for row in np.array(made.quantizer.codebook).tolist()}
    assert len(rows) == 5
    assert rows <= {tuple(row) for row in vectors.tolist()}


def test_a_dead_code_is_restarted_at_a_vector_of_the_batch_and_counted():
    made, vectors = codebook(decay=0.5, restart_below=1.0), draws(30, 3)
    codes = np.array(made.quantizer.codebook)
    codes[2] = 100.0
    made.quantizer.codebook.assign(codes)
    (indices,) = learn(made, vectors)
    assert np.bincount(indices, minlength=4).tolist().count(0) == 1
    assert int(made.restarts) == 1
    placed = np.array(made.quantizer.codebook[2])
    assert any(np.array_equal(placed, vector) for vector in vectors)
    # It counts as chosen once, so it is not placed anew at once if it is chosen now.
    learn(made, np.concatenate([vectors, [placed] * 3]).astype("float32"))
    assert int(made.restarts) == 1


def test_codes_that_gradients_move_are_only_restarted():
    made, vectors = codebook(by_gradient=True, restart_below=1.0), draws(30, 3)
    codes = np.array(made.quantizer.codebook)
    codes[1] = 100.0
    made.quantizer.codebook.assign(codes)
    learn(made, vectors)
    now = np.array(made.quantizer.codebook)
    np.testing.assert_array_equal(now[[0, 2, 3]], codes[[0, 2, 3]])
    assert any(np.array_equal(now[1], vector) for vector in vectors)


def test_fewer_vectors_than_codes_are_refused_before_the_first_update_alone():
    made = codebook(num_codes=6, from_data=True)
    with pytest.raises(ValueError, match=r"`num_codes` must be at most the number of vectors in the first batch.* 5"):
        made.require_enough(draws(5, 3))
    learn(made, made.require_enough(draws(6, 3)))
    made.require_enough(draws(5, 3))
    learn(made, draws(5, 3))  # fewer to draw from than codes
    codebook(num_codes=6).require_enough(draws(5, 3))


@pytest.mark.parametrize("from_data", [False, True])
def test_restarts_without_end_are_refused_before_the_first_update_alone(from_data: bool):
    """Of 30 vectors a code of 4 is chosen 7.5 times on average, so a quarter, 1.875, is the largest `restart_below`."""
    codebook(restart_below=1.875, from_data=from_data).require_enough(draws(2, 15, 3))
    made = codebook(restart_below=1.876, from_data=from_data)
    message = (
        r"`restart_below` times `num_codes` must be at most 0.25 times the number of vectors of an update, .* "
        r"Received: restart_below=1.876, num_codes=4 and this number of vectors: 30$"
    )
    with pytest.raises(ValueError, match=message):
        made.require_enough(draws(2, 15, 3))
    learn(made, made.require_enough(draws(31, 3)))
    made.require_enough(draws(30, 3))
    with pytest.raises(ValueError, match="`restart_below` times `num_codes` must be"):
        codebook(restart_below=1e30, from_data=from_data).require_enough(draws(30, 3))


def test_the_vectors_of_all_batches_of_an_update_count_for_restarts():
    made = codebook(restart_below=1.875)
    with pytest.raises(ValueError, match=r"this number of vectors: 15$"):
        made.require_enough(draws(15, 3))
    made.wait(2)
    made.require_enough(draws(15, 3))
    with pytest.raises(ValueError, match=r"this number of vectors: 28$"):
        made.require_enough(draws(14, 3))


def test_what_would_fill_it_by_reshaping_is_refused():
    made = codebook()
    message = r"`vectors` must have shape \(..., 3\) and `indices` .* Received: \(6, 2\) and \(6,\)"
    with pytest.raises(ValueError, match=message):
        made.observe(tf.ones((6, 2)), tf.zeros(6, tf.int32), keras.random.SeedGenerator(0))
    np.testing.assert_array_equal(made.counts, np.zeros(4))


PROGRAM = """
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
import keras, numpy as np
from keras_genssl.engine import replicas, strategy
from tests.engine.test_codebook import codebook, draws, learn

chosen = strategy("mirrored")
with chosen.scope():
    many = codebook(from_data=True, num_codes=5)
    seed = keras.random.SeedGenerator(3)

def step(vectors):
    many.observe(many.require_enough(vectors), many.quantizer.indices(vectors), seed)
    many.update()
    return replicas.total({"one": tf.ones(2), "rows": tf.shape(vectors)[0]})

@tf.function
def one_step(iterator):  # as `fit` does: sizes are known only when it runs
    return chosen.run(step, (next(iterator),))

vectors = draws(9, 2, 3)  # five examples fall to one replica, four to the other
data = tf.data.Dataset.from_tensor_slices(vectors).batch(9).repeat(3)
iterator = iter(chosen.experimental_distribute_dataset(data))
one = codebook(from_data=True, num_codes=5)
same = keras.random.SeedGenerator(3)
for _ in range(3):
    total = one_step(iterator)
    learn(one, vectors, seed=same)
    for a, b in zip(many.weights, one.weights, strict=True):
        assert np.allclose(a, b, atol=1e-6), a.path
for name, expected in (("one", [2.0, 2.0]), ("rows", 9)):
    assert all(np.array_equal(value, expected) for value in chosen.experimental_local_results(total[name]))
print("replicas learn one codebook")
"""


def test_replicas_learn_the_codes_of_one_device():
    """Of batches of unequal sizes; the vectors that codes are placed at are the same too."""
    done = processes.run(["-c", PROGRAM])
    assert "replicas learn one codebook" in done.output, done.errors[-4000:]


def test_it_is_saved_with_its_quantizer(tmp_path):
    def holder() -> keras.Model:
        model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
        model.codes = codebook(decay=0.5)
        return model

    model, again = holder(), holder()
    learn(model.codes, draws(30, 3))
    model.save_weights(tmp_path / "w.weights.h5")
    again.load_weights(tmp_path / "w.weights.h5")
    for a, b in zip(model.codes.weights, again.codes.weights, strict=True):
        np.testing.assert_array_equal(a, b)
    vectors = draws(20, 3, seed=5)
    np.testing.assert_array_equal(model.codes.quantizer.indices(vectors), again.codes.quantizer.indices(vectors))


@pytest.mark.parametrize(
    ("indices", "perplexity", "used"),
    [([3, 3, 3, 3], 1.0, 0.25), ([0, 1, 2, 3], 4.0, 1.0), ([0, 0, 1, 1], 2.0, 0.5), ([0, 0, 0, 1], 1.7548, 0.5)],
)
def test_perplexity_and_share_of_used_codes(indices: list[int], perplexity: float, used: float):
    """exp of the entropy, between 1 and the number of codes; of shares 3/4 and 1/4 it is 4 / 3^(3/4)."""
    usage = CodeUsage(4, "_top")
    usage.update_state(np.reshape(indices, (2, 2)))
    found = usage.result()
    assert float(found["perplexity_top"]) == pytest.approx(perplexity, rel=1e-4)
    assert float(found["used_codes_top"]) == used
