import numpy as np
import pytest
from skimage import color

from keras_genssl import pretext

PICTURE = np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)

# sRGB under D65, http://www.brucelindbloom.com/index.html?ColorCalculator.html
GOLDEN = {
    (255, 0, 0): (53.2408, 80.0925, 67.2032),
    (0, 255, 0): (87.7347, -86.1827, 83.1793),
    (0, 0, 255): (32.2970, 79.1875, -107.8602),
    (255, 255, 255): (100, 0, 0),
    (0, 0, 0): (0, 0, 0),
}


@pytest.mark.parametrize(("rgb", "lab"), GOLDEN.items())
def test_lab_of_the_primaries(rgb, lab):
    np.testing.assert_allclose(pretext.rgb_to_lab(np.uint8([[rgb]]))[0, 0], lab, atol=2e-3)


def test_lab_is_that_of_scikit_image():
    """To a hundredth: its matrix has six digits, and its white is not quite what the matrix makes of white."""
    np.testing.assert_allclose(pretext.rgb_to_lab(PICTURE), color.rgb2lab(PICTURE), rtol=0, atol=0.01)


def test_greys_have_no_colour():
    greys = np.arange(256, dtype=np.uint8).reshape(16, 16, 1)
    lab = pretext.rgb_to_lab(greys)
    np.testing.assert_allclose(lab[..., 1:], 0, atol=1e-12)
    assert np.all(np.diff(lab[..., 0].ravel()) > 0)


def test_back_to_the_same_bytes():
    np.testing.assert_array_equal(pretext.lab_to_rgb(pretext.rgb_to_lab(PICTURE)), PICTURE)


def test_a_colour_outside_srgb_is_clipped_by_channel():
    # A red as light as sRGB's, but stronger: red is full, and the others are below nothing.
    np.testing.assert_array_equal(pretext.lab_to_rgb(np.array([[[53.24, 110.0, 90.0]]])), [[[255, 0, 0]]])


def test_planes_of_eight_bits():
    lightness, ab = pretext.lab_planes(PICTURE)
    assert (lightness.shape, ab.shape) == ((40, 50, 1), (40, 50, 2))
    lab = color.rgb2lab(PICTURE)
    np.testing.assert_allclose(lightness / 2.55, lab[..., :1], rtol=0, atol=0.5 / 2.55 + 0.01)
    np.testing.assert_allclose(ab - 128.0, lab[..., 1:], rtol=0, atol=0.5 + 0.01)
    blue = pretext.lab_planes(np.uint8([[[0, 0, 255]]]))
    assert [plane.ravel().tolist() for plane in blue] == [[82], [207, 20]]  # 32.297 * 2.55, 79.19 + 128, -107.86 + 128


def test_errors_name_argument_rule_and_value():
    with pytest.raises(ValueError, match=r"`image` must be a uint8 array .* dtype=float64"):
        pretext.rgb_to_lab(PICTURE / 255.0)
    with pytest.raises(ValueError, match=r"`lab` must have shape \(height, width, 3\).*shape=\(4, 4, 2\)"):
        pretext.lab_to_rgb(np.zeros((4, 4, 2)))
