"""The methods under contract have their recipes' own architectures, made narrow."""

import keras
import pytest

from pipelines.run import loading
from tests.contracts import CASES

_TWO_BLOCKS = ("model.filters=8", "model.blocks=2")
_SMALL = ("model.filters=4", "model.code_dim=4")
_LATENTS = ("model.filters=4", "model.latent_dim=5")
_STYLES = (
    *(*_LATENTS, "model.discriminator_filters=4", "model.max_filters=8", "model.style_dim=6", "model.mapping_layers=2"),
    *("model.noise=false", "model.group_size=3", "model.ema=0.9", "model.mapping_lr_multiplier=1.0"),
)

# Case -> its recipe, and what makes that as narrow.
OF_RECIPES = {
    "SRCNN": ("srcnn", "model.filters=[8, 4]"),
    "ESPCN": ("espcn", "model.filters=[8, 4]", "prepare.scale=3", "prepare.patch_size=24", "prepare.stride=24"),
    "EDSR": ("super_resolution", *_TWO_BLOCKS),
    "EDSR, perceptual": ("super_resolution_perceptual", *_TWO_BLOCKS),
    "SRGAN": ("srgan", *_TWO_BLOCKS, "model.discriminator_filters=4", "prepare.patch_size=32", "prepare.stride=32"),
    "Autoencoder, as the lectures": ("fashion_mnist/autoencoder", "model.filters=4"),
    "SparseAutoencoder, KL": ("fashion_mnist/sparse_autoencoder", *_SMALL, "model.weight=1.0"),
    "SparseAutoencoder, L1": ("fashion_mnist/sparse_autoencoder_l1", *_SMALL, "model.weight=0.1"),
    "RedundantAutoencoder": ("fashion_mnist/redundant_autoencoder", *_SMALL),
    "DenoisingAutoencoder": ("fashion_mnist/denoising_autoencoder", *_SMALL),
    "ContractiveAutoencoder": ("fashion_mnist/contractive_autoencoder", *_SMALL, "model.weight=0.1"),
    "SemiSupervisedAutoencoder": (
        "fashion_mnist/semi_supervised_autoencoder",
        *_SMALL,
        "model.dropout=0.0",
        "model.num_classes=3",
    ),
    "WGANGP": ("fashion_mnist/wgan_gp", *_LATENTS),
    "PixelCNN": ("fashion_mnist/pixelcnn", "model.filters=4", "model.blocks=2"),
    "PixelVAE": (
        "fashion_mnist/pixel_vae_free_bits",
        *("model.filters=4", "model.blocks=2", "model.code_dim=4", "model.coder_filters=4", "model.map_channels=3"),
    ),
    "SNGAN": ("fashion_mnist/sngan", *_LATENTS, "model.discriminator_filters=4"),
    "SemiSupervisedGAN": (
        "fashion_mnist/semi_supervised_gan",
        *(*_LATENTS, "model.discriminator_filters=4", "model.num_classes=3"),
        *("model.input_dropout=0.0", "model.dropout=0.0"),
    ),
    "CoGAN": ("fashion_mnist/cogan", *_LATENTS, "model.discriminator_filters=4"),
    "ProjectionGAN": (
        "fashion_mnist/projection_gan",
        *(*_LATENTS, "model.discriminator_filters=4", "model.num_classes=3"),
    ),
    "SAGAN": (
        "fashion_mnist/sagan",
        *("model.filters=8", "model.latent_dim=5", "model.discriminator_filters=8", "model.num_classes=3"),
    ),
    "ProgressiveGAN": ("fashion_mnist/progressive_gan", *_LATENTS, "model.group_size=3"),
    "StyleGAN": ("fashion_mnist/stylegan", *_STYLES, "model.penalty={kind: r1, gamma: 0.1}"),
    "StyleGAN2": (
        "fashion_mnist/stylegan2",
        *_STYLES,
        "model.penalty={kind: r1, gamma: 0.1, every: 2}",
        "model.path_penalty={weight: 0.1, every: 2}",
    ),
    "VAEGAN": ("fashion_mnist/vaegan", *_LATENTS, "model.discriminator_filters=4"),
    "FAnoGAN": (
        "fashion_mnist/f_anogan",
        *("model.gan.filters=4", "model.gan.latent_dim=5", "model.encoder.filters=4"),
    ),
    "BiGAN": ("fashion_mnist/bigan", *_LATENTS, "model.discriminator_filters=4", "model.units=8"),
    "ALI": ("fashion_mnist/ali", *_LATENTS, "model.discriminator_filters=4", "model.units=8"),
    "BEGAN": ("fashion_mnist/began", *_LATENTS, "model.code_dim=6", "model.k_rate=0.2"),
    "EBGAN": (
        "fashion_mnist/ebgan_pt",
        *_LATENTS,
        "model.code_dim=6",
        "model.discriminator_filters=4",
        "model.units=8",
        "model.margin=0.2",
    ),
    "ACGAN": ("fashion_mnist/acgan", *_LATENTS, "model.discriminator_filters=4", "model.num_classes=3"),
}


@pytest.mark.parametrize("name", OF_RECIPES)
def test_a_case_is_its_recipe_made_narrow(name: str) -> None:
    recipe, *narrow = OF_RECIPES[name]
    loaded = loading.load(recipe, narrow)
    keras.utils.set_random_seed(7)
    expected = loaded.model.build(loaded.sections)
    keras.utils.set_random_seed(7)
    assert _told(CASES[name].build()) == _told(expected)


def _told(model: keras.Model) -> object:
    """A configuration without the names that Keras numbers."""
    return _without_names(keras.saving.serialize_keras_object(model)["config"])


def _without_names(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_names(inner) for key, inner in value.items() if key not in _NUMBERED}
    return [_without_names(inner) for inner in value] if isinstance(value, list | tuple) else value


_NUMBERED = ("name", "keras_history", "input_layers", "output_layers", "shared_object_id")
