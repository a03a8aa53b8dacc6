"""SimCLR from the files of a folder to the step, by this library or by lightly.

python benchmarks/peers/loop.py ours FOLDER
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from processes import serve
from rows import IMAGES, LOOP_BATCH, SEED, THREADS, WORKERS

SIZE = 32


def write_images(folder: Path) -> None:
    """Writes smooth random images as PNG."""
    from PIL import Image

    rng = np.random.default_rng(SEED)
    for number in range(IMAGES):
        small = Image.fromarray(rng.integers(256, size=(8, 8, 3), dtype=np.uint8))
        small.resize((SIZE, SIZE), Image.Resampling.BICUBIC).save(folder / f"{number:05}.png")


def ours(folder: str) -> tuple[int, Callable[[int], Any]]:
    import keras
    from ours import adam, limit_threads, trained

    import keras_genssl as kg

    limit_threads()
    keras.utils.set_random_seed(SEED)
    encoder = kg.backbones.resnet18((SIZE, SIZE, 3), stem="small", filters=32)
    model = kg.models.SimCLR(encoder, views=kg.views.simclr(SIZE, strength=0.5, blur=False))
    model.compile(adam(0.9))
    data = kg.data.load(folder, batch_size=LOOP_BATCH)
    return trained(model), lambda steps: model.fit(data, steps_per_epoch=steps, epochs=1, verbose=0)


def lightly(folder: str) -> tuple[int, Callable[[int], Any]]:
    import torch
    import torchvision_operators  # noqa: F401
    from lightly.data import LightlyDataset
    from lightly.loss import NTXentLoss
    from lightly.transforms import SimCLRTransform
    from pytorch import adam, resnet18, simclr_head, update
    from torch import nn

    torch.set_num_threads(THREADS)
    torch.manual_seed(SEED)
    network = nn.Sequential(resnet18(), *simclr_head()).to(memory_format=torch.channels_last)
    half = {"mean": [0.5] * 3, "std": [0.5] * 3}
    views = SimCLRTransform(input_size=SIZE, cj_strength=0.5, gaussian_blur=0.0, normalize=half)
    data = torch.utils.data.DataLoader(
        LightlyDataset(folder, transform=views),
        batch_size=LOOP_BATCH,
        shuffle=True,
        drop_last=True,
        num_workers=WORKERS,
        persistent_workers=True,
    )
    optimizer, contrast = adam(network.parameters(), 0.9), NTXentLoss(temperature=0.2)

    def batches() -> Any:
        while True:
            yield from data

    batch = batches()

    def steps(number: int) -> None:
        for _ in range(number):
            (first, second), *_ = next(batch)
            both = network(torch.cat([first, second]).contiguous(memory_format=torch.channels_last))
            update(optimizer, contrast(*both.chunk(2)))

    return sum(each.numel() for each in network.parameters()), steps


if __name__ == "__main__":
    side, folder = sys.argv[1:]
    serve(*{"ours": ours, "lightly": lightly}[side](folder))
