"""The guide's examples run, in their order, on tiny data and for one step of each training."""

import pathlib
from typing import Any

import numpy as np
import pytest
from PIL import Image

import keras_genssl as kg
from tests import guides

BATCH = 12  # a multiple of the six rounds of a step with five critic updates
SMALL = {  # what the guide's numbers become here: the same programs, cheaper
    r"\b5000\b": "12",
    r"2 \* 32,": "2 * 8,",  # fewer codes than photographs, as a Frechet distance needs
    r"convolutional_decoder\(32,": "convolutional_decoder(8,",
    r"\b2500\b": "50",
    r"\b100_000\b": "600",
    r"sample\(10_000": "sample(60",
    r"labels_per_class=5": "labels_per_class=2",
    r"dcgan_generator\(": "dcgan_generator(filters=8, image_shape=",
    r"dcgan_discriminator\(": "dcgan_discriminator(filters=8, image_shape=",
    r"wgan_gp_generator\(": "wgan_gp_generator(filters=8, image_shape=",
    r"wgan_gp_critic\(": "wgan_gp_critic(filters=8, image_shape=",
    r"unet_generator\(": "unet_generator(filters=8, image_shape=",
    r"patch_discriminator\((\(128, 128, 6\))\)": r"patch_discriminator(\1, filters=8)",
    r"filters=32, blocks=4": "filters=8, blocks=1",
    r"filters=32\)": "filters=8)",
}


def garments(count: int, seed: int) -> dict[str, np.ndarray]:
    """Random images with all ten labels, as Fashion-MNIST's: `load`'s arrays."""
    images = np.random.default_rng(seed).integers(256, size=(count, 28, 28, 1), dtype=np.uint8)
    return {"image": images, "label": np.arange(count) % 10}


def folder(path: pathlib.Path, count: int, size: tuple[int, int]) -> None:
    """Random photographs in two sub-folders."""
    generator = np.random.default_rng(0)
    for number in range(count):
        file = path / str(number % 2) / f"{number}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        width, height = size[0] + number, size[1]  # no two of one size
        Image.fromarray(generator.integers(256, size=(height, width, 3), dtype=np.uint8)).save(file)


def test_examples_of_the_guide_run(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, size in {"photos": (70, 90), "paintings": (80, 65), "pairs": (140, 64)}.items():
        folder(tmp_path / name, BATCH, size)
    load = kg.data.load

    def small_load(source: Any, split: str = "train", batch_size: int | None = None, **arguments: Any) -> Any:
        if source == "fashion_mnist":
            source, split = garments(60, seed=len(split)), "train"
        batch_size = batch_size if batch_size in (None, 10_000) else BATCH
        return load(source, split, 60 if batch_size == 10_000 else batch_size, **arguments)

    monkeypatch.setattr(kg.data, "load", small_load)
    guides.one_step(monkeypatch)
    names = guides.run("generative.md", SMALL)

    assert names["images"].shape[1:] == (28, 28, 1)
    assert np.isfinite(names["history"].history["codes_fid"]).all()
    assert names["bags"].shape == (16, 28, 28, 1)
    assert names["painted"].shape == (4, 64, 64, 3)
    assert names["png"].startswith(b"\x89PNG")
    for file in ("samples/epoch-0001.png", "walk/epoch-0001.gif", "vae.png", "closest.png", "between.png"):
        assert (tmp_path / "out" / file).stat().st_size > 0
