"""Each task from end to end on scikit-learn's digits, with narrow networks and a few steps."""

import io
import json

import numpy as np
import pytest
from PIL import Image

from pipelines import results, tasks
from pipelines.components import card
from pipelines.run import loading as recipe
from pipelines.run import run
from pipelines.tasks.representation.numbers import ALL_CLASSES, BASELINES, UNSEEN_CLASSES
from tests.pipelines import digits
from tests.pipelines.test_report import Tables

_ENCODING = ["model.filters=2", "model.latent_dim=4", "model.discriminator_filters=2"]
_QUANTIZED = ["model.filters=2", "model.residual_filters=1"]
_QUANTIZED += ["model.prior.filters=2", "model.prior.blocks=2", "model.prior.steps=2"]
_DENSE = ["model.networks=dense", "model.units=[8]", "model.code_dim=4"]


def _beside_baselines(names):
    over = ["", *(f"_over_{baseline.name}" for baseline in BASELINES)]
    return {f"{number.name}{suffix}" for number in names for suffix in over}


NARROW = {
    "fashion_mnist/dcgan": ["model.filters=2", "model.latent_dim=4"],
    "fashion_mnist/sagan": [
        *("model.filters=8", "model.discriminator_filters=8", "model.latent_dim=4", "model.standing_batches=2"),
        "evaluate.train_on_samples=false",
    ],
    "fashion_mnist/sngan_1000_ada": [*_ENCODING, "data.train_split=train"],
    "fashion_mnist/sngan_1000_diffaugment": [*_ENCODING, "data.train_split=train"],
    "fashion_mnist/vae": [
        *_DENSE,
        "evaluate.likelihood={images: 10, num_samples: 2}",
        "train.learning_rate={schedule: constant, initial: 1e-3}",
    ],
    "fashion_mnist/adversarial_autoencoder": [*_DENSE, "model.discriminator_units=[4]"],
    "fashion_mnist/semi_supervised_adversarial_autoencoder": [
        "model.networks=dense",
        "model.units=[8]",
        "model.code_dim=12",
        "model.discriminator_units=[4]",
        "model.labels_per_class=2",
        "model.labelled_per_batch=4",
    ],
    "fashion_mnist/stylegan": [
        *("model.filters=2", "model.discriminator_filters=2", "model.max_filters=4", "model.latent_dim=4"),
        *("model.style_dim=4", "model.mapping_layers=1"),
    ],
    "fashion_mnist/semi_supervised_gan": [
        *("model.filters=2", "model.latent_dim=4", "model.discriminator_filters=2"),
        *("model.labels_per_class=2", "model.labelled_per_batch=4"),
    ],
    "fashion_mnist/progressive_gan": [
        *("model.filters=2", "model.latent_dim=4", "model.fade_images=16", "model.stage_images=20"),
    ],
    "fashion_mnist/vaegan": _ENCODING,
    "fashion_mnist/bigan": [*_ENCODING, "model.units=4"],
    "fashion_mnist/ali": [*_ENCODING, "model.units=4"],
    "fashion_mnist/began": ["model.filters=2", "model.latent_dim=4", "model.code_dim=4"],
    "fashion_mnist/ebgan_pt": [*_ENCODING, "model.code_dim=4", "model.units=4"],
    "fashion_mnist/f_anogan": [
        *("model.gan.filters=2", "model.gan.latent_dim=4", "model.gan.critic_steps=1"),
        *("model.encoder.filters=2", "model.encoder.steps=2"),
        "model.encoder.learning_rate={schedule: constant, initial: 1e-3}",
    ],
    "fashion_mnist/vqvae": [*_QUANTIZED, "model.quantizer.num_codes=8", "model.quantizer.dim=2"],
    "fashion_mnist/vqvae2": [
        *_QUANTIZED,
        *(f"model.{level}_quantizer.{size}" for level in ("top", "bottom") for size in ("num_codes=8", "dim=2")),
    ],
    "fashion_mnist/autoencoder_adversarial": ["model.base.filters=2", "model.discriminator_filters=2"],
    "fashion_mnist/denoising_autoencoder": _DENSE,
    "fashion_mnist/semi_supervised_autoencoder": [
        *_DENSE,
        "model.labels_per_class=2",
        "model.labelled_per_batch=4",
    ],
    "fashion_mnist/cyclegan": ["model.filters=2", "model.blocks=1", "model.discriminator_filters=2"],
    "fashion_mnist/cogan": ["model.filters=2", "model.latent_dim=4", "model.discriminator_filters=2"],
    "fashion_mnist/pixelcnn_binarized": ["model.filters=2", "model.blocks=2"],
    "fashion_mnist/pixel_vae_free_bits": [
        *("model.filters=2", "model.blocks=2", "model.code_dim=3", "model.coder_filters=2", "model.map_channels=2"),
    ],
    "fashion_mnist/simclr": ["model.encoder.filters=2", "evaluate.labels_per_class=2"],
    "fashion_mnist/context_encoder_adversarial": [
        "model.encoder.filters=2",
        *(f"model.{part}=2" for part in ("decoder_filters", "decoder_units", "discriminator_filters")),
        "evaluate.labels_per_class=2",
    ],
    "fashion_mnist/triplet_unseen": ["model.encoder.filters=2", "model.embedding_dim=3", "train.classes_per_batch=4"],
}
BLESS = {
    "fashion_mnist/dcgan": "{kid: {min: -1}, precision: {min: 0, max: 1}}",
    "fashion_mnist/sagan": "{kid: {min: -1}}",
    "fashion_mnist/sngan_1000_ada": "{kid: {min: -1}}",
    "fashion_mnist/sngan_1000_diffaugment": "{kid: {min: -1}}",
    "fashion_mnist/vae": "{nll: {max: 1e6}}",
    "fashion_mnist/adversarial_autoencoder": "{code_mmd: {max: 2}, sample_variance: {min: 0}}",
    "fashion_mnist/semi_supervised_adversarial_autoencoder": "{accuracy: {min: 0}, accuracy_over_alone: {min: -1}}",
    "fashion_mnist/stylegan": "{path_length_w: {min: 0}}",
    "fashion_mnist/semi_supervised_gan": "{accuracy: {min: 0}, accuracy_over_alone: {min: -1}}",
    "fashion_mnist/progressive_gan": "{kid: {min: -1}}",
    "fashion_mnist/vaegan": "{nearest_neighbour: {min: 0}, mse_of_random_pairs: {min: 0}}",
    "fashion_mnist/bigan": "{mse_of_random_pairs: {min: 0}}",
    "fashion_mnist/ali": "{mse_of_random_pairs: {min: 0}}",
    "fashion_mnist/began": "{energy_ratio: {min: 0}, convergence: {max: 4}}",
    "fashion_mnist/ebgan_pt": "{code_cosine: {max: 1.001}}",
    "fashion_mnist/vqvae": "{used_codes: {min: 0}}",
    "fashion_mnist/vqvae2": "{used_codes: {min: 0}}",
    "fashion_mnist/f_anogan": "{unseen_class_roc_auc: {min: 0}, unseen_class_roc_auc_over_pca_error: {min: -1}}",
    "fashion_mnist/autoencoder_adversarial": "{mse_over_pca: {max: 100}}",
    "fashion_mnist/denoising_autoencoder": "{damaged_mse: {max: 4}}",
    "fashion_mnist/semi_supervised_autoencoder": "{accuracy_over_pixels: {min: -1}}",
    "fashion_mnist/cyclegan": "{error: {max: 2}}",
    "fashion_mnist/cogan": "{error: {max: 2}, error_over_shuffled: {max: 10}}",
    "fashion_mnist/pixelcnn_binarized": "{nats_over_ten_neighbours: {max: 1e6}}",
    "fashion_mnist/pixel_vae_free_bits": "{kl: {min: 0}}",
    "fashion_mnist/simclr": "{knn: {min: 0}, few_label_over_random: {min: -1}}",
    "fashion_mnist/context_encoder_adversarial": "{few_label_over_random: {min: -1}}",
    "fashion_mnist/triplet_unseen": "{unseen_one_shot_over_pixels: {min: -1}}",
}
# Too few images for Frechet distances.
_DISTANCES = {"kid", "precision", "recall", "density", "coverage", "duplicates", "memorisation"}
_ERRORS = {"mse", "psnr", "mse_over_pca"}
_CODES = {"psnr", "code_variance", "sample_variance"}
_INVERSES = {"psnr", "mse_of_random_pairs", "nearest_neighbour", "code_variance", "sample_variance"}
_OF_CODES = {"nmse", "psnr", "bits", "used_codes", "perplexity", "code_nats"}
_UNSEEN = {f"unseen_class_roc_auc{over}" for over in ("", "_over_pca_error", "_over_nearest_image")} | {"psnr"}
_ACCURACIES = {"accuracy", "accuracy_over_alone", "accuracy_over_pixels"}
_CODES |= {f"code_mmd{suffix}" for suffix in ("", "_deviation", "_low", "_high")}
NUMBERS = {
    "fashion_mnist/dcgan": _DISTANCES,
    "fashion_mnist/sagan": _DISTANCES,
    "fashion_mnist/sngan_1000_ada": _DISTANCES,
    "fashion_mnist/sngan_1000_diffaugment": _DISTANCES,
    "fashion_mnist/progressive_gan": _DISTANCES,
    "fashion_mnist/vae": _DISTANCES | {"nll", "nll_below_ppca"},
    "fashion_mnist/adversarial_autoencoder": _DISTANCES | _CODES,
    "fashion_mnist/stylegan": _DISTANCES | {"path_length_z", "path_length_w"},
    "fashion_mnist/semi_supervised_adversarial_autoencoder": _DISTANCES | _CODES | _ACCURACIES,
    "fashion_mnist/semi_supervised_gan": _DISTANCES | _ACCURACIES,
    **dict.fromkeys(("fashion_mnist/vaegan", "fashion_mnist/bigan", "fashion_mnist/ali"), _DISTANCES | _INVERSES),
    "fashion_mnist/began": _DISTANCES | {"energy", "energy_ratio", "convergence", "sample_variance"},
    "fashion_mnist/ebgan_pt": _DISTANCES | {"energy", "energy_ratio", "code_cosine", "sample_variance"},
    "fashion_mnist/f_anogan": _DISTANCES | _UNSEEN,
    **dict.fromkeys(("fashion_mnist/vqvae", "fashion_mnist/vqvae2"), _DISTANCES | _OF_CODES),
    "fashion_mnist/autoencoder_adversarial": _ERRORS,
    "fashion_mnist/denoising_autoencoder": _ERRORS | {f"damaged_{name}" for name in _ERRORS},
    "fashion_mnist/semi_supervised_autoencoder": _ERRORS | {"accuracy", "accuracy_over_pca", "accuracy_over_pixels"},
    "fashion_mnist/cyclegan": {"error", "ratio", "psnr", "ssim", "cycle_error"},
    "fashion_mnist/cogan": {"error", "ratio", "psnr", "ssim", "error_over_shuffled", "kid"},
    "fashion_mnist/pixelcnn_binarized": {"nats", "nats_over_ten_neighbours"},
    "fashion_mnist/pixel_vae_free_bits": {"nats", "nats_over_ten_neighbours", "kl", "active_dimensions"},
    "fashion_mnist/simclr": {"few_label_deviation", *_beside_baselines(ALL_CLASSES)},
    "fashion_mnist/context_encoder_adversarial": {"few_label_deviation", *_beside_baselines(ALL_CLASSES)},
    "fashion_mnist/triplet_unseen": {"unseen_one_shot_deviation", *_beside_baselines(UNSEEN_CLASSES)},
}


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    digits.write_idx(home / "digits", train=120, test=40)
    return home


