import numpy as np
import pytest

from keras_genssl.pretext import canvas_print


def test_pixel_by_pixel() -> None:
    image = np.random.default_rng(1).integers(0, 256, (7, 9, 3), dtype=np.uint8)
    printed = canvas_print(image, warmth=2.0, depth=0.25)
    for row in range(7):
        for column in range(9):
            thread = (row // 2) % 2 == (column // 2) % 2
            for channel, gamma in enumerate((0.5, 1.0, 2.0)):
                value = 255 * (image[row, column, channel] / 255) ** gamma * (0.75 if thread else 1.0)
                assert abs(printed[row, column, channel] - value) <= 0.5 + 1e-9  # rounded


def test_the_weave_goes_through_patches_cut_at_multiples_of_its_period() -> None:
    image = np.random.default_rng(2).integers(0, 256, (16, 16, 1), dtype=np.uint8)
    np.testing.assert_array_equal(canvas_print(image)[4:12, 8:], canvas_print(image[4:12, 8:]))
    assert np.any(canvas_print(image)[2:12, 8:] != canvas_print(image[2:12, 8:]))


def test_nothing_changes_without_warmth_and_depth() -> None:
    image = np.random.default_rng(3).integers(0, 256, (5, 6, 3), dtype=np.uint8)
    np.testing.assert_array_equal(canvas_print(image, warmth=1, depth=0), image)


def test_errors_name_argument_rule_and_value() -> None:
    image = np.zeros((4, 4, 3), np.uint8)
    with pytest.raises(ValueError, match=r"`warmth` must be positive\. Received: warmth=0"):
        canvas_print(image, warmth=0)
    with pytest.raises(ValueError, match=r"`depth` must lie in \[0, 1\)\. Received: depth=1"):
        canvas_print(image, depth=1)
