"""What styles do in both StyleGANs: mixed, truncated, averaged; path lengths of a linear synthesis."""

import keras
import numpy as np
import pytest

import keras_genssl as kg
from keras_genssl.penalties import PathLengthPenalty

SHAPE, LATENT, STYLE = (28, 28, 1), 5, 6
array = keras.ops.convert_to_numpy
SYNTHESES = {"StyleGAN": kg.backbones.style_synthesis, "StyleGAN2": kg.backbones.style2_synthesis}


def randomized(network: keras.Model, seed: int = 0) -> keras.Model:
    """Weights near 0, noise among them."""
    rng = np.random.default_rng(seed)
    network.set_weights([weight + 0.3 * rng.normal(size=weight.shape) for weight in network.get_weights()])
    return network


def gan(method: str = "StyleGAN", noise: bool = True, **arguments) -> kg.engine.Method:
    judge = kg.backbones.style_discriminator if method == "StyleGAN" else kg.backbones.style2_discriminator
    return getattr(kg.models, method)(
        kg.backbones.style_mapping(LATENT, STYLE, 2),
        randomized(SYNTHESES[method](SHAPE, STYLE, 2, noise=noise)),
        judge(SHAPE, 2),
        LATENT,
        **arguments,
    )


@pytest.fixture(scope="module", params=SYNTHESES)
def model(request) -> kg.engine.Method:
    return gan(request.param, ema=0.5)


@pytest.mark.parametrize("method", SYNTHESES)
def test_an_activation_is_applied_to_the_images(method: str) -> None:
    plain, bounded = (SYNTHESES[method](SHAPE, STYLE, 2, output_activation=name) for name in (None, "tanh"))
    randomized(plain)
    bounded.set_weights(plain.get_weights())
    styles = np.random.default_rng(1).normal(size=(3, 6, STYLE)).astype("float32")
    images = array(plain(styles))
    assert np.abs(images).max() > 1.0
    np.testing.assert_allclose(bounded(styles), np.tanh(images), atol=1e-5)


def test_truncation_draws_styles_to_their_mean(model) -> None:
    model._network("style_mean").moving_mean.assign(np.arange(STYLE))
    images = model.sample(3, seed=1, truncation=0.0)
    np.testing.assert_allclose(images, images[:1].repeat(3, axis=0), atol=1e-4)
    latents = model.sample_latents(3, seed=1)
    np.testing.assert_allclose(model.synthesize(np.arange(STYLE)[None].repeat(3, axis=0)), images, atol=1e-4)
    half = model.synthesize(0.5 * (array(model.styles(latents)) + np.arange(STYLE)))
    np.testing.assert_allclose(model.sample(3, seed=1, truncation=0.5), half, atol=1e-4)
    np.testing.assert_allclose(model.generate_truncated(latents, np.ones((3, 1))), model.generate(latents), atol=1e-4)
    np.testing.assert_array_equal(model.sample(3, seed=1), model.generate(latents))
    each = array(model.generate_truncated(latents, np.array([[0.0], [0.5], [0.0]], "float32")))
    np.testing.assert_allclose(each, np.stack([images[0], array(half)[1], images[2]]), atol=1e-4)


def test_mixed_images_are_of_one_latent_at_the_ends_and_of_both_between(model) -> None:
    first, second = model.sample_latents(4, seed=1)[:2], model.sample_latents(4, seed=1)[2:]
    np.testing.assert_allclose(model.mix(first, second, 6), model.generate(first), atol=1e-6)
    np.testing.assert_allclose(model.mix(first, second, 0), model.generate(second), atol=1e-6)
    styles = np.stack([array(model.styles(latents)) for latents in (first, second)])
    by_hand = np.stack([styles[0 if layer < 2 else 1] for layer in range(6)], axis=1)
    np.testing.assert_array_equal(model.mix(first, second, 2), model.synthesize(by_hand))


