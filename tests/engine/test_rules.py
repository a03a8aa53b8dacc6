"""Whoever breaks a rule reads one sentence, in a `ValueError` that is TensorFlow's error too."""

import inspect
import re

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_genssl as kg
from keras_genssl.engine.shapes import same_shape
from keras_genssl.kinds.rules import RuleError, in_plain_words, require

WILD = "Float images must lie in [-1, 1]; pass uint8, or scale them. Received: `low` leaves the range"


@pytest.fixture(scope="module")
def model() -> kg.models.EDSR:
    made = kg.models.EDSR(kg.backbones.edsr(scale=2, filters=2, blocks=1))
    made.compile("sgd")
    return made


def pairs(low: tuple[int, ...], high: tuple[int, ...], value: float = 0.0, told: bool = True) -> tf.data.Dataset:
    """A dataset of one batch, of float images, that tells its shapes or not."""
    batch = np.full(low, value, np.float32), np.zeros(high, np.float32)
    if told:
        return tf.data.Dataset.from_tensors(batch)
    return tf.data.Dataset.from_generator(lambda: iter([batch]), output_types=("float32", "float32"))


@pytest.mark.parametrize("eager", [False, True])
def test_every_entry_point_says_the_sentence_alone(model: kg.models.EDSR, eager: bool) -> None:
    low, high = (2, 4, 4, 3), (2, 8, 8, 3)
    wild, good = pairs(low, high, 100.0), pairs(low, high)
    x, y = next(iter(wild))
    model.run_eagerly = eager
    model.train_function = model.test_function = model.predict_function = None
    for call in (
        lambda: model.fit(good.concatenate(wild), verbose=0, shuffle=False),  # the second batch, not the first
        lambda: model.evaluate(wild, verbose=0),
        lambda: model.predict(wild, verbose=0),
        lambda: model.train_on_batch(x, y),
        lambda: model.test_on_batch(x, y),
        lambda: model.predict_on_batch(x),
    ):
        with pytest.raises(ValueError, match=f"^{re.escape(WILD)}$") as error:
            call()
        assert isinstance(error.value, tf.errors.InvalidArgumentError)
        assert error.value.__context__ is None  # or Python would print TensorFlow's page before it
    model.run_eagerly = False
    model.train_function = model.test_function = model.predict_function = None


@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize(
    ("high", "message"),
    [
        ((2, 8, 8, 1), "`high` must have shape (batch, any, any, 3) for this EDSR. Received: a batch of shape {}"),
        ((2, 1, 1, 3), "`high` must have the shape of what `network` makes of `low`. Received: {} and {}"),
        ((2, 12, 12, 3), "`high` must have the shape of what `network` makes of `low`. Received: {} and {}"),
        ((1, 8, 8, 3), "`high` must hold as many examples as `low`. Received: 1 and 2"),
        ((2, 8, 3), "`high` must have shape (batch, any, any, 3) for this EDSR. Received: a batch of shape {}"),
    ],
)
def test_what_would_be_broadcast_is_refused(model: kg.models.EDSR, high, message: str, told: bool) -> None:
    """Where the dataset tells shapes before anything runs; where it does not, in the step, in the same words."""
    for call in (model.fit, model.evaluate):
        with pytest.raises(ValueError, match=f"^{re.escape(message.format(high, (2, 8, 8, 3)))}$"):
            call(pairs((2, 4, 4, 3), high, told=told), verbose=0)


def test_shapes_that_are_not_told_train_as_others_do(model: kg.models.EDSR) -> None:
    losses = [model.evaluate(pairs((2, 4, 4, 3), (2, 8, 8, 3), 0.5, told), verbose=0) for told in (True, False)]
    assert losses[0] == losses[1]
    np.testing.assert_allclose(losses[0], 0.5, atol=1e-6)  # the network starts at the bicubic enlargement
    model.fit(pairs((2, 4, 4, 3), (2, 8, 8, 3), told=False), verbose=0)
    low = np.full((2, 4, 4, 3), 0.5, np.float32)
    unknown = tf.data.Dataset.from_generator(lambda: iter([low]), output_types="float32")
    np.testing.assert_array_equal(model.predict(unknown, verbose=0), model.predict(low, verbose=0))


class Sized(kg.engine.Method):
    """Takes images of any size."""

    def inputs(self):
        return {"image": kg.engine.Image((None, None, 3)), "label": kg.engine.Anything(required=False)}

    def call(self, batch, training=False):
        return batch["image"]


def test_ragged_images_are_refused() -> None:
    with pytest.raises(ValueError, match=r"`image` must be a dense tensor for this Sized.*Received: a RaggedTensor"):
        tf.function(Sized().batch, input_signature=[tf.RaggedTensorSpec((2, None))]).get_concrete_function()


def test_labels_that_are_not_looked_at_may_have_any_shape() -> None:
    batch = tf.function(Sized().batch, input_signature=[(tf.TensorSpec((2, 1, 1, 3)), tf.TensorSpec(None))])
    np.testing.assert_array_equal(batch((tf.zeros((2, 1, 1, 3)), tf.ones(5)))["label"], np.ones(5))


