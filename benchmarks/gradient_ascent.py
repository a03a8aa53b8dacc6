"""Images by gradient ascent on a classifier: it fails in the plane and on pixels, and works on codes.

    python benchmarks/gradient_ascent.py

In the plane, points climb the probability of one of three classes, and leave the data. On Fashion-MNIST, images of
given classes are made by ascent on pixels, without and with regularizers, and on the codes of a VAE and of a DCGAN.
They are judged by the climbed classifier, by one of the same architecture and other initial weights, by the shipped
classifier of another architecture, by Fashion-FID and precision, and by the distance to the nearest training image.
Prints the tables, writes results/gradient_ascent.json, and draws docs/images/gradient_ascent.png and
docs/images/gradient_ascent_plane.png. Takes about five minutes on two cores.
"""

import itertools
import pathlib
import shlex
import sys
import time
from collections.abc import Callable

import keras
import numpy as np
from garments import fashion_mnist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

import keras_genssl as kg
from keras_genssl import analysis, regularizers
from pipelines.runtime import code, device, store

RESULTS = pathlib.Path(__file__).parents[1] / "results" / "gradient_ascent.json"
PICTURES = RESULTS.parents[1] / "docs" / "images"
SAMPLES, STEPS, BATCH = 1000, 100, 250
REFERENCE = 10_000  # training images that samples are compared with
COMPONENTS = 64
CERTAIN = 0.99
PIXEL_RATE, CODE_RATE = 1.0, 0.3
CLASSIFIER_EPOCHS = 2
VAE_STEPS, VAE_CODE, VAE_UNITS = 2000, 32, (512, 512)
GAN_STEPS, GAN_LATENTS, GAN_FILTERS = 1500, 64, 32

PLANE_CENTRES = np.array([[0.0, 1.0], [-0.87, -0.5], [0.87, -0.5]])
PLANE_SIGMA = 0.3
PLANE_CLASS = 2
PLANE_POINTS, PLANE_SHOWN = 200, 20
PLANE_LOOKS = (1, 10, 100, 1000)  # steps after which points are looked at
PLANE_SETTINGS = {
    "log p(y | x), steps of 0.1": {"learning_rate": 0.1},
    "log p(y | x), steps of 1": {"learning_rate": 1.0},
    "logit, steps of 0.1": {"learning_rate": 0.1, "objective": analysis.class_logit},
}

BLACK = -1.0
DECAY = regularizers.L2Decay(0.01, centre=BLACK)
VARIATION = regularizers.TotalVariation(0.003)
BLUR = regularizers.Blur(sigma=0.5, every=4)
JITTER = regularizers.Jitter(2)
OF_CODES = regularizers.L2Decay(0.01)
ON_PIXELS = {
    "pixels": [],
    "pixels, L2 decay": [DECAY],
    "pixels, total variation": [VARIATION],
    "pixels, Gaussian blur": [BLUR],
    "pixels, jitter": [JITTER],
    "pixels, all four": [DECAY, VARIATION, BLUR, JITTER],
}


def train(model: keras.Model, inputs: np.ndarray, labels: np.ndarray, epochs: int, batch_size: int) -> keras.Model:
    """Trains a classifier that gives logits."""
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(1e-3), loss)
    model.fit(inputs, labels, batch_size, epochs, verbose=0)
    return model


def plane() -> tuple[keras.Model, list[dict], dict[str, np.ndarray]]:
    """Returns the classifier, a row for each setting and look, and the points of each setting `(looks, points, 2)`."""
    rng = np.random.default_rng(0)
    labels = np.arange(3000) % 3
    data = PLANE_CENTRES[labels] + PLANE_SIGMA * rng.standard_normal((len(labels), 2))
    keras.utils.set_random_seed(0)
    hidden = [keras.layers.Dense(64, "relu") for _ in range(2)]
    model = train(keras.Sequential([keras.Input((2,)), *hidden, keras.layers.Dense(3)]), data, labels, 20, 64)
    start = rng.uniform(-1.5, 1.5, (PLANE_POINTS, 2)).astype(np.float32)
    classes = np.full(PLANE_POINTS, PLANE_CLASS)
    rows = [{"setting": "start", "steps": 0, **judged(model, start)}]
    ways = {}
    for name, options in PLANE_SETTINGS.items():
        way = [start]
        for before, look in itertools.pairwise((0, *PLANE_LOOKS)):
            way.append(analysis.ascend(model, way[-1], classes, steps=look - before, **options).images)
            rows.append({"setting": name, "steps": look, **judged(model, way[-1])})
        ways[name] = np.stack(way)
    return model, rows, ways


