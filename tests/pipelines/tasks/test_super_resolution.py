import re

import numpy as np
import pytest
from PIL import Image

from keras_genssl import pretext
from pipelines.errors import UserError
from pipelines.run import loading as recipe
from pipelines.tasks.super_resolution import measure


@pytest.fixture
def photographs():
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (6, 8, 3), dtype=np.uint8)
    smooth = np.asarray(Image.fromarray(coarse).resize((64, 48), Image.Resampling.BICUBIC))
    noisy = smooth.copy()
    noisy[:, 32:] = rng.integers(0, 256, (48, 32, 3), dtype=np.uint8)
    return [{"name": b"smooth", "high": smooth}, {"name": "noisy", "high": noisy}]


@pytest.fixture
def plain():
    return recipe.load("super_resolution", ["evaluate.bless={gain_db: {min: 1}, least_gain_db: {min: -0.2}}"])


def _bicubic(low):
    return pretext.upscale(low, 2)


def test_bicubic_gains_nothing_over_itself(photographs, plain, tmp_path):
    result = measure.measure(photographs, _bicubic, plain, tmp_path)
    assert [row["gain_db"] for row in result["images"]] == [0.0, 0.0]
    assert result["numbers"]["psnr"] == result["baselines"]["bicubic"]["psnr"]
    assert plain.evaluate.against(result["numbers"], result["examples"]) == ["gain_db 0 is below its min of 1"]


def test_numbers_are_those_of_the_definition(photographs, plain, tmp_path):
    photograph = photographs[0]
    off = photograph["high"].copy()
    off[2:-2, 2:-2] = np.where(off[2:-2, 2:-2] < 128, off[2:-2, 2:-2] + 3, off[2:-2, 2:-2] - 3)
    result = measure.measure([photograph], lambda low: off, plain, tmp_path)
    weights = np.array([65.481, 128.553, 24.966]) / 255
    error = ((off.astype(float) - photograph["high"]) @ weights)[2:-2, 2:-2]
    assert result["images"][0]["psnr_ours"] == pytest.approx(10 * np.log10(255**2 / np.mean(error**2)), abs=1e-3)
    assert result["images"][0]["name"] == "smooth"
    assert (result["images"][0]["height"], result["images"][0]["width"]) == (48, 64)


def test_one_bad_photograph_prevents_the_blessing(photographs, plain, tmp_path):
    truth = {photograph["high"].shape: photograph["high"] for photograph in photographs[:1]}
    answers = iter([truth[48, 64, 3], np.zeros((48, 64, 3), np.uint8)])
    result = measure.measure(photographs, lambda low: next(answers), plain, tmp_path)
    assert result["images"][0]["psnr_ours"] == measure.PSNR_CEILING  # equal images, kept finite
    (reason,) = plain.evaluate.against({**result["numbers"], "gain_db": 9.0}, result["examples"])
    assert re.fullmatch(r"least_gain_db -[\d.]+ \(noisy\) is below its min of -0.2", reason)
    gains = [row["gain_db"] for row in result["images"]]
    assert (result["numbers"]["gain_db"], result["numbers"]["least_gain_db"]) == (sum(gains) / 2, min(gains))


def test_crops_show_where_bicubic_errs_most(plain, tmp_path):
    high = np.full((400, 400, 3), 128, np.uint8)
    high[260:380, 200:320] = np.random.default_rng(0).integers(0, 256, (120, 120, 3), dtype=np.uint8)
    measure.measure([{"name": "a", "high": high}], _bicubic, plain, tmp_path)
    truth = np.asarray(Image.open(tmp_path / "0-truth.png"))
    assert truth.shape == (128, 128, 3)
    assert np.asarray(Image.open(tmp_path / "0-low.png")).shape == (64, 64, 3)
    assert (truth != 128).any(axis=-1).sum() > 0.99 * 120 * 120  # the whole noisy square is in it


def test_nothing_held_out_is_an_error(plain, tmp_path):
    with pytest.raises(UserError, match="No photograph was held out"):
        measure.measure([], _bicubic, plain, tmp_path)
