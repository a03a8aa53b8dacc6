"""Phases of toy methods whose weights can be derived: of growing data, and of codes that a first phase makes."""

import contextlib

import keras
import numpy as np
import pytest

from keras_genssl import data, engine
from pipelines.console import Console
from pipelines.errors import UserError
from pipelines.recipe.optimizers import SGD
from pipelines.recipe.phase import Phase
from pipelines.recipe.schedules import Constant
from pipelines.recipe.training import Train, Updates
from pipelines.training import phases

MOMENTUM = 0.5


def updates(rate):
    return Updates(
        learning_rate=Constant(schedule="constant", initial=rate), optimizer=SGD(kind="sgd", momentum=MOMENTUM)
    )


TRAIN = Train(steps=2, batch_size=2, checkpoint_steps=1, learning_rate=Constant(schedule="constant", initial=1.0))


class Rising(engine.Method):
    """Its loss is -w times the mean of the image: the gradient is that mean, whatever w is."""

    def __init__(self, dense):
        super().__init__()
        self.dense = dense

    def inputs(self):
        return {"image": engine.Image((None, None, 1))}

    def call(self, batch, training=False):
        pixels = keras.ops.reshape(batch["image"], (keras.ops.shape(batch["image"])[0], -1))
        return self.dense(keras.ops.mean(pixels, axis=1, keepdims=True))

    def example_losses(self, x, y, y_pred):
        return -y_pred[:, 0]


class Fitted(engine.Method):
    """Half the squared distance of one number to codes of one number."""

    def __init__(self, dense):
        super().__init__()
        self.dense = dense

    def inputs(self):
        return {"image": engine.Vector(1)}

    def call(self, batch, training=False):
        return self.dense(keras.ops.ones_like(batch["image"]))

    def example_losses(self, x, y, y_pred):
        return 0.5 * (y_pred - x["image"])[:, 0] ** 2


def dense(kernel="zeros"):
    layer = keras.layers.Dense(1, use_bias=False, kernel_initializer=kernel)
    layer.build((None, 1))
    return layer


def weight(layer):
    return float(layer.kernel.numpy()[0, 0])


def batches(images, size=2):
    return data.load({"image": np.asarray(images, "float32")}, batch_size=size, seed=1)


def growing(layer, reset=True):
    """Images of 1, 2 and 4 pixels a side, each a new model of the same weight, of means 1/2, 1/4 and 1/8."""
    made = [Rising(layer) for _ in range(3)] if reset else [Rising(layer)] * 3
    for number, model in enumerate(made):
        side = 2**number
        images = batches(np.full((4, side, side, 1), 0.5 / 2**number))
        yield Phase(f"{side} pixels", model, images, 2, updates(1.0) if reset or number == 0 else None)


def codes_then_prior(encoder, prior, seen):
    """A weight that rises to 1.5, then a prior of what it makes of the images; it is frozen by then."""
    images = np.linspace(-0.5, 0.5, 4, dtype="float32")[:, None]
    yield Phase("codes", Rising(encoder), batches(np.full((4, 1, 1, 1), 0.5)), 2, updates(1.2))
    encoder.trainable = False
    codes = images * weight(encoder) / 2 + 0.25
    seen.append((codes, keras.random.uniform((3,)).numpy()))
    yield Phase("prior", Fitted(prior), batches(codes, size=4), 3, updates(0.5))


class Killed(Exception):  # noqa: N818, it stands for a kill, not for an error
    """tests/pipelines/test_run.py sends real kills."""


class Kills(Console):
    """A console that is killed in a phase, after a step."""

    def __init__(self, phase, step):
        super().__init__()
        self.phase, self.step, self.told = phase, step, []

    def note(self, text):
        self.told.append(text)

    @contextlib.contextmanager
    def training(self, total):
        with super().training(total) as progress:
            shown = progress.update

            def update(step, loss=None):
                shown(step, loss)
                if (len(self.told), step) == (self.phase, self.step):
                    raise Killed

            progress.update = update
            yield progress


def train(made, folder, console=None):
    keras.utils.set_random_seed(TRAIN.seed)
    return phases.run(made, TRAIN, contextlib.nullcontext, folder, console or Console())


def test_each_growing_phase_reads_its_data_and_starts_its_optimizer_afresh(tmp_path):
    layer = dense()
    done = train(growing(layer), tmp_path / "state")
    # Two steps of momentum from rest: g, then (1 + momentum) g.
    assert weight(layer) == pytest.approx((0.5 + 0.25 + 0.125) * (2 + MOMENTUM), rel=1e-6)
    assert [(phase.name, phase.steps, phase.epochs) for phase in done] == [
        (name, 2, 1) for name in ("1 pixels", "2 pixels", "4 pixels")
    ]
    assert sorted(path.name for path in (tmp_path / "state").iterdir()) == ["1_pixels", "2_pixels", "4_pixels"]


