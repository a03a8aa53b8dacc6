import itertools

import numpy as np
import pytest
from skimage import color

from keras_genssl import pretext

BINS = pretext.ab_bins()

# The 313 bins of the network published with Zhang et al., 2016: for each a the least and the greatest b.
PUBLISHED = {
    -90: (50, 90), -80: (20, 90), -70: (0, 90), -60: (-20, 90), -50: (-30, 100), -40: (-40, 100), -30: (-50, 100),
    -20: (-50, 100), -10: (-60, 100), 0: (-70, 100), 10: (-80, 90), 20: (-80, 90), 30: (-90, 90), 40: (-100, 90),
    50: (-100, 80), 60: (-110, 80), 70: (-110, 80), 80: (-110, 70), 90: (-110, 70), 100: (-90, 0),
}  # fmt: skip


def test_bins_are_those_published_less_four():
    published = {(a, b) for a, (least, most) in PUBLISHED.items() for b in range(least, most + 1, 10)}
    assert len(published) == 313
    bins = set(map(tuple, BINS.astype(int).tolist()))
    assert len(bins) == len(BINS) == 309
    assert published - bins == {(40, 90), (100, -90), (100, -10), (100, 0)}
    assert not bins - published


def test_the_corners_around_each_colour_are_bins():
    levels = np.arange(0, 256, 15)  # 18 of them, so that 5,832 colours from all through the cube
    colours = np.array(list(itertools.product(levels, repeat=3)), np.uint8)
    ab = color.rgb2lab(colours[np.newaxis])[0, :, 1:]
    clear = ab[np.abs(ab / 10 - np.rint(ab / 10)).min(axis=1) > 2e-3]  # of an edge, where rounding chooses the cell
    bins = set(map(tuple, BINS.astype(int).tolist()))
    for a, b in np.floor(clear / 10).astype(int) * 10:
        assert {(a, b), (a, b + 10), (a + 10, b), (a + 10, b + 10)} <= bins
    distances = np.linalg.norm(ab[:, np.newaxis] - BINS, axis=-1)
    assert distances.min(axis=1).max() < np.hypot(5, 5) + 0.01


def test_nearest_is_by_rounding_inside():
    values = np.array([[[12.0, -7.0], [-33.0, 41.0]], [[0.0, 0.0], [200.0, -60.0]]])
    found = BINS[pretext.nearest_ab_bin(values)]
    np.testing.assert_array_equal(found, [[[10, -10], [-30, 40]], [[0, 0], [100, -60]]])


def test_frequencies_count_the_nearest_bins():
    red, grey = np.uint8([255, 0, 0]), np.uint8([90, 90, 90])
    first = np.stack([red, grey, grey, grey])[np.newaxis]  # (1, 4, 3)
    second = np.stack([red])[np.newaxis]
    frequencies = pretext.ab_bin_frequencies([first, second], sigma=0)
    by_bin = dict(zip(map(tuple, BINS.astype(int).tolist()), frequencies, strict=True))
    assert by_bin[80, 70] == pytest.approx(2 / 5)
    assert by_bin[0, 0] == pytest.approx(3 / 5)
    assert frequencies.sum() == pytest.approx(1)


def test_frequencies_are_spread_by_a_gaussian():
    grey = pretext.ab_bin_frequencies([np.full((2, 2, 3), 90, np.uint8)], sigma=5.0)
    spread = [np.exp(-(a**2 + b**2) / 50) for a, b in BINS.astype(float)]
    np.testing.assert_allclose(grey, np.array(spread) / sum(spread), rtol=1e-12)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([np.zeros((4, 4, 1), np.uint8)],), r"`images` must be arrays \(height, width, 3\).*shape=\(4, 4, 1\)"),
        (([],), "`images` must hold an image"),
        (([np.zeros((4, 4, 3), np.uint8)], -1.0), "`sigma` must be at least 0. Received: sigma=-1.0"),
    ],
)
def test_errors_name_argument_rule_and_value(arguments, message):
    with pytest.raises(ValueError, match=message):
        pretext.ab_bin_frequencies(*arguments)


def test_nearest_refuses_other_shapes():
    with pytest.raises(ValueError, match=r"`ab` must have shape \(..., 2\). Received: shape=\(4, 3\)"):
        pretext.nearest_ab_bin(np.zeros((4, 3)))
