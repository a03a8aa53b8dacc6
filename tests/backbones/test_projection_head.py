"""The heads' layers, counted."""

import keras
import numpy as np
import pytest

from keras_genssl import backbones


def shapes(network: keras.Model) -> list[tuple[int, ...]]:
    return [tuple(weight.shape) for weight in network.trainable_weights]


def test_a_normalised_head_has_no_biases() -> None:
    head = backbones.projection_head(5, 3, 7, num_layers=3)
    assert shapes(head) == [(5, 7), (7,), (7,), (7, 7), (7,), (7,), (7, 3)]  # gains and centres of batch norm
    assert all(layer.synchronized for layer in head.layers if isinstance(layer, keras.layers.BatchNormalization))


def test_a_head_without_batch_norm_has_biases() -> None:
    assert shapes(backbones.projection_head(5, 3, batch_norm=False, output_bias=True)) == [(5, 5), (5,), (5, 3), (3,)]
    assert shapes(backbones.projection_head(5, 3, num_layers=1)) == [(5, 3)]


def test_normalised_outputs_have_mean_0_and_variance_1() -> None:
    head = backbones.projection_head(5, 3, output_norm=True)
    assert shapes(head) == [(5, 5), (5,), (5,), (5, 3)]
    outputs = np.asarray(head(np.random.default_rng(0).normal(size=(64, 5)), training=True))
    np.testing.assert_allclose(outputs.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(outputs.std(axis=0), 1, atol=0.05)  # an epsilon of 1e-3 beside small variances


def test_wrong_arguments() -> None:
    with pytest.raises(ValueError, match=r"`hidden_dim` must be at least 1. Received: hidden_dim=0"):
        backbones.projection_head(5, hidden_dim=0)
    with pytest.raises(ValueError, match="`num_layers` must be at least 1"):
        backbones.projection_head(5, num_layers=0)
    with pytest.raises(ValueError, match="`output_bias` must be False"):
        backbones.projection_head(5, output_norm=True, output_bias=True)
