import keras
import numpy as np
import pytest

from keras_genssl.layers import AdaptiveAugment
from tests.layers.image_changes import assert_gradient_is_that_of_an_affine_change

RNG = np.random.default_rng(0)
IMAGES = RNG.uniform(-1, 1, (4, 8, 8, 3)).astype("float32")
PARAMETERS = {
    "flip": np.float32([1, -1, 1, -1]),
    "turns": np.int32([0, 1, 2, 3]),
    "shift": np.float32([[0, 0], [1, -1], [-1, 0], [0, 1]]),
    "scale": np.float32([1, 1.3, 0.6, 0.9]),
    "before": np.float32([0, 0.5, -2.0, 3.0]),
    "stretch": np.float32([1, 0.8, 1.5, 1.1]),
    "after": np.float32([0, -1.0, 0.3, 2.0]),
    "move": np.float32([[0, 0], [0.3, -1.7], [-2.5, 0.2], [9.5, -20.1]]),
    "brightness": np.float32([0, 0.3, -0.4, 0.1]),
    "contrast": np.float32([1, 0.7, 1.8, 1.2]),
    "luma": np.float32([1, -1, 1, -1]),
    "hue": np.float32([0, 1.0, -2.0, 3.0]),
    "saturation": np.float32([1, 2.0, 0.5, 1.4]),
}
NOTHING = {name: np.repeat(values[:1], 4, axis=0) for name, values in PARAMETERS.items()}


def of(number):
    return {name: values[number].astype("float64") for name, values in PARAMETERS.items()}


def mirrored(place, side):
    """The pixel at a place of an image that goes on in mirrors at its border pixels."""
    while not 0 <= place < side:
        place = -place if place < 0 else 2 * (side - 1) - place
    return place


def naive_blit(image, parameters):
    """Flip, quarter turns clockwise, translation: NumPy's own, and a loop."""
    image = image[:, ::-1] if parameters["flip"] < 0 else image
    image = np.rot90(image, -int(parameters["turns"]))
    down, right = parameters["shift"].astype(int)
    height, width = image.shape[:2]
    rows, columns = (
        [mirrored(place - by, side) for place in range(side)] for by, side in ((down, height), (right, width))
    )
    return image[rows][:, columns]


def naive_geometry(image, parameters):
    """Each pixel's way back through the changes, the last one first; then a weighted mean of four pixels."""
    height, width = image.shape[:2]
    made = np.zeros(image.shape)
    for row in range(height):
        for column in range(width):
            y, x = row - (height - 1) / 2 - parameters["move"][0], column - (width - 1) / 2 - parameters["move"][1]
            point = complex(x, y) * np.exp(-1j * parameters["after"])
            x, y = point.real / parameters["stretch"], point.imag * parameters["stretch"]
            point = complex(x, y) * np.exp(-1j * parameters["before"]) / parameters["scale"]
            y, x = point.imag + (height - 1) / 2, point.real + (width - 1) / 2
            for i in (int(np.floor(y)), int(np.floor(y)) + 1):
                for j in (int(np.floor(x)), int(np.floor(x)) + 1):
                    weight = (1 - abs(y - i)) * (1 - abs(x - j))
                    made[row, column] += weight * image[mirrored(i, height), mirrored(j, width)]
    return made


