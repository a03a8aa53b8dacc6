import keras
import numpy as np
import pytest

import keras_genssl as kg
from tests import toys


@pytest.fixture(scope="module")
def batch():
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (4, toys.SIZE, toys.SIZE, 3), dtype=np.uint8)
    examples = [kg.pretext.block_masked({"image": picture}, seed, blocks=2) for seed, picture in enumerate(pictures)]
    return {key: np.stack([example[key] for example in examples]) for key in examples[0]}


@pytest.fixture(scope="module")
def painter():
    keras.utils.set_random_seed(0)
    model = kg.models.ContextEncoder(toys.encoder("encoder"), toys.decoder(4), overlap=1)
    model.compile("sgd", run_eagerly=True)
    return model


@pytest.fixture(scope="module")
def pair():
    keras.utils.set_random_seed(0)
    networks = toys.encoder("encoder"), toys.decoder(4), toys.encoder("discriminator", 1)
    model = kg.models.AdversarialContextEncoder(*networks, adversarial_weight=0.25, overlap=1)
    model.compile({"generator": "sgd", "discriminator": "sgd"}, run_eagerly=True)
    return model


def naive(painted, batch, overlap, weight):
    """The error of each painting, and where it is predicted, pixel by pixel."""
    size, errors = toys.SIZE, []
    predicted = np.zeros((len(painted), size, size, 1), np.float32)
    for number, (image, mask) in enumerate(zip(batch["image"], batch["mask"][..., 0], strict=True)):
        total, count = 0.0, 0
        for row in range(size):
            for column in range(size):
                around = mask[
                    max(row - overlap, 0) : row + overlap + 1, max(column - overlap, 0) : column + overlap + 1
                ]
                if not around.any():
                    continue
                predicted[number, row, column] = 1.0
                difference = image[row, column] / 127.5 - 1.0 - painted[number, row, column]
                total += (1.0 if mask[row, column] else weight) * (difference**2).sum()
                count += 3
        errors.append(total / count)
    return np.array(errors), predicted


def seen(batch, name):
    return batch[name].astype("float32") / 127.5 - 1.0


@pytest.mark.parametrize(("overlap", "weight"), [(1, 10.0), (0, 10.0), (2, 0.5)])
def test_loss_equals_a_naive_loop(painter, batch, overlap, weight):
    model = kg.models.ContextEncoder(painter.encoder, painter.decoder, overlap=overlap, overlap_weight=weight)
    x, y = model.split_inputs(model.batch(batch))
    painted = np.asarray(model(x))
    expected, _ = naive(painted, batch, overlap, weight)
    np.testing.assert_allclose(model.example_losses(x, y, painted), expected, rtol=1e-5)


@pytest.mark.parametrize("kind", [bool, np.uint8, np.int64, np.float32, "signed"])
def test_masks_of_any_dtype_hide_the_same(painter, pair, batch, kind):
    hidden = batch["mask"] > 0
    mask = hidden.astype(np.float32) * 2 - 1 if kind == "signed" else hidden.astype(kind)
    for model in (painter, pair):
        np.testing.assert_array_equal(model.batch({**batch, "mask": mask})["mask"], model.batch(batch)["mask"])


def test_a_painting_that_is_right_where_it_is_predicted_costs_nothing(painter, batch):
    _, y = painter.split_inputs(painter.batch(batch))
    _, predicted = naive(np.zeros_like(batch["image"]), batch, 1, 10.0)
    wrong_elsewhere = np.where(predicted > 0, seen(batch, "image"), 0.5)
    np.testing.assert_allclose(painter.example_losses(None, y, wrong_elsewhere), np.zeros(4), atol=1e-12)
    nothing = {**y, "mask": np.zeros_like(y["mask"])}
    np.testing.assert_array_equal(painter.example_losses(None, nothing, wrong_elsewhere), np.zeros(4))


def test_both_players_losses_in_closed_form(pair, batch):
    objectives = pair.player_losses(pair.batch(batch), ("generator", "discriminator"))
    painted = np.asarray(pair.decoder(pair.encoder(seen(batch, "masked"), training=True), training=True))
    errors, predicted = naive(painted, batch, 1, 10.0)
    fake, real = (
        np.asarray(pair.discriminator(predicted * images, training=True))[:, 0].astype("float64")
        for images in (painted, seen(batch, "image"))
    )
    deceived = np.log1p(np.exp(-fake))
    np.testing.assert_allclose(objectives["generator"], 0.75 * errors + 0.25 * deceived, rtol=1e-5)
    detected = np.log1p(np.exp(-real)) + np.log1p(np.exp(fake))
    np.testing.assert_allclose(objectives["discriminator"], detected, rtol=1e-5)


