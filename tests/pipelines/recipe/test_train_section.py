"""The section `train`: its length, its learning rates and its optimizers."""

import keras
import pytest

import keras_genssl as kg
from pipelines.errors import UserError
from pipelines.recipe.schedules import Constant, Cosine, Linear, Piecewise
from pipelines.recipe.training import Train
from pipelines.run import loading as recipe

RATE = Constant(schedule="constant", initial=1e-3)


@pytest.mark.parametrize(
    ("epochs", "steps", "expected"),
    [(4, None, 40), (4, 25, 25), (4, 99, 40), (None, 7, 7), (None, 20, 20)],
)
def test_training_ends_at_epochs_or_steps_whichever_is_first(epochs, steps, expected):
    settings = Train(epochs=epochs, steps=steps, learning_rate=RATE)
    assert settings.length(steps_per_epoch=10) == expected


def test_cosine_rises_linearly_and_falls_to_its_end():
    value = Cosine(schedule="cosine", initial=1e-2, final=1e-4, warmup_steps=9).build(109)
    assert float(value(0)) == pytest.approx(1e-3)
    assert float(value(9)) == pytest.approx(1e-2, rel=1e-5)
    assert float(value(59)) == pytest.approx((1e-2 + 1e-4) / 2, rel=1e-5)
    assert float(value(109)) == pytest.approx(1e-4, rel=1e-5)


def test_cosine_without_warm_up():
    value = Cosine(schedule="cosine", initial=1e-2).build(100)
    assert float(value(0)) == pytest.approx(1e-2)
    assert float(value(50)) == pytest.approx(5e-3, rel=1e-5)


def test_piecewise_halves_at_fractions_of_the_training():
    value = Piecewise(schedule="piecewise", initial=8.0, factor=0.5, boundaries=[0.5, 0.75]).build(100)
    assert [float(value(step)) for step in (0, 50, 51, 75, 76)] == [8, 8, 4, 4, 2]


def test_linear_stays_then_falls_to_its_end():
    value = Linear(schedule="linear", initial=0.5, final=0.1, constant=0.5).build(100)
    assert [round(float(value(step)), 6) for step in (0, 50, 75, 100)] == [0.5, 0.5, 0.3, 0.1]


def _made(**optimizer):
    return Train(steps=10, learning_rate=RATE, **({"optimizer": optimizer} if optimizer else {})).optimizer_of(None, 10)


@pytest.mark.parametrize(
    ("section", "expected"),
    [
        ({}, keras.optimizers.Adam(1e-3)),
        ({"beta_1": 0.5, "ema": 0.9}, keras.optimizers.Adam(1e-3, 0.5, use_ema=True, ema_momentum=0.9)),
        ({"kind": "adamw"}, keras.optimizers.AdamW(1e-3)),
        ({"kind": "sgd"}, keras.optimizers.SGD(1e-3, 0.9)),
        ({"kind": "sgd", "nesterov": True, "weight_decay": 0.2}, keras.optimizers.SGD(1e-3, 0.9, True, 0.2)),
        ({"kind": "rmsprop"}, keras.optimizers.RMSprop(1e-3)),
        ({"kind": "lars", "momentum": 0.8}, kg.optimizers.LARS(1e-3, 0.8, 0.0)),
    ],
)
def test_a_section_makes_the_optimizer_that_the_constructor_makes(section, expected):
    made = _made(**section)
    assert type(made) is type(expected)
    made, expected = ({**optimizer.get_config(), "name": None} for optimizer in (made, expected))
    assert made == expected


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("dcgan", "beta_1=0.5", "`train.beta_1` is not a known key. Did you mean `optimizer.beta_1`?"),
        ("simclr", "weight_decay=0.1", "is not a known key. Did you mean `optimizer.weight_decay`?"),
        (
            "simclr",
            "optimizer=sgd",
            "`train.optimizer` must be a section of keys. Received: 'sgd'. Did you mean `{kind: sgd}`?",
        ),
        ("simclr", "optimizer={kind: adagrad}", "`train.optimizer.kind` must be one of 'adam', 'adamw', 'sgd', "),
        ("dcgan", "optimizer.beta_1=1.0", "`train.optimizer.beta_1` must be less than 1. Received: 1.0"),
        ("dcgan", "optimizer.momentum=0.5", "momentum` is read only with `kind: sgd or rmsprop or lars`"),
        ("dcgan", "optimizer.ema=0.9", "Received: DCGAN with the players generator, discriminator"),
        ("dcgan", "players={critic: {}}", "Received: critic; DCGAN has the players generator, discriminator."),
        ("dcgan", "players={generator: {optimiser: {}}}", "`train.players.generator.optimiser` is not a known key."),
    ],
)
def test_a_fault_names_the_key_and_its_place(name, change, message):
    with pytest.raises(UserError) as error:
        recipe.load(f"fashion_mnist/{name}", [f"train.{change}"])
    assert message in str(error.value)


def test_another_optimizer_of_the_full_scale_starts_afresh():
    assert recipe.load("fashion_mnist/simsiam").train.optimizer.weight_decay == 1e-4
    rotation = recipe.load("fashion_mnist/rotation", full_scale=True).train.optimizer
    assert (rotation.kind, rotation.momentum, rotation.nesterov, rotation.weight_decay) == ("sgd", 0.9, True, 5e-4)


def test_each_player_has_its_optimizer_and_a_schedule_as_long_as_its_updates():
    from pipelines.training import phases, weights

    changes = ["train.players.critic.learning_rate={schedule: cosine, initial: 1e-3}"]
    changes += ["train.players.critic.optimizer={kind: rmsprop, rho: 0.7}"]
    changes += ["model.filters=2", "model.latent_dim=2", "model.critic_steps=5", "train.steps=10"]
    loaded = recipe.load("fashion_mnist/wgan_gp", changes)
    model = weights.build(loaded)
    data = kg.data.load({"image": [[0.0]] * 20}, batch_size=2)
    (phase,) = loaded.model.phases(model, data, loaded.train)
    phases.compile_model(phase)
    critic, generator = model.optimizer_of("critic"), model.optimizer_of("generator")
    assert phase.steps == 10
    assert (generator.beta_1, generator.beta_2, type(critic), critic.rho) == (0.0, 0.9, keras.optimizers.RMSprop, 0.7)
    critic.iterations.assign(50)  # five rounds of the critic in each of ten steps
    assert float(critic.learning_rate) == pytest.approx(0.0, abs=1e-9)
    critic.iterations.assign(25)
    assert float(critic.learning_rate) == pytest.approx(5e-4, rel=1e-4)
