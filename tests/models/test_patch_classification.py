import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_genssl as kg


def encoder(channels=1):
    """Features of 4 that tell something of an image."""
    return kg.backbones.small_encoder((None, None, channels), filters=1)


@pytest.fixture(params=["Jigsaw", "RelativePosition"])
def model(request):
    keras.utils.set_random_seed(0)
    if request.param == "Jigsaw":
        return kg.models.Jigsaw(encoder(), num_permutations=8, grid=2)
    return kg.models.RelativePosition(encoder())


@pytest.fixture
def batch(model):
    rng = np.random.default_rng(1)
    return {
        "patches": rng.integers(0, 256, (5, model.num_patches, 8, 6, 1), dtype=np.uint8),
        list(model.inputs())[1]: rng.integers(0, 8, 5).astype(np.int32),
    }


def naive_logits(model, patches):
    """Patch by patch through the encoder, then side by side through the head."""
    logits = []
    for example in patches:
        features = []
        for patch in example / 127.5 - 1:
            centred = patch - patch.mean(axis=(0, 1))
            image = (centred / np.sqrt((centred**2).mean())).astype("float32")
            features.append(keras.ops.convert_to_numpy(model.encoder.layers[-1](image[None], training=False))[0])
        logits.append(keras.ops.convert_to_numpy(model.head(np.concatenate(features)[None], training=False))[0])
    return np.array(logits)


def test_loss_and_accuracy_equal_a_naive_loop(model, batch):
    logits, answer = naive_logits(model, batch["patches"]), batch[list(model.inputs())[1]]
    losses = np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(5), answer]
    model.compile("sgd", metrics=[keras.metrics.SparseTopKCategoricalAccuracy(8, name="all")], run_eagerly=True)
    logs = model.evaluate(batch, batch_size=5, verbose=0, return_dict=True)
    assert logs["loss"] == pytest.approx(losses.mean(), rel=1e-4)
    assert logs["accuracy"] == pytest.approx((logits.argmax(axis=1) == answer).mean())
    assert logs["all"] == 1
    np.testing.assert_allclose(model.predict(batch["patches"], verbose=0), logits, rtol=1e-3, atol=1e-4)


def test_whole_images_are_encoded_as_patches_are(model, batch):
    patches = batch["patches"]
    encoded = model.encode(patches.reshape(-1, 8, 6, 1))
    floats = patches.astype("float32") / 127.5 - 1
    expected = np.reshape(encoded, (5, model.num_patches, 4))
    np.testing.assert_allclose(model.embed(floats, False), expected, rtol=1e-4, atol=1e-5)
    image = np.random.default_rng(2).uniform(-0.5, 0.5, (1, 28, 28, 1)).astype("float32")
    np.testing.assert_allclose(model.encode(0.5 * image + 0.3), model.encode(image), rtol=1e-3, atol=1e-4)
    np.testing.assert_array_equal(model.serving()["encode"].function(image), model.encode(image))


def test_its_encoder_alone_gives_the_same_features(model):
    """For fine-tuning, which copies `model.encoder`."""
    image = np.random.default_rng(2).uniform(-1, 1, (2, 12, 12, 1)).astype("float32")
    copy = keras.models.clone_model(model.encoder)
    copy.set_weights(model.encoder.get_weights())
    np.testing.assert_array_equal(copy(image, training=False), model.encode(image))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_permutations": 1}, "`num_permutations` must be an integer of at least 2. Received: num_permutations=1"),
        ({"grid": True}, "`grid` must be an integer of at least 2. Received: grid=True"),
        ({"encoder": keras.Sequential()}, "`encoder` must be built"),
        (
            {"encoder": keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Conv2D(1, 3)])},
            r"`encoder` must give vectors \(batch, dim\).*\(None, 6, 6, 1\)",
        ),
        (
            {"head": keras.Sequential([keras.Input((36,)), keras.layers.Dense(8)])},
            r"`head` must take \(None, 36\), the features of 9 patches, and give logits \(None, 64\).*\(None, 8\)",
        ),
    ],
)
def test_errors_name_the_argument(arguments, message):
    with pytest.raises(ValueError, match=message):
        kg.models.Jigsaw(**{"encoder": encoder(), **arguments})


def test_relative_position_has_two_patches_and_eight_answers():
    head = keras.Sequential([keras.Input((8,)), keras.layers.Dense(4)])
    message = r"`head` must take \(None, 8\), the features of 2 patches, and give logits \(None, 8\).*\(None, 4\)"
    with pytest.raises(ValueError, match=message):
        kg.models.RelativePosition(encoder(), head=head)


def test_batches_that_break_a_rule_are_refused(model, batch):
    num, answer = model.num_patches, list(model.inputs())[1]
    rule = rf"`patches` must have shape \(batch, {num}, any, any, 1\) for this {type(model).__name__}"
    with pytest.raises(ValueError, match=rule):
        model.batch({**batch, "patches": batch["patches"][:, 1:]})
    with pytest.raises(ValueError, match=r"`patches` must hold images as uint8.*a batch of int32"):
        model.batch({**batch, "patches": batch["patches"].astype(np.int32)})
    wrong = keras.ops.convert_to_tensor(batch[answer] + 8)
    with pytest.raises(tf.errors.InvalidArgumentError, match=rf"`{answer}` must lie in \[0, 8\)"):
        model.split_inputs(model.batch({**batch, answer: wrong}))