def judged(model: keras.Model, points: np.ndarray) -> dict[str, float]:
    """Returns numbers of points that climb: medians, and the share within three standard deviations."""
    probabilities = keras.ops.convert_to_numpy(keras.ops.softmax(model(points)))[:, PLANE_CLASS]
    distances = np.linalg.norm(points - PLANE_CENTRES[PLANE_CLASS], axis=1) / PLANE_SIGMA
    return {
        "probability": float(np.median(probabilities)),
        "sigmas": float(np.median(distances)),
        "within": float(np.mean(distances < 3)),
        "log_density": float(np.median(log_density(points))),
    }


def log_density(points: np.ndarray) -> np.ndarray:
    """Returns the logarithm of the data's density at points of the plane, `(num,)`."""
    squares = np.square(points[:, None] - PLANE_CENTRES).sum(axis=2)
    logarithms = -squares / (2 * PLANE_SIGMA**2) - np.log(2 * np.pi * PLANE_SIGMA**2)
    return np.logaddexp.reduce(logarithms, axis=1) - np.log(len(PLANE_CENTRES))


def plane_picture(path: pathlib.Path, model: keras.Model, ways: dict[str, np.ndarray]) -> None:
    """Draws where some points are after ten steps, over the classifier's probability and the density of the data."""
    reach = 12.0
    across = np.linspace(-reach, reach, 400)
    grid = np.stack(np.meshgrid(across, across), axis=-1).reshape(-1, 2).astype(np.float32)
    probability = keras.ops.convert_to_numpy(keras.ops.softmax(model(grid)))[:, PLANE_CLASS]
    surfaces = {
        "what the classifier says: p(y | x)": (probability, "Greens", (0.0, 1.5)),
        "density of the data: log p(x)": (log_density(grid), "Blues", (-60.0, 10.0)),
    }
    figure = Figure(figsize=(10.4, 5.0), dpi=80, layout="constrained")
    FigureCanvasAgg(figure)
    for axes, (title, (values, colours, limits)) in zip(figure.subplots(1, 2), surfaces.items(), strict=True):
        square = (-reach, reach)
        axes.imshow(values.reshape(400, 400), colours, extent=(*square, *square), origin="lower", clim=limits)
        for (name, way), colour in zip(ways.items(), ("tab:blue", "tab:red", "tab:orange"), strict=True):
            start, end = way[0, :PLANE_SHOWN], way[1 + PLANE_LOOKS.index(10), :PLANE_SHOWN]
            axes.plot(*np.stack([start, end]).transpose(2, 0, 1), color=colour, linewidth=0.5)
            axes.scatter(*end.T, s=14, color=colour, zorder=3, label=f"{name}: after 10")
        axes.scatter(*start.T, s=5, color="0.2", zorder=4, label="start")
        axes.set(xlim=square, ylim=square, title=title)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=4)
    figure.savefig(path, bbox_inches="tight")


def classifier(images: np.ndarray, labels: np.ndarray, seed: int) -> keras.Model:
    """Returns a small convolutional classifier of garments."""
    keras.utils.set_random_seed(seed)
    layers = [
        *(keras.layers.Conv2D(filters, 3, 2, padding="same", activation="relu") for filters in (32, 64)),
        keras.layers.Flatten(),
        keras.layers.Dense(128, "relu"),
        keras.layers.Dense(10),
    ]
    return train(keras.Sequential([keras.Input((28, 28, 1)), *layers]), images, labels, CLASSIFIER_EPOCHS, 128)