@pytest.mark.parametrize("method", SYNTHESES)
def test_styles_from_a_layer_on_leave_what_is_before_it_equal_to_the_bit(method: str) -> None:
    synthesis = randomized(SYNTHESES[method](SHAPE, STYLE, 2))
    names = [f"style{n}" for n in range(6)] if method == "StyleGAN" else [f"relu{n}" for n in range(5)]
    inside = keras.Model(synthesis.input, [synthesis.get_layer(name).output for name in names])
    styles = np.random.default_rng(1).normal(size=(2, 6, STYLE)).astype("float32")
    before = [array(values) for values in inside(styles)]
    for layer in range(6):
        other = styles.copy()
        other[:, layer:] += 1.0
        for number, (old, values) in enumerate(zip(before, inside(other), strict=True)):
            assert np.array_equal(old, array(values)) == (number < layer)


def test_training_mixes_as_often_and_from_where_it_should_and_moves_the_mean() -> None:
    model = gan(mixing=0.75, style_momentum=0.5)
    real = np.zeros((4000, *SHAPE), "float32")
    state = array(model.seed.state)
    styles = array(model.draw_styles(real))  # (4000, 6, style)
    model.seed.state.assign(state)
    drawn = np.concatenate([array(model.draw_latents(real)) for _ in range(2)])
    np.testing.assert_allclose(model.style_mean.moving_mean, 0.5 * array(model.styles(drawn)).mean(axis=0), atol=1e-6)
    changes = np.any(styles[:, 1:] != styles[:, :-1], axis=-1)  # (4000, 5)
    assert changes.sum(axis=1).max() == 1
    shares = changes.mean(axis=0)  # of 0.75 / 5 each, five deviations
    np.testing.assert_allclose(shares, 0.15, atol=5 * np.sqrt(0.15 * 0.85 / 4000))
    np.testing.assert_array_equal(styles[:, 0], array(model.styles(drawn[:4000])))


def test_losses_by_hand_and_evaluation_moves_no_mean() -> None:
    model = gan("StyleGAN2", noise=False)
    model.compile({player: keras.optimizers.SGD(0.0) for player in ("generator", "discriminator")}, run_eagerly=True)
    real = np.random.default_rng(2).uniform(-1, 1, (4, *SHAPE)).astype("float32")
    model.evaluate(real, batch_size=4, verbose=0)
    assert not array(model.style_mean.moving_mean).any()
    assert not array(model.path_mean.moving_mean).any()
    state = array(model.seed.state)
    losses = model.player_losses({"image": keras.ops.convert_to_tensor(real)}, ("generator", "discriminator"))
    assert float(model.path_mean.moving_mean) > 0
    model.seed.state.assign(state)
    model.path_mean.moving_mean.assign(0.0)
    styles = model.draw_styles(real)
    paths = model.path_penalty(model.synthesis, styles, model.path_mean, model.seed, 0)
    of_real, of_fake = (array(model.discriminator(x))[:, 0] for x in (real, model.synthesis(styles)))
    flat = kg.penalties.R1Penalty(10.0 * 16)(model.discriminator, real, None)
    softplus = lambda x: np.log1p(np.exp(x))  # noqa: E731
    np.testing.assert_allclose(losses["generator"], softplus(-of_fake) + paths, rtol=1e-3)
    np.testing.assert_allclose(losses["discriminator"], softplus(-of_real) + softplus(of_fake) + flat, rtol=1e-3)


def linear() -> tuple[keras.Model, np.ndarray]:
    """A synthesis `(2, 3) -> (2, 2, 1)` that is a matrix."""
    network = keras.Sequential(
        [
            keras.Input((2, 3)),
            keras.layers.Flatten(),
            keras.layers.Dense(4, use_bias=False),
            keras.layers.Reshape((2, 2, 1)),
        ]
    )
    return network, array(network.layers[1].kernel)  # (6, 4)