def test_without_updates_of_its_own_a_phase_goes_on_with_those_before(tmp_path):
    layer = dense()
    train(growing(layer, reset=False), tmp_path)
    velocity = total = 0.0
    for gradient in (0.5, 0.5, 0.25, 0.25, 0.125, 0.125):
        velocity = MOMENTUM * velocity + gradient
        total += velocity
    assert weight(layer) == pytest.approx(total, rel=1e-6)


@pytest.mark.parametrize("reset", [True, False])
@pytest.mark.parametrize("place", [(2, 1), (3, 1)])
def test_a_growing_training_that_was_killed_ends_with_the_same_weight(tmp_path, place, reset):
    whole, killed, continued = dense(), dense(), dense()
    train(growing(whole, reset), tmp_path / "whole")
    with pytest.raises(Killed):
        train(growing(killed, reset), tmp_path / "state", Kills(*place))
    train(growing(continued, reset), tmp_path / "state")
    assert weight(continued) == weight(whole)


def test_a_prior_is_fitted_to_the_codes_of_the_trained_encoder_also_when_it_was_killed(tmp_path):
    encoder, prior, seen = dense(), dense(), []
    done = train(codes_then_prior(encoder, prior, seen), tmp_path / "whole")
    assert weight(encoder) == pytest.approx(1.2 * 0.5 * (2 + MOMENTUM), rel=1e-6)  # 1.5, frozen afterwards
    codes, _ = seen[0]
    np.testing.assert_allclose(codes[:, 0], np.linspace(-0.5, 0.5, 4) * 0.75 + 0.25, rtol=1e-6)
    # All four codes are in a batch: w <- w - v with v <- momentum v + (w - mean) / 2, and their mean is 1/4.
    value = velocity = 0.0
    for _ in range(3):
        velocity = MOMENTUM * velocity - 0.5 * (value - 0.25)
        value += velocity
    assert weight(prior) == pytest.approx(value, rel=1e-6)
    assert [(phase.steps, phase.epochs, len(phase.history["loss"])) for phase in done] == [(2, 1, 1), (3, 3, 3)]

    killed, continued = (dense(), dense()), (dense(), dense())
    with pytest.raises(Killed):
        train(codes_then_prior(*killed, []), tmp_path / "state", Kills(2, 2))
    again = train(codes_then_prior(*continued, seen), tmp_path / "state")
    assert (weight(continued[0]), weight(continued[1])) == (weight(encoder), weight(prior))
    assert again == done
    for first, second in zip(*seen, strict=True):  # the codes, and what was drawn while the phase was made
        np.testing.assert_array_equal(first, second)


def test_a_method_has_one_phase_of_the_whole():
    from pipelines.recipe.method import Method

    model, images = Rising(dense()), batches(np.ones((4, 1, 1, 1)))
    (phase,) = Method(method="Toy").phases(model, images, TRAIN)
    assert phase == Phase("training", model, images, 2, TRAIN)


def test_phases_are_told_apart_and_the_first_has_updates(tmp_path):
    model, images = Rising(dense()), batches(np.ones((4, 1, 1, 1)))
    twice = (Phase("a", model, images, 1, updates(1.0)) for _ in range(2))
    with pytest.raises(ValueError, match=r"A phase must have a name of its own. Received: 'a' twice"):
        train(twice, tmp_path)
    with pytest.raises(ValueError, match=r"The first phase must have `updates`. Received: updates=None for 'b'"):
        train(iter([Phase("b", model, images, 1, None)]), tmp_path)


class Rooted(Rising):
    """Its loss is the root of a number below 0 from the second batch on."""

    def example_losses(self, x, y, y_pred):
        return keras.ops.sqrt(y_pred[:, 0])


def test_training_that_diverges_says_so_and_leaves_no_state(tmp_path):
    layer, state = dense("ones"), tmp_path / "state"
    phase = Phase("training", Rooted(layer), batches(np.ones((8, 1, 1, 1))), 4, updates(4.0))
    message = "The training diverged: All losses of Rooted must be finite; lower its learning_rate.initial"
    with pytest.raises(UserError, match=message):
        train(iter([phase]), state)
    assert weight(layer) == 1.0 - 4.0 / 2  # the step that failed moved nothing
    assert not state.exists()
