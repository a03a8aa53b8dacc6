"""CycleGAN between two domains whose correct translation is known, compared with baselines that need no training.

    python benchmarks/unpaired_translation.py
    python benchmarks/unpaired_translation.py --domains drawings

`drawings`: the garments of one half of Fashion-MNIST's training images and thick edge drawings of the other half.
`prints`: patches of some of the embedded photographs and patches of others, printed on canvas. The correct translation
is the result of `pretext.edge_drawing` or `pretext.canvas_print` for a test image. Training never sees it: no training
image has its partner in the other domain. Writes the scores of both directions to results/unpaired_translation.json
(for `drawings`, of which one direction is the recipe `fashion_mnist/cyclegan`, to results/unpaired_drawings.json) and
`translations.png` to the output.
"""

import argparse
import pathlib
import shlex
import sys
import time

import keras
import numpy as np
from PIL import Image

import keras_genssl as kg
from pipelines.results import without_places
from pipelines.runtime import code, device, store

RESULTS = pathlib.Path(__file__).parents[1] / "results"
PATCH = 32  # pixels of a photograph's patch; a multiple of the weave's period
FIRST, SECOND = ("astronaut", "coffee", "motorcycle_left", "rocket"), ("chelsea", "flower", "ihc", "hubble_deep_field")
TEST = ("china",)


def drawings(num_test: int) -> dict[str, np.ndarray]:
    """Returns garments and drawings: uint8 `(num, 28, 28, 1)`."""

    def images(split: str) -> np.ndarray:
        examples = kg.data.load("fashion_mnist", split=split, batch_size=1000, shuffle=False, features=["image"])
        return np.concatenate([batch["image"].numpy() for batch in examples])

    def drawn(garments: np.ndarray) -> np.ndarray:
        return np.stack([kg.pretext.edge_drawing(garment) for garment in garments])

    test = images("test")[:num_test]
    return {
        "first": images("train[:50%]"),
        "second": drawn(images("train[50%:]")),
        "test_first": test,
        "test_second": drawn(test),
    }


