"""In `compile`, in saved configurations, under XLA, and how large the tensors get."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_genssl import losses
from tests.losses.metric_learning import naive


@keras.saving.register_keras_serializable(package="tests")
def taxicab(embeddings):
    return keras.ops.sum(keras.ops.abs(embeddings[:, None] - embeddings[None, :]), axis=-1)


GENERATOR = np.random.default_rng(0)
LABELS = GENERATOR.permutation(16) % 5
EMBEDDINGS = GENERATOR.normal(size=(16, 4)).astype("float32")
CONFIGURED = [
    losses.ContrastiveLoss(0.5, reduction="sum", name="pairs", similar_label=0),
    losses.ContrastiveBatchAllLoss(0.5, "angular", name="all_pairs"),
    losses.TripletSemiHardLoss(0.5, taxicab, name="taxi"),
    losses.TripletHardLoss(0.5, True, "squared-L2", name="hard"),
    losses.TripletBatchAllLoss(0.5, "angular", reduction="sum"),
    losses.NPairsLoss(from_embeddings=True),
    losses.LiftedStructLoss(0.25, name="lifted"),
    losses.MultiSimilarityLoss(1.0, 20.0, 0.25, None),
]


@pytest.mark.parametrize("loss", CONFIGURED, ids=lambda loss: type(loss).__name__)
def test_config_of_losses(loss):
    restored = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(loss))
    assert type(restored) is type(loss)
    assert {**vars(restored), "_dtype_policy": None} == {**vars(loss), "_dtype_policy": None}


def test_other_spellings_are_saved_under_their_own_name_and_loaded():
    """Addons' name of the class is ours, which is registered once; functions are registered themselves."""
    assert losses.NpairsLoss is losses.NpairsMultilabelLoss is losses.NPairsLoss
    saved = keras.saving.serialize_keras_object(losses.NpairsMultilabelLoss())
    assert saved["registered_name"] == "keras_genssl>NPairsLoss"
    assert type(keras.saving.deserialize_keras_object(saved)) is losses.NPairsLoss
    for function in (losses.triplet_semihard_loss, losses.lifted_struct_loss, losses.contrastive_loss):
        assert keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(function)) is function


@pytest.mark.parametrize(
    "layer",
    [
        losses.ProxyAnchorLoss(5, 4, 0.2, 16.0, name="a"),
        losses.ArcFaceLoss(5, 4, 0.3, 32.0, name="b"),
        losses.SoftmaxLoss(5, 4, name="c"),
    ],
)
def test_config_and_weights_of_layers(layer):
    restored = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert restored.get_config() == layer.get_config()
    restored.set_weights(layer.get_weights())
    np.testing.assert_array_equal(restored(LABELS, EMBEDDINGS), layer(LABELS, EMBEDDINGS))


def test_layers_ignore_mixed_precision():
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        layer = losses.ArcFaceLoss(5, 4)
        values = layer(LABELS, tf.cast(EMBEDDINGS, "float16"))
    finally:
        keras.config.set_dtype_policy(before)
    assert values.dtype == layer.centres.dtype == "float32"


def test_all_compile_under_xla():
    owning_weights = [losses.ProxyAnchorLoss(5, 4), losses.ArcFaceLoss(5, 4), losses.SoftmaxLoss(5, 4)]
    compared = [*CONFIGURED[1:], losses.TripletSemiHardLoss(), *owning_weights]

    def values_and_gradients(labels, embeddings):
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(embeddings)
            values = [loss.call(labels, embeddings) for loss in compared]
        return values, [tape.gradient(each, embeddings) for each in values]

    arguments = tf.constant(LABELS), tf.constant(EMBEDDINGS)
    compiled = tf.function(values_and_gradients, jit_compile=True)(*arguments)
    for xla, eager in zip(compiled, values_and_gradients(*arguments), strict=True):
        for loss, ours, expected in zip(compared, xla, eager, strict=True):
            np.testing.assert_allclose(ours, expected, rtol=1e-4, atol=1e-4, err_msg=loss.name)


def test_in_compile_with_an_uneven_last_batch():
    """Keras weighs batches by their size: 10 examples, then 6. Shapes are unknown while the graph is made."""
    loss = losses.TripletBatchAllLoss(margin=0.4)
    network = keras.Sequential([keras.Input((4,)), keras.layers.Rescaling(2.0)])
    active = keras.metrics.MeanMetricWrapper(loss.active_fraction, name="active")
    network.compile(loss=loss, metrics=[active], jit_compile=False)
    parts = [slice(0, 10), slice(10, 16)]
    expected = [naive.batch_all(LABELS[part], 2.0 * EMBEDDINGS[part].astype(float), 0.4) for part in parts]
    fractions = [
        np.mean(np.array(naive.all_triplets(LABELS[part], 2.0 * EMBEDDINGS[part].astype(float), 0.4)) > 0)
        for part in parts
    ]
    data = tf.data.Dataset.from_tensor_slices((EMBEDDINGS, LABELS)).batch(10)
    logs = network.evaluate(data, verbose=0, return_dict=True)
    np.testing.assert_allclose(logs["loss"], np.average(expected, weights=[10, 6]), rtol=1e-5)
    np.testing.assert_allclose(logs["active"], np.average(fractions, weights=[10, 6]), rtol=1e-5)


@pytest.mark.parametrize(
    "loss", [losses.TripletSemiHardLoss(), losses.TripletBatchAllLoss(), losses.LiftedStructLoss()]
)
def test_no_tensor_is_larger_than_the_matrix_of_distances(loss):
    """Value and gradient hold nothing of batch^3, nor of batch^2 dim."""
    batch = 32

    @tf.function
    def gradient(labels, embeddings):
        with tf.GradientTape() as tape:
            tape.watch(embeddings)
            values = loss.call(labels, embeddings)
        return tape.gradient(values, embeddings)

    graph = gradient.get_concrete_function(tf.TensorSpec((batch,), tf.int32), tf.TensorSpec((batch, 4))).graph
    graphs = [graph, *(f.graph for f in graph._functions.values() if hasattr(f, "graph"))]
    sizes = [t.shape.num_elements() for each in graphs for op in each.get_operations() for t in op.outputs]
    assert max(size for size in sizes if size is not None) == batch**2
