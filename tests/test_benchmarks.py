"""What benchmarks compare, and what they write down, without running them."""

import importlib.util
import json
import pathlib

import keras
import numpy as np
import pytest

from pipelines import results

FOLDER = pathlib.Path(__file__).parents[1] / "benchmarks"


@pytest.fixture(autouse=True)
def _neighbours(monkeypatch):
    """A benchmark finds those beside it, as it does when it is run."""
    monkeypatch.syspath_prepend(FOLDER)


def load(name):
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_settings_of_mode_collapse_differ_in_one_thing():
    def told(phases, *names):
        return [[getattr(phase, name) for name in names] for phase in phases]

    penalised, plain, greedy, energy, pulled = load("mode_collapse").SETTINGS.values()
    same = ("rounds", "rates", "generator_steps", "ema")
    assert told(penalised, *same) == told(plain, *same)
    assert [phase.penalty.gamma for phase in penalised] == [0.02, 0.005, 0.001]
    assert told(plain, "penalty", "rates", "ema") == told(greedy, "penalty", "rates", "ema")
    updates = [sum(phase.rounds * (1 + phase.generator_steps) for phase in phases) for phases in (plain, greedy)]
    assert updates == [80_000, 72_000]
    assert told(plain, *same) == told(energy, *same) == told(pulled, *same)
    assert [{phase.pulling_away for phase in phases} for phases in (energy, pulled)] == [{0.0}, {0.1}]


@pytest.mark.parametrize("name", ["mode_collapse", "stacked_modes"])
def test_energies_are_trained_with_and_without_the_pulling_away_term(name):
    benchmark = load(name)
    models = {}
    for setting in ("EBGAN", "EBGAN, pulling away"):
        what = benchmark.SETTINGS[setting]
        if name == "mode_collapse":
            models[setting] = benchmark.method(what[0], *benchmark.networks(energy=True))
        else:
            models[setting] = benchmark.method(what)
    assert [model.pulling_away for model in models.values()] == [0.0, 0.1]
    plain, pulled = (model.get_config() | {"pulling_away": None} for model in models.values())
    assert plain.keys() == pulled.keys()
    assert {model.margin for model in models.values()} == {benchmark.MARGIN}
    assert {model.rounds()[0] for model in models.values()} == {("generator", "discriminator")}


def test_rows_are_added_to_a_record_of_the_same_numbers_alone(tmp_path):
    added = load("added_rows").added
    path = tmp_path / "record.json"
    old = {"command": "all", "steps": 5, "rows": [{"setting": "a", "seed": 0, "modes": 1}], "versions": {"keras": "3"}}
    new = {**old, "command": "some", "rows": [{"setting": name, "seed": 0, "modes": 2} for name in ("b", "a")]}
    with pytest.raises(SystemExit, match="holds no record to add rows to"):
        added(path, new)
    path.write_text(json.dumps(old))
    found = added(path, new)
    assert [(row["setting"], row["modes"]) for row in found["rows"]] == [("a", 2), ("b", 2)]
    assert (found["command"], found["versions"]) == ("all", {"keras": "3"})
    with pytest.raises(SystemExit, match=r"same numbers\. Received: steps=5 there and 6 here"):
        added(path, {**new, "steps": 6})


def test_retrieval_is_counted_by_codes_components_and_pixels():
    """Two groups of images that differ in one pixel; the codes tell the other way."""
    benchmark = load("autoencoder_gallery")
    benchmark.NEAREST = 4
    labels = np.arange(80) % 2
    gallery = np.zeros((80, 28, 28, 1), np.uint8)
    gallery[:, 0, 0, 0] = 200 * labels
    gallery[:, 1, :, 0] = np.arange(80)[:, None] % 7  # less than the groups differ by
    found = benchmark.retrieved(
        lambda images: np.asarray(images).reshape(len(images), -1)[:, 28:56], gallery[:9], gallery
    )
    value = benchmark.record(found, labels[:9], labels, 1200, ["--steps", "1200", "--output", "here"])
    assert (value["precision"]["pca"], value["precision"]["pixels"]) == (1.0, 1.0)
    assert value["precision"]["codes"] < 0.9
    assert value["command"] == "python benchmarks/autoencoder_gallery.py --steps 1200"
    value["precision"] |= {"codes": 0.8125}
    text = results.sections()["retrieval"]([value])
    assert "| codes of an autoencoder, 32 numbers | 0.8125 |\n| principal components, 32 numbers | 1.0000 |" in text


def test_a_search_finds_the_latents_of_a_linear_generator_and_the_table_shows_them():
    """The nearest images are the projections on the generator's plane, and each is found from every start."""
    benchmark = load("encoders_and_critics")
    rng = np.random.default_rng(0)
    plane = np.linalg.qr(rng.normal(size=(16, 2)))[0].T.astype("float32")  # (2, 16)
    images = rng.normal(size=(5, 4, 4, 1)).astype("float32")
    found = benchmark.searched(lambda latents: keras.ops.reshape(latents @ plane, (-1, 4, 4, 1)), 2, images)
    projected = (images.reshape(5, 16) @ plane.T @ plane).reshape(images.shape)
    np.testing.assert_allclose(found, projected, atol=0.02)
    row = {"title": "BiGAN", "fid": 6.25, "psnr": 12.5, "mse_of_random_pairs": 0.3125, "nearest_neighbour": 0.75}
    value = {
        "data": "Fashion-MNIST",
        **{"images": 256, "judged": 10_000, "known": 20_000, "code": 32, "rows": [row, {"title": "raw pixels"}]},
        "search": {"starts": 3, "steps": 200, "rate": 0.1, "latents": 64},
        "autoencoder": {"steps": 2000, "batch_size": 128},
        **{"command": "python benchmarks/encoders_and_critics.py", "device": "2 CPU cores", "versions": {"keras": "3"}},
    }
    text = results.sections()["encoders_and_critics"]([value])
    assert "| BiGAN | 6.25 | 12.50 | 0.312 | 75.0% |\n| raw pixels |  |  |  |  |" in text


