import numpy as np
from PIL import Image

from pipelines.data.statistics import perceptual_hash


def _bits(array):
    return f"{int(perceptual_hash.hashes(array[None])[0]):064b}"


def test_a_gradient_has_the_odd_frequencies_of_its_direction_alone():
    # Of a ramp that falls from left to right every odd horizontal frequency is positive and every even one is zero:
    # a ramp is odd about its middle. All other rows are zero, so the median is zero and those five bits are set.
    across = np.tile(np.arange(255, 255 - 64, -2, dtype=np.uint8), (32, 1))
    assert _bits(across) == "11010101" + 7 * "00000000"
    assert _bits(across.T) == "10000000" + "10000000" + 3 * ("00000000" + "10000000")
    assert _bits(across[:, ::-1]) == "10000000" + 7 * "00000000"  # the odd ones are negative


def test_the_transform_is_the_cosine_transform():
    from scipy.fft import dctn

    small = np.random.default_rng(0).integers(0, 256, (4, 32, 32), dtype=np.uint8)
    spectrum = dctn(small.astype(float), axes=(1, 2))[:, :8, :8].reshape(4, -1)
    expected = np.packbits(spectrum > np.median(spectrum, axis=1, keepdims=True), axis=1).view(">u8").ravel()
    np.testing.assert_array_equal(perceptual_hash.hashes(small), expected.astype(np.uint64))


def test_a_constant_image_has_the_bit_of_its_mean_alone_and_its_level_as_thumbnail():
    image = Image.new("RGB", (40, 30), (90, 90, 90))
    small = perceptual_hash.shrink(image)
    assert _bits(small) == "1" + 63 * "0"
    np.testing.assert_array_equal(perceptual_hash.thumbnails(small[None]), np.full((1, 64), 90))


def test_thumbnails_are_means_of_boxes_rounded():
    small = np.zeros((1, 32, 32), np.uint8)
    small[0, :4, :4] = np.arange(16).reshape(4, 4)  # mean 7.5
    small[0, 28:, 28:] = 255
    thumbnail = perceptual_hash.thumbnails(small)[0].reshape(8, 8)
    assert (thumbnail[0, 0], thumbnail[7, 7], thumbnail.sum()) == (8, 255, 263)


def test_a_photograph_made_smaller_is_known_again_and_its_mirror_image_is_not():
    from skimage import data

    image = Image.fromarray(data.astronaut())
    one, smaller, mirrored = (
        perceptual_hash.shrink(each)
        for each in (
            image,
            image.resize((173, 211), Image.Resampling.LANCZOS),
            image.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
        )
    )
    hashes = perceptual_hash.hashes(np.stack([one, smaller, mirrored]))
    thumbnails = perceptual_hash.thumbnails(np.stack([one, smaller, mirrored])).astype(int)
    assert int(hashes[0] ^ hashes[1]).bit_count() <= 4
    assert abs(thumbnails[0] - thumbnails[1]).max() <= 8
    assert int(hashes[0] ^ hashes[2]).bit_count() > 16
