"""The speed of SimCLR's views of a batch, compared with a per-image `tf.data` map that makes the same views.

    python benchmarks/views.py [size]

Prints images per second of `kg.views.simclr(size)` on batches of 256 in a graph, where they are compiled with XLA, of
the same without XLA, and of the map (tf.image, AUTOTUNE, after SimCLR's own TensorFlow code). Also prints the ratios of
time and of processor time, which other processes disturb less. They take turns, and medians reduce the noise. The
ratios are written to `results/speed/views_<size>.json`.
"""

import sys
import time
from collections.abc import Callable, Iterable, Iterator

import numpy as np
import tensorflow as tf

import keras_genssl as kg
from pipelines.results.benchmarks import speed

BATCH = 256
BATCHES = 6  # of each, in a round
ROUNDS = 9


def per_image(image: tf.Tensor, size: int) -> tf.Tensor:
    """Returns one view of one image in [-1, 1], as google-research/simclr's data_util.py with torchvision's jitter."""
    x = (image + 1) / 2
    begin, extent, _ = tf.image.sample_distorted_bounding_box(
        tf.shape(x),
        tf.zeros((1, 0, 4)),
        area_range=(0.08, 1.0),
        aspect_ratio_range=(3 / 4, 4 / 3),
        max_attempts=100,
        use_image_if_no_bounding_boxes=True,
    )
    x = tf.slice(x, begin, extent)
    x = tf.clip_by_value(tf.image.resize(x, (size, size), "bicubic", antialias=True), 0.0, 1.0)
    x = tf.image.random_flip_left_right(x)
    x = tf.cond(tf.random.uniform(()) < 0.8, lambda: jitter(x), lambda: x)
    x = tf.cond(tf.random.uniform(()) < 0.2, lambda: tf.repeat(tf.image.rgb_to_grayscale(x), 3, axis=-1), lambda: x)
    x = tf.cond(tf.random.uniform(()) < 0.5, lambda: blur(x, size), lambda: x)
    return 2 * x - 1


def jitter(x: tf.Tensor) -> tf.Tensor:
    order = tf.random.shuffle(tf.range(4))
    for place in range(4):
        x = tf.switch_case(
            order[place],
            [
                lambda x=x: x * tf.random.uniform((), 0.2, 1.8),
                lambda x=x: tf.image.random_contrast(x, 0.2, 1.8),
                lambda x=x: tf.image.random_saturation(x, 0.2, 1.8),
                lambda x=x: tf.image.random_hue(x, 0.2),
            ],
        )
        x = tf.clip_by_value(x, 0.0, 1.0)
    return x


def blur(x: tf.Tensor, size: int) -> tf.Tensor:
    radius = max(1, size // 10 // 2)
    sigma = tf.random.uniform((), 0.1, 2.0)
    kernel = tf.exp(-(tf.range(-radius, radius + 1, dtype=tf.float32) ** 2) / (2 * sigma**2))
    kernel = tf.tile(tf.reshape(kernel / tf.reduce_sum(kernel), (-1, 1, 1, 1)), (1, 1, 3, 1))
    x = tf.pad(x[None], ((0, 0), (radius, radius), (radius, radius), (0, 0)), "REFLECT")
    x = tf.nn.depthwise_conv2d(x, kernel, (1, 1, 1, 1), "VALID")
    return tf.nn.depthwise_conv2d(x, tf.transpose(kernel, (1, 0, 2, 3)), (1, 1, 1, 1), "VALID")[0]


def mapped(images: np.ndarray, size: int) -> tf.data.Dataset:
    data = tf.data.Dataset.from_tensor_slices(images).repeat(BATCHES)
    data = data.map(lambda image: per_image(image, size), tf.data.AUTOTUNE, deterministic=False)
    return data.batch(BATCH).prefetch(tf.data.AUTOTUNE)


def without_xla(views: kg.views.View) -> Callable[[tf.Tensor], tf.Tensor]:
    @tf.function
    def made(images: tf.Tensor) -> tf.Tensor:
        chances = tf.random.uniform((BATCH, views.num_chances))
        return views.apply(images, views.draw(chances, tuple(images.shape[1:])))

    return made


def batched(views: Callable[[tf.Tensor], tf.Tensor], images: np.ndarray) -> Iterator[tf.Tensor]:
    batch = tf.constant(images)
    return (views(batch) for _ in range(BATCHES))


def seconds(way: Iterable[tf.Tensor]) -> np.ndarray:
    """Returns elapsed time and processor time of all threads for a batch; all work is done when it returns."""
    started = np.array([time.perf_counter(), time.process_time()])
    for views in way:
        views.numpy()
    return (np.array([time.perf_counter(), time.process_time()]) - started) / BATCHES


def main() -> None:
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 32
    images = np.random.default_rng(0).uniform(-1, 1, (BATCH, size, size, 3)).astype(np.float32)
    data, views = mapped(images, size), kg.views.simclr(size)
    compiled, plain = tf.function(views), without_xla(views)
    ways = {
        "map": lambda: data,
        "without XLA": lambda: batched(plain, images),
        "batched": lambda: batched(compiled, images),
    }
    for way in ways.values():
        seconds(way())  # compiles
    times = {name: np.empty((ROUNDS, 2)) for name in ways}
    for turn in range(ROUNDS):
        for name, way in ways.items():
            times[name][turn] = seconds(way())
    for name, values in times.items():
        print(
            f"{name}: {BATCH / np.median(values[:, 0]):.0f} images/s of {size} pixels, "
            f"{1e6 * np.median(values[:, 1]) / BATCH:.0f} us of processor time each"
        )
    rows = []
    for other in ("map", "without XLA"):
        ratios = times[other] / times["batched"]
        for column, kind in enumerate(("images a second", "processor time")):
            rows.append(speed.ratio(f"{kind}, against {other}", ratios[:, column].tolist()))
            print("{what}: {median:.1f} times ({low:.1f} to {high:.1f})".format(**rows[-1]))
    speed.write(
        f"views_{size}",
        f"Views of {size} pixels",
        f"`views.simclr({size})` on batches of {BATCH}, times faster than a `tf.data` map that makes the same image by "
        "image, and than without XLA.",
        rows,
    )


if __name__ == "__main__":
    main()
