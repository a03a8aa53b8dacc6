"""How p follows the logits of real images: by hand, once for each update, and equal on replicas."""

import keras
import numpy as np
import pytest

import keras_genssl as kg
from keras_genssl.engine import Image, PlayersModel
from keras_genssl.losses import HingeGANLoss, LeastSquaresGANLoss
from keras_genssl.models.adversarial import discriminator_losses
from tests import processes

SHAPE = (4, 4, 1)


def judge(**arguments) -> keras.Model:
    """Its logit is the mean of an image; blits and geometry do not change that of an image of one value."""
    plain = keras.Sequential(
        [
            keras.Input(SHAPE),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(1, use_bias=False, kernel_initializer="ones"),
        ]
    )
    changes = kg.layers.AdaptiveAugment(
        colour=False, **{"target": 0.5, "adjustment_images": 100, "every": 1, **arguments}
    )
    return kg.backbones.augmented(plain, changes)


def gan(batches: int | None = None, loss=None, layer=None, **arguments) -> kg.models.GAN:
    """A GAN that never learns: learning rates are 0."""
    keras.utils.set_random_seed(0)
    maker = keras.Sequential([keras.Input((2,)), keras.layers.Dense(16, "tanh"), keras.layers.Reshape(SHAPE)])
    model = kg.models.GAN(maker, judge(**layer or {}), 2, adversarial_loss=loss, reuse_batch=True)
    rates = {player: keras.optimizers.SGD(0.0, gradient_accumulation_steps=batches) for player in model.players()}
    model.compile(rates, **arguments)
    return model


def augment(model: kg.models.GAN) -> kg.layers.AdaptiveAugment:
    return model.discriminator.layers[1]


def flat(*values: float) -> np.ndarray:
    """Images of one value each."""
    return np.ones((len(values), *SHAPE), "float32") * np.reshape(values, (-1, 1, 1, 1)).astype("float32")


SURE, UNSURE = flat(*[0.5] * 9, -0.5), flat(*[0.5] * 7, *[-0.5] * 3)  # r = 0.8 and 0.4


@pytest.mark.parametrize("how", [{"run_eagerly": True}, {"jit_compile": False}, {"jit_compile": True}])
def test_p_moves_by_the_images_of_an_update_towards_the_target(how: dict[str, bool]) -> None:
    model = gan(**how)
    for images, p in ((SURE, 0.1), (SURE, 0.2), (UNSURE, 0.1), (UNSURE, 0.0), (UNSURE, 0.0), (SURE, 0.1)):
        logs = model.train_on_batch(images, return_dict=True)
        assert float(augment(model).p) == pytest.approx(p, abs=1e-6)
        assert logs["augment_p"] == pytest.approx(p, abs=1e-6)


def test_p_moves_after_some_updates_by_the_images_of_all_and_is_in_the_history() -> None:
    model = gan(layer={"every": 4}, run_eagerly=True)
    images = np.concatenate([SURE, SURE, UNSURE, SURE, SURE])
    history = model.fit(images, batch_size=10, epochs=2, shuffle=False, verbose=0).history
    # r = (3 * 0.8 + 0.4) / 4 = 0.7; then 0.8, 0.8, 0.8, 0.4: 0.7 again, of 40 images each.
    np.testing.assert_allclose(history["augment_p"], [0.4, 0.8], rtol=1e-6)


def test_the_boundary_of_a_loss_is_where_it_says_real() -> None:
    for loss, images, p in (
        (LeastSquaresGANLoss(), flat(*[0.4] * 10), 0.0),  # nearer to the label of fakes, 0
        (LeastSquaresGANLoss(), flat(*[0.6] * 10), 0.1),
        (LeastSquaresGANLoss(a=0.5, b=-0.5), flat(*[-0.1] * 10), 0.1),
        (HingeGANLoss(), flat(*[0.4] * 10), 0.1),
    ):
        model = gan(loss=loss, run_eagerly=True)
        model.train_on_batch(images)
        assert float(augment(model).p) == pytest.approx(p, abs=1e-6)


def test_batches_of_an_update_count_as_one_of_their_size() -> None:
    model = gan(3, run_eagerly=True)
    for images, p in ((UNSURE, 0), (SURE, 0), (SURE, 0.3), (SURE, 0.3), (UNSURE, 0.3), (UNSURE, 0.6)):
        model.train_on_batch(images)
        assert float(augment(model).p) == pytest.approx(p, abs=1e-6)  # of 0.667 and of 0.533


