import keras
import numpy as np
import pytest

import keras_genssl as kg

RNG = np.random.default_rng(0)
FRAMES = RNG.integers(0, 256, (4, 3, 8, 8, 3), dtype=np.uint8)
ORDERED = np.array([1, 0, 0, 1], np.int32)


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(0)
    model = kg.models.ShuffleAndLearn(kg.backbones.small_encoder((8, 8, 3), filters=2))
    model.compile()
    return model


def test_loss_and_accuracy_are_the_naive_ones(model):
    losses, right = [], []
    for frames, ordered in zip(FRAMES, ORDERED, strict=True):
        features = [model.encoder(frame[None] / np.float32(127.5) - 1, training=False) for frame in frames]
        logits = np.asarray(model.head(np.concatenate(features, axis=1), training=False))[0]
        losses.append(np.log(np.exp(logits).sum()) - logits[ordered])
        right.append(np.argmax(logits) == ordered)
    logs = model.evaluate({"frames": FRAMES, "ordered": ORDERED}, batch_size=4, verbose=0, return_dict=True)
    assert logs["loss"] == pytest.approx(np.mean(losses), rel=1e-4)
    assert logs["accuracy"] == pytest.approx(np.mean(right), abs=1e-6)


def test_features_of_single_images(model):
    images = FRAMES[:, 0]
    expected = model.encoder(images / np.float32(127.5) - 1, training=False)
    np.testing.assert_allclose(model.encode(images), expected, rtol=1e-5, atol=1e-6)


def test_a_linear_head_is_the_papers():
    inputs = keras.Input((24,))
    linear = keras.Model(inputs, keras.layers.Dense(2)(inputs))
    model = kg.models.ShuffleAndLearn(kg.backbones.small_encoder((8, 8, 3), filters=2), head=linear)
    assert model.head is linear
    with pytest.raises(ValueError, match=r"`head` must take \(None, 24\).*Received: a network from \(None, 16\)"):
        kg.models.ShuffleAndLearn(
            kg.backbones.small_encoder((8, 8, 3), filters=2), head=kg.backbones.projection_head(16, 2)
        )


def test_bad_batches_are_refused(model):
    with pytest.raises(ValueError, match=r"`frames` must have shape \(batch, 3, 8, 8, 3\).*\(4, 2, 8, 8, 3\)"):
        model.train_on_batch({"frames": FRAMES[:, :2], "ordered": ORDERED})
    with pytest.raises(ValueError, match=r"must hold \['frames', 'ordered'\].*without \['ordered'\]"):
        model.train_on_batch({"frames": FRAMES})
    with pytest.raises(ValueError, match="`ordered` must hold integers of shape"):
        model.train_on_batch({"frames": FRAMES, "ordered": ORDERED.astype("float32")})
    with pytest.raises(ValueError, match=r"`encoder` must give vectors \(batch, dim\)"):
        kg.models.ShuffleAndLearn(kg.backbones.small_feature_map((8, 8, 3), 2))
