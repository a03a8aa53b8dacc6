"""BEGAN's losses by hand, and k: its closed form, its bounds, and that training holds the ratio at gamma."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_genssl as kg

LATENT, POINT = 2, 5
PLAYERS = ("generator", "discriminator")
REAL = np.random.default_rng(4).normal(size=(6, POINT)).astype("float32")


def linear(inputs: int, outputs: int, bias: bool = True) -> keras.Model:
    return keras.Sequential([keras.Input((inputs,)), keras.layers.Dense(outputs, use_bias=bias)])


def began(**arguments: float) -> kg.models.BEGAN:
    return kg.models.BEGAN(linear(LATENT, POINT), linear(POINT, POINT), LATENT, **arguments)


def compiled(model: kg.models.BEGAN, rate: float = 0.01, **arguments: bool) -> kg.models.BEGAN:
    model.compile({player: keras.optimizers.SGD(rate) for player in PLAYERS}, **arguments)
    return model


def errors(model: kg.models.BEGAN) -> tuple[np.ndarray, np.ndarray]:
    """Of real points and of the fakes that the next step draws, by loops."""
    state = keras.ops.convert_to_numpy(model.seed.state)
    fakes = np.array(model.generator(model.draw_latents(REAL)))
    model.seed.state.assign(state)

    def of(points: np.ndarray) -> np.ndarray:
        rebuilt = np.array(model.discriminator(points))
        return np.array(
            [
                sum(abs(point[i] - again[i]) for i in range(POINT)) / POINT
                for point, again in zip(points, rebuilt, strict=True)
            ]
        )

    return of(REAL), of(fakes)


def test_the_losses_are_those_of_a_naive_computation() -> None:
    model = began(gamma=0.4)
    model.balance.k.assign(0.25)
    real, fake = errors(model)
    given = model.player_losses({"image": tf.constant(REAL)}, PLAYERS)
    np.testing.assert_allclose(given["generator"], fake, rtol=1e-5)
    np.testing.assert_allclose(given["discriminator"], real - 0.25 * fake, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(model.energy(REAL), real, rtol=1e-5)


def test_k_and_the_logs_follow_the_paper_step_by_step(tmp_path) -> None:
    """k moves by the errors of the pass before the update, and stays in [0, 1] although it would leave it."""
    keras.utils.set_random_seed(4)
    model = compiled(began(gamma=0.9, k_rate=5.0), rate=0.05, run_eagerly=True)
    k, seen = 0.0, []
    for gamma in (0.9, 0.9, 0.9, 0.1, 0.1, 0.1, 0.9):
        model.gamma = gamma
        real, fake = (values.mean() for values in errors(model))
        logs = model.train_on_batch(REAL, return_dict=True)
        model.reset_metrics()
        expected = {"k": k, "convergence": real + abs(gamma * real - fake), "ratio": fake / real}
        expected |= {"discriminator_loss": real - k * fake, "generator_loss": fake}
        assert logs == pytest.approx(expected, rel=1e-4, abs=1e-5)
        k = float(np.clip(k + 5.0 * (gamma * real - fake), 0.0, 1.0))
        assert float(model.balance.k) == pytest.approx(k, rel=1e-4, abs=1e-5)
        seen.append(k)
    assert min(seen) == 0.0
    assert max(seen) > 0.3
    assert any(0 < k < 1 for k in seen)
    model.balance.k.assign(0.625)
    model.save(tmp_path / "began.keras")
    assert float(keras.models.load_model(tmp_path / "began.keras").balance.k) == 0.625
    before = [weight.numpy() for weight in model.weights]
    model.evaluate(REAL, verbose=0)
    for weight, old in zip(model.weights, before, strict=True):
        np.testing.assert_array_equal(weight, old)


def test_training_holds_the_ratio_of_the_errors_at_gamma() -> None:
    """A discriminator that gains from raising the errors of fakes by as much as k lets it."""
    keras.utils.set_random_seed(1)
    wide = [keras.Input((2,)), keras.layers.Dense(16, "elu"), keras.layers.Dense(1), keras.layers.Dense(16, "elu")]
    discriminator = keras.Sequential([*wide, keras.layers.Dense(2)])
    generator = keras.Sequential([keras.Input((LATENT,)), keras.layers.Dense(16, "elu"), keras.layers.Dense(2)])
    model = kg.models.BEGAN(generator, discriminator, LATENT, gamma=0.5, k_rate=0.1)
    model.compile(
        {player: keras.optimizers.Adam(1e-3, 0.5) for player in PLAYERS}, steps_per_execution=50, jit_compile=False
    )
    points = np.random.default_rng(0).normal(size=(64 * 500, 2)).astype("float32")
    logs = model.fit(points, batch_size=64, epochs=4, verbose=0).history
    assert logs["ratio"][-1] == pytest.approx(0.5, abs=0.03)
    assert 0.1 < logs["k"][-1] < 0.9


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: began(gamma=-0.1), r"`gamma` must lie in \[0, 1\]. Received: gamma=-0.1"),
        (lambda: began(gamma=np.nan), r"`gamma` must lie in \[0, 1\]. Received: gamma=nan"),
        (lambda: began(k_rate=-1.0), "`k_rate` must be at least 0 and finite. Received: k_rate=-1.0"),
        (
            lambda: kg.models.BEGAN(linear(LATENT, POINT), linear(POINT, 1), LATENT),
            r"`discriminator` must give reconstructions of shape \(5,\), which it takes.* Received: .*\(1,\)",
        ),
        (
            lambda: kg.models.BEGAN(linear(LATENT, POINT), linear(4, 4), LATENT),
            r"`discriminator` must take inputs of shape \(5,\)",
        ),
    ],
)
def test_errors(build, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build()
