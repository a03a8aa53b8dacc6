import math

import keras
import numpy as np
import pytest

from keras_genssl import data, engine
from pipelines.console import Console
from pipelines.recipe.training import Constant, Cosine, Piecewise, Train
from pipelines.training import phases
from pipelines.training.callbacks import Follow
from pipelines.training.schedules import schedule

RATE = Constant(schedule="constant", initial=1e-3)


@pytest.mark.parametrize(
    ("epochs", "steps", "expected"),
    [(4, None, 40), (4, 25, 25), (4, 99, 40), (None, 7, 7), (None, 20, 20)],
)
def test_training_ends_at_epochs_or_steps_whichever_is_first(epochs, steps, expected):
    settings = Train(epochs=epochs, steps=steps, learning_rate=RATE)
    assert settings.length(steps_per_epoch=10) == expected


def test_cosine_rises_linearly_and_falls_to_its_end():
    rate = Cosine(schedule="cosine", initial=1e-2, final=1e-4, warmup_steps=9)
    value = schedule(rate, total=109)
    assert float(value(0)) == pytest.approx(1e-3)
    assert float(value(9)) == pytest.approx(1e-2, rel=1e-5)
    assert float(value(59)) == pytest.approx((1e-2 + 1e-4) / 2, rel=1e-5)
    assert float(value(109)) == pytest.approx(1e-4, rel=1e-5)


def test_cosine_without_warm_up():
    value = schedule(Cosine(schedule="cosine", initial=1e-2), total=100)
    assert float(value(0)) == pytest.approx(1e-2)
    assert float(value(50)) == pytest.approx(5e-3, rel=1e-5)


def test_piecewise_halves_at_fractions_of_the_training():
    rate = Piecewise(schedule="piecewise", initial=8.0, factor=0.5, boundaries=[0.5, 0.75])
    value = schedule(rate, total=100)
    assert [float(value(step)) for step in (0, 50, 51, 75, 76)] == [8, 8, 4, 4, 2]


@keras.saving.register_keras_serializable(package="tests")
class Rooted(engine.Method):
    """Its loss is the root of a number below 0 from the second batch on."""

    def __init__(self):
        super().__init__()
        self.number = keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")
        self.number.build((None, 1))

    def inputs(self):
        return {"image": engine.Vector(1)}

    def call(self, batch, training=False):
        return keras.ops.sqrt(self.number(batch["image"]))[:, 0]

    def example_losses(self, x, y, y_pred):
        return y_pred


def test_training_that_diverges_says_so(tmp_path):
    model = Rooted()
    model.compile(keras.optimizers.SGD(4.0))
    images = data.load({"image": np.ones((8, 1), "float32")}, batch_size=2)
    with pytest.raises(FloatingPointError, match="All losses of Rooted must be finite"):
        phases.fit(phases.Phase("training", model, 1, 4), images, tmp_path, 10, Console())
    assert float(model.number.kernel.numpy()[0, 0]) == 1.0 - 4.0 / 2  # the step that failed moved nothing


class _Order:
    steps_per_epoch = 10
    position = (1, 3)


class _Progress:
    def __init__(self):
        self.seen = []

    def update(self, step, loss=None):
        self.seen.append((step, loss))


def test_progress_goes_on_after_an_interruption_and_ends_at_the_last_step():
    progress = _Progress()
    follow = Follow(progress, _Order(), total=15)
    follow.set_model(keras.Sequential())
    follow.model.stop_training = False
    follow.on_epoch_begin(1)
    follow.on_train_batch_end(0, {"loss": 2.0})
    assert not follow.model.stop_training
    follow.on_train_batch_end(1, {"loss": 2.0})
    assert progress.seen == [(14, None), (15, 2.0)]
    assert follow.model.stop_training


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_loss_that_is_no_number_is_an_error(value):
    follow = Follow(_Progress(), _Order(), total=100)
    with pytest.raises(FloatingPointError, match=r"critic_loss is (nan|inf) at step 20"):
        follow.on_epoch_end(1, {"generator_loss": 1.0, "critic_loss": value})