@pytest.mark.parametrize("name", NARROW)
def test_run_measures_beside_baselines_exports_pushes_reports_and_records(home, name, monkeypatch):
    changes = [
        f"data.dataset={home / 'digits'}",
        *NARROW[name],
        "train.steps=3",
        "train.batch_size=8",
        "train.precision=float32",
        "evaluate.images=40",
        f"evaluate.bless={BLESS[name]}",
    ]
    loaded = recipe.load(name, changes)
    outcome = run.run(loaded, home / "out")
    assert outcome.evaluation["blessed"], outcome.evaluation["reasons"]
    assert outcome.export["checked"], outcome.export["error"]
    assert set(outcome.evaluation["numbers"]) == NUMBERS[name]
    assert outcome.pushed.path == home / "out" / "saved_models" / loaded.export.name / "1"
    kept = json.loads((outcome.pushed.path / "assets.extra" / "card.json").read_text())
    assert kept["evaluation"]["numbers"] == outcome.evaluation["numbers"]
    text = card.markdown(kept, 1, tasks.of(loaded))
    page = outcome.report.read_text()
    tables = Tables(page).rows
    shown = tables["numbers"]
    assert shown[1][0] == "this model"
    assert shown[1][1] in text  # the first number, written the same in report and card
    given = {name for signature in kept["signatures"].values() for name in signature["inputs"]}
    assert ("The output `error` says" in text) == any(name.endswith("_bytes") for name in given)
    used = _used(text, outcome.pushed.path.parents[1], monkeypatch)
    if loaded.task == "representation":
        assert len(used["vector"]) == outcome.evaluation["dim"]
    else:
        png = used["png"] if "png" in used else used["pngs"][0]
        assert Image.open(io.BytesIO(png.numpy())).size == (28, 28)
    assert all(link.startswith(("data:image/png;base64,", "#")) for link in Tables(page).links)
    path = results.record(outcome.report.parent, home / "results")
    record = json.loads(path.read_text())
    assert record["kind"] == loaded.task
    section = results.sections()[loaded.task]([record])
    row, *_ = [line for line in section.splitlines() if line.startswith(f"| `{name}` |")]
    assert shown[1][1] in row
    assert outcome.evaluation.get("remarks", "") in page
    again = run.run(loaded, home / "out")
    assert not again.pushed.new
    assert again.evaluation == outcome.evaluation


