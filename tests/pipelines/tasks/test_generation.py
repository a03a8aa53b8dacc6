"""What is measured of labelled samples and of likelihoods, by models and networks whose answers are known."""

import keras
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from PIL import Image

from keras_genssl import analysis, metrics
from pipelines.run import loading as recipe
from pipelines.tasks import images
from pipelines.tasks.generation import code_plane, inverses, measure, prior_codes
from pipelines.tasks.generation import features as networks
from pipelines.tasks.generation.reference import reference

RNG = np.random.default_rng(0)
SPLITS = {
    split: {
        "image": RNG.integers(0, 256, (size, 28, 28, 1), dtype=np.uint8),
        "label": np.arange(size) % 10,
    }
    for split, size in (("train", 40), ("eval", 24))
}


class Network:
    """Features of a few pixels, and classes by the order of images: every fourth is wrong."""

    def __call__(self, values):
        return values[:, 10, :4, 0].astype(np.float32)

    def classify(self, values):
        answers = np.arange(len(values)) % 10
        answers[::4] += 1
        return answers


@pytest.fixture
def taught(monkeypatch):
    """Stands in for a prepared directory; collects what classifiers are trained and tested on."""
    calls = []

    def accuracy(samples, labels, real_images, real_labels):
        calls.append((samples, labels, real_images, real_labels))
        return len(calls) / 8

    def read(examples, split, limit=None, features=None):
        return {name: values[:limit] for name, values in SPLITS[split].items()}

    monkeypatch.setattr(images, "read", read)
    monkeypatch.setattr(images, "class_names", lambda examples: list("abcdefghij"))
    monkeypatch.setattr(networks, "load", lambda name: Network())
    monkeypatch.setattr(metrics, "train_on_synthetic_accuracy", accuracy)
    return calls


def test_real_images_are_the_ceiling_of_labelled_samples(taught, tmp_path):
    loaded = recipe.load("fashion_mnist/acgan", ["evaluate.images=32"])
    against = reference(loaded, tmp_path, "content", tmp_path / "references")
    assert against.result["baselines"]["real"]["label_accuracy"] == 0.75
    assert against.result["baselines"]["real"]["train_on_samples_accuracy"] == 0.125
    ((samples, labels, test, test_labels),) = taught
    np.testing.assert_array_equal(samples, SPLITS["train"]["image"][:32])  # as many as there are samples
    np.testing.assert_array_equal(labels, SPLITS["train"]["label"][:32])
    np.testing.assert_array_equal(test, SPLITS["eval"]["image"])
    np.testing.assert_array_equal(test_labels, SPLITS["eval"]["label"])
    again = reference(loaded, tmp_path, "content", tmp_path / "references")
    assert (again.result, len(taught)) == (against.result, 1)
    other = reference(
        recipe.load("fashion_mnist/dcgan", ["evaluate.images=32"]), tmp_path, "content", tmp_path / "references"
    )
    assert (other.digest, len(taught)) == (against.digest, 1)  # shared, and nothing is trained that nobody asked for
    assert "train_on_samples_accuracy" not in other.result["baselines"]["real"]


def test_labelled_samples_are_classified_and_teach(taught, tmp_path):
    loaded = recipe.load("fashion_mnist/acgan")
    samples, labels = SPLITS["train"]["image"][:12], np.arange(12) % 10
    found = measure._labelled(loaded, Network(), samples, labels, tmp_path, 10)
    assert found == {"label_accuracy": 0.75, "train_on_samples_accuracy": 0.125}
    np.testing.assert_array_equal(taught[0][0], samples)
    np.testing.assert_array_equal(taught[0][2], SPLITS["eval"]["image"])
    other = recipe.load("fashion_mnist/conditional_gan", ["data.dataset=/other/garments"])
    assert measure._labelled(other, Network(), samples, labels, tmp_path, 10) == {}  # others' classes, nothing taught


class Model:
    """A model of two latents whose likelihoods are means of pixels."""

    latent_dim = 2

    def __init__(self):
        self.judged = []

    def log_likelihood(self, values, num_samples, seed):
        self.judged.append(np.asarray(values))
        return np.arange(len(values), dtype=float)

    def elbo(self, values, num_samples, seed):
        return np.arange(len(values), dtype=float) - num_samples


def test_a_density_is_of_dequantised_images_beside_probabilistic_pca(taught, tmp_path):
    model = Model()
    changes = ["evaluate.likelihood={images: 11, num_samples: 3}"]
    found = measure._likelihood(recipe.load("fashion_mnist/vae", changes), model, tmp_path)
    judged = analysis.dequantize(SPLITS["eval"]["image"][:11], measure.SEED)
    np.testing.assert_array_equal(model.judged[0], judged)
    known = analysis.dequantize(SPLITS["train"]["image"], measure.SEED + 1)
    expected = analysis.PCA(2).fit(known).log_likelihood(judged)
    assert found["ppca"] == pytest.approx(-expected.mean())
    assert (found["nll"], found["negative_elbo"], found["images"], found["num_samples"]) == (-5.0, -2.0, 11, 3)


def test_a_bernoulli_likelihood_is_of_black_and_white_images_without_pca(taught, tmp_path):
    model = Model()
    changes = ["evaluate.likelihood={images: 11}", "model.likelihood=bernoulli"]
    found = measure._likelihood(recipe.load("fashion_mnist/vae", changes), model, tmp_path)
    np.testing.assert_array_equal(model.judged[0], 255 * (SPLITS["eval"]["image"][:11] > 127))
    assert "ppca" not in found


