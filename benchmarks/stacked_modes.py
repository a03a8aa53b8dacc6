"""A thousand modes: the number of them that small GANs of stacked Fashion-MNIST cover.

    python benchmarks/stacked_modes.py [--steps N] [--seeds 0 1]
    python benchmarks/stacked_modes.py --steps N --add "EBGAN"    # only this one, into the record that is there

Three random garments are the channels of one image, and each triple of classes is a mode (Srivastava et al., 2017,
https://arxiv.org/abs/1705.07761; Lin et al., 2018, https://arxiv.org/abs/1712.04086, with MNIST's digits). The shipped
classifier of Fashion-MNIST names the class of each channel. The table also has stacks of test images, the upper limit
of what the classifier can find, and the rate of near duplicates in batches of samples (Arora and Zhang, 2018,
https://arxiv.org/abs/1706.08224). Prints the table and writes results/stacked_modes.json.
"""

import argparse
import dataclasses
import pathlib
import shlex
import sys
import time

import keras
import numpy as np
from added_rows import added
from garments import fashion_mnist

import keras_genssl as kg
from keras_genssl import analysis
from pipelines.runtime import code, device, store

RESULTS = pathlib.Path(__file__).parents[1] / "results" / "stacked_modes.json"
IMAGE = (28, 28, 3)
STACKS = 50_000  # for training
SAMPLES = 10_000
DUPLICATES_AMONG = 250  # samples of a batch that is searched for its closest pair
BATCH = 64
FILTERS = 32
LATENT_DIM = 64
CODE_DIM = 32  # of EBGAN's discriminator
MARGIN = 0.2
RATE = 4e-4
SHOWN = 8  # stacks side by side in a picture, in as many rows


@dataclasses.dataclass(frozen=True)
class Setting:
    """The settings of one training: of a GAN with an adversarial loss, or of an EBGAN with a weight of its term."""

    adversarial_loss: kg.losses.AdversarialLoss | None = None
    pulling_away: float | None = None
    minibatch_stddev: bool = False
    penalty: kg.penalties.DiscriminatorPenalty | None = None
    batch_norm: bool = True  # in the discriminator


SETTINGS = {
    "DCGAN": Setting(kg.losses.NonSaturatingGANLoss()),
    "DCGAN, minibatch stddev": Setting(kg.losses.NonSaturatingGANLoss(), minibatch_stddev=True),
    "relativistic, R1, no batch norm in D": Setting(
        kg.losses.RelativisticGANLoss(), penalty=kg.penalties.R1Penalty(0.5, every=8), batch_norm=False
    ),
    "EBGAN": Setting(pulling_away=0.0),
    "EBGAN, pulling away": Setting(pulling_away=0.1),
}


def networks(setting: Setting) -> tuple[keras.Model, keras.Model]:
    """Returns the generator and the discriminator."""
    generator = kg.backbones.dcgan_generator(IMAGE, LATENT_DIM, FILTERS)
    if setting.pulling_away is not None:
        encoder = kg.backbones.convolutional_encoder(CODE_DIM, FILTERS, input_shape=IMAGE)
        decoder = kg.backbones.convolutional_decoder(CODE_DIM, FILTERS, output_shape=IMAGE)
        return generator, kg.backbones.with_code(encoder, decoder)
    discriminator = kg.backbones.dcgan_discriminator(IMAGE, FILTERS, batch_norm=setting.batch_norm)
    if setting.minibatch_stddev:  # before the last two layers, as in progressive growing
        features = kg.layers.MinibatchStdDev(group_size=8)(discriminator.layers[-3].output)
        logit = keras.layers.Dense(1)(keras.layers.Flatten()(features))
        discriminator = keras.Model(discriminator.input, logit)
    return generator, discriminator


def method(setting: Setting) -> kg.models.GAN | kg.models.EBGAN:
    """Returns what is trained."""
    if setting.pulling_away is not None:
        energies = {"margin": MARGIN, "pulling_away": setting.pulling_away}
        return kg.models.EBGAN(*networks(setting), LATENT_DIM, **energies, ema=0.99)
    adversarial = {"adversarial_loss": setting.adversarial_loss, "penalty": setting.penalty}
    return kg.models.GAN(*networks(setting), LATENT_DIM, **adversarial, ema=0.99)


