import keras
import numpy as np
import pytest
from skimage import color

import keras_genssl as kg

BINS = kg.pretext.ab_bins()
IMAGES = np.random.default_rng(1).integers(0, 256, (3, 4, 6, 3), dtype=np.uint8)
IMAGES = IMAGES.repeat(4, axis=1).repeat(4, axis=2)[:, :, :8]  # (3, 16, 8, 3), squares of 4 pixels
LAB = color.rgb2lab(IMAGES)
COARSE = LAB[:, ::4, ::4]  # (3, 4, 2, 3)


def halves(filters=2):
    return [kg.backbones.small_feature_map((None, None, channels), filters) for channels in (1, 2)]


def predictions(model):
    """What the two networks give for lightness and for colours of scikit-image."""
    lightness = model.to_colour(model.lightness_encoder(LAB[..., :1] / 50 - 1, training=False))
    colours = model.to_lightness(model.colour_encoder(LAB[..., 1:] / 110, training=False))
    return np.asarray(lightness), np.asarray(colours)


def cross_entropy(logits, z):
    return np.log(np.exp(logits).sum()) - z @ logits / z.sum()


def test_classification_is_the_naive_one():
    keras.utils.set_random_seed(0)
    model = kg.models.SplitBrainAutoencoder(*halves())
    model.compile()
    logits_ab, logits_l = (logits.reshape(24, -1) for logits in predictions(model))
    assert (logits_ab.shape[1], logits_l.shape[1]) == (309, 100)
    losses, found_ab, found_l = [], [], []
    for (lightness, a, b), for_ab, for_l in zip(COARSE.reshape(24, 3), logits_ab, logits_l, strict=True):
        squares = ((BINS - [a, b]) ** 2).sum(axis=-1)
        order = np.argsort(squares)
        z = np.zeros(309)
        z[order[:5]] = np.exp(-squares[order[:5]] / 50)
        level = int(lightness)  # its bin reaches from there one unit up
        losses.append(cross_entropy(for_ab, z) + cross_entropy(for_l, np.eye(100)[level]))
        found_ab.append(np.argmax(for_ab) == order[0])
        found_l.append(np.argmax(for_l) == level)
    logs = model.evaluate(IMAGES, batch_size=3, verbose=0, return_dict=True)
    assert logs["loss"] == pytest.approx(np.mean(losses), rel=1e-3)
    assert logs["colour_accuracy"] == pytest.approx(np.mean(found_ab), abs=1e-6)
    assert logs["lightness_accuracy"] == pytest.approx(np.mean(found_l), abs=1e-6)


def test_regression_is_the_naive_one():
    keras.utils.set_random_seed(0)
    model = kg.models.SplitBrainRegression(*halves())
    model.compile()
    ab, lightness = predictions(model)
    squares = np.square(ab - COARSE[..., 1:] / 110).sum(axis=-1)
    difference = lightness[..., 0] - (COARSE[..., 0] / 50 - 1)
    logs = model.evaluate(IMAGES, batch_size=3, verbose=0, return_dict=True)
    assert logs["loss"] == pytest.approx((squares.mean() + np.square(difference).mean()) / 2, rel=1e-3)
    assert logs["ab_error"] == pytest.approx(110 * np.sqrt(squares).mean(), rel=1e-3)
    assert logs["lightness_error"] == pytest.approx(50 * np.abs(difference).mean(), rel=1e-3)


def test_features_of_both_halves_side_by_side():
    keras.utils.set_random_seed(0)
    model = kg.models.SplitBrainRegression(*halves())
    features = np.asarray(model.encode(IMAGES))
    maps = (
        model.lightness_encoder(LAB[..., :1] / 50 - 1, training=False),
        model.colour_encoder(LAB[..., 1:] / 110, training=False),
    )
    expected = np.concatenate([np.mean(part, axis=(1, 2)) for part in maps], axis=1)
    assert expected.shape == (3, 16)
    np.testing.assert_allclose(features, expected, rtol=1e-3, atol=1e-5)
    # Images that are equally light differ in the second half alone.
    grey = kg.pretext.lab_to_rgb(np.concatenate([LAB[0, ..., :1], np.zeros((16, 8, 2))], axis=-1))
    both = np.asarray(model.encode(np.stack([IMAGES[0], grey])))
    np.testing.assert_allclose(both[0, :8], both[1, :8], atol=0.01)
    assert np.abs(both[0, 8:] - both[1, 8:]).max() > 0.05


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"colour_encoder": kg.backbones.small_feature_map(filters=2)}, r"`colour_encoder` must take .*h, w, 2\)"),
        ({"to_lightness": kg.backbones.position_head(8, 309, 2)}, "`to_lightness` must take .* give 100 numbers"),
        ({"lightness_encoder": kg.backbones.small_feature_map((8, 8, 1), 2)}, "must take images of the same size"),
        ({"lightness_encoder": keras.Sequential([keras.layers.Conv2D(2, 3)])}, "`lightness_encoder` must be built"),
    ],
)
def test_errors_name_argument_rule_and_value(arguments, message):
    networks = dict(zip(("lightness_encoder", "colour_encoder"), halves(), strict=True))
    with pytest.raises(ValueError, match=message):
        kg.models.SplitBrainAutoencoder(**{**networks, **arguments})


def test_grey_images_are_refused():
    model = kg.models.SplitBrainRegression(*halves())
    model.compile()
    with pytest.raises(ValueError, match=r"`image` must have shape \(batch, any, any, 3\).*\(3, 16, 8, 1\)"):
        model.train_on_batch(IMAGES[..., :1])
