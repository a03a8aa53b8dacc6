import numpy as np
import pytest
from PIL import Image, ImageFilter

from keras_genssl import pretext


def photograph(height, width, channels=3, seed=0):
    """Structure on every scale: random pictures of several sizes, enlarged and added."""
    rng = np.random.default_rng(seed)
    layers = [
        np.kron(rng.uniform(-1, 1, (-(-height // k), -(-width // k), channels)), np.ones((k, k, 1)))[:height, :width]
        for k in (1, 2, 5, 11)
    ]
    return np.rint(128 + 25 * sum(layers)).clip(0, 255).astype(np.uint8)


def test_blur_and_sharpen_are_pillows():
    image = photograph(30, 20)
    pillow = Image.fromarray(image)
    np.testing.assert_array_equal(pretext.degrade(image, "blur", 1.6), pillow.filter(ImageFilter.GaussianBlur(1.6)))
    sharp = pillow.filter(ImageFilter.UnsharpMask(1.2, 150, 0))
    np.testing.assert_array_equal(pretext.degrade(image, "sharpen", 150), sharp)
    np.testing.assert_array_equal(
        pretext.degrade(image[..., :1], "blur", 1.6)[..., 0], pretext.degrade(image, "blur", 1.6)[..., 0]
    )


@pytest.mark.parametrize("sigma", [0.6, 1.0, 1.6])
def test_blur_has_the_variance_of_its_sigma(sigma):
    point = np.zeros((31, 31, 1), np.uint8)
    point[15] = 250  # a line: its profile is the kernel's marginal
    profile = pretext.degrade(point, "blur", sigma)[:, 15, 0].astype(float)
    position = np.arange(31) - 15
    variance = (profile * position**2).sum() / profile.sum()
    assert variance == pytest.approx(sigma**2, abs=0.1 * sigma)  # eight bits cut the tails


@pytest.mark.parametrize("factor", [2, 3, 4])
def test_down_up_is_downscale_then_upscale(factor):
    image = photograph(24, 36)
    expected = pretext.upscale(pretext.downscale(image, factor), factor)
    np.testing.assert_array_equal(pretext.degrade(image, "down_up", factor), expected)


def test_down_up_by_a_fraction_rounds_the_small_size():
    image = photograph(31, 20)
    small = Image.fromarray(image).resize((13, 21), Image.Resampling.BICUBIC)
    expected = np.asarray(small.resize((20, 31), Image.Resampling.BICUBIC))
    np.testing.assert_array_equal(pretext.degrade(image, "down_up", 1.5), expected)


@pytest.mark.parametrize("sigma", [4.0, 10.0])
def test_noise_has_its_standard_deviation(sigma):
    image = np.full((200, 200, 3), 128, np.uint8)
    noise = pretext.degrade(image, "noise", sigma, seed=3).astype(float) - 128
    # Rounding adds 1/12 to the variance; 120,000 samples give the standard deviation to 0.2 %.
    assert noise.std() == pytest.approx(np.sqrt(sigma**2 + 1 / 12), rel=0.01)
    assert abs(noise.mean()) < 0.1
    correlation = np.corrcoef(noise[..., 0].ravel(), noise[..., 1].ravel())[0, 1]
    assert abs(correlation) < 0.02
    np.testing.assert_array_equal(noise + 128, pretext.degrade(image, "noise", sigma, seed=3))
    assert np.any(noise + 128 != pretext.degrade(image, "noise", sigma, seed=4))


def test_noise_is_clipped_not_wrapped():
    white = pretext.degrade(np.full((50, 50, 3), 255, np.uint8), "noise", 10.0)
    assert white.min() > 190
    assert 0.4 < (white == 255).mean() < 0.6


def test_every_degradation_is_drawn_evenly_and_does_what_its_label_says():
    image = photograph(72, 72)  # one place to cut
    counts = np.zeros(len(pretext.DEGRADATIONS), int)
    inner = slice(20, 52)
    for seed in range(550):
        pair = pretext.degraded_pair({"image": image}, seed)
        counts[pair["degradation"]] += 1
        kind, strength = pretext.DEGRADATIONS[pair["degradation"]]
        np.testing.assert_array_equal(pair["reference"], image[inner, inner])
        if kind == "noise":
            difference = pair["image"].astype(float) - pair["reference"]
            assert difference.std() == pytest.approx(strength, rel=0.1)
        else:
            np.testing.assert_array_equal(pair["image"], pretext.degrade(image, kind, strength)[inner, inner])
    assert counts.min() > 25  # 50 expected, standard deviation 6.7
    assert counts.max() < 75


@pytest.mark.parametrize(("kind", "strength"), [d for d in pretext.DEGRADATIONS if d[0] != "noise"])
def test_the_default_margin_hides_the_border(kind, strength):
    """The inner part is that of the whole picture degraded, where the grids of "down_up" agree."""
    image = photograph(144, 144)
    crop = image[36:108, 36:108]
    alone = pretext.degrade(crop, kind, strength)[20:-20, 20:-20]
    whole = pretext.degrade(image, kind, strength)[56:88, 56:88]
    np.testing.assert_array_equal(alone, whole)


def test_crops_come_from_everywhere():
    rows, columns = np.mgrid[:80, :90].astype(np.uint8)
    image = np.stack([rows, columns, rows], axis=-1)
    corners = {tuple(pretext.degraded_pair({"image": image}, seed)["reference"][0, 0, :2]) for seed in range(900)}
    assert {row for row, _ in corners} == set(range(20, 29))
    assert {column for _, column in corners} == set(range(20, 39))


def test_seed_reproduces_and_input_is_untouched():
    example = {"image": photograph(100, 90), "key": b"k"}
    before = example["image"].copy()
    for seed in range(30):
        first, again = (pretext.degraded_pair(example, seed, size=24, margin=12) for _ in range(2))
        assert set(first) == {"reference", "image", "degradation"}
        for name, value in first.items():
            np.testing.assert_array_equal(value, again[name])
        assert first["image"].shape == first["reference"].shape == (24, 24, 3)
        assert first["image"].flags.c_contiguous
    np.testing.assert_array_equal(example["image"], before)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"size": 0}, "`size` must be an integer of at least 1. Received: size=0"),
        ({"margin": -1}, "`margin` must be an integer of at least 0. Received: margin=-1"),
        ({"size": 70}, r"`size \+ 2 \* margin` = 110 pixels.*height=80, width=72"),
        ({"example": {"image": np.zeros((80, 72, 3), np.float32)}}, "`image` must be a uint8 array"),
    ],
)
def test_pairs_refuse_what_breaks_a_rule(arguments, message):
    with pytest.raises(ValueError, match=message):
        pretext.degraded_pair(**{"example": {"image": photograph(80, 72)}, "seed": 0, **arguments})


@pytest.mark.parametrize(
    ("kind", "strength", "message"),
    [
        ("blurr", 1.0, r"`kind` must be one of \['blur', 'down_up', 'noise', 'sharpen'\]. Received: kind='blurr'"),
        ("blur", 0, "`strength` must be positive, of 'down_up' more than 1. Received: strength=0"),
        ("down_up", 1, "Received: strength=1"),
        ("noise", float("nan"), "Received: strength=nan"),
    ],
)
def test_degrade_refuses_what_breaks_a_rule(kind, strength, message):
    with pytest.raises(ValueError, match=message):
        pretext.degrade(photograph(8, 8), kind, strength)