def test_points_of_the_plane_are_judged_by_the_density_of_their_data():
    """At a centre: a third of a Gaussian's top, and what the two others reach there."""
    benchmark = load("gradient_ascent")
    centres, sigma = benchmark.PLANE_CENTRES, benchmark.PLANE_SIGMA
    points = np.concatenate([centres[:1], [[500.0, 0.0]]])
    top, far = benchmark.log_density(points)
    squares = np.square(centres - centres[0]).sum(axis=1)
    np.testing.assert_allclose(np.exp(top), np.exp(-squares / (2 * sigma**2)).sum() / (3 * 2 * np.pi * sigma**2))
    np.testing.assert_allclose(far, -np.square(500.0 - 0.87) / (2 * sigma**2), rtol=1e-4)


def test_rows_of_gradient_ascent_say_what_was_not_reached_or_not_asked():
    accuracy = {"climbed": 1.0, "other_weights": 0.25, "other_architecture": 0.1}
    judged = {"fid": 70.21, "precision": 0.5, "distance": 0.7129}
    look = {"setting": "log p(y | x)", "steps": 1000, "probability": 0.9999, "sigmas": 26.92, "within": 0.26}
    value = {
        "command": "python benchmarks/gradient_ascent.py",
        "plane": {"sigma": 0.3, "points": 200, "rows": [{**look, "log_density": -362.8}]},
        "samples": 1000,
        "reference": 10_000,
        "steps": 100,
        "learning_rate": {"pixels": 1.0, "codes": 0.1},
        "certain": 0.99,
        "trained": {"test_accuracy": accuracy, "vae_steps": 3000, "gan_steps": 2000},
        "rows": [
            {"setting": "PCA", "accuracy": {}, **judged},
            {"setting": "pixels", "accuracy": accuracy, **judged, "probability": 0.9968, "certain_after": 31},
            {"setting": "blurred", "accuracy": accuracy, **judged, "probability": 0.92, "certain_after": None},
        ],
        "seed": 0,
        "seconds": 300.4,
        "device": "2 CPU cores",
        "versions": {"keras": "3", "tensorflow": "2"},
    }
    text = results.sections()["gradient_ascent"]([value])
    assert r"| log p(y \| x) | 1,000 | 0.9999 | 26.9 | 26% | -362.8 |" in text
    assert "| PCA |  |  |  |  |  | 70.2 | 0.500 | 0.713 |" in text
    assert "| pixels | 0.9968 | 31 | 100.0% | 25.0% | 10.0% | 70.2 | 0.500 | 0.713 |" in text
    assert "| blurred | 0.9200 | not reached | 100.0% | 25.0% | 10.0% | 70.2 | 0.500 | 0.713 |" in text


def test_rows_of_an_adversarial_term_say_its_weight_or_that_there_is_none():
    row = {"task": "autoencoder", "psnr": 18.254, "mse": 0.07551, "fid": 9.125, "seconds": 61.4}
    value = {
        **{"data": "Fashion-MNIST", "images": 10_000, "code_dim": 8, "scale": 4, "steps": 2000, "batch_size": 64},
        "rows": [{**row, "weight": 0.0}, {**row, "task": "super_resolution", "weight": 1e-3}],
        **{"command": "python benchmarks/adversarial_term.py", "seconds": 500.0},
        **{"device": "2 CPU cores", "versions": {"keras": "3"}},
    }
    text = results.sections()["adversarial_term"]([value])
    assert "| autoencoder, 8 numbers a code | none | 18.25 | 0.0755 | 9.12 | 61 |" in text
    assert "| super-resolution, 4 times | 0.001 | 18.25 |" in text


def test_small_images_of_super_resolution_are_means_of_squares():
    benchmark = load("adversarial_term")
    images = np.random.default_rng(0).integers(0, 256, (2, 28, 28, 1), dtype=np.uint8)
    small = benchmark.OfSmallImages().small(images)
    assert small.shape == (2, 7, 7, 3)
    assert small.dtype == np.uint8
    assert small[1, 2, 3, 0] == small[1, 2, 3, 2] == np.rint(images[1, 8:12, 12:16, 0].mean())


def test_rows_of_gans_take_their_places_in_the_table_of_anomalies_and_no_others():
    benchmark = load("anomaly_gans")
    pieces = {(seed, 8): dict.fromkeys(benchmark.METHODS, 0.5 + seed / 4) for seed in range(2)}
    rows = benchmark.rows(pieces, [8], 2)
    assert [row["method"] for row in rows] == ["anogan", "f_anogan_same", "f_anogan"]
    assert rows[2]["classes"] == {"Bag": {"mean": 0.625, "deviation": pytest.approx(0.125 * 2**0.5)}}
    landed = {"seeds": 5, "rows": [{"method": "pca_error"}, {"method": "f_anogan"}, {"method": "vae_error"}]}
    found = benchmark.merged(landed, rows)
    assert [row["method"] for row in found["rows"]] == ["pca_error", "f_anogan", "vae_error", "anogan", "f_anogan_same"]
    assert found["rows"][1] == rows[2]
    assert found["seeds"] == 5