def test_without_an_adversary_the_generator_has_the_plain_loss(pair, painter, batch):
    alone = kg.models.AdversarialContextEncoder(
        painter.encoder, painter.decoder, pair.discriminator, adversarial_weight=0.0, overlap=1
    )
    painted = painter(seen(batch, "masked"), training=True)
    _, y = painter.split_inputs(painter.batch(batch))
    expected = painter.example_losses(None, y, painted)
    np.testing.assert_allclose(
        alone.player_losses(alone.batch(batch), ("generator",))["generator"], expected, rtol=1e-5
    )


@pytest.mark.parametrize("name", ["painter", "pair"])
def test_features_are_of_whole_images_and_paintings_of_masked_ones(request, batch, name):
    model = request.getfixturevalue(name)
    features = np.asarray(model.encoder(seen(batch, "image"), training=False))
    np.testing.assert_allclose(model.encode(batch["image"]), features, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(model.serving()["encode"].function(seen(batch, "image")), features, rtol=1e-5, atol=1e-6)
    code = model.encoder(seen(batch, "masked"), training=False)
    expected = np.clip(model.decoder(code, training=False), -1, 1)
    np.testing.assert_allclose(model.predict(batch["masked"], verbose=0), expected, rtol=1e-5, atol=1e-6)
    assert list(model.serving()) == ["encode", "inpaint"]


def test_metrics_compare_whole_images(painter, batch):
    model = kg.models.ContextEncoder(painter.encoder, painter.decoder, overlap=1)
    model.compile("sgd", metrics=[keras.metrics.MeanSquaredError(name="mse")], run_eagerly=True)
    logs = model.evaluate(batch, batch_size=4, verbose=0, return_dict=True)
    painted = np.asarray(model(seen(batch, "masked")))
    assert logs["mse"] == pytest.approx(np.mean((painted - seen(batch, "image")) ** 2), rel=1e-5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"overlap": -1}, "`overlap` must be an integer of at least 0. Received: overlap=-1"),
        ({"overlap": 1.5}, "`overlap` must be an integer of at least 0. Received: overlap=1.5"),
        ({"overlap_weight": -1}, "`overlap_weight` must not be negative. Received: overlap_weight=-1"),
        ({"decoder": toys.decoder(5)}, r"`decoder` must take what `encoder` gives, \(None, 4\).*\(None, 5\)"),
        ({"decoder": toys.head()}, r"`decoder` must give what `encoder` takes, \(None, 8, 8, 3\). Received: .*\(None,"),
        ({"encoder": keras.Sequential([keras.layers.Flatten()])}, "`encoder` must be built"),
    ],
)
def test_errors_name_the_argument(painter, pair, arguments, message):
    networks = {"encoder": painter.encoder, "decoder": painter.decoder}
    with pytest.raises(ValueError, match=message):
        kg.models.ContextEncoder(**{**networks, **arguments})
    with pytest.raises(ValueError, match=message):
        kg.models.AdversarialContextEncoder(**{**networks, "discriminator": pair.discriminator, **arguments})


def test_errors_of_the_adversary(painter, pair):
    networks = painter.encoder, painter.decoder
    with pytest.raises(ValueError, match=r"`adversarial_weight` must lie in .*Received: adversarial_weight=1.5"):
        kg.models.AdversarialContextEncoder(*networks, pair.discriminator, adversarial_weight=1.5)
    with pytest.raises(ValueError, match="`discriminator` must take inputs of shape"):
        kg.models.AdversarialContextEncoder(*networks, toys.head(1))


def test_a_batch_without_a_mask_is_refused(painter, batch):
    with pytest.raises(ValueError, match=r"must hold \['masked', 'image', 'mask'\].* without \['mask'\]"):
        painter.batch({name: batch[name] for name in ("masked", "image")})
    with pytest.raises(ValueError, match=r"`mask` must have shape \(batch, 8, 8, 1\)"):
        painter.batch({**batch, "mask": batch["image"]})
