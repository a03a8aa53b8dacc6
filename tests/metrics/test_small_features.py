import numpy as np

from keras_genssl.backbones import perceptual_extractor
from keras_genssl.metrics import FID, KID, SmallFeatures


def test_features_are_the_means_of_three_maps_and_grey_counts_as_colour():
    images = np.random.default_rng(0).integers(0, 256, (3, 16, 20, 3), np.uint8)
    extractor = perceptual_extractor("small", ["block1_conv2", "block2_conv2", "block3_conv2"])
    maps = extractor((images / 127.5 - 1).astype(np.float32))
    expected = [[np.asarray(one)[row, ..., channel].mean() for one in maps for channel in range(one.shape[-1])]
                for row in range(3)]  # fmt: skip
    features = SmallFeatures()
    np.testing.assert_allclose(features(images), expected, rtol=1e-4, atol=1e-6)
    grey = images[..., :1]
    np.testing.assert_array_equal(features(grey), features(np.repeat(grey, 3, axis=-1)))
    assert KID(features, images, subset_size=2).name == "small_kid"


def test_a_cast_of_colour_is_farther_than_a_mirror_image():
    rng = np.random.default_rng(1)
    images = rng.integers(0, 256, (180, 12, 12, 3), np.uint8)  # more than the 168 features
    fid = FID(SmallFeatures(), images)
    assert fid(images[:, :, ::-1]) < 0.05 * fid(images // np.array([1, 2, 3], np.uint8))
