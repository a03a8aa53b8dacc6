"""Quantizers against nearest neighbours in NumPy, and their gradients against the papers' formulas."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from keras_genssl.layers import FiniteScalarQuantizer, VectorQuantizer

RNG = np.random.default_rng(0)
VECTORS = RNG.normal(size=(2, 3, 4, 5)).astype("float32")


def quantizer(**arguments) -> VectorQuantizer:
    made = VectorQuantizer(num_codes=7, dim=5, **arguments)
    made.codebook.assign(np.random.default_rng(1).normal(size=(7, 5)))
    return made


def test_each_vector_becomes_the_nearest_code():
    made = quantizer()
    codebook = np.array(made.codebook)
    nearest = np.square(VECTORS[..., None, :] - codebook).sum(axis=-1).argmin(axis=-1)
    codes, indices = made(VECTORS)
    np.testing.assert_array_equal(indices, nearest)
    assert keras.backend.standardize_dtype(indices.dtype) == "int32"
    np.testing.assert_allclose(codes, codebook[nearest], atol=1e-6)
    np.testing.assert_array_equal(made.codes(indices), codebook[nearest])


@pytest.mark.parametrize("by_gradient", [False, True])
def test_gradients_are_those_of_the_decoder_and_of_the_penalties(by_gradient: bool):
    """Of the encoder `g + 2 beta (z - e) / n`; of the codebook `2 (e - z) / n` summed over its vectors, or none."""
    made = quantizer(commitment=0.3, by_gradient=by_gradient)
    upstream = RNG.normal(size=VECTORS.shape).astype("float32")
    vectors = tf.Variable(VECTORS)
    with tf.GradientTape() as tape:
        tape.watch(made.codebook.value)
        codes, indices = made(vectors)
        penalties = made.penalties(vectors, indices)
        total = ops.sum(codes * upstream) + ops.sum(penalties)
    of_vectors, of_codebook = tape.gradient(total, [vectors, made.codebook.value])
    n = VECTORS[0].size
    chosen, picked = np.array(made.codebook)[np.array(indices)], np.eye(7)[np.array(indices)]
    np.testing.assert_allclose(of_vectors, upstream + 2 * 0.3 * (VECTORS - chosen) / n, atol=1e-6)
    squares = np.square(VECTORS - chosen).mean(axis=(1, 2, 3))
    np.testing.assert_allclose(penalties, (0.3 + by_gradient) * squares, rtol=1e-5)
    if by_gradient:
        expected = np.einsum("bhwk,bhwd->kd", picked, 2 * (chosen - VECTORS) / n)
        np.testing.assert_allclose(tf.convert_to_tensor(of_codebook), expected, atol=1e-6)
        assert [weight.path for weight in made.trainable_weights] == [made.codebook.path]
    else:
        assert of_codebook is None
        assert not made.trainable_weights


@pytest.mark.parametrize("levels", [[2], [3, 4], [5, 2, 3], [8, 6, 5]])
def test_finite_scalars_are_all_combinations_of_levels(levels: list[int]):
    made = FiniteScalarQuantizer(levels)
    assert made.num_codes == np.prod(levels)
    values = [(np.arange(n) - n // 2) / (n // 2) for n in levels]
    expected = np.array([combination[::-1] for combination in itertools.product(*values[::-1])])  # first one fastest
    codes = np.array(made.codes(np.arange(made.num_codes)))
    np.testing.assert_allclose(codes, expected, atol=1e-6)
    # Each code is reached, and its index is its place: far out, the outermost levels.
    wide = np.stack(np.meshgrid(*[np.linspace(-6, 6, 97)] * len(levels)), axis=-1).reshape(-1, len(levels))
    found, indices = made(wide.astype("float32"))
    assert set(np.array(indices).tolist()) == set(range(made.num_codes))
    np.testing.assert_allclose(found, expected[np.array(indices)], atol=1e-5)


def test_finite_scalars_round_a_tanh_and_have_its_gradient():
    made = FiniteScalarQuantizer([5, 4])
    vectors = tf.Variable(RNG.normal(size=(6, 2)).astype("float32"))
    upstream = RNG.normal(size=(6, 2)).astype("float32")
    with tf.GradientTape() as tape:
        codes, indices = made(vectors)
        total = ops.sum(codes * upstream)
    half = np.array([4, 3]) * 1.001 / 2
    offset = np.array([0.0, 0.5])
    tanh = np.tanh(vectors.numpy() + np.arctanh(offset / half))
    np.testing.assert_allclose(codes, np.round(tanh * half - offset) / 2, atol=1e-6)
    np.testing.assert_allclose(tape.gradient(total, vectors), upstream * (1 - tanh**2) * half / 2, rtol=1e-4)
    np.testing.assert_array_equal(made.penalties(vectors[None], indices[None]), [0.0])


def test_of_two_levels_the_sign_decides():
    """So N(0, 1) vectors use all 8 codes alike, and the gradient at 0 is that of `tanh(z) 1.001 / 2`."""
    made = FiniteScalarQuantizer([2, 2, 2])
    vectors = np.random.default_rng(0).normal(size=(10_000, 3)).astype("float32")
    indices = np.array(made(vectors)[1])
    np.testing.assert_array_equal(indices, (vectors >= 0) @ [1, 2, 4])
    np.testing.assert_allclose(np.bincount(indices, minlength=8) / 10_000, 1 / 8, atol=4 * 0.5 / 100)
    zeros = tf.Variable(np.zeros((1, 3), "float32"))
    with tf.GradientTape() as tape:
        total = ops.sum(made(zeros)[0])
    np.testing.assert_allclose(tape.gradient(total, zeros), np.full((1, 3), 0.5005), rtol=1e-5)


def test_the_nearest_code_far_from_the_origin():
    """At 1,000 float32 has steps of 6e-5, but |e|^2 of 5e6 has steps of 0.5, more than these codes lie apart."""
    made = quantizer()
    codebook = 1000.0 + np.random.default_rng(1).normal(size=(7, 5)).astype("float32") / 10.0
    made.codebook.assign(codebook)
    vectors = (1000.0 + VECTORS / 10.0).astype("float32")
    exact = np.square(vectors.astype("float64")[..., None, :] - codebook.astype("float64")).sum(axis=-1)
    np.testing.assert_array_equal(made(vectors)[1], exact.argmin(axis=-1))


def test_integers_of_numpy_are_integers():
    made = FiniteScalarQuantizer(np.array([3, 5]))
    assert made.get_config()["levels"] == [3, 5]
    assert [type(size) for size in made.get_config()["levels"]] == [int, int]
    learnt = VectorQuantizer(np.int64(4), np.int32(2)).get_config()
    assert [(type(learnt[name]), learnt[name]) for name in ("num_codes", "dim")] == [(int, 4), (int, 2)]


def test_quantizing_codes_changes_nothing():
    made = quantizer()
    codes, indices = made(VECTORS)
    again, same = made(codes)
    np.testing.assert_array_equal(same, indices)
    np.testing.assert_allclose(again, codes, atol=1e-6)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: VectorQuantizer(0, 4), "`num_codes` must be an integer of at least 1. Received: num_codes=0"),
        (lambda: VectorQuantizer(4, 2.0), "`dim` must be an integer of at least 1. Received: dim=2.0"),
        (
            lambda: VectorQuantizer(4, 4, commitment=-1.0),
            "`commitment` must not be negative. Received: commitment=-1.0",
        ),
        (lambda: VectorQuantizer(4, 4, decay=1.0), r"`decay` must lie in \[0, 1\). Received: decay=1.0"),
        (lambda: VectorQuantizer(4, 4, epsilon=0.0), "`epsilon` must be positive. Received: epsilon=0.0"),
        (lambda: VectorQuantizer(4, 4, restart_below=-2), "`restart_below` must not be negative. Received:"),
        (lambda: FiniteScalarQuantizer([]), r"`levels` must hold integers of at least 2. Received: levels=\[\]"),
        (
            lambda: FiniteScalarQuantizer([5, 1]),
            r"`levels` must hold integers of at least 2. Received: levels=\[5, 1\]",
        ),
        (lambda: FiniteScalarQuantizer(5), "`levels` must hold integers of at least 2. Received: levels=5"),
        (lambda: FiniteScalarQuantizer([5.0]), r"`levels` must hold integers of at least 2. Received: levels=\[5.0\]"),
        (lambda: FiniteScalarQuantizer([True, 5]), "`levels` must hold integers of at least 2. Received: levels="),
        (lambda: FiniteScalarQuantizer(np.zeros((2, 2), int)), "`levels` must hold integers of at least 2. Received:"),
        (
            lambda: FiniteScalarQuantizer([8] * 12),
            r"`levels` must have a product of at most 2147483647: .* Received: levels=\[8.*\] with the product "
            "68719476736",
        ),
        (lambda: quantizer()(np.zeros((2, 3, 4))), r"`vectors` must have 5 values each .* Received: vectors of shape"),
    ],
)
def test_errors_name_argument_rule_and_value(make, message: str):
    with pytest.raises(ValueError, match=message):
        make()
