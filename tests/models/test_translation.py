"""One step of Pix2Pix and CycleGAN on networks of a weight and a bias, against the papers' objectives by hand."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_genssl as kg
from tests import toys
from tests.contracts import CASES

RNG = np.random.default_rng(6)
RATE = 0.1
SIDE = 4


def linear(weights: list[float], bias: float, name: str) -> keras.Model:
    """Each pixel alone: its channels weighted, plus a bias."""
    network = keras.Sequential([keras.Input((SIDE, SIDE, len(weights))), keras.layers.Conv2D(1, 1)], name=name)
    network.set_weights([np.reshape(weights, (1, 1, -1, 1)), np.array([bias])])
    return network


def images(count: int) -> np.ndarray:
    return RNG.uniform(-1, 1, (count, SIDE, SIDE, 1))


def slope(function, parameters: np.ndarray) -> np.ndarray:
    """Central differences, in float64."""
    steps = 1e-6 * np.eye(len(parameters))
    return np.array([(function(parameters + step) - function(parameters - step)) / 2e-6 for step in steps])


def parameters(network: keras.Model) -> np.ndarray:
    return np.concatenate([np.ravel(weight) for weight in network.get_weights()]).astype("float64")


def sgd(model: kg.engine.PlayersModel) -> kg.engine.PlayersModel:
    model.compile({player: keras.optimizers.SGD(RATE) for player in model.players()})
    return model


CYCLE, IDENTITY = 3.0, 0.7


def cyclegan(**arguments) -> kg.models.CycleGAN:
    return kg.models.CycleGAN(
        linear([0.5], 0.1, "G"),
        linear([-0.4], 0.2, "F"),
        linear([0.3], -0.1, "D_first"),
        linear([0.6], 0.05, "D_second"),
        **{"cycle_weight": CYCLE, "identity_weight": IDENTITY, **arguments},
    )


def test_a_step_of_cyclegan_is_the_papers() -> None:
    model = sgd(cyclegan())
    x, y = images(5), images(5)
    g, f, d_x, d_y = map(parameters, (network[0] for network in model.players().values()))
    at = lambda p, v: p[0] * v + p[1]  # noqa: E731, a network

    def generators(g, f):
        adversary = np.mean((at(d_y, at(g, x)) - 1) ** 2) + np.mean((at(d_x, at(f, y)) - 1) ** 2)
        cycle = np.mean(np.abs(at(f, at(g, x)) - x)) + np.mean(np.abs(at(g, at(f, y)) - y))
        identity = np.mean(np.abs(at(g, y) - y)) + np.mean(np.abs(at(f, x) - x))
        return adversary + CYCLE * cycle + IDENTITY * identity

    def discriminator(d, real, fake):
        return 0.5 * np.mean((at(d, real) - 1) ** 2) + 0.5 * np.mean(at(d, fake) ** 2)

    expected = [
        g - RATE * slope(lambda p: generators(p, f), g),
        f - RATE * slope(lambda p: generators(g, p), f),
        d_x - RATE * slope(lambda p: discriminator(p, x, at(f, y)), d_x),
        d_y - RATE * slope(lambda p: discriminator(p, y, at(g, x)), d_y),
    ]
    logs = model.train_on_batch({"first": x, "second": y}, return_dict=True)
    for (player, networks), wanted in zip(model.players().items(), expected, strict=True):
        np.testing.assert_allclose(parameters(networks[0]), wanted, atol=1e-5, err_msg=player)
    assert logs["first_discriminator_loss"] == pytest.approx(discriminator(d_x, x, at(f, y)), rel=1e-5)
    both = logs["first_to_second_loss"] + logs["second_to_first_loss"]
    cycle = np.mean(np.abs(at(f, at(g, x)) - x)) + np.mean(np.abs(at(g, at(f, y)) - y))
    assert both == pytest.approx(generators(g, f) + CYCLE * cycle, rel=1e-5)  # each log holds both cycles


def test_discriminators_judge_the_history_and_generators_the_newest() -> None:
    model = sgd(cyclegan(pool_size=4))
    old = images(4)
    for pool in (model.first_history, model.second_history):
        pool.images.assign(old)
        pool.stored.assign(4)
    x, y = images(200), images(200)
    batch = {"first": tf.constant(x, "float32"), "second": tf.constant(y, "float32")}
    losses = model.player_losses(batch, tuple(model.players()))
    fake = 0.5 * x + 0.1
    logits = 0.6 * fake + 0.05
    newest = 0.5 * np.mean((0.6 * y + 0.05 - 1) ** 2, axis=(1, 2, 3)) + 0.5 * np.mean(logits**2, axis=(1, 2, 3))
    same = np.isclose(losses["second_discriminator"], newest, rtol=1e-4)
    assert 70 < same.sum() < 130  # half come back themselves: 100 with standard deviation 7
    kept = model.second_history.images.numpy()
    assert all(np.isclose(fake, image, atol=1e-6).all(axis=(1, 2, 3)).any() for image in kept)
    assert not any(np.isclose(old, image, atol=1e-6).all() for image in kept)  # 200 images drove all four out
    deception = np.mean((logits - 1) ** 2, axis=(1, 2, 3))
    cycle = np.abs(-0.4 * fake + 0.2 - x).mean(axis=(1, 2, 3))
    cycle += np.abs(0.5 * (-0.4 * y + 0.2) + 0.1 - y).mean(axis=(1, 2, 3))
    identity = np.abs(0.5 * y + 0.1 - y).mean(axis=(1, 2, 3))
    expected = deception + CYCLE * cycle + IDENTITY * identity
    np.testing.assert_allclose(losses["first_to_second"], expected, rtol=1e-4)


def test_evaluation_leaves_the_histories_as_they_were() -> None:
    model = sgd(cyclegan(pool_size=3))
    batch = {"first": images(4), "second": images(4)}
    model.train_on_batch(batch)
    before = [pool.images.numpy() for pool in (model.first_history, model.second_history)]
    model.evaluate({"first": images(8), "second": images(8)}, batch_size=4, verbose=0)
    after = [pool.images.numpy() for pool in (model.first_history, model.second_history)]
    np.testing.assert_array_equal(before, after)


def test_both_directions_are_clipped_and_served() -> None:
    model = cyclegan()
    x = np.full((1, SIDE, SIDE, 1), 4.0, "float32")
    there, back = tf.function(model.translate), tf.function(model.translate_back)  # graphs do not look at the range
    np.testing.assert_allclose(there(x), np.ones_like(x))  # 0.5 * 4 + 0.1
    np.testing.assert_allclose(back(x), -np.ones_like(x))  # -0.4 * 4 + 0.2
    served = model.serving()
    assert list(served) == ["translate", "translate_back"]
    assert served["translate_back"].inputs["image"].shape == (SIDE, SIDE, 1)
    np.testing.assert_allclose(served["translate_back"].function(x / 4), np.full_like(x, -0.2), atol=1e-6)


def test_domains_may_differ_in_channels_without_identity() -> None:
    parts = [
        kg.backbones.resnet_translator((8, 8, 3), 1, filters=2, blocks=1),
        kg.backbones.resnet_translator((8, 8, 1), 3, filters=2, blocks=1),
        kg.backbones.patch_discriminator((8, 8, 3), filters=2, layers=1),
        kg.backbones.patch_discriminator((8, 8, 1), filters=2, layers=1),
    ]
    with pytest.raises(ValueError, match=r"`identity_weight` must be 0 .* 3 and 1 channels"):
        kg.models.CycleGAN(*parts)
    model = sgd(kg.models.CycleGAN(*parts, identity_weight=0.0))
    colour, grey = RNG.integers(0, 256, (2, 8, 8, 3), np.uint8), RNG.integers(0, 256, (2, 8, 8, 1), np.uint8)
    assert all(np.isfinite(list(model.train_on_batch({"first": colour, "second": grey}, return_dict=True).values())))
    with pytest.raises(ValueError, match=r"`second` must have shape \(batch, 8, 8, 1\)"):
        model.batch({"first": colour, "second": colour})


def test_a_step_of_pix2pix_is_the_papers() -> None:
    weight = 2.5
    model = sgd(kg.models.Pix2Pix(linear([0.5], 0.1, "G"), linear([0.3, -0.8], 0.2, "D"), pixel_weight=weight))
    x, y = images(5), images(5)
    g, d = parameters(model.generator), parameters(model.discriminator)
    translated = lambda g: g[0] * x + g[1]  # noqa: E731
    judged = lambda d, image: d[0] * x + d[1] * image + d[2]  # noqa: E731, the condition comes first
    softplus = lambda v: np.log1p(np.exp(v))  # noqa: E731

    def generator(g):
        return np.mean(softplus(-judged(d, translated(g)))) + weight * np.mean(np.abs(translated(g) - y))

    def discriminator(d):
        return 0.5 * np.mean(softplus(-judged(d, y))) + 0.5 * np.mean(softplus(judged(d, translated(g))))

    expected = g - RATE * slope(generator, g), d - RATE * slope(discriminator, d)
    logs = model.train_on_batch({"source": x, "target": y}, return_dict=True)
    np.testing.assert_allclose(parameters(model.generator), expected[0], atol=1e-5)
    np.testing.assert_allclose(parameters(model.discriminator), expected[1], atol=1e-5)
    assert logs == pytest.approx({"generator_loss": generator(g), "discriminator_loss": discriminator(d)}, rel=1e-5)


def test_pix2pix_translates_with_dropout_as_noise_where_a_seed_is_given() -> None:
    # One pixel of noise: x passes a dropout of 1/2, so that it is doubled or gone.
    image = keras.Input((SIDE, SIDE, 1))
    noisy = keras.layers.Dropout(0.5)(image)
    model = kg.models.Pix2Pix(keras.Model(image, noisy), linear([1.0, 1.0], 0.0, "D"))
    x = np.full((50, SIDE, SIDE, 1), 0.25, "float32")
    np.testing.assert_array_equal(model.translate(x), x)
    first, again, other = (np.array(model.translate(x, seed=seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert set(np.unique(first)) == {0.0, 0.5}
    assert np.mean(first > 0) == pytest.approx(0.5, abs=0.09)  # 800 draws: standard deviation 0.018
    assert np.mean(first != other) == pytest.approx(0.5, abs=0.09)
    state = [keras.ops.convert_to_numpy(variable) for variable in model.generator.non_trainable_variables]
    model.translate(x, seed=3)
    for before, after in zip(state, model.generator.non_trainable_variables, strict=True):
        np.testing.assert_array_equal(before, keras.ops.convert_to_numpy(after))


def test_relativistic_losses_see_the_real_images() -> None:
    loss = kg.losses.RelativisticGANLoss()
    model = kg.models.Pix2Pix(
        linear([0.5], 0.1, "G"), linear([0.3, -0.8], 0.2, "D"), pixel_weight=0.0, adversarial_loss=loss
    )
    x, y = images(3), images(3)
    batch = {"source": tf.constant(x, "float32"), "target": tf.constant(y, "float32")}
    margin = -0.8 * (0.5 * x + 0.1 - y)  # of the fake's logits over the real's
    expected = np.mean(np.log1p(np.exp(-margin)), axis=(1, 2, 3))
    np.testing.assert_allclose(model.player_losses(batch, ("generator",))["generator"], expected, rtol=1e-5)


def test_a_config_keeps_the_loss_and_the_weights() -> None:
    model = cyclegan(adversarial_loss=kg.losses.HingeGANLoss(), pool_size=7, seed=5)
    again = kg.models.CycleGAN.from_config(model.get_config())
    assert isinstance(again.adversarial_loss, kg.losses.HingeGANLoss)
    assert (again.cycle_weight, again.identity_weight, again.first_history.size) == (CYCLE, IDENTITY, 7)
    np.testing.assert_array_equal(again.seed.state, model.seed.state)


def test_errors_name_argument_rule_and_value() -> None:
    with pytest.raises(ValueError, match=r"`cycle_weight` must be at least 0 and finite\. Received: cycle_weight=-1"):
        cyclegan(cycle_weight=-1)
    with pytest.raises(ValueError, match=r"`size` must be an integer of at least 1\. Received: size=0"):
        cyclegan(pool_size=0)
    two = linear([1.0, 1.0], 0.0, "two")
    with pytest.raises(ValueError, match=r"`second_to_first` must give what `first_discriminator` takes"):
        kg.models.CycleGAN(*[linear([1.0], 0.0, "one")] * 2, two, linear([1.0], 0.0, "D"))
    with pytest.raises(ValueError, match=r"`generator` must give what `discriminator` takes"):
        kg.models.Pix2Pix(linear([1.0], 0.0, "G"), linear([1.0], 0.0, "D"))
    with pytest.raises(ValueError, match=r"`pixel_weight` must be at least 0 and finite"):
        kg.models.Pix2Pix(linear([1.0], 0.0, "G"), two, pixel_weight=-0.5)
    with pytest.raises(ValueError, match=r"`first` must have shape \(batch, 8, 8, 3\)"):
        CASES["CycleGAN"].make().train_on_batch({key: np.zeros((2, 4, 8, 3), "uint8") for key in ("first", "second")})


@pytest.mark.parametrize("place", range(4))
@pytest.mark.parametrize(
    ("wrong", "rule"),
    [
        (lambda: keras.Sequential([keras.layers.Conv2D(1, 1)], name="empty"), "be built .* Received: 'empty'"),
        (lambda: toys.Opaque((4, 4, 1)), "be a functional or sequential model.* Received: 'opaque'"),
    ],
)
def test_a_network_that_does_not_tell_its_shapes_is_named(place: int, wrong, rule: str) -> None:
    networks = [linear([1.0], 0.0, "one") for _ in range(4)]
    networks[place] = wrong()
    name = ("first_to_second", "second_to_first", "first_discriminator", "second_discriminator")[place]
    with pytest.raises(ValueError, match=rf"`{name}` must {rule}"):
        kg.models.CycleGAN(*networks)
    if place < 2:
        pair = [linear([1.0], 0.0, "G"), linear([1.0, 1.0], 0.0, "D")]
        pair[place] = networks[place]
        with pytest.raises(ValueError, match=rf"`{('generator', 'discriminator')[place]}` must {rule}"):
            kg.models.Pix2Pix(*pair)
