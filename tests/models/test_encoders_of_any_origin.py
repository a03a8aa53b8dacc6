"""Encoders that are not ours: a network of keras.applications, and what is no encoder."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_genssl as kg
from tests import toys

SHAPE = (32, 32, 3)
METHODS = {
    "SimCLR": lambda encoder: kg.models.SimCLR(encoder),
    "BYOL": lambda encoder: kg.models.BYOL(encoder),
    "MoCo": lambda encoder: kg.models.MoCo(encoder),
    "InstanceDiscrimination": lambda encoder: kg.models.InstanceDiscrimination(encoder, 4),
    "EmbeddingModel": lambda encoder: kg.models.EmbeddingModel(encoder, kg.losses.TripletHardLoss()),
}


def test_a_network_of_keras_applications_trains_in_any_method() -> None:
    keras.utils.set_random_seed(0)
    encoder = keras.applications.MobileNetV2(SHAPE, alpha=0.35, weights=None, include_top=False, pooling="avg")
    first, second = np.random.default_rng(0).uniform(-1, 1, (2, 4, *SHAPE)).astype("float32")
    pair = {"first": first, "second": second}

    def step(model, batch):
        model.compile(keras.optimizers.SGD(0.1), run_eagerly=True)
        before = encoder.trainable_weights[0].numpy()
        loss = model.train_on_batch(batch, return_dict=True)["loss"]
        assert np.abs(encoder.trainable_weights[0].numpy() - before).max() > 0
        return loss

    moco = kg.models.MoCo(encoder, queue_size=8, groups=2)
    queue = moco.queue.vectors.numpy()
    step(moco, pair)
    np.testing.assert_array_equal((moco.queue.vectors.numpy() != queue).all(axis=1), [True] * 4 + [False] * 4)

    simclr = kg.models.SimCLR(encoder)
    np.testing.assert_array_equal(simclr.encode(first), encoder(first, training=False))
    assert simclr.encode(first).shape == (4, 1280)
    views = simclr.head(encoder(np.concatenate([first, second]), training=True), training=True)
    expected = np.mean(kg.losses.NTXentLoss(0.2).call(views[:4], views[4:]))
    assert step(simclr, pair) == pytest.approx(expected, rel=1e-3)

    embedder = kg.models.EmbeddingModel(encoder, kg.losses.TripletSemiHardLoss(margin=1.0))
    step(embedder, {"image": first, "label": np.array([0, 0, 1, 1])})
    np.testing.assert_allclose(np.linalg.norm(embedder.encode(first), axis=1), np.ones(4), rtol=1e-5)


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_what_is_no_encoder_is_told(method) -> None:
    image = keras.Input((4, 4, 1))
    for encoder, message in (
        (toys.Opaque((4, 4, 1)), "`encoder` must be a functional or sequential model.*'opaque', an? Opaque"),
        (len, "`encoder` must be a keras.Model. Received: encoder=<built-in function len>"),
        (keras.layers.Dense(3), "`encoder` must be a keras.Model. Received: encoder=<Dense"),
        (keras.Sequential([keras.layers.Dense(3)]), "`encoder` must be built"),
        (keras.Model(image, keras.layers.Conv2D(2, 3)(image)), r"`encoder` must give vectors \(batch, dim\)"),
    ):
        with pytest.raises(ValueError, match=message):
            method(encoder)


class Root(keras.layers.Layer):
    """NaN where the image is brighter than 0.9."""

    def call(self, inputs):
        return keras.ops.sqrt(0.9 - inputs)


def test_features_that_are_not_finite_are_seen_before_the_head() -> None:
    """In a graph the head's ReLU, fused with the layer before it, would make 0 of NaN."""
    image = keras.Input((2, 2, 1))
    encoder = keras.Model(image, keras.layers.Dense(3)(keras.layers.Flatten()(Root()(image))))
    images = tf.constant(np.eye(4).reshape(4, 2, 2, 1), tf.float32)
    plain = {"encoder": encoder, "head": kg.backbones.projection_head(3, 4, 5, batch_norm=False, output_bias=True)}
    for function in (
        kg.models.MoCo(**plain, queue_size=4, groups=2).keys,
        kg.models.SimCLR(**plain).project,
        kg.models.BYOL(**plain).target,
        kg.models.InstanceDiscrimination(**plain, num_examples=4),
    ):
        in_graph = tf.function(functools.partial(function, training=True))
        with pytest.raises(tf.errors.InvalidArgumentError, match="All features must be finite"):
            in_graph(images)
        assert np.isfinite(in_graph(0.5 * images)).all()