def vae(images: np.ndarray) -> kg.models.VAE:
    """Returns a dense VAE of garments."""
    keras.utils.set_random_seed(0)
    encoder = kg.backbones.dense_encoder(2 * VAE_CODE, VAE_UNITS)
    model = kg.models.VAE(encoder, kg.backbones.dense_decoder(VAE_CODE, VAE_UNITS))
    model.compile(keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(1e-3, VAE_STEPS)))
    model.fit(_batches(images, 128), steps_per_epoch=VAE_STEPS, verbose=0)
    return model


def dcgan(images: np.ndarray) -> kg.models.DCGAN:
    """Returns a DCGAN of garments."""
    keras.utils.set_random_seed(0)
    shape = images.shape[1:]
    generator = kg.backbones.dcgan_generator(shape, GAN_LATENTS, GAN_FILTERS)
    model = kg.models.DCGAN(generator, kg.backbones.dcgan_discriminator(shape, GAN_FILTERS), GAN_LATENTS, ema=0.99)
    model.compile({name: keras.optimizers.Adam(4e-4, beta_1=0.5) for name in ("discriminator", "generator")})
    model.fit(_batches(images, 64), steps_per_epoch=GAN_STEPS, verbose=0)
    return model


def _batches(images: np.ndarray, batch_size: int) -> object:
    return kg.data.load({"image": images}, batch_size=batch_size, seed=0).repeat()


class Judge:
    """Measures samples of wanted classes."""

    def __init__(self, images: np.ndarray, climbed: keras.Model, other: keras.Model) -> None:
        self.features = kg.metrics.fashion_features()
        self.images = analysis.to_float(images[:REFERENCE])
        self.real = kg.metrics.extract_features(self.features, images[:REFERENCE])
        self.networks = {
            "climbed": lambda samples: np.asarray(climbed(samples, training=False)),
            "other_weights": lambda samples: np.asarray(other(samples, training=False)),
            "other_architecture": self.features.logits,
        }

    def accuracies(self, samples: np.ndarray, classes: np.ndarray) -> dict[str, float]:
        """Returns the share of samples that each network recognises as the wanted class."""
        return {
            name: float(np.mean(analysis.encode_images(logits, samples).argmax(axis=1) == classes))
            for name, logits in self.networks.items()
        }

    def row(self, name: str, samples: np.ndarray, classes: np.ndarray | None = None) -> dict:
        """Returns the numbers of samples, which may be uint8."""
        values = kg.metrics.extract_features(self.features, analysis.to_uint8(samples))
        samples = analysis.to_float(samples)
        _, distances = analysis.nearest_images(samples, self.images, k=1)
        return {
            "setting": name,
            "accuracy": {} if classes is None else self.accuracies(samples, classes),
            "fid": kg.metrics.FID(self.features, self.real)(values),
            "precision": kg.metrics.precision_recall(self.real[: len(values)], values)[0],
            "distance": float(np.mean(distances) / np.sqrt(samples[0].size)),
        }


def climb(
    model: keras.Model, start: np.ndarray, classes: np.ndarray, rate: float, **options
) -> tuple[np.ndarray, dict]:
    """Returns images after the ascent, and what their probabilities did."""
    started = time.process_time()
    found = analysis.ascend(model, start, classes, steps=STEPS, learning_rate=rate, batch_size=BATCH, **options)
    certain = found.probabilities > CERTAIN
    steps = np.where(certain.any(axis=1), certain.argmax(axis=1), np.inf)
    reached = float(np.median(steps))
    return found.images, {
        "probability": float(np.median(found.probabilities[:, -1])),
        "certain_after": int(reached) if np.isfinite(reached) else None,
        "cpu_seconds": round(time.process_time() - started, 1),
    }