def test_p_moves_with_its_player_and_no_other_and_not_in_evaluation() -> None:
    model = gan(run_eagerly=True)
    batch = model.batch(keras.ops.convert_to_tensor(SURE))
    model._play(batch, ("generator",))
    model.evaluate(SURE, verbose=0)
    assert [float(weight) for weight in augment(model).weights[-4:]] == [0, 0, 0, 0]
    model._play(batch, ("discriminator",))
    assert float(augment(model).p) == pytest.approx(0.1)


def test_a_step_that_is_not_taken_counts_for_nothing() -> None:
    model = gan(layer={"every": 2}, jit_compile=True)
    model.train_on_batch(SURE)
    model.train_on_batch(flat(*[2.0] * 10))  # XLA drops the check of values: they become NaN
    assert [float(getattr(augment(model), name)) for name in ("p", "signs", "seen", "updates")] == [0, 8, 10, 1]
    model.train_on_batch(SURE)
    assert float(augment(model).p) == pytest.approx(0.2)


def test_a_training_saved_between_two_moves_goes_on_as_it_would(tmp_path) -> None:
    model = gan(layer={"every": 2}, run_eagerly=True)
    for images in (SURE, SURE, SURE):
        model.train_on_batch(images)
    model.save(tmp_path / "gan.keras")
    again = keras.saving.load_model(tmp_path / "gan.keras")
    assert augment(again).get_config() == augment(model).get_config()
    assert float(augment(again).p) == pytest.approx(0.2)
    again.train_on_batch(UNSURE)
    assert float(augment(again).p) == pytest.approx(0.4)  # r = 0.6 of both batches


PROGRAM = """
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
import numpy as np
from keras_genssl.engine import strategy
from tests.engine.test_adaptation import augment, flat, gan

chosen = strategy("mirrored")
with chosen.scope():
    model = gan()
# One replica is sure of its images and one is not: r = 0.6 of all, above the target of 0.5.
images = flat(*[0.5] * 10, *[0.5] * 6, *[-0.5] * 4)
logs = model.fit(images, batch_size=20, epochs=3, shuffle=False, verbose=0).history
values = [np.array(value) for value in chosen.experimental_local_results(augment(model).p.value)]
np.testing.assert_allclose(values, [0.6, 0.6], rtol=1e-5)
np.testing.assert_allclose(logs["augment_p"], [0.2, 0.4, 0.6], rtol=1e-5)
chances = chosen.run(lambda: augment(model)(tf.random.stateless_uniform((8, 4, 4, 1), (1, 2)), training=True))
assert not np.array_equal(*[np.array(value) for value in chosen.experimental_local_results(chances)])
"""


def test_two_replicas_have_one_p_of_all_images_and_changes_of_their_own() -> None:
    done = processes.run(["-c", PROGRAM])
    assert done.returncode == 0, done.errors


class Judges(PlayersModel):
    """Tells the logits of as many judges as asked."""

    def __init__(self, told: int, layers: int = 1) -> None:
        super().__init__()
        self.told = told
        self.first, self.second = judge(), judge() if layers == 2 else judge().layers[-1]

    def inputs(self):
        return {"image": Image(SHAPE)}

    def players(self):
        return {"judges": [self.first, self.second]}

    def player_losses(self, batch, players):
        logits = [network(batch["image"], training=True) for network in (self.first, self.second)]
        for each in logits[: self.told]:
            discriminator_losses(HingeGANLoss(), each, -each)
        return {"judges": (logits[0] + logits[1])[:, 0]}


def test_what_nobody_could_follow_is_refused() -> None:
    for told, number in ((0, "none"), (2, "2")):
        model = Judges(told)
        model.compile({"judges": "sgd"}, run_eagerly=True)
        with pytest.raises(
            ValueError, match=rf"of one discriminator\. Received: .* Judges, which tells those of {number}"
        ):
            model.train_on_batch(SURE)
    with pytest.raises(ValueError, match=r"one adaptive augmentation at most\. Received: Judges with adaptive_augment"):
        Judges(1, layers=2).compile({"judges": "sgd"})
