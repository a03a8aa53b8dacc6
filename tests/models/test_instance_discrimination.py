"""Instance discrimination, one step by hand."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_genssl as kg

RNG = np.random.default_rng(0)
IMAGES = RNG.uniform(-1, 1, (4, 2, 2, 1)).astype("float32")
INDEX = np.array([5, 0, 5, 3])


def networks() -> tuple[keras.Model, keras.Model]:
    encoder = keras.Sequential([keras.Input((2, 2, 1)), keras.layers.Flatten(), keras.layers.Dense(3, use_bias=False)])
    return encoder, keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, use_bias=False)])


def method(**arguments) -> kg.models.InstanceDiscrimination:
    encoder, head = networks()
    model = kg.models.InstanceDiscrimination(encoder, 7, head=head, **arguments)
    model.compile(keras.optimizers.SGD(0.1))
    return model


def unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def test_a_step_by_hand() -> None:
    model = method(momentum=0.5, temperature=0.3)
    bank = model.bank.vectors.numpy()
    embeddings = unit(IMAGES.reshape(4, 4) @ model.encoder.get_weights()[0] @ model.head.get_weights()[0])
    losses, expected = [], bank.copy()
    for i, vector in zip(INDEX, embeddings, strict=True):
        similarities = [np.exp(memory @ vector / 0.3) for memory in bank]
        losses.append(-np.log(similarities[i] / sum(similarities)))
        expected[i] = unit(0.5 * bank[i] + 0.5 * vector)  # of the two of example 5 the second stays
    batch = {"image": IMAGES, "index": INDEX}
    assert model.evaluate(tf.data.Dataset.from_tensors(batch), verbose=0) == pytest.approx(np.mean(losses), rel=1e-5)
    np.testing.assert_array_equal(model.bank.vectors, bank)  # evaluation leaves it alone
    assert float(model.train_on_batch(batch)) == pytest.approx(np.mean(losses), rel=1e-5)
    np.testing.assert_allclose(model.bank.vectors, expected, atol=1e-6)


def test_embeddings_that_say_nothing_give_log_of_the_number_of_examples() -> None:
    model = method()
    model.head.set_weights([np.zeros((3, 2))])
    for _ in range(2):
        assert float(model.train_on_batch({"image": IMAGES, "index": INDEX})) == pytest.approx(np.log(7), rel=1e-6)
    assert all(np.isfinite(weight).all() for weight in model.get_weights())


def test_predict_gives_features_and_needs_no_index() -> None:
    model = method()
    expected = IMAGES.reshape(4, 4) @ model.encoder.get_weights()[0]
    np.testing.assert_allclose(model.predict(IMAGES, verbose=0), expected, atol=1e-6)
    np.testing.assert_allclose(model.encode(IMAGES), expected, atol=1e-6)


def test_batches_are_checked() -> None:
    model = method()
    for without in ({"image": IMAGES}, (IMAGES, INDEX)):  # the second part of a tuple holds labels
        with pytest.raises(ValueError, match=r"must hold `index` by name.*Received: \['image'"):
            model.train_on_batch(model.batch(without))
    for outside in (-1, 7):
        with pytest.raises(tf.errors.InvalidArgumentError, match=r"`index` must lie in \[0, 7\)"):
            model.train_on_batch({"image": IMAGES, "index": np.array([0, 1, outside, 2])})
    with pytest.raises(ValueError, match=r"`index` must hold integers of shape \(batch,\)"):
        model.train_on_batch({"image": IMAGES, "index": np.zeros(4, "float32")})


def test_views_that_are_no_layer_are_refused() -> None:
    with pytest.raises(TypeError, match=r"`views` must be a layer or None\. Received: views='simclr'"):
        kg.models.InstanceDiscrimination(*networks()[:1], 7, views="simclr")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"temperature": -1}, r"`temperature` must be positive and finite\. Received: temperature=-1"),
        ({"num_examples": 0}, r"`num_examples` must be an integer of at least 1\. Received: num_examples=0"),
        ({"momentum": 1.0}, r"`momentum` must lie in \[0, 1\)\. Received: momentum=1\.0"),
        (
            {"head": networks()[0]},
            r"`head` must take what `encoder` gives, \(None, 3\)\. Received: a network with input",
        ),
    ],
)
def test_errors_name_argument_rule_and_value(arguments, message) -> None:
    encoder, head = networks()
    with pytest.raises(ValueError, match=message):
        kg.models.InstanceDiscrimination(**{"encoder": encoder, "num_examples": 7, "head": head, **arguments})