def prints(num_test: int) -> dict[str, np.ndarray]:
    """Returns patches of photographs and of canvas prints of other photographs: uint8 `(num, 32, 32, 3)`."""
    paths = kg.data.embedded_photographs()

    def patches(names: tuple[str, ...], printed: bool) -> np.ndarray:
        cut = []
        for name in names:
            image = np.asarray(Image.open(paths[name]).convert("RGB"))
            image = kg.pretext.canvas_print(image) if printed else image
            height, width = (size // PATCH * PATCH for size in image.shape[:2])
            rows = image[:height, :width].reshape(height // PATCH, PATCH, width // PATCH, PATCH, 3)
            cut.append(rows.swapaxes(1, 2).reshape(-1, PATCH, PATCH, 3))
        return np.concatenate(cut)

    return {
        "first": patches(FIRST, False),
        "second": patches(SECOND, True),
        "test_first": patches(TEST, False)[:num_test],
        "test_second": patches(TEST, True)[:num_test],
    }


DOMAINS = {"drawings": drawings, "prints": prints}
FILES = {"drawings": "unpaired_drawings.json", "prints": "unpaired_translation.json"}
# The paper's half of the cycle weight if domains differ only in style; the drawing of a drawing is a different one.
IDENTITY_WEIGHTS = {"drawings": 0.0, "prints": 2.5}


def build(shape: tuple[int, int, int], steps: int, options: argparse.Namespace) -> kg.models.CycleGAN:
    """Returns the compiled method; its learning rate falls in the second half of training."""
    translators = [
        kg.backbones.resnet_translator(shape, filters=options.filters, blocks=options.blocks, downsamplings=1)
        for _ in range(2)
    ]
    judges = [kg.backbones.patch_discriminator(shape, filters=options.discriminator_filters, layers=2) for _ in "12"]
    model = kg.models.CycleGAN(
        *translators,
        *judges,
        cycle_weight=options.cycle_weight,
        identity_weight=options.identity_weight,
        pool_size=options.pool_size,
        seed=options.seed,
    )
    half = steps // 2
    rates = {player: kg.schedules.ConstantThenLinear(options.rate, half, steps - half) for player in model.players()}
    model.compile({player: keras.optimizers.Adam(rate, beta_1=0.5) for player, rate in rates.items()})
    return model


def picture(model: kg.models.CycleGAN, arrays: dict[str, np.ndarray], count: int = 20) -> Image.Image:
    """Draws rows: first, translated, the correct translation, and back; second, translated back, and forth again."""
    first, second = (arrays[name][:count] / 127.5 - 1 for name in ("test_first", "test_second"))
    there, back = model.translate(first), model.translate_back(second)
    rows = [first, there, second, model.translate_back(there), back, model.translate(back)]
    pixels = np.concatenate([np.concatenate(list(np.asarray(row)), axis=1) for row in rows])
    pixels = np.rint((pixels + 1) * 127.5).clip(0, 255).astype(np.uint8)
    return Image.fromarray(pixels.squeeze(-1) if pixels.shape[-1] == 1 else pixels)


def parsed(arguments: list[str]) -> argparse.Namespace:
    """Returns the options; the identity weight is that of the domains unless it is given."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path("out/unpaired_translation"))
    parser.add_argument("--domains", choices=DOMAINS, default="prints")
    parser.add_argument("--steps", type=int, default=2400)
    parser.add_argument("--batch-size", type=int, default=4)
    parser.add_argument("--filters", type=int, default=16)
    parser.add_argument("--blocks", type=int, default=3)
    parser.add_argument("--discriminator-filters", type=int, default=24)
    parser.add_argument("--cycle-weight", type=float, default=5.0)
    parser.add_argument("--identity-weight", type=float, help="prints: 2.5, drawings: 0")
    parser.add_argument("--pool-size", type=int, default=50)
    parser.add_argument("--rate", type=float, default=5e-4)
    parser.add_argument("--test-images", type=int, default=2000, help="at most; the prints have 260")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    if options.identity_weight is None:
        options.identity_weight = IDENTITY_WEIGHTS[options.domains]
    return options


def main(arguments: list[str]) -> None:
    """Trains, scores and writes."""
    options = parsed(arguments)
    keras.utils.set_random_seed(options.seed)
    arrays = DOMAINS[options.domains](options.test_images)
    steps = options.steps
    data = kg.data.load(
        {"image": arrays["first"]},
        batch_size=options.batch_size,
        seed=options.seed,
        transform=kg.pretext.Unpaired(arrays["second"]),
    )
    model = build(arrays["first"].shape[1:], steps, options)
    start, cpu = time.monotonic(), time.process_time()
    model.fit(data.repeat(), steps_per_epoch=steps, verbose=0)
    seconds, cpu_seconds = time.monotonic() - start, time.process_time() - cpu

    first, second = arrays["test_first"], arrays["test_second"]
    record = {
        "kind": "unpaired_translation",
        "command": without_places(shlex.join(["python", "benchmarks/unpaired_translation.py", *arguments])),
        "domains": options.domains,
        "images": {name: len(images) for name, images in arrays.items()},
        "size": list(first.shape[1:]),
        "scores": {
            "translate": kg.metrics.translation_scores(
                model.translate, first, second, arrays["second"], model.translate_back
            ),
            "translate_back": kg.metrics.translation_scores(
                model.translate_back, second, first, arrays["first"], model.translate
            ),
        },
        "settings": {name: value for name, value in vars(options).items() if name not in ("output", "domains", "seed")},
        "seed": options.seed,
        "seconds": round(seconds, 1),
        "cpu_seconds": round(cpu_seconds, 1),
        "device": device.start(),
        "versions": code.versions(),
    }
    options.output.mkdir(parents=True, exist_ok=True)
    picture(model, arrays).save(options.output / "translations.png")
    RESULTS.mkdir(exist_ok=True)
    store.write_json(RESULTS / FILES[options.domains], record)
    for direction, scores in record["scores"].items():
        print(direction, {name: round(value, 4) for name, value in scores.items()})


if __name__ == "__main__":
    main(sys.argv[1:])
