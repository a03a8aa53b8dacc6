"""Progressive growing: losses by hand, the schedule of images, what real images become, and the average."""

import keras
import numpy as np
import pytest

import keras_genssl as kg

RNG = np.random.default_rng(5)
array = keras.ops.convert_to_numpy
LATENT, SHAPE, SIZE = 5, (16, 16, 1), 6


def pictures(size: int = SIZE) -> np.ndarray:
    return RNG.integers(0, 256, (size, *SHAPE), dtype=np.uint8)


def gan(**arguments) -> kg.models.ProgressiveGAN:
    keras.utils.set_random_seed(1)
    critic = kg.backbones.progressive_critic(SHAPE, 3, group_size=2)
    return kg.models.ProgressiveGAN(kg.backbones.progressive_generator(SHAPE, LATENT, 3), critic, LATENT, **arguments)


def compiled(model: keras.Model, rate: float = 1e-3) -> keras.Model:
    model.compile({player: keras.optimizers.SGD(rate) for player in ("generator", "critic")}, run_eagerly=True)
    return model


def reduced(images: np.ndarray, side: int, alpha: float) -> np.ndarray:
    """What the critic is shown, pixel by pixel: the mean of squares, mixed with that of squares twice as large."""
    images, times = images.astype("float64") / 127.5 - 1, SHAPE[0] // side
    made = np.zeros((len(images), side, side, 1))
    for row in range(side):
        for column in range(side):
            square = images[:, row * times : (row + 1) * times, column * times : (column + 1) * times]
            top, left = row // 2 * 2 * times, column // 2 * 2 * times
            larger = images[:, top : top + 2 * times, left : left + 2 * times]
            fine, coarse = square.mean(axis=(1, 2)), larger.mean(axis=(1, 2))
            made[:, row, column] = (1 - alpha) * coarse + alpha * fine
    return made


@pytest.mark.parametrize("side", [8, 16])
def test_real_images_fade_as_fakes_do(side: int) -> None:
    stage, images = kg.models.ProgressiveStage(gan(), side, fade_images=40), pictures()
    for seen in (0, 10, 40, 90):
        stage.images_seen.assign(seen)
        shown = stage.reduced(stage.batch({"image": keras.ops.convert_to_tensor(images)})["image"])
        np.testing.assert_allclose(shown, reduced(images, side, min(seen / 40, 1)), atol=1e-5)