class Coder:
    """Codes are pairs of pixels, which uniform bytes make uniform; the decoder gives one image whatever the code is."""

    def encode(self, values):
        return values[:, 0, :2, 0] / 255.0

    def reconstruct(self, values):
        return values / 127.5 - 1.0 + 0.2

    def sample(self, num, seed):
        return np.zeros((num, 28, 28, 1), np.float32)

    def sample_codes(self, num, seed):
        return np.random.default_rng(seed).uniform(size=(num, 2))


def test_codes_are_compared_with_the_prior_and_a_collapse_is_told(taught, tmp_path):
    model, test = Coder(), SPLITS["eval"]["image"]
    numbers, baselines = prior_codes.measure(model, tmp_path)
    drawn = model.sample_codes(prior_codes.COMPARED, prior_codes.SEED)
    expected = metrics.gaussian_mmd(drawn[:24], model.encode(test))
    found = [numbers[f"code_mmd{suffix}"] for suffix in ("", "_deviation", "_low", "_high")]
    assert found == [expected.estimate, expected.deviation, expected.low, expected.high]
    assert baselines["prior"]["code_mmd"] == metrics.gaussian_mmd(drawn[:24], drawn[24:48]).estimate
    assert numbers["psnr"] == pytest.approx(20.0)  # an error of 0.2 of 2
    assert numbers["code_variance"] == pytest.approx(model.encode(test).var(axis=0).sum() / drawn.var(axis=0).sum())
    assert numbers["sample_variance"] == 0.0
    known = analysis.PCA(2).fit(SPLITS["train"]["image"])
    truth = test / 127.5 - 1.0
    error = np.mean((known.reconstruct(test) - truth) ** 2)
    assert baselines["pca_codes"]["psnr"] == pytest.approx(10 * np.log10(4 / error))
    told = prior_codes.remarks(numbers, baselines)
    assert (
        "prior: they have not collapsed. Samples vary 0.00 times as much as training images: the decoder has COLL"
        in told
    )


def test_too_few_codes_are_not_compared_with_the_prior_and_the_report_says_so(taught, tmp_path, monkeypatch):
    few = {split: {name: values[:9] for name, values in part.items()} for split, part in SPLITS.items()}
    monkeypatch.setattr(images, "read", lambda examples, split, limit=None, features=None: few[split])
    numbers, baselines = prior_codes.measure(Coder(), tmp_path)
    assert set(numbers) == {"psnr", "sample_variance"}
    assert set(baselines) == {"pca_codes"}
    told = prior_codes.remarks(numbers, baselines)
    assert told.startswith("Fewer than 10 images are held out, too few to judge codes by. Samples vary 0.00 times")
    numbers, baselines = inverses.measure(Inverse(), tmp_path)
    assert set(numbers) == {"psnr", "sample_variance", "nearest_neighbour"}
    assert inverses.remarks(numbers, baselines) == told.replace("decoder", "generator")


def test_codes_in_the_plane_are_drawn_in_colours_of_classes_over_the_prior(taught, tmp_path):
    model = Coder()
    model.decoder = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)])
    assert code_plane.in_the_plane(model)
    assert not code_plane.in_the_plane(Network())
    code_plane.draw(model, tmp_path, tmp_path / "codes.png")
    with Image.open(tmp_path / "codes.png") as picture:
        found = {colour for _, colour in picture.convert("RGB").getcolors(100_000)}
    of_classes = [to_rgb(f"C{number}") for number in range(10)]
    for wanted in (to_rgb("lightgrey"), *of_classes):
        assert tuple(round(255 * part) for part in wanted) in found


class Inverse(Coder):
    """Codes are pixels; the encoder, which is asked for with random weights, has one dense layer."""

    encoder = keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Flatten(), keras.layers.Dense(4)])

    def encode(self, values):
        return values[:, 3, :2, 0]

    def reconstruct(self, values):
        return values + 0.2


def test_an_encoder_is_judged_beside_random_pairs_and_by_neighbours(taught, tmp_path):
    numbers, baselines = inverses.measure(Inverse(), tmp_path)
    truth, known = (SPLITS[split]["image"] / 127.5 - 1.0 for split in ("eval", "train"))
    others = np.concatenate([truth[-1:], truth[:-1]])  # each image beside the reconstruction of the one before
    assert numbers["psnr"] == pytest.approx(20.0, abs=1e-4)
    assert numbers["mse_of_random_pairs"] == pytest.approx(0.04 / np.mean((truth - others - 0.2) ** 2), rel=1e-4)
    assert numbers["code_variance"] == pytest.approx(truth[:, 3, :2, 0].var(axis=0).mean(), rel=1e-4)
    assert numbers["sample_variance"] == 0.0

    def right(test, gallery):
        test, gallery = (rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (test, gallery))
        nearest = [max(range(len(gallery)), key=lambda row, code=code: gallery[row] @ code) for code in test]
        return np.mean(SPLITS["train"]["label"][nearest] == SPLITS["eval"]["label"])

    assert numbers["nearest_neighbour"] == right(truth[:, 3, :2, 0], known[:, 3, :2, 0])
    flat = [images.reshape(len(images), -1) for images in (truth, known)]
    assert baselines["raw_pixels"] == {"nearest_neighbour": right(*flat)}
    assert set(baselines["random"]) == {"nearest_neighbour"}
    pca = analysis.PCA(2).fit(SPLITS["train"]["image"])
    linear = np.mean((truth - pca.reconstruct(SPLITS["eval"]["image"])) ** 2)
    assert baselines["pca_inverse"]["psnr"] == pytest.approx(10 * np.log10(4 / linear), rel=1e-4)
    told = inverses.remarks(numbers, baselines)
    assert f"{numbers['mse_of_random_pairs']:.3f} of the error of random pairs" in told
    assert told.endswith("Samples vary 0.00 times as much as training images: the generator has COLLAPSED.")