def garments() -> tuple[dict, list[dict], dict[str, np.ndarray]]:
    """Returns what was trained, the rows of the table, and images to draw."""
    images, labels = fashion_mnist("train")
    test, test_labels = fashion_mnist("test")
    inputs = analysis.to_float(images)
    model, other = (classifier(inputs, labels, seed) for seed in (0, 1))
    judge = Judge(images, model, other)
    trained = {"test_accuracy": judge.accuracies(analysis.to_float(test), test_labels)}
    _say(trained)
    classes = np.arange(SAMPLES) % 10
    noise = np.random.default_rng(0).uniform(-1, 1, (SAMPLES, *images.shape[1:])).astype(np.float32)
    pca = analysis.PCA(COMPONENTS).fit(images).sample(SAMPLES, seed=0)
    rows = [
        judge.row("test images", test[:SAMPLES], test_labels[:SAMPLES]),
        judge.row(f"Gaussian of {COMPONENTS} principal components", pca),
        judge.row("uniform noise", noise, classes),
    ]
    for row in rows:
        _say(row)
    shown = {}

    def measure(name: str, start: np.ndarray, rate: float, **options) -> None:
        made, course = climb(model, start, classes, rate, **options)
        rows.append({**judge.row(name, made, classes), **course})
        shown[name] = made[:10]
        _say(rows[-1])

    for name, chosen in ON_PIXELS.items():
        measure(name, noise, PIXEL_RATE, regularizers=chosen)
    codes = np.random.default_rng(0).standard_normal((SAMPLES, VAE_CODE)).astype(np.float32)
    decoders: dict[str, tuple[Callable, np.ndarray]] = {"codes of a VAE": (vae(images).decode, codes)}
    gan = dcgan(images)
    decoders["codes of a DCGAN"] = (gan.generate, gan.sample_latents(SAMPLES, seed=0))
    for name, (decode, start) in decoders.items():
        drawn = np.clip(analysis.decode_codes(decode, start), -1.0, 1.0)
        rows.append(judge.row(f"{name}, drawn", drawn, classes))
        _say(rows[-1])
        measure(name, start, CODE_RATE, decode=decode)
        measure(f"{name}, L2 decay", start, CODE_RATE, decode=decode, regularizers=[OF_CODES])
    return trained, rows, shown


def garments_picture(path: pathlib.Path, shown: dict[str, np.ndarray]) -> None:
    """Draws ten images, one of each class, of each setting: a row for a setting."""
    figure = Figure(figsize=(8.4, 0.62 * len(shown)), dpi=80, layout="constrained")
    FigureCanvasAgg(figure)
    for axes, (name, images) in zip(figure.subplots(len(shown), 1), shown.items(), strict=True):
        axes.imshow(np.hstack(analysis.to_uint8(images)[..., 0]), cmap="gray", vmin=0, vmax=255)
        axes.set(xticks=[], yticks=[])
        axes.set_ylabel(name, rotation=0, ha="right", va="center")
    figure.savefig(path, bbox_inches="tight")


def _say(row: dict) -> None:
    values = (f"{key} {value:.4g}" if isinstance(value, float) else f"{key} {value}" for key, value in row.items())
    print(", ".join(values), flush=True)


def main() -> None:
    started = time.monotonic()
    model, looks, ways = plane()
    for look in looks:
        _say(look)
    trained, rows, shown = garments()
    record = {
        "kind": "gradient_ascent",
        "command": shlex.join(["python", "benchmarks/gradient_ascent.py", *sys.argv[1:]]),
        "plane": {"sigma": PLANE_SIGMA, "points": PLANE_POINTS, "rows": looks},
        "samples": SAMPLES,
        "reference": REFERENCE,
        "steps": STEPS,
        "learning_rate": {"pixels": PIXEL_RATE, "codes": CODE_RATE},
        "certain": CERTAIN,
        "trained": {**trained, "vae_steps": VAE_STEPS, "gan_steps": GAN_STEPS},
        "rows": rows,
        "seed": 0,
        "seconds": round(time.monotonic() - started, 1),
        "device": device.start(),
        "versions": code.versions(),
    }
    RESULTS.parent.mkdir(exist_ok=True)
    store.write_json(RESULTS, record)
    PICTURES.mkdir(parents=True, exist_ok=True)
    plane_picture(PICTURES / "gradient_ascent_plane.png", model, ways)
    garments_picture(PICTURES / "gradient_ascent.png", shown)
    print(f"{record['seconds']} s")


if __name__ == "__main__":
    main()
