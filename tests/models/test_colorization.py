import io

import keras
import numpy as np
import pytest
from PIL import Image
from skimage import color

import keras_genssl as kg
from tests import without_keras

BINS = kg.pretext.ab_bins()


@pytest.fixture(scope="module")
def images():
    rng = np.random.default_rng(1)
    coarse = rng.integers(0, 256, (3, 4, 3, 3)).repeat(4, axis=1).repeat(4, axis=2)
    return np.clip(coarse + rng.normal(0, 8, coarse.shape), 0, 255).astype(np.uint8)  # (3, 16, 12, 3)


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(0)
    weights = np.linspace(0.5, 1.5, 309)
    model = kg.models.Colorization(kg.backbones.small_feature_map(filters=2), class_weights=weights)
    model.compile()
    return model


def true_colours(images):
    """a and b of scikit-image, the mean of each square of 4 pixels."""
    lab = np.stack([color.rgb2lab(image) for image in images])
    return lab, lab[..., 1:].reshape(3, 4, 4, 3, 4, 2).mean(axis=(2, 4))


def test_loss_and_metrics_are_the_naive_ones(model, images):
    lab, ab = true_colours(images)
    logits = np.asarray(model.decoder(model.encoder(lab[..., :1] / 50 - 1, training=False)))
    weights = np.linspace(0.5, 1.5, 309)
    losses, errors, right = [], [], []
    for value, score in zip(ab.reshape(-1, 2), logits.reshape(-1, 309), strict=True):
        squares = ((value - BINS) ** 2).sum(axis=-1)
        order = np.argsort(squares)
        z = np.zeros(309)
        z[order[:5]] = np.exp(-squares[order[:5]] / 50)
        losses.append(weights[order[0]] * (np.log(np.exp(score).sum()) - z @ score / z.sum()))
        sharp = np.exp(score / 0.38)
        errors.append(np.linalg.norm(sharp @ BINS / sharp.sum() - value))
        right.append(np.argmax(score) == order[0])
    logs = model.evaluate(images, batch_size=3, verbose=0, return_dict=True)
    assert logs["loss"] == pytest.approx(np.mean(losses), rel=1e-3)
    assert logs["ab_error"] == pytest.approx(np.mean(errors), rel=1e-3)
    assert logs["accuracy"] == pytest.approx(np.mean(right), abs=1e-6)


def test_regression_is_the_naive_one(images):
    keras.utils.set_random_seed(0)
    model = kg.models.ColorizationRegression(kg.backbones.small_feature_map(filters=2))
    model.compile()
    lab, ab = true_colours(images)
    predicted = np.asarray(model.decoder(model.encoder(lab[..., :1] / 50 - 1, training=False)))
    squares = np.square(ab / 110 - predicted).sum(axis=-1)
    logs = model.evaluate(images, batch_size=3, verbose=0, return_dict=True)
    assert logs["loss"] == pytest.approx(squares.mean() / 2, rel=1e-3)
    assert logs["ab_error"] == pytest.approx(110 * np.sqrt(squares).mean(), rel=1e-3)
    model.decoder.set_weights([np.zeros(w.shape) for w in model.decoder.get_weights()[:-1]] + [np.array([0.1, -0.2])])
    coloured = (np.asarray(model.colorize(np.full((1, 8, 8, 1), 128, np.uint8))) + 1) / 2
    np.testing.assert_allclose(color.rgb2lab(coloured[0])[0, 0, 1:], [11, -22], atol=0.05)


def test_colorize_keeps_the_lightness(model, images):
    coloured = (np.asarray(model.colorize(images)) + 1) / 2
    assert coloured.shape == images.shape
    inside = np.all((coloured > 1e-5) & (coloured < 1 - 1e-5), axis=-1)  # where nothing was clipped
    assert inside.mean() > 0.5
    before, after = color.rgb2lab(images)[..., 0], color.rgb2lab(coloured)[..., 0]
    np.testing.assert_allclose(after[inside], before[inside], atol=0.01)


def test_colorize_takes_grey_images_of_any_size(model, images):
    grey = images[:, :13, :11, :1]
    coloured = np.asarray(model.colorize(grey))
    assert coloured.shape == (3, 13, 11, 3)
    continued = np.pad(grey, ((0, 0), (0, 3), (0, 1), (0, 0)), mode="edge")
    np.testing.assert_allclose(coloured, np.asarray(model.colorize(continued))[:, :13, :11], atol=1e-4)


