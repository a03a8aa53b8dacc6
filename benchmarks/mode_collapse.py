"""Mode collapse on 25 Gaussians: the number of modes that one GAN covers under several settings.

    python benchmarks/mode_collapse.py [--seeds 0 1 2]
    python benchmarks/mode_collapse.py --add "EBGAN" "EBGAN, pulling away"    # into the record that is there

The data are a 5x5 grid of Gaussians, 2 apart, with a standard deviation of 0.1. All settings train the same networks
and are judged by 2,500 samples: a sample is of high quality within 3 standard deviations of a centre, and a mode is
covered if it has one such sample (`keras_genssl.metrics.mode_coverage`). Perfect samples give 25 modes and 98.9%.
Prints the table, writes results/mode_collapse.json, and draws samples of the first seed in
docs/images/mode_collapse.png; `--add` leaves the picture as it is. Takes about twenty minutes of computing for three
seeds.
"""

import argparse
import dataclasses
import pathlib
import shlex
import sys
import time

import keras
import numpy as np
import tensorflow as tf
from added_rows import added

import keras_genssl as kg
from pipelines.runtime import code, device, store

RESULTS = pathlib.Path(__file__).parents[1] / "results" / "mode_collapse.json"
PICTURE = RESULTS.parents[1] / "docs" / "images" / "mode_collapse.png"
GRID = kg.data.gaussian_grid(side=5, spacing=2.0, sigma=0.1)
SAMPLES = 2500
BATCH = 256  # points per update
LATENT_DIM = 2
WIDTH = 64
CODE_DIM = 16  # of EBGAN's discriminator: more than a point has, so that only the margin keeps it from copying
MARGIN = 1.0  # half of the squared distance of a point between two modes to either, in both coordinates


@dataclasses.dataclass(frozen=True)
class Phase:
    """A part of a training: the number of rounds of both players' updates, and their settings.

    `pulling_away` is the weight of EBGAN's term; None is for a GAN with the non-saturating loss.
    `rates` are the learning rates of the discriminator and the generator; they fall to 0 along half a cosine in each
    phase.
    """

    rounds: int
    penalty: kg.penalties.DiscriminatorPenalty | None = None
    rates: tuple[float, float] = (2e-3, 1e-3)
    generator_steps: int = 1
    ema: float | None = None
    pulling_away: float | None = None