def test_some_axes_of_two_tensors_are_compared() -> None:
    image, other = tf.zeros((2, 4, 4, 1)), tf.ones((2, 4, 4, 3))
    assert same_shape("`a`", image, "`b`", other, axes=3) is image
    with pytest.raises(ValueError, match=r"^`a` must have the shape of `b`. Received: \(2, 4, 4, 1\) and \(2, .*3\)$"):
        same_shape("`a`", image, "`b`", other)
    with pytest.raises(ValueError, match=r"Received: \(4,\) and \(4, 1\)$"):  # of which a difference would be (4, 4)
        same_shape("`a`", tf.zeros(4), "`b`", tf.zeros((4, 1)))


def test_other_errors_of_tensorflow_stay_as_they_are() -> None:
    step = in_plain_words(tf.function(lambda x: tf.reshape(x, (3,)), input_signature=[tf.TensorSpec(None)]))
    with pytest.raises(tf.errors.InvalidArgumentError, match="reshape") as error:
        step(tf.zeros(2))
    assert not isinstance(error.value, RuleError)


def test_what_was_received_is_told() -> None:
    @tf.function
    def step(x: tf.Tensor) -> tf.Tensor:
        rule = "`x` must lie in [0, 1), the café's, or be empty. Received:"
        with tf.control_dependencies([require(tf.size(x) == 0, rule, tf.size(x), "of", tf.shape(x))]):
            return tf.identity(x)

    message = r"^`x` must lie in \[0, 1\), the café's, or be empty. Received: 6 of \(2, 3\)$"
    with pytest.raises(RuleError, match=message):
        in_plain_words(step)(tf.zeros((2, 3)))
    with pytest.raises(RuleError, match=message):  # op by op
        step.python_function(tf.zeros((2, 3)))


def test_networks_of_gans_fit_before_they_train() -> None:
    with pytest.raises(ValueError, match=r"`generator` must give what `discriminator` takes, \(None, 16, 16, 1\)"):
        kg.models.SRGAN(kg.backbones.srresnet(2, 2, 1), kg.backbones.srgan_discriminator(2, 2, input_shape=(16, 16, 1)))


def test_keras_layers_told_otherwise_are_refused() -> None:
    """A network with channels first would be built in silence, and be another. LeakyReLU knows no channels."""
    functions = [value for value in vars(kg.backbones).values() if inspect.isfunction(value)]
    functions = [function for function in functions if function.__name__ in kg.backbones.__all__]
    assert {kg.backbones.resnet18, kg.backbones.srcnn, kg.backbones.unet_generator} < set(functions)
    numbers = {"scale": 2, "padding": 1}
    own = [getattr(kg.layers, name) for name in kg.layers.__all__ if not name.endswith(("ormalization", "LeakyReLU"))]
    own += [kg.layers.InstanceNormalization, kg.views.RandomFlip, kg.engine.Method]
    keras.config.set_image_data_format("channels_first")
    try:
        for build in (*functions, *own):
            parameters = inspect.signature(build).parameters.values()
            needed = {
                parameter.name: numbers.get(parameter.name)
                for parameter in parameters
                if parameter.default is parameter.empty
                and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
            }
            with pytest.raises(ValueError, match="`image_data_format` must be 'channels_last' for keras_genssl"):
                build(**needed)
    finally:
        keras.config.set_image_data_format("channels_last")


def test_memories_refuse_what_would_fill_them_by_broadcasting() -> None:
    queue = kg.engine.FeatureQueue(3, 2)
    bank = kg.engine.MemoryBank(3, 2)
    pool = kg.engine.ImagePool((4, 4, 1), 3)
    before = [memory.numpy().copy() for memory in (queue.vectors, bank.vectors, pool.images)]
    with pytest.raises(ValueError, match=r"`vectors` must have shape \(batch, 2\). Received: \(4, 1\)"):
        queue.enqueue(tf.ones((4, 1)))
    with pytest.raises(ValueError, match=r"`features` must have shape \(batch, 2\). Received: \(1, 1\)"):
        bank.update(tf.constant([0]), tf.ones((1, 1)))
    with pytest.raises(ValueError, match=r"`images` must have shape \(batch, 4, 4, 1\). Received: \(2, 4, 1\)"):
        pool.query(tf.ones((2, 4, 1)), keras.random.SeedGenerator(0))
    for memory, old in zip((queue.vectors, bank.vectors, pool.images), before, strict=True):
        np.testing.assert_array_equal(memory, old)


def test_a_penalty_between_images_of_two_shapes_is_refused() -> None:
    with pytest.raises(ValueError, match=r"`fake` must have the shape of `real`. Received: \(2, 4\) and \(2, 1\)"):
        kg.penalties.GradientPenalty()(tf.identity, tf.ones((2, 1)), tf.ones((2, 4)), keras.random.SeedGenerator(0))