def test_large_images_are_coloured_tile_by_tile_with_equal_colours(model):
    """Two tiles of 260 pixels, of which the second is not a multiple of 4."""
    rng = np.random.default_rng(2)
    image = rng.integers(0, 256, (1, 5, 131, 3)).repeat(4, axis=1).repeat(4, axis=2)[:, :18, :518].astype(np.uint8)
    lab = model.to_lab(image / np.float32(127.5) - 1)
    padded = np.pad(lab, ((0, 0), (0, 2), (0, 2), (0, 0)), mode="edge")
    ab = model.upsampling(model.colours(model(padded[..., :1] / 50 - 1)))[:, :18, :518]
    expected = model.to_rgb(np.concatenate([lab[..., :1], ab], axis=-1))
    np.testing.assert_allclose(model.colorize(image), expected, atol=1e-5)
    tile, scale = model.serving()["colorize"].function.one(keras.ops.convert_to_tensor(image), 0, 1)
    assert (tile.shape, int(scale)) == ((1, 18, 258, 3), 1)
    np.testing.assert_array_equal(tile, model.colorize(image)[:, :, 260:])


def test_known_predictions_become_known_colours(images):
    """A decoder that says (20, -30) everywhere colours everything so."""
    wanted = np.flatnonzero((BINS == [20, -30]).all(axis=1))[0]
    features = keras.Input((None, None, 8))
    decoder = keras.Model(features, keras.layers.Conv2D(309, 1)(features))
    model = kg.models.Colorization(kg.backbones.small_feature_map(filters=2), decoder=decoder)
    decoder.set_weights([np.zeros((1, 1, 8, 309)), 100.0 * np.eye(309)[wanted]])
    grey = np.full((1, 8, 8, 1), 128, np.uint8)
    lab = color.rgb2lab((np.asarray(model.colorize(grey))[0] + 1) / 2)
    np.testing.assert_allclose(lab[..., 1:], np.broadcast_to([20, -30], (8, 8, 2)), atol=0.05)


def test_features_do_not_see_colour(model, images):
    features = np.asarray(model.encode(images))
    assert features.shape == (3, 8)
    lab = np.stack([color.rgb2lab(image) for image in images]).astype("float32")
    expected = np.asarray(model.encoder(lab[..., :1] / 50 - 1, training=False)).mean(axis=(1, 2))
    np.testing.assert_allclose(features, expected, rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(model.predict(images, verbose=0), features, rtol=1e-4, atol=1e-6)


def test_the_export_colours_photographs(model, images, tmp_path):
    path = kg.export.saved_model(model, tmp_path / "model" / "1")
    photograph = images[:1, :13, :11]
    buffer = io.BytesIO()
    Image.fromarray(photograph[0]).save(buffer, "PNG")
    expected = np.rint((np.asarray(model.colorize(photograph)) + 1) * 127.5).astype(np.uint8)
    result = kg.export.check(path, [buffer.getvalue()], expected, signature="colorize", process=without_keras.process())
    assert result.max_error <= 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"temperature": 0}, "`temperature` must be positive. Received: temperature=0"),
        ({"class_weights": np.ones(313)}, r"`class_weights` must have shape \(309,\). Received: shape \(313,\)"),
        ({"encoder": kg.backbones.small_feature_map((8, 8, 3), 2)}, r"`encoder` must take \(batch, h, w, 1\)"),
        ({"encoder": kg.backbones.small_encoder((8, 8, 1), 2)}, r"give a map of features.*\(None, 8\)"),
        ({"encoder": keras.Sequential([keras.layers.Conv2D(2, 3)])}, "`encoder` must be built"),
        ({"decoder": kg.backbones.position_head(8, 313, 2)}, "`decoder` must take .* 8.* and give 309 numbers"),
    ],
)
def test_errors_name_argument_rule_and_value(arguments, message):
    with pytest.raises(ValueError, match=message):
        kg.models.Colorization(**{"encoder": kg.backbones.small_feature_map(filters=2), **arguments})


def test_grey_images_and_odd_sizes_are_refused(model, images):
    with pytest.raises(ValueError, match=r"`image` must have shape \(batch, any, any, 3\).*\(3, 16, 12, 1\)"):
        model.train_on_batch(images[..., :1])
    with pytest.raises(ValueError, match=r"must be multiples of 4, the stride of the networks.*\(3, 15, 12, 3\)"):
        model.train_on_batch(images[:, :15])