def naive_colour(image, parameters):
    """One matrix after the other, as in the paper; an image of one channel as three equal ones."""
    channels, grey = image.shape[-1], np.ones(3) / np.sqrt(3)
    across = np.outer(grey, grey)
    turn = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]]) / np.sqrt(3)  # the vector product of the grey axis and x
    angle = parameters["hue"]
    hue = np.cos(angle) * np.eye(3) + np.sin(angle) * turn + (1 - np.cos(angle)) * across  # Rodrigues
    luma = np.eye(3) - (1 - parameters["luma"]) * across
    saturation = across + (np.eye(3) - across) * parameters["saturation"]
    colours = np.repeat(image, 3 // channels, axis=-1) + parameters["brightness"]
    colours = colours * parameters["contrast"]
    return (colours @ (saturation @ hue @ luma).T)[..., :channels]


def test_blits_equal_numpy_to_the_bit():
    layer = AdaptiveAugment(geometry=False, colour=False)
    made = layer.apply(IMAGES, PARAMETERS)
    for number, image in enumerate(IMAGES):
        np.testing.assert_array_equal(made[number], naive_blit(image, of(number)), err_msg=str(number))


@pytest.mark.parametrize("width", [8, 5])
def test_the_warp_equals_naive_loops(width):
    images = IMAGES[:, :, :width]
    made = AdaptiveAugment(blit=False, colour=False).apply(images, PARAMETERS)
    expected = [naive_geometry(image.astype("float64"), of(number)) for number, image in enumerate(images)]
    np.testing.assert_allclose(made, expected, atol=2e-5)
    np.testing.assert_array_equal(made[0], images[0])


@pytest.mark.parametrize("channels", [1, 3])
def test_colours_equal_the_product_of_the_papers_matrices(channels):
    images = IMAGES[..., :channels]
    made = AdaptiveAugment(blit=False, geometry=False).apply(images, PARAMETERS)
    expected = [naive_colour(image.astype("float64"), of(number)) for number, image in enumerate(images)]
    np.testing.assert_allclose(made, expected, atol=2e-6)


def test_all_changes_are_made_in_the_order_blit_geometry_colour():
    made = AdaptiveAugment().apply(IMAGES, {**PARAMETERS, "shift": PARAMETERS["shift"] * 0})
    for number, image in enumerate(IMAGES.astype("float64")):
        blit = {**of(number), "shift": np.zeros(2)}  # what it moves over the border, one warp takes from the other side
        expected = naive_colour(naive_geometry(naive_blit(image, blit), of(number)), of(number))
        np.testing.assert_allclose(made[number], expected, atol=5e-5)


def test_parameters_have_the_distributions_of_the_paper():
    layer = AdaptiveAugment()
    chances = np.random.default_rng(1).random((40_000, 28)).astype("float32")
    for p in (0.0, 0.3, 1.0):
        layer.p.assign(p)
        drawn = {name: np.array(value) for name, value in layer.draw(chances, (32, 64, 3)).items()}
        rotated = 1 - np.sqrt(1 - p)
        shares = {"flip": p / 2, "turns": 0.75 * p, "scale": p, "before": rotated, "stretch": p, "after": rotated}
        shares |= {"brightness": p, "contrast": p, "luma": p / 2, "hue": p, "saturation": p}
        for name, share in shares.items():
            assert np.mean(drawn[name] != NOTHING[name][0]) == pytest.approx(share, abs=0.01), (p, name)
        moved = np.any(drawn["move"] != 0, axis=1)
        assert np.mean(moved) == pytest.approx(p, abs=0.01)
        either = (drawn["before"] != 0) | (drawn["after"] != 0)
        assert np.mean(either) == pytest.approx(p, abs=0.01)  # Karras et al., Appendix B
    logs = {"scale": 0.2, "stretch": 0.2, "contrast": 0.5, "saturation": 1.0}
    for name, deviation in logs.items():
        assert np.std(np.log2(drawn[name])) == pytest.approx(deviation, rel=0.02), name
    assert np.std(drawn["brightness"]) == pytest.approx(0.2, rel=0.02)
    np.testing.assert_allclose(np.std(drawn["move"], axis=0), [4, 8], rtol=0.02)
    np.testing.assert_array_equal(np.abs(drawn["shift"]).max(axis=0), [4, 8])
    np.testing.assert_allclose(np.bincount(drawn["turns"]) / 40_000, np.full(4, 0.25), atol=0.01)
    for name in ("before", "after", "hue"):
        assert np.std(drawn[name]) == pytest.approx(np.pi / np.sqrt(3), rel=0.02), name
    ends = np.stack([np.zeros(28), np.full(28, np.float32(1) - np.float32(2) ** -24)]).astype("float32")
    assert all(np.isfinite(np.array(value)).all() for value in layer.draw(ends, (8, 8, 3)).values())


@pytest.mark.parametrize("jit_compile", [False, True])
def test_the_gradient_is_that_of_the_change_which_is_affine(jit_compile):
    assert_gradient_is_that_of_an_affine_change(AdaptiveAugment(), IMAGES, PARAMETERS, jit_compile, atol=1e-3)


@pytest.mark.parametrize("channels", [1, 3])
def test_at_p_0_and_in_inference_images_are_the_same_to_the_bit(channels):
    layer, images = AdaptiveAugment(seed=3), IMAGES[..., :channels]
    np.testing.assert_array_equal(layer(images, training=True), images)
    layer.p.assign(1.0)
    np.testing.assert_array_equal(layer(images, training=False), images)
    np.testing.assert_array_equal(layer(images), images)
    same = np.repeat(images[:1], 16, axis=0)
    assert len(np.unique(layer(same, training=True).numpy().reshape(16, -1), axis=0)) == 16


def test_p_follows_the_sign_of_r_minus_target_and_stays_in_its_range():
    layer = AdaptiveAugment(target=0.5, adjustment_images=100, every=2)
    # Of two updates of 10 images: r = 0.8, 0.5, 1, 0.4, -1.
    expected = [0.2, 0.2, 0.4, 0.2, 0.0]
    for signs, p in zip([(10, 6), (2, 8), (10, 10), (4, 4), (-10, -10)], expected, strict=True):
        before = float(layer.p)
        layer.observe(signs[0], 10)
        layer.adapt()
        assert float(layer.p) == before
        layer.observe(signs[1], 10)
        layer.adapt()
        assert float(layer.p) == pytest.approx(p, abs=1e-6)
    layer.observe(-20, 20)
    layer.adapt()
    layer.adapt()
    assert float(layer.p) == 0
    layer.observe(1000, 1000)
    layer.adapt()
    layer.adapt()
    assert float(layer.p) == 1
    layer.adapt()  # without an image since
    layer.adapt()
    assert float(layer.p) == 1


def test_half_precision_config_and_arguments():
    policy = keras.config.dtype_policy()
    try:
        keras.config.set_dtype_policy("mixed_float16")
        layer = AdaptiveAugment()
        layer.p.assign(0.5)
        assert layer(IMAGES, training=True).dtype == layer.p.dtype == "float32"
    finally:
        keras.config.set_dtype_policy(policy)
    layer = AdaptiveAugment(False, True, False, 0.4, 1000, 1, seed=4, name="changes")
    assert AdaptiveAugment.from_config(layer.get_config()).get_config() == layer.get_config()
    with pytest.raises(ValueError, match=r"`target` must .* Received: target=2"):
        AdaptiveAugment(target=2)
    with pytest.raises(ValueError, match=r"`every` must .* Received: every=0"):
        AdaptiveAugment(every=0)
    with pytest.raises(ValueError, match=r"One of `blit`, `geometry` and `colour` must be True"):
        AdaptiveAugment(False, False, False)
    with pytest.raises(ValueError, match=r"AdaptiveAugment takes images .* Received: shape=\(None, None, 6, 3\)"):
        AdaptiveAugment()(keras.Input((None, 6, 3)))
