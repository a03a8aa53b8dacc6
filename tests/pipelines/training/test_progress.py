"""What is watched while a model is trained."""

import math

import keras
import pytest

from pipelines.training.callbacks import Follow


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
