"""CycleGAN between two domains whose truth is known, scored beside what needs no training.

    python benchmarks/unpaired_translation.py --output out/drawings
    python benchmarks/unpaired_translation.py --domains prints --output out/prints

`drawings`: the garments of one half of Fashion-MNIST's training images against thick edge drawings of the other
half. `prints`: patches of some of the embedded photographs against patches of others, printed on canvas. The truth,
what `pretext.edge_drawing` or `pretext.canvas_print` makes of a test image, is never seen: no training image has
its partner among the other domain's. Writes `scores.json`, both directions, and `translations.png`.
"""

import argparse
import json
import pathlib
import time

import keras
import numpy as np
from PIL import Image

import keras_genssl as kg

PATCH = 32  # pixels of a photograph's patch; a multiple of the weave's period
FIRST, SECOND = ("astronaut", "coffee", "motorcycle_left", "rocket"), ("chelsea", "flower", "ihc", "hubble_deep_field")
TEST = ("china",)


def drawings(num_test: int) -> dict[str, np.ndarray]:
    """Garments and drawings: uint8 `(num, 28, 28, 1)`."""

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
    """Patches of photographs and of canvas prints of others: uint8 `(num, 32, 32, 3)`."""
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


def build(shape: tuple[int, int, int], steps: int, options: argparse.Namespace) -> kg.models.CycleGAN:
    """The compiled method; its learning rate falls in the second half."""
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
    """Rows: first, translated, its truth, and back; second, translated back, and there again."""
    first, second = (arrays[name][:count] / 127.5 - 1 for name in ("test_first", "test_second"))
    there, back = model.translate(first), model.translate_back(second)
    rows = [first, there, second, model.translate_back(there), back, model.translate(back)]
    pixels = np.concatenate([np.concatenate(list(np.asarray(row)), axis=1) for row in rows])
    pixels = np.rint((pixels + 1) * 127.5).clip(0, 255).astype(np.uint8)
    return Image.fromarray(pixels.squeeze(-1) if pixels.shape[-1] == 1 else pixels)


def main() -> None:
    """Trains, scores and writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=pathlib.Path, required=True)
    parser.add_argument("--domains", choices=("drawings", "prints"), default="drawings")
    parser.add_argument("--steps", type=int, default=2400)
    parser.add_argument("--batch-size", type=int, default=4)
    parser.add_argument("--filters", type=int, default=16)
    parser.add_argument("--blocks", type=int, default=3)
    parser.add_argument("--discriminator-filters", type=int, default=24)
    parser.add_argument("--cycle-weight", type=float, default=5.0)
    parser.add_argument("--identity-weight", type=float, default=0.0)
    parser.add_argument("--pool-size", type=int, default=50)
    parser.add_argument("--rate", type=float, default=5e-4)
    parser.add_argument("--test-images", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()

    keras.utils.set_random_seed(options.seed)
    arrays = {"drawings": drawings, "prints": prints}[options.domains](options.test_images)
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
    cost = {"seconds": time.monotonic() - start, "cpu_seconds": time.process_time() - cpu}

    first, second = arrays["test_first"], arrays["test_second"]
    scores = {
        "translate": kg.metrics.translation_scores(
            model.translate, first, second, arrays["second"], model.translate_back
        ),
        "translate_back": kg.metrics.translation_scores(
            model.translate_back, second, first, arrays["first"], model.translate
        ),
    }
    options.output.mkdir(parents=True, exist_ok=True)
    settings = {name: str(value) for name, value in vars(options).items()}
    report = {"settings": settings, "cost": cost, "scores": scores}
    (options.output / "scores.json").write_text(json.dumps(report, indent=2) + "\n")
    picture(model, arrays).save(options.output / "translations.png")
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
