import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

import keras_genssl as kg
from tests import toys

DIM = 3


@pytest.fixture(scope="module")
def encoder():
    """Images of one pixel, whose channels are the embedding."""
    image = keras.Input((1, 1, DIM))
    return keras.Model(image, keras.layers.Flatten()(image))


def linear():
    image = keras.Input((1, 1, DIM))
    return keras.Sequential([image, keras.layers.Flatten(), keras.layers.Dense(2, use_bias=False)])


def pixels(*vectors):
    return np.array(vectors, np.float32).reshape(-1, 1, 1, DIM)


def evaluated(model, batch):
    model.compile(keras.optimizers.SGD(0.0), run_eagerly=True)
    return model.evaluate(tf.data.Dataset.from_tensors(batch), verbose=0, return_dict=True)["loss"]


def test_encode_is_of_length_one_for_bytes_and_floats_and_at_zero_finite(encoder):
    model = kg.models.EmbeddingModel(encoder, toys.ToyBatchLoss())
    np.testing.assert_allclose(
        model.encode(pixels([0.6, 0.0, 0.8], [0.0, 0.5, 0.0])), [[0.6, 0, 0.8], [0, 1, 0]], atol=1e-6
    )
    from_bytes = model.encode(np.array([255, 0, 0], np.uint8).reshape(1, 1, 1, 3))
    np.testing.assert_allclose(from_bytes, np.array([[1, -1, -1]]) / math.sqrt(3), atol=1e-6)
    assert np.array(model.encode(pixels([0, 0, 0]))).tolist() == [[0, 0, 0]]
    raw = kg.models.EmbeddingModel(encoder, toys.ToyBatchLoss(), normalize=False)
    assert raw.predict(pixels([0.5, 0, 0]), verbose=0).tolist() == [[0.5, 0, 0]]


def test_loss_of_labels_is_the_loss_of_normalised_embeddings(encoder):
    """Embeddings at right angles, of squared distance 2: the pair of one label costs 2 / 3 of each its row."""
    model = kg.models.EmbeddingModel(encoder, toys.ToyBatchLoss())
    batch = {"image": pixels([0.5, 0, 0], [0, 1, 0], [0, 0, 1]), "label": np.array([4, 4, 9])}
    assert evaluated(model, batch) == pytest.approx((2 / 3 + 2 / 3 + 0) / 3)


def test_a_loss_with_weights_is_built_held_and_trained(encoder):
    model = kg.models.EmbeddingModel(encoder, toys.ToyProxies(3), normalize=False)
    proxies = model.embedding_loss.proxies
    assert [variable.path for variable in model.trainable_variables] == [proxies.path]
    proxies.assign(np.zeros((DIM, 3)))
    model.compile(keras.optimizers.SGD(1.0))
    batch = {"image": pixels([0.5, 0, 0]), "label": np.array([2])}
    assert model.train_on_batch(batch) == pytest.approx(math.log(3))
    # Softmax of zeros: the gradient of each column is x (1/3 - [it is the label's]).
    np.testing.assert_allclose(proxies[0], [-0.5 / 3, -0.5 / 3, 1 / 3], atol=1e-6)
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"`label` must lie in \[0, 3\)"):
        model.train_on_batch({**batch, "label": np.array([3])})


def test_loss_of_pairs(encoder):
    """Distances sqrt(2) and 0 of the different, 2 and 0 of the same; margin 1."""
    model = kg.models.PairEmbeddingModel(encoder, toys.ToyPairLoss())
    x, y = [1, 0, 0], [0, 1, 0]
    batch = {"first": pixels(x, x, x, x), "second": pixels(y, x, [-1, 0, 0], x), "label": np.array([1, 1, 0, 0])}
    assert evaluated(model, batch) == pytest.approx((0 + 1 + 4 + 0) / 4, abs=1e-5)
    metric = keras.metrics.MeanAbsoluteError(name="mae")  # of labels and distances
    model.compile("sgd", metrics=[metric], run_eagerly=True)
    result = model.evaluate(tf.data.Dataset.from_tensors(batch), verbose=0, return_dict=True)
    assert result["mae"] == pytest.approx((math.sqrt(2) - 1 + 1 + 2 + 0) / 4, abs=1e-5)


@pytest.mark.parametrize("squared", [True, False])
def test_loss_of_triplets(encoder, squared):
    x, y = [1, 0, 0], [0, 1, 0]
    near = [0.6, 0.8, 0]  # squared distances: 0.8 to x, 0.4 to y
    batch = {"anchor": pixels(x, y, x), "positive": pixels(near, near, x), "negative": pixels(y, x, y)}
    model = kg.models.TripletEmbeddingModel(encoder, margin=0.2, squared=squared)
    distance = (lambda square: square) if squared else math.sqrt
    expected = [max(0, distance(p) - distance(n) + 0.2) for p, n in ((0.8, 2), (0.4, 2), (0, 2))]
    assert evaluated(model, batch) == pytest.approx(sum(expected) / 3, abs=1e-5) == 0
    wide = kg.models.TripletEmbeddingModel(encoder, margin=1.5, squared=squared)
    expected = [max(0, distance(p) - distance(n) + 1.5) for p, n in ((0.8, 2), (0.4, 2), (0, 2))]
    assert evaluated(wide, batch) == pytest.approx(sum(expected) / 3, abs=1e-5)


