import numpy as np
import pytest

from keras_genssl import pretext


def photograph(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize("interpolation", [None, "bicubic"])
def test_patches_are_squares_of_the_whole(interpolation):
    scale, size, stride = 3, 12, 6
    pair = pretext.low_high(photograph(31, 26), scale, interpolation)
    patches = pretext.aligned_patches(pair, size, stride)
    factor = 1 if interpolation else scale
    corners = [(top, left) for top in (0, 6, 12, 18) for left in (0, 6, 12)]  # 30 x 24 after the crop
    assert len(patches) == len(corners)
    for patch, (top, left) in zip(patches, corners, strict=True):
        np.testing.assert_array_equal(patch["high"], pair["high"][top : top + size, left : left + size])
        low = pair["low"][top // factor :, left // factor :][: size // factor, : size // factor]
        np.testing.assert_array_equal(patch["low"], low)
        assert patch["low"].shape == (size // factor, size // factor, 3)


def test_low_patch_shows_what_its_high_patch_shows():
    """On a position-coded image the small patch's mean is that of its own large patch and no other's."""
    ramp = np.broadcast_to((np.arange(64) * 4)[:, None, None], (64, 64, 3)).astype(np.uint8)
    for patch in pretext.aligned_patches(pretext.low_high(ramp, 2), 16, 16):
        assert abs(patch["low"].mean() - patch["high"].mean()) < 1


def test_small_image_has_no_patch():
    assert pretext.aligned_patches(pretext.low_high(photograph(10, 20), 2), 12, 12) == []


@pytest.mark.parametrize(
    ("size", "stride", "message"),
    [
        (7, 4, "`patch_size` must be .* factor 2. Received: patch_size=7"),
        (8, 0, "stride=0"),
        (8.0, 2, "=8.0"),
    ],
)
def test_sizes_must_be_multiples(size, stride, message):
    with pytest.raises(ValueError, match=message):
        pretext.aligned_patches(pretext.low_high(photograph(16, 16), 2), size, stride)


def test_pair_must_fit():
    with pytest.raises(ValueError, match="integer factor larger"):
        pretext.aligned_patches({"low": photograph(5, 5), "high": photograph(10, 11)}, 4, 4)