def train(setting: Setting, stacks: np.ndarray, steps: int, seed: int) -> kg.models.GAN | kg.models.EBGAN:
    """Returns a model after `steps` updates of each player."""
    keras.utils.set_random_seed(seed)
    model = method(setting)
    optimizers = {player: keras.optimizers.Adam(RATE, beta_1=0.5) for player in ("discriminator", "generator")}
    model.compile(optimizers)
    batches = kg.data.load({"image": stacks}, batch_size=len(model.rounds()) * BATCH, seed=seed)
    model.fit(batches.repeat(), steps_per_epoch=steps, verbose=0)
    return model


def examine(samples: np.ndarray, features: kg.metrics.FashionFeatures, threshold: float) -> dict:
    """Returns the numbers measured on 8-bit samples."""
    modes, divergence = analysis.stacked_mode_coverage(analysis.stacked_predictions(features.logits, samples))
    rate = analysis.duplicate_rate(analysis.to_float(samples), DUPLICATES_AMONG, threshold)
    return {"modes": modes, "kl": divergence, "duplicates": rate}


def duplicate_threshold(real: np.ndarray) -> float:
    """Returns the root mean square difference that the closest pair is below in half of the batches of real stacks."""
    images = analysis.to_float(real)
    starts = range(0, len(images) - DUPLICATES_AMONG + 1, DUPLICATES_AMONG)
    closest = [analysis.closest_pairs(images[start : start + DUPLICATES_AMONG], 1)[1][0] for start in starts]
    return float(np.median(closest))


def main(steps: int, seeds: list[int], names: list[str], write: bool, add: bool = False) -> None:
    features = kg.metrics.fashion_features()
    stacks, _ = analysis.stacked_classes(*fashion_mnist("train"), STACKS, seed=0)
    real, labels = analysis.stacked_classes(*fashion_mnist("test"), SAMPLES, seed=1)
    threshold = duplicate_threshold(real)
    truth = examine(real, features, threshold)
    truth["accuracy"] = float(np.mean(analysis.stacked_predictions(features.logits, real) == labels))
    print(f"{'':40s} {'seed':>4} {'modes':>5} {'KL':>7} {'duplicates':>10} {'CPU s':>8}")
    print(f"{'test images':40s} {'':4} {truth['modes']:5d} {truth['kl']:7.4f} {truth['duplicates']:10.1%}", flush=True)
    rows, shown = [], []
    for name in names:
        for seed in seeds:
            started = time.process_time()
            model = train(SETTINGS[name], stacks, steps, seed)
            seconds = time.process_time() - started
            samples = analysis.to_uint8(model.sample(SAMPLES, seed=seed))
            if seed == seeds[0]:
                shown.append(analysis.image_grid(samples[: SHOWN**2], columns=SHOWN))
            row = {"setting": name, "seed": seed, **examine(samples, features, threshold), "seconds": round(seconds, 1)}
            rows.append(row)
            print(
                f"{name:40s} {seed:4d} {row['modes']:5d} {row['kl']:7.4f} {row['duplicates']:10.1%} {seconds:8.1f}",
                flush=True,
            )
    if not write:
        return
    record = {
        "kind": "stacked_modes",
        "command": shlex.join(["python", "benchmarks/stacked_modes.py", *sys.argv[1:]]),
        "data": {"name": "Fashion-MNIST", "modes": analysis.stacked.NUM_STACKED_MODES, "stacks": STACKS},
        "samples": SAMPLES,
        "duplicates": {"among": DUPLICATES_AMONG, "threshold": threshold},
        "steps": steps,
        "batch_size": BATCH,
        "truth": truth,
        "rows": rows,
        "device": device.start(),
        "versions": code.versions(),
    }
    RESULTS.parent.mkdir(exist_ok=True)
    store.write_json(RESULTS, added(RESULTS, record) if add else record)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=2000, help="updates of each player")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    some = parser.add_mutually_exclusive_group()
    some.add_argument("--only", nargs="+", choices=SETTINGS, help="try settings, and write no record")
    some.add_argument("--add", nargs="+", choices=SETTINGS, help="measure settings, and put their rows into the record")
    arguments = parser.parse_args()
    names = arguments.only or arguments.add or list(SETTINGS)
    main(arguments.steps, arguments.seeds, names, write=not arguments.only, add=bool(arguments.add))
