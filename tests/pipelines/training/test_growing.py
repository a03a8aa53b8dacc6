"""The phases of a GAN that grows: one for each side, of so many images, and killed inside a fade."""

import contextlib
import types

import keras
import numpy as np
import pytest

from keras_genssl import data
from pipelines.console import Console
from pipelines.errors import UserError
from pipelines.recipe.method import Sections
from pipelines.recipe.optimizers import Adam
from pipelines.recipe.schedules import Constant
from pipelines.recipe.training import Train
from pipelines.tasks.generation.growing_gans import ProgressiveGAN
from pipelines.training import phases

RATE = Constant(schedule="constant", initial=1e-3)
TRAIN = Train(steps=5, batch_size=4, checkpoint_steps=1, learning_rate=RATE, optimizer=Adam(kind="adam", beta_1=0.0))
METHOD = ProgressiveGAN(
    method="ProgressiveGAN", latent_dim=3, filters=2, group_size=2, ema=0.9, fade_images=10, stage_images=15
)


class Killed(Exception):  # noqa: N818, it stands for a kill, not for an error
    """tests/pipelines/test_run.py sends real kills."""


class Kills(Console):
    """A console that is killed in a phase, after a step."""

    def __init__(self, phase, step):
        super().__init__()
        self.place, self.phases = (phase, step), 0

    @contextlib.contextmanager
    def training(self, total):
        self.phases += 1
        with super().training(total) as progress:
            shown = progress.update

            def update(step, loss=None):
                shown(step, loss)
                if (self.phases, step) == self.place:
                    raise Killed

            progress.update = update
            yield progress


def train(folder, console=None, settings=TRAIN):
    """The trained model and its phases."""
    keras.utils.set_random_seed(settings.seed)
    images = np.random.default_rng(2).integers(256, size=(12, 8, 8, 1), dtype=np.uint8)
    batches = data.load({"image": images}, batch_size=settings.batch_size, seed=1)
    model = METHOD.build(Sections(types.SimpleNamespace(shape=(8, 8, 1)), settings))
    made = METHOD.phases(model, batches, settings)
    done = phases.run(made, settings, contextlib.nullcontext, folder, console or Console())
    return model, done


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return train(tmp_path_factory.mktemp("whole") / "state")


def test_there_is_a_phase_for_each_side_as_long_as_its_images(whole):
    model, done = whole
    # 15 images are 4 steps of 4; the last phase has the steps of the section `train`.
    assert [(phase.name, phase.steps) for phase in done] == [("4 pixels", 4), ("8 pixels", 5)]
    assert float(model.generator.get_layer("fade8").alpha) == 1.0


def test_killed_inside_a_fade_it_ends_with_the_same_weights(whole, tmp_path):
    with pytest.raises(Killed):
        train(tmp_path / "state", Kills(2, 2))  # 8 of the 10 images of the fade have been seen
    continued, done = train(tmp_path / "state")
    assert done == whole[1]
    for again, weight in zip(continued.weights, whole[0].weights, strict=True):
        np.testing.assert_array_equal(again, weight, err_msg=weight.path)
    np.testing.assert_array_equal(continued.seed.state, whole[0].seed.state)


def test_stages_too_short_to_fade_in_are_refused(tmp_path):
    with pytest.raises(UserError, match=r"model.fade_images=10: the last stage has only 2 steps of 4 images; raise"):
        train(tmp_path, settings=TRAIN.model_copy(update={"steps": 2}))
    with pytest.raises(ValueError, match=r"`fade_images` must not exceed `stage_images`. Received: fade_images=9"):
        ProgressiveGAN(method="ProgressiveGAN", fade_images=9, stage_images=8)