def test_equal_embeddings_have_finite_gradients():
    """All distances are zero, where the root has no slope."""
    same = np.zeros((4, 1, 1, DIM), np.float32)
    models = {
        kg.models.PairEmbeddingModel(linear(), toys.ToyPairLoss()): {
            "first": same,
            "second": same,
            "label": [0, 1, 0, 1],
        },
        kg.models.TripletEmbeddingModel(linear(), squared=False): {"anchor": same, "positive": same, "negative": same},
        kg.models.EmbeddingModel(linear(), toys.ToyBatchLoss()): {"image": same, "label": [1, 1, 1, 1]},  # one class
    }
    for model, batch in models.items():
        model.compile(keras.optimizers.SGD(1.0), run_eagerly=True)
        loss = model.train_on_batch({key: ops.convert_to_tensor(value) for key, value in batch.items()})
        assert np.isfinite(loss)
        assert all(np.isfinite(weights).all() for weights in model.get_weights())


def test_an_encoder_that_gives_zero_is_not_thrown_away():
    """With proxies the slopes of two normalisations would multiply, to 1e12."""
    image = keras.Input((1, 1, DIM))
    dense = keras.layers.Dense(3, kernel_initializer="zeros")
    loss = kg.losses.ArcFaceLoss(2, 3)
    model = kg.models.EmbeddingModel(keras.Model(image, dense(keras.layers.Flatten()(image))), loss)
    model.compile(keras.optimizers.SGD(0.1), run_eagerly=True)
    before = model.get_weights()
    value = model.train_on_batch({"image": pixels([1, 0, 0], [0, 1, 0]), "label": np.array([0, 1])})
    # Cosines of 0: exp(64 cos(pi / 2 + 0.5)) for the own class, 1 for the other.
    assert value == pytest.approx(np.log1p(np.exp(64 * math.sin(0.5))), rel=1e-5)
    for weights, old in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weights, old)


def test_a_loss_for_other_embeddings_is_refused(encoder):
    dim = encoder.output_shape[1]
    for loss in (kg.losses.ArcFaceLoss(2, dim + 1), kg.losses.ProxyAnchorLoss(2, dim + 1)):
        message = f"`loss` must take what `encoder` gives, .* {dim}. Received: {type(loss).__name__} with .*={dim + 1}"
        with pytest.raises(ValueError, match=message):
            kg.models.EmbeddingModel(encoder, loss)


@keras.saving.register_keras_serializable(package="tests")
class Root(keras.losses.Loss):
    """Infinite where it is not NaN, for finite embeddings."""

    def call(self, labels, embeddings):
        return ops.log(ops.sum(embeddings, axis=1) * 0)


@pytest.mark.parametrize("run_eagerly", [True, False])
def test_a_step_that_is_not_finite_moves_no_weight(run_eagerly):
    image = keras.Input((1, 1, DIM))
    dense = keras.layers.Dense(2)
    network = keras.Model(image, dense(keras.layers.Flatten()(image)))
    batch = {"image": pixels([1, 0, 0]), "label": np.array([0])}
    for loss, what in ((Root(), "losses of EmbeddingModel"), (toys.ToyBatchLoss(), "embeddings")):
        model = kg.models.EmbeddingModel(network, loss, normalize=False)
        model.compile(keras.optimizers.SGD(0.1, momentum=0.9), run_eagerly=run_eagerly)
        if what == "embeddings":
            dense.bias.assign([math.nan, 0.0])
        before = dense.kernel.numpy()
        with pytest.raises(tf.errors.InvalidArgumentError, match=f"All {what} must be finite"):
            model.train_on_batch(batch)
        np.testing.assert_array_equal(dense.kernel, before)


def test_arguments_are_checked(encoder):
    loss = toys.ToyBatchLoss()
    with pytest.raises(ValueError, match="`encoder` must be built"):
        kg.models.EmbeddingModel(keras.Sequential([keras.layers.Dense(2)]), loss)
    image = keras.Input((4, 4, 3))
    with pytest.raises(ValueError, match=r"`encoder` must give vectors \(batch, dim\)"):
        kg.models.TripletEmbeddingModel(keras.Model(image, keras.layers.Conv2D(2, 3)(image)))
    with pytest.raises(
        TypeError, match=r"`loss` must be a keras.losses.Loss or a keras.layers.Layer. Received: loss='l'"
    ):
        kg.models.EmbeddingModel(encoder, "l")
    with pytest.raises(TypeError, match=r"`loss` must be a keras.losses.Loss"):
        kg.models.PairEmbeddingModel(encoder, toys.ToyProxies(2))
    other_way = toys.ToyPairLoss()
    other_way.similar_label = 1
    with pytest.raises(ValueError, match=r"`loss` must read label 1 as different: .* similar_label=1"):
        kg.models.PairEmbeddingModel(encoder, other_way)
    for margin in (-1.0, math.nan, math.inf):
        with pytest.raises(ValueError, match=f"`margin` must be at least 0 and finite. Received: margin={margin}"):
            kg.models.TripletEmbeddingModel(encoder, margin=margin)


def test_labels_are_checked(encoder):
    model = kg.models.EmbeddingModel(encoder, toys.ToyBatchLoss())
    model.compile("sgd", run_eagerly=True)
    image = pixels([1, 0, 0], [0, 1, 0])
    with pytest.raises(ValueError, match=r"`label` must hold integers of shape \(batch,\)"):
        model.evaluate(image, np.array([0.0, 1.0]), verbose=0)
    with pytest.raises(ValueError, match=r"`label` must have shape \(batch,\)"):
        model.evaluate(image, np.array([[0], [1]]), verbose=0)
    with pytest.raises(ValueError, match=r"without \['label'\]"):
        model.evaluate(image, verbose=0)
    pairs = kg.models.PairEmbeddingModel(encoder, toys.ToyPairLoss())
    pairs.compile("sgd", run_eagerly=True)
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"`label` must lie in \[0, 2\)"):
        pairs.evaluate(tf.data.Dataset.from_tensors((image, image, np.array([0, 2]))), verbose=0)
