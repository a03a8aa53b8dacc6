import numpy as np
import pytest

from keras_genssl.models.autoencoders.base import last_activation
from pipelines.errors import UserError
from pipelines.recipe.method import DatasetInfo
from pipelines.run import loading as recipe
from pipelines.tasks.generation.recipe import Evaluate
from pipelines.training import trainer, weights

DCGAN, ACGAN = "fashion_mnist/dcgan", "fashion_mnist/acgan"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (["task=generatoin"], "--set task=generatoin: `task` must be one of 'density', 'generation', 'reconstruction'"),
        (["model.method=EDSR"], "`model.method` must be one of 'GAN', 'DCGAN', 'WGANGP'"),
        (["prepare.scale=2"], "--set prepare.scale=2: `prepare.scale` is not a known key. Valid keys here: channels,"),
        (["prepare.channels=2"], "`prepare.channels` must be one of 1 or 3. Received: 2"),
        (["evaluate.bless={fdi: {max: 1}}"], "`evaluate.bless` must name numbers out of fid, "),
        (["evaluate.bless={fid: {maximum: 1}}"], "`evaluate.bless.fid.maximum` is not a known key. Did you mean `max`"),
        (["evaluate.bless={fid: {}}"], "`evaluate.bless.fid` give `min`, `max` or both"),
        (["evaluate.features=vgg"], "--set evaluate.features=vgg: `evaluate.features` must"),
        (["evaluate.likelihood={images: 5}"], "`evaluate.likelihood` is for models that have one."),
        (["data.dataset=null"], "`source: dataset` needs `dataset`"),
    ],
)
def test_fault_names_place_key_rule_and_nearest(changes, message):
    with pytest.raises(UserError) as error:
        recipe.load(DCGAN, changes)
    assert message in str(error.value)


def test_own_data_keep_no_threshold_of_other_images(tmp_path):
    own = recipe.load(DCGAN, ["prepare.size=64"], folder=tmp_path)
    assert (own.data.source, own.data.folder, own.data.published) == ("folder", str(tmp_path), None)
    assert (own.evaluate.features, own.evaluate.bless) == ("none", None)


@pytest.mark.parametrize(
    ("bless", "measured", "reasons"),
    [
        ({"fid": {"max": 1.0}}, {"fid": 0.5}, []),
        ({"fid": {"max": 1.0}, "recall": {"min": 0.5}}, {"fid": 2.0, "recall": 0.25}, ["fid 2 is", "recall 0.25 is"]),
        ({"fid": {"max": 1.0}}, {"fid": float("nan")}, ["fid nan is above its max of 1"]),
        ({"fid": {"max": 1.0}}, {}, ["fid was not measured on these images"]),
        (None, {"fid": 0.5}, ["the recipe sets no evaluate.bless"]),
    ],
)
def test_blessing(bless, measured, reasons):
    found = Evaluate(bless=bless).against(measured, {})
    assert len(found) == len(reasons)
    assert all(line.startswith(start) for line, start in zip(found, reasons, strict=True))


@pytest.mark.parametrize("likelihood", ["gaussian", "bernoulli"])
@pytest.mark.parametrize("networks", ["convolutional", "dense", "lecture"])
def test_a_vae_of_any_networks_is_built_for_either_likelihood(networks, likelihood):
    changes = [f"model.networks={networks}", f"model.likelihood={likelihood}"]
    changes += ["model.filters=2", "model.units=[3]", "model.code_dim=4"]
    model = weights.build(recipe.load("fashion_mnist/vae", changes))
    wanted = "tanh" if (networks, likelihood) == ("convolutional", "gaussian") else "linear"
    assert (model.latent_dim, last_activation(model.decoder)) == (4, wanted)
    assert type(model.likelihood).__name__.lower() == f"{likelihood}likelihood"


def test_garments_can_be_compared_in_features_of_a_colour_network():
    changes = ["loss.perceptual={layers: {block1_conv2: 0.5}}", "model.filters=2"]
    model = weights.build(recipe.load("fashion_mnist/autoencoder", changes))
    images = np.random.default_rng(0).uniform(-1, 1, (2, 28, 28, 1)).astype("float32")
    made = model(images)["image"]
    features = [model.image_loss.extractor(np.repeat(part, 3, axis=-1))[0] for part in (images, made)]
    terms = [(images, made, 1.0), (*features, 0.5)]
    expected = sum(weight * np.mean(np.subtract(a, b) ** 2, axis=(1, 2, 3)) for a, b, weight in terms)
    np.testing.assert_allclose(model.example_losses(images, images, {"image": made}), expected, rtol=1e-5)


def test_numbers_of_the_data_fill_a_recipe_or_refuse_it():
    loaded = recipe.load(ACGAN)
    assert trainer.complete(loaded, DatasetInfo(60, 3), lambda: False).model.num_classes == 3
    with pytest.raises(UserError, match="the images have no labels"):
        trainer.complete(loaded, DatasetInfo(60), lambda: False)
    for name, given, told in (
        (ACGAN, "model.num_classes=4", "num_classes=3"),
        ("fashion_mnist/byol", "model.num_examples=4", "num_examples=60"),
    ):
        with pytest.raises(UserError, match=f"{given}: the training data have {told}"):
            trainer.complete(recipe.load(name, [given]), DatasetInfo(60, 3), lambda: False)
