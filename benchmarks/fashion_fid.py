"""The metrics of generated images, measured on real images and on the simplest samples.

    python benchmarks/fashion_fid.py

On Fashion-MNIST, the training images are the reference, the test images are the floor, and samples of a Gaussian in the
space of 64 principal components are the baseline. The fewer the samples, the larger the Frechet distance of the same
images.
"""

import time

import numpy as np

import keras_genssl as kg

SIZES = (1000, 10_000)
SEED = 0


def load(split):
    """Returns all images of a split, uint8 (count, 28, 28, 1), in the order of the files."""
    dataset = kg.data.load("fashion_mnist", split, 1000, shuffle=False, drop_remainder=False, features=["image"])
    return np.concatenate([np.asarray(batch["image"]) for batch in dataset])


def main():
    features = kg.metrics.fashion_features()
    train = load("train")
    real = kg.metrics.extract_features(features, train[: max(SIZES)])
    sets = {
        "real test images": load("test"),
        "PCA(64) Gaussian": kg.analysis.PCA(64).fit(train).sample(max(SIZES), seed=SEED),
    }
    print(
        "| 10,000 training images against | samples | Fashion-FID | KID x 1000 | precision | recall | "
        "density | coverage | seconds |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for name, images in sets.items():
        values = kg.metrics.extract_features(features, images)
        for size in SIZES:
            start = time.perf_counter()
            distance = kg.metrics.FID(features, real)(values[:size])
            mean, deviation = kg.metrics.KID(features, real)(values[:size])
            # These need sets of equal size.
            precision, recall = kg.metrics.PrecisionRecall(features, real[:size])(values[:size])
            density, coverage = kg.metrics.DensityCoverage(features, real[:size])(values[:size])
            print(
                f"| {name} | {size} | {distance:.3f} | {1000 * mean:.2f} +- {1000 * deviation:.2f} | {precision:.3f} "
                f"| {recall:.3f} | {density:.3f} | {coverage:.3f} | {time.perf_counter() - start:.0f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