@pytest.mark.parametrize("every", [1, 4])
def test_path_lengths_of_a_linear_synthesis(every: int) -> None:
    network, matrix = linear()
    styles = np.random.default_rng(0).normal(size=(5, 2, 3)).astype("float32")
    mean = kg.engine.RunningMean(0.75)
    mean.build((None,))
    mean.moving_mean.assign(1.0)
    noise = array(kg.engine.replicas.normal((5, 2, 2, 1), keras.random.SeedGenerator(3))).reshape(5, 4) / 2  # √(h w)
    lengths = np.array([np.sqrt(np.sum((matrix @ y) ** 2) / 2) for y in noise])  # of two layers
    average = 0.75 + 0.25 * lengths.mean()
    penalty = PathLengthPenalty(3.0, every)
    given = network, styles, mean
    np.testing.assert_allclose(
        penalty(*given, keras.random.SeedGenerator(3), 4), 3.0 * every * (lengths - average) ** 2, rtol=1e-4
    )
    assert float(mean.moving_mean) == pytest.approx(average, rel=1e-5)
    if every > 1:
        np.testing.assert_array_equal(penalty(*given, keras.random.SeedGenerator(3), 5), np.zeros(5))
        assert float(mean.moving_mean) == pytest.approx(average, rel=1e-5)


def test_the_learning_rate_of_the_mapping_changes_nothing_at_first() -> None:
    def mapped(multiplier: float) -> np.ndarray:
        keras.utils.set_random_seed(1)
        network = kg.backbones.style_mapping(LATENT, STYLE, 3, lr_multiplier=multiplier)
        return array(network(np.random.default_rng(0).normal(size=(4, LATENT))))

    np.testing.assert_allclose(mapped(0.01), mapped(1.0), rtol=1e-4)


def test_noise_moves_a_new_synthesis_not_at_all() -> None:
    styles = np.random.default_rng(1).normal(size=(2, 6, STYLE)).astype("float32")
    for make in SYNTHESES.values():
        synthesis = make(SHAPE, STYLE, 2)
        np.testing.assert_array_equal(synthesis(styles, training=True), synthesis(styles))
        moved = randomized(synthesis)
        assert np.any(array(moved(styles, training=True)) != array(moved(styles)))


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: gan(mixing=1.5), r"`mixing` must lie in \[0, 1\]. Received: mixing=1.5"),
        (lambda: gan(style_momentum=-1.0), r"`momentum` must lie in \[0, 1\]. Received: momentum=-1.0"),
        (lambda: gan("StyleGAN2", path_momentum=2.0), r"`path_momentum` must lie in \[0, 1\]"),
        (lambda: gan().mix(*[np.ones((2, LATENT))] * 2, 7), "`layer` must be at most 6. Received: layer=7"),
        (lambda: gan().mix(*(np.ones((n, LATENT)) for n in (2, 1)), 1), "`latents_b` must have the shape of `latents"),
        (lambda: gan().styles(np.ones((2, LATENT + 1))), "`latents` must have shape"),
        (lambda: gan().synthesize(np.ones((2, 5, STYLE))), r"`styles` must be \(batch, 6\) or \(batch, 6, 6\)"),
        (lambda: gan().sample(1, truncation=np.nan), "`truncation` must be finite. Received: truncation=nan"),
        (
            lambda: kg.models.StyleGAN(
                kg.backbones.style_mapping(LATENT, STYLE + 1, 1),
                linear()[0],
                kg.backbones.style_discriminator(SHAPE),
                LATENT,
            ),
            r"`synthesis` must take styles \(batch, num_styles, 7\).*Received: .* takes \(2, 3\)",
        ),
        (lambda: kg.backbones.style_synthesis((24, 24, 1), 4), "`image_shape` must be .* 28 or a power of two"),
        (lambda: PathLengthPenalty(every=0), "`every` must be an integer of at least 1. Received: every=0"),
    ],
)  # fmt: skip
def test_errors(build, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build()