def _phases(rounds: int, gammas: tuple[float, float, float] | None, generator_steps: int = 1) -> tuple[Phase, ...]:
    """Returns three phases: half of the rounds, a quarter at half the rates, and a quarter at a quarter of them."""
    parts = ((rounds // 2, 1.0), (rounds // 4, 0.5), (rounds // 4, 0.25))
    penalties = [None] * 3 if gammas is None else [kg.penalties.R1Penalty(gamma, every=4) for gamma in gammas]
    return tuple(
        Phase(count, penalty, (2e-3 * scale, 1e-3 * scale), generator_steps, ema=0.999)
        for (count, scale), penalty in zip(parts, penalties, strict=True)
    )


def _energies(pulling_away: float) -> tuple[Phase, ...]:
    return tuple(dataclasses.replace(phase, pulling_away=pulling_away) for phase in _phases(40_000, None))


# Each setting differs from the previous one in one thing; the third also has other rounds, at the same cost, and the
# fourth has another discriminator.
SETTINGS = {
    # A strong penalty spreads the samples over all modes; then a weak one lets the discriminator see the modes' widths.
    "R1 falling from 0.02 to 0.001": _phases(40_000, (0.02, 0.005, 0.001)),
    "the same without R1": _phases(40_000, None),
    # A generator that is trained too much before the discriminator answers: Goodfellow's "Helvetica scenario".
    "the same without R1, 5 generator steps": _phases(12_000, None, generator_steps=5),
    "EBGAN": _energies(0.0),
    "EBGAN, pulling away": _energies(0.1),
}


def networks(energy: bool = False) -> tuple[keras.Model, keras.Model]:
    """Returns the generator and the discriminator, which for EBGAN is an autoencoder.

    The biases of their first layers cover the range of the inputs: with biases of 0, all kinks would start as lines
    through the origin of the plane.
    """
    initializers = keras.initializers

    def hidden(deviation: float, reach: float) -> list[keras.layers.Layer]:
        kernel, bias = initializers.RandomNormal(0.0, deviation), initializers.RandomUniform(-reach, reach)
        first = keras.layers.Dense(WIDTH, "leaky_relu", kernel_initializer=kernel, bias_initializer=bias)
        others = [keras.layers.Dense(WIDTH, "leaky_relu", kernel_initializer="he_normal") for _ in range(2)]
        return [first, *others]

    deviation = float(GRID.centres.std())
    generator = [*hidden(2.0, 4.0), keras.layers.Dense(2), keras.layers.Rescaling(deviation)]
    made = keras.Sequential([keras.Input((LATENT_DIM,)), *generator])
    if not energy:
        return made, keras.Sequential([keras.Input((2,)), *hidden(1.0, 4.0), keras.layers.Dense(1)])
    encoder = keras.Sequential([keras.Input((2,)), *hidden(1.0, 4.0), keras.layers.Dense(CODE_DIM)])
    decoder = [keras.layers.Dense(WIDTH, "leaky_relu", kernel_initializer="he_normal"), keras.layers.Dense(2)]
    return made, kg.backbones.with_code(encoder, keras.Sequential([keras.Input((CODE_DIM,)), *decoder]))


def method(phase: Phase, generator: keras.Model, discriminator: keras.Model) -> kg.models.GAN | kg.models.EBGAN:
    """Returns what is trained in a phase."""
    if phase.pulling_away is not None:
        energies = {"margin": MARGIN, "pulling_away": phase.pulling_away}
        return kg.models.EBGAN(generator, discriminator, LATENT_DIM, **energies, ema=phase.ema)
    return kg.models.GAN(
        generator,
        discriminator,
        latent_dim=LATENT_DIM,
        adversarial_loss=kg.losses.NonSaturatingGANLoss(),
        penalty=phase.penalty,
        generator_steps=phase.generator_steps,
        ema=phase.ema,
    )


def train(phases: tuple[Phase, ...], seed: int) -> kg.models.GAN | kg.models.EBGAN:
    """Trains through all phases; each phase continues the networks of the last."""
    keras.utils.set_random_seed(seed)
    generator, discriminator = networks(energy=phases[0].pulling_away is not None)
    for number, phase in enumerate(phases):
        model = method(phase, generator, discriminator)
        updates = (phase.rounds, phase.rounds * phase.generator_steps)
        optimizers = {
            player: keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(rate, count), beta_1=0.5, beta_2=0.99)
            for player, rate, count in zip(("discriminator", "generator"), phase.rates, updates, strict=True)
        }
        model.compile(optimizers, steps_per_execution=50, jit_compile=True)
        shares = len(model.rounds())  # each round takes its own share of the batch
        points = GRID.sample(400 * shares * BATCH, seed + number).reshape(400, shares * BATCH, 2)
        batches = tf.data.Dataset.from_tensor_slices(points).repeat()
        options = tf.data.Options()
        options.autotune.enabled = False  # its thread can delay the end of `fit` by tens of seconds
        model.fit(batches.with_options(options), steps_per_epoch=phase.rounds, verbose=0)
    return model


def picture(path: pathlib.Path, samples: dict[str, np.ndarray]) -> None:
    """Draws samples of the settings next to each other, and the positions of the Gaussians."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.5 * len(samples), 4.8), dpi=80, layout="constrained")
    FigureCanvasAgg(figure)
    for axes, (name, points) in zip(figure.subplots(1, len(samples)), samples.items(), strict=True):
        coverage = kg.metrics.mode_coverage(points, GRID.centres, GRID.sigma)
        axes.scatter(*GRID.centres.T, s=90, facecolors="none", edgecolors="0.6", linewidths=1)
        axes.scatter(*points.T, s=3, linewidths=0, alpha=0.5)
        axes.set_title(f"{name}\n{coverage.num_modes} modes, {coverage.high_quality:.0%} of high quality")
        axes.set(xlim=(-5.5, 5.5), ylim=(-5.5, 5.5), aspect="equal")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)


def measure(name: str, seed: int) -> tuple[dict, np.ndarray]:
    """Returns one row of the table and the samples that it is computed from."""
    started = time.process_time()
    model = train(SETTINGS[name], seed)
    seconds = time.process_time() - started
    samples = model.sample(SAMPLES, seed=seed)
    coverage = kg.metrics.mode_coverage(samples, GRID.centres, GRID.sigma)
    row = {
        "setting": name,
        "rounds": sum(phase.rounds for phase in SETTINGS[name]),
        "modes": coverage.num_modes,
        "share": coverage.high_quality,
        "seconds": round(seconds, 1),
        "seed": seed,
    }
    return row, samples


def main(seeds: list[int], names: list[str], write: bool, add: bool = False) -> None:
    print(f"{'setting':45s} {'seed':>4} {'modes':>5} {'high quality':>12} {'CPU seconds':>11}")
    rows, first = [], {}
    for name in names:
        for seed in seeds:
            row, samples = measure(name, seed)
            first.setdefault(name, samples)
            rows.append(row)
            print(f"{name:45s} {seed:4d} {row['modes']:5d} {row['share']:12.1%} {row['seconds']:11.1f}", flush=True)
    if not write:
        return
    truth = kg.metrics.mode_coverage(GRID.sample(SAMPLES, seed=1), GRID.centres, GRID.sigma)
    record = {
        "kind": "mode_collapse",
        "command": shlex.join(["python", "benchmarks/mode_collapse.py", *sys.argv[1:]]),
        "data": {"modes": len(GRID.centres), "spacing": 2.0, "sigma": GRID.sigma},
        "samples": SAMPLES,
        "within": 3.0,
        "min_samples": 1,
        "batch_size": BATCH,
        "truth": {"modes": truth.num_modes, "share": truth.high_quality},
        "rows": rows,
        "device": device.start(),
        "versions": code.versions(),
    }
    RESULTS.parent.mkdir(exist_ok=True)
    if add:
        store.write_json(RESULTS, added(RESULTS, record))
        return
    store.write_json(RESULTS, record)
    picture(PICTURE, {name: first[name] for name in reversed(SETTINGS)})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    some = parser.add_mutually_exclusive_group()
    some.add_argument("--only", nargs="+", choices=SETTINGS, help="try settings, and write no record")
    some.add_argument("--add", nargs="+", choices=SETTINGS, help="measure settings, and put their rows into the record")
    arguments = parser.parse_args()
    names = arguments.only or arguments.add or list(SETTINGS)
    main(arguments.seeds, names, write=not arguments.only, add=bool(arguments.add))