def test_alpha_follows_images_whatever_the_batches() -> None:
    shares = []
    for size in (2, 6):
        model = gan(ema=0.9)
        stage = compiled(kg.models.ProgressiveStage(model, 8, fade_images=40))
        assert float(stage.faded) == 0.0
        for _ in range(12 // size):
            stage.train_on_batch({"image": pictures(size)})
        networks = (model.generator, model.critic, model.average.copy)
        shares.append([float(network.get_layer("fade8").alpha) for network in networks])
        assert int(stage.images_seen) == 12
        assert [float(network.get_layer("fade16").alpha) for network in networks] == [0.0] * 3
    assert shares == [[pytest.approx(12 / 40)] * 3] * 2


def test_losses_are_the_papers() -> None:
    model = gan(drift=0.5, penalty=kg.penalties.R1Penalty(0.0))
    stage = compiled(kg.models.ProgressiveStage(model, 8, fade_images=40))
    stage.images_seen.assign(10)
    model.fade(8, 0.25)
    images = pictures()
    state = array(model.seed.state)
    losses = stage.player_losses(stage.batch({"image": keras.ops.convert_to_tensor(images)}), ("critic",))
    model.seed.state.assign(state)
    fake = stage.generator(model.draw_latents(images))
    of_fake = array(stage.critic(fake))[:, 0]
    of_real = array(stage.critic(reduced(images, 8, 0.25).astype("float32")))[:, 0]
    np.testing.assert_allclose(losses["critic"], of_fake - of_real + 0.5 * of_real**2, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(losses["generator"], -of_fake, rtol=1e-4, atol=1e-5)


def test_the_penalty_is_on_the_slope_between_real_and_fake_at_the_side() -> None:
    """Of a critic whose value is a multiple of the sum of 4 x 4 pixels the slope has 4 times the norm."""
    images = keras.Input((4, 4, 1))
    judge = keras.Model(images, keras.ops.sum(3.0 * images, axis=(1, 2)))
    model = gan(drift=0.0)
    make = kg.backbones.generator_at_side(model.generator, 4)
    real = keras.ops.convert_to_tensor(RNG.uniform(-1, 1, (SIZE, 4, 4, 1)).astype("float32"))
    state = array(model.seed.state)
    losses = model.losses_of(make, judge, real, None)
    model.seed.state.assign(state)
    fake = array(make(model.draw_latents(real)))
    expected = 3 * fake.sum((1, 2, 3)) - 3 * array(real).sum((1, 2, 3)) + 10 * (12 - 1) ** 2
    np.testing.assert_allclose(losses["critic"], expected, rtol=1e-4)


def test_stages_hand_weights_and_average_on() -> None:
    model, images = gan(ema=0.5), pictures()
    stages = model.stages(fade_images=6)
    first = compiled(next(stages))
    first.train_on_batch({"image": images})
    assert first.sample(3, seed=0).shape == (3, 4, 4, 1)
    smallest = first.sample(3, seed=0)
    np.testing.assert_array_equal(model.sample(3, seed=0), smallest.repeat(4, 1).repeat(4, 2))
    second = compiled(next(stages), rate=0.0)
    assert second.critic_optimizer is not first.critic_optimizer
    # The average has grown along: at the start of the fade it makes what it made before.
    np.testing.assert_array_equal(second.sample(3, seed=0), smallest.repeat(2, 1).repeat(2, 2))
    second.train_on_batch({"image": images})
    third = compiled(next(stages))
    assert not np.array_equal(second.sample(3, seed=0), smallest.repeat(2, 1).repeat(2, 2))  # faded in
    third.train_on_batch({"image": images})
    np.testing.assert_array_equal(model.sample(3, seed=0), third.sample(3, seed=0))
    assert next(stages, None) is None


def test_the_average_follows_the_blocks_of_the_stage_and_no_others() -> None:
    model = gan(ema=0.75)
    stage = compiled(kg.models.ProgressiveStage(model, 8, fade_images=12), rate=0.1)
    stage.train_on_batch({"image": pictures()})  # the first step leaves the new block as it is: its share is 0
    copies = {weight.path: array(weight) for weight in model.average.copy.weights}
    stage.train_on_batch({"image": pictures()})
    trained = {id(weight) for weight in stage.generator.trainable_weights}
    for online, average in zip(model.generator.weights, model.average.copy.weights, strict=True):
        if "alpha" in online.path:
            continue
        expected = 0.75 * copies[average.path] + 0.25 * array(online)
        np.testing.assert_allclose(average, expected, rtol=1e-5, atol=1e-6)
        moved = np.abs(array(online) - copies[average.path]).max() > 1e-5
        assert moved == (id(online) in trained), online.path


def test_blocks_of_other_sides_are_not_trained_and_fit_alone_trains_the_whole() -> None:
    model = gan()
    stage = kg.models.ProgressiveStage(model, 4)
    assert not any("8" in weight.path or "16" in weight.path for weight in stage.generator.weights)
    assert float(model.generator.get_layer("fade16").alpha) == 0.0
    compiled(model).train_on_batch({"image": pictures()})
    assert float(model.generator.get_layer("fade16").alpha) == 1.0
    colours = {weight.path.split("/")[0] for weight in model.full.generator.weights if "to_rgb" in weight.path}
    assert colours == {"to_rgb16"}


def test_what_is_refused() -> None:
    model = gan()
    stages = model.stages(fade_images=100)
    compiled(next(stages))
    second = compiled(next(stages))
    second.train_on_batch({"image": pictures()})
    with pytest.raises(ValueError, match=r"at least `fade_images`=100 images.*Received: 6 images at 8 pixels"):
        next(stages)
    with pytest.raises(ValueError, match=r"`fade_images` must be an integer of at least 1\. Received: fade_images=0"):
        next(model.stages(0))
    with pytest.raises(ValueError, match=r"`side` must be one of \(8, 16\), which have a side below"):
        kg.models.ProgressiveStage(model, 4, fade_images=2)
    with pytest.raises(ValueError, match=r"`side` must be one of \(4, 8, 16\). Received: side=12"):
        kg.models.ProgressiveStage(model, 12)
    with pytest.raises(ValueError, match=r"`drift` must be at least 0 and finite\. Received: drift=-1"):
        gan(drift=-1)
    with pytest.raises(ValueError, match=r"`ema` must lie in \[0, 1\]\. Received: ema=2"):
        gan(ema=2)
    other = kg.backbones.mlp_discriminator(SHAPE, (2,))
    with pytest.raises(ValueError, match=r"`critic` must be made by `backbones.progressive_critic`"):
        kg.models.ProgressiveGAN(model.generator, other, LATENT)
    with pytest.raises(ValueError, match=r"`image` must have shape \(batch, 16, 16, 1\)"):
        second.train_on_batch({"image": pictures()[:, :8, :8]})