def _used(text, models, monkeypatch):
    """Runs the code in a card beside an image, as a reader would, and returns its variables."""
    monkeypatch.chdir(models)
    black_and_white = np.where(digits.digits()[0][0] > 127, 255, 0).astype(np.uint8)  # the levels that each model knows
    Image.fromarray(black_and_white).save("image.png")
    variables = {}
    exec(text.split("```python\n")[1].split("```")[0], variables)
    return variables


def test_a_few_own_photographs_are_reconstructed_as_far_as_they_go(home):
    digits.write_folder(home / "few", count=30, classes=2)
    changes = ["prepare.size=32", "prepare.channels=3", *NARROW["fashion_mnist/adversarial_autoencoder"]]
    changes += ["train.steps=2", "train.batch_size=4", "train.precision=float32", "evaluate.images=20"]
    loaded = recipe.load("fashion_mnist/adversarial_autoencoder", changes, folder=home / "few")
    outcome = run.run(loaded, home / "own_few")
    assert outcome.evaluation["held_out"] < 10
    with Image.open(outcome.report.parent / "evaluation" / "reconstructions.png") as sheet:
        rows, columns = sheet.height // 32, sheet.width // 32
    assert (rows, columns) == (2, outcome.evaluation["held_out"])  # each image above its reconstruction
    assert outcome.evaluation["numbers"]["psnr"] > 0
    assert tasks.of(loaded).numbers.summary(outcome.evaluation).startswith("PSNR of reconstructions")
    assert "too few to judge codes by" in outcome.report.read_text()


def test_own_photographs_are_made_into_a_data_set_of_another_size_without_distances(home):
    digits.write_folder(home / "photos", count=30, classes=2)
    changes = ["prepare.size=32", "prepare.channels=3", *NARROW["fashion_mnist/dcgan"]]
    changes += ["train.steps=2", "train.batch_size=4", "train.precision=float32", "evaluate.images=20"]
    outcome = run.run(recipe.load("fashion_mnist/dcgan", changes, folder=home / "photos"), home / "own")
    assert outcome.export["checked"], outcome.export["error"]
    assert set(outcome.evaluation["numbers"]) == {"duplicates"}  # of pixels; few are held out to judge memorisation by
    page = outcome.report.read_text()
    assert "samples that are nearest in pixels" in page
    assert "The held-out images are too few to measure memorisation by." in page
    assert outcome.evaluation["reasons"] == ["the recipe sets no evaluate.bless, so nothing can be blessed"]
    assert outcome.pushed is None
