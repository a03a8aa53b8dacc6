"""Momentum contrast, one step by hand."""

from collections.abc import Iterator

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_genssl as kg

RNG = np.random.default_rng(0)
PAIRS = {field: RNG.uniform(-1, 1, (4, 2, 2, 1)) for field in ("first", "second")}


@pytest.fixture
def double_precision() -> Iterator[None]:
    policy = keras.config.dtype_policy()
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    yield
    keras.config.set_floatx("float32")
    keras.config.set_dtype_policy(policy)


def networks() -> dict[str, keras.Model]:
    """Two linear ones, without biases."""
    encoder = keras.Sequential([keras.Input((2, 2, 1)), keras.layers.Flatten(), keras.layers.Dense(3, use_bias=False)])
    head = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, use_bias=False)])
    return {"encoder": encoder, "head": head}


def unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def embed(weights: list[np.ndarray], images: np.ndarray) -> np.ndarray:
    return unit(images.reshape(len(images), -1) @ weights[0] @ weights[1])


def losses(queries: np.ndarray, keys: np.ndarray, queue: np.ndarray, temperature: float) -> list[float]:
    """MoCo's Equation 1, query by query."""
    values = []
    for query, key in zip(queries, keys, strict=True):
        candidates = [query @ key / temperature] + [query @ negative / temperature for negative in queue]
        values.append(-candidates[0] + np.log(np.sum(np.exp(candidates))))
    return values


def slope(function, array: np.ndarray) -> np.ndarray:
    """The gradient by central differences."""
    gradient = np.zeros_like(array)
    for place in np.ndindex(array.shape):
        step = np.zeros_like(array)
        step[place] = 1e-6
        gradient[place] = (function(array + step) - function(array - step)) / 2e-6
    return gradient


def test_two_steps_by_hand(double_precision: None) -> None:
    keras.utils.set_random_seed(0)  # how exact central differences are depends on the weights
    model = kg.models.MoCo(**networks(), queue_size=6, momentum=0.75, temperature=0.3, groups=2)
    model.compile(keras.optimizers.SGD(0.1))
    online = [model.encoder.get_weights()[0], model.head.get_weights()[0]]
    momentum = [weights + RNG.normal(size=weights.shape) for weights in online]
    model.key_encoder.copy.set_weights(momentum[:1])
    model.key_head.copy.set_weights(momentum[1:])
    queue, position = model.queue.vectors.numpy(), 0
    for _ in range(2):  # the second wraps
        loss = model.train_on_batch(PAIRS)
        keys = embed(momentum, PAIRS["second"])

        def mean(encoder, head, keys=keys, queue=queue):
            return np.mean(losses(embed([encoder, head], PAIRS["first"]), keys, queue, 0.3))

        assert float(loss) == pytest.approx(mean(*online), abs=1e-9)  # against the queue before it is moved
        encoder, head = online
        slopes = [slope(lambda w, h=head: mean(w, h), encoder), slope(lambda w, e=encoder: mean(e, w), head)]
        online = [weights - 0.1 * gradient for weights, gradient in zip(online, slopes, strict=True)]
        momentum = [0.75 * k + 0.25 * q for k, q in zip(momentum, online, strict=True)]  # after the update
        queue = queue.copy()
        for key in keys:
            queue[position % 6] = key
            position += 1
        for weights, expected in zip(model.encoder.weights + model.head.weights, online, strict=True):
            np.testing.assert_allclose(weights, expected, atol=1e-8)
        for weights, expected in zip(model.key_encoder.weights + model.key_head.weights, momentum, strict=True):
            np.testing.assert_allclose(weights, expected, atol=1e-8)
        np.testing.assert_allclose(model.queue.vectors, queue, atol=1e-8)

    before = [weight.numpy() for weight in model.weights]
    value = model.evaluate(tf.data.Dataset.from_tensors(PAIRS), verbose=0)
    keys = embed(momentum, PAIRS["second"])
    assert value == pytest.approx(np.mean(losses(embed(online, PAIRS["first"]), keys, queue, 0.3)), abs=1e-8)
    for weight, old in zip(model.weights, before, strict=True):
        np.testing.assert_array_equal(weight, old)


class Counted(keras.layers.Layer):
    """Turns pictures, and counts the calls."""

    calls = 0

    def call(self, images):
        self.calls += 1
        return images[:, ::-1]


def test_views_are_drawn_twice_in_training_and_nowhere_else() -> None:
    views = Counted()
    views.built = True
    model = kg.models.MoCo(**networks(), views=views, queue_size=6, groups=1)
    model.compile(keras.optimizers.SGD(0.1), run_eagerly=True)
    images = PAIRS["first"].astype("float32")
    dataset = tf.data.Dataset.from_tensors((images, tf.range(4)))  # labels are not looked at
    model.evaluate(dataset, verbose=0)
    features = model.predict(dataset, verbose=0)
    assert views.calls == 0
    np.testing.assert_allclose(features, images.reshape(4, 4) @ model.encoder.get_weights()[0], atol=1e-6)
    np.testing.assert_allclose(model.encode(images), features, atol=1e-6)
    keys = [model.key_encoder.get_weights()[0], model.key_head.get_weights()[0]]  # which move after the update
    model.train_on_batch({"image": images})
    assert views.calls == 2
    expected = embed(keys, images[:, ::-1])
    np.testing.assert_allclose(model.queue.vectors[:4], expected, atol=1e-6)


def test_images_are_checked() -> None:
    model = kg.models.MoCo(**networks(), queue_size=6, groups=3)
    model.compile()
    with pytest.raises(ValueError, match=r"must be a multiple of the 3 groups"):
        model.train_on_batch(PAIRS)
    with pytest.raises(ValueError, match=r"`second` must have shape \(batch, 2, 2, 1\) for this MoCo"):
        model.train_on_batch({"first": PAIRS["first"], "second": np.zeros((4, 3, 3, 1))})
    with pytest.raises(ValueError, match=r"must hold \['first', 'second'\]"):
        model.train_on_batch({"image": PAIRS["first"]})


def test_a_pair_of_views_is_refused_and_v2_is_the_default() -> None:
    with pytest.raises(TypeError, match=r"`views` must be a layer or None\. Received: views=\("):
        kg.models.MoCo(**networks(), views=kg.views.byol(8))
    model = kg.models.MoCo(networks()["encoder"], queue_size=6)
    assert model.loss_of_queries.temperature == 0.2
    widths = [layer.units for layer in model.head.layers if isinstance(layer, keras.layers.Dense)]
    assert widths == [3, 128]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"temperature": 0.0}, r"`temperature` must be positive and finite\. Received: temperature=0\.0"),
        ({"queue_size": 0}, r"`size` must be an integer of at least 1\. Received: size=0"),
        ({"momentum": 1.5}, r"`momentum` must lie in \[0, 1\]\. Received: momentum=1\.5"),
        ({"groups": 0}, r"`groups` must be an integer of at least 1\. Received: groups=0"),
        (
            {"head": networks()["encoder"]},
            r"`head` must take what `encoder` gives, \(None, 3\)\. Received: a network with input",
        ),
    ],
)
def test_errors_name_argument_rule_and_value(arguments, message) -> None:
    encoder, head = networks().values()
    with pytest.raises(ValueError, match=message):
        kg.models.MoCo(**{"encoder": encoder, "head": head, **arguments})
