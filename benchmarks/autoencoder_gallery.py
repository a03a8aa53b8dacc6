"""Pictures of what autoencoders of Fashion-MNIST learn, as the lectures show them, for docs/images.

    python benchmarks/autoencoder_gallery.py [--steps 1200] [--output DIR]

The weights of each trained model are kept in DIR, so the same command continues after an interruption. The precision of
retrieval by codes, next to pixels and PCA, is written to results/retrieval.json.
"""

import argparse
import shlex
import sys
from pathlib import Path

import keras
import numpy as np
from garments import fashion_mnist
from PIL import Image

import keras_genssl as kg
from keras_genssl import analysis
from pipelines.results import without_places
from pipelines.runtime import code, device, store

RESULTS = Path("results/retrieval.json")
IMAGES = Path("docs/images")
NAMES = ("T-shirt", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")
T_SHIRT, PULLOVER, DRESS, SANDAL, SNEAKER, BOOT = 0, 2, 3, 5, 7, 9
CODE = 32
BATCH = 128
GAP = 24  # pixels between two sheets
QUERIES, GALLERY, NEAREST = 2_000, 20_000, 8  # test images, training images, and how many of these are found


def models():
    """Returns untrained methods by name."""
    nets = kg.backbones
    small = {"filters": 16, "units": 128}
    wide = 196  # units of the one-layer autoencoders, whose filters are shown
    return {
        "autoencoder": lambda: kg.models.Autoencoder(
            nets.convolutional_encoder(CODE, **small), nets.convolutional_decoder(CODE, **small)
        ),
        "vae": lambda: kg.models.VAE(
            nets.convolutional_encoder(2 * CODE, **small), nets.convolutional_decoder(CODE, **small)
        ),
        "vae_2d": lambda: kg.models.VAE(nets.dense_encoder(2 * 2), nets.dense_decoder(2)),
        "sparse": lambda: kg.models.SparseAutoencoder(
            nets.dense_encoder(wide, (), code_activation="sigmoid"),
            nets.dense_decoder(wide, ()),
            kg.losses.KLSparsity(rho=0.05, weight=3e-3),
        ),
        "denoising": lambda: kg.models.DenoisingAutoencoder(
            nets.dense_encoder(wide, (), code_activation="sigmoid"),
            nets.dense_decoder(wide, ()),
            kg.corruptions.MaskingNoise(rate=0.5),
        ),
    }


def trained(name, images, steps, output):
    """Returns the method trained, or with the weights that were kept."""
    keras.utils.set_random_seed(0)
    model = models()[name]()
    path = output / f"{name}_{steps}.weights.h5"
    if path.exists():
        model.load_weights(path)
        return model
    rate = keras.optimizers.schedules.CosineDecay(2e-3, steps)
    model.compile(keras.optimizers.Adam(rate))
    rng = np.random.default_rng(0)
    for step in range(steps):
        logs = model.train_on_batch(images[rng.integers(len(images), size=BATCH)], return_dict=True)
        if step % 200 == 199:
            print(name, step + 1, {key: round(float(value), 4) for key, value in logs.items()}, flush=True)
    output.mkdir(parents=True, exist_ok=True)
    model.save_weights(path)
    return model


def save_beside(path, *sheets):
    """Saves sheets of one height side by side as one picture."""
    gap = np.full((sheets[0].shape[0], GAP, 1), 255, np.uint8)
    row = [part for sheet in sheets for part in (sheet, gap)][:-1]
    sheet = np.concatenate(row, axis=1)
    Image.fromarray(sheet[..., 0]).save(path, optimize=True)


def samples(autoencoder, vae, images):
    """Returns samples of both; an autoencoder's codes are drawn from a Gaussian with their mean and covariance."""
    codes = analysis.encode_images(autoencoder.encode, images[:10_000])
    drawn = analysis.decode_codes(autoencoder.decode, analysis.gaussian_codes(codes, 64, seed=0))
    return analysis.image_grid(drawn), analysis.image_grid(vae.sample(64, seed=0))


def between(vae, images, labels):
    """Returns interpolations between pairs of garments and, below each, the cross-fade of the pair's pixels."""
    pairs = [(T_SHIRT, DRESS), (SNEAKER, BOOT), (PULLOVER, 1), (8, T_SHIRT)]
    rng = np.random.default_rng(3)
    first, second = (images[[rng.choice(np.flatnonzero(labels == pair[end])) for pair in pairs]] for end in (0, 1))
    codes = analysis.interpolate(vae.encode, vae.decode, first, second, num_steps=10)
    pixels = analysis.lerp(analysis.to_float(first), analysis.to_float(second), np.linspace(0, 1, 10))
    rows = np.stack([codes, pixels], axis=1)  # (pairs, 2, steps, ...)
    return rows.reshape(-1, *images.shape[1:])


def arithmetic(vae, images, labels):
    """Returns rows of image, reconstruction, and more and more of a boot's shaft or a pullover's sleeves."""
    codes = analysis.encode_images(vae.encode, images)
    rows = []
    for having, lacking, shown in ((BOOT, SNEAKER, SANDAL), (PULLOVER, T_SHIRT, DRESS)):
        known = np.isin(labels, (having, lacking))
        direction = analysis.attribute_direction(codes[known], labels[known] == having)
        originals = images[np.flatnonzero(labels == shown)[[1, 4, 6]]]
        moved = analysis.add_attribute(vae.encode, vae.decode, originals, direction, (0.0, 0.4, 0.8, 1.2))
        rows.append(np.concatenate([analysis.to_float(originals)[:, None], moved], axis=1))
    return [analysis.image_grid(row.reshape(-1, 28, 28, 1), columns=5) for row in rows]


def retrieved(encode, queries, gallery):
    """Returns the nearest images in the gallery for each query, by code, by principal components, and by pixels."""
    pca = analysis.PCA(CODE).fit(gallery)
    spaces = {
        "codes": lambda images: analysis.encode_images(encode, images),
        "pca": pca.encode,
        "pixels": lambda images: images,
    }
    return {name: analysis.nearest_images(of(queries), of(gallery), k=NEAREST)[0] for name, of in spaces.items()}


def similar(found, images, labels, gallery):
    """Returns the first test image of each of six classes, each followed by its nearest training images by code."""
    queries = np.array([np.flatnonzero(labels == label)[0] for label in (0, 1, 3, 5, 8, 9)])
    rows = np.concatenate([images[queries][:, None], gallery[found[queries]]], axis=1)
    return rows.reshape(-1, 28, 28, 1)


def record(found, labels, gallery_labels, steps, arguments):
    """Returns the record of retrieval for RESULTS.md."""
    return {
        "kind": "retrieval",
        "command": without_places(shlex.join(["python", "benchmarks/autoencoder_gallery.py", *arguments])),
        "data": "Fashion-MNIST",
        "queries": QUERIES,
        "gallery": GALLERY,
        "k": NEAREST,
        "code_dim": CODE,
        "steps": steps,
        "batch_size": BATCH,
        "precision": {name: analysis.precision_at_k(of, labels, gallery_labels) for name, of in found.items()},
        "seed": 0,
        "device": device.start(),
        "versions": code.versions(),
    }


def main(steps, output):
    (train, train_labels), (test, test_labels) = fashion_mnist("train"), fashion_mnist("test")
    IMAGES.mkdir(parents=True, exist_ok=True)
    known = {name: trained(name, train, steps, output) for name in models()}
    autoencoder, vae = known["autoencoder"], known["vae"]
    save_beside(IMAGES / "autoencoder_and_vae_samples.png", *samples(autoencoder, vae, train))
    analysis.save_image_grid(IMAGES / "vae_interpolations.png", between(vae, test, test_labels), columns=10)
    save_beside(IMAGES / "vae_arithmetic.png", *arithmetic(vae, test, test_labels))
    filters = [
        analysis.image_grid(analysis.first_layer_filters(known[name].encoder)[:64]) for name in ("sparse", "denoising")
    ]
    save_beside(IMAGES / "autoencoder_filters.png", *filters)
    analysis.save_image_grid(
        IMAGES / "vae_manifold.png", analysis.latent_manifold(known["vae_2d"].decode), 15, padding=0
    )
    gallery, gallery_labels = train[:GALLERY], train_labels[:GALLERY]
    found = retrieved(autoencoder.encode, test[:QUERIES], gallery)
    rows = similar(found["codes"], test, test_labels, gallery)
    analysis.save_image_grid(IMAGES / "autoencoder_retrieval.png", rows, columns=9)
    measured = record(found, test_labels[:QUERIES], gallery_labels, steps, sys.argv[1:])
    RESULTS.parent.mkdir(exist_ok=True)
    store.write_json(RESULTS, measured)
    print(measured["precision"])
    points = analysis.tsne_projection(analysis.encode_images(vae.encode, test[:2000]))
    title = f"t-SNE of {CODE}-dimensional VAE codes, 2,000 test images"
    analysis.plot_projection(IMAGES / "vae_tsne.png", points, test_labels[:2000], NAMES, title)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=1200)
    parser.add_argument("--output", type=Path, default=Path("out/autoencoder_gallery"))
    arguments = parser.parse_args()
    main(arguments.steps, arguments.output)
