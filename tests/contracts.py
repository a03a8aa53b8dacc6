"""The contract that every method passes, and the list of methods that are held to it.

A new method is one line in `CASES`: how to build it, narrow, with its recipe's own architecture, and
what its batches look like. `tests/test_contracts.py` runs the contract in one process,
`tests/distribution/` over replicas, `tests/test_export_contract.py` in a process without this package.
"""

import dataclasses
from collections.abc import Callable
from typing import Any

import keras
import numpy as np

import keras_genssl as kg
from tests import toys

Batch = dict[str, np.ndarray]

SHAPE, CLASSES = (28, 28, 1), 3  # of Fashion-MNIST's images, and of fewer classes than its


@dataclasses.dataclass(frozen=True)
class Case:
    """A method under contract."""

    build: Callable[[], kg.engine.Method]
    batch: Callable[[np.random.Generator, int], Batch]
    learning_rate: float = 0.02  # smaller where the loss is a sum over pixels

    def make(self, **compile_arguments: Any) -> kg.engine.Method:
        """The method, built and compiled the same way each time."""
        keras.utils.set_random_seed(7)
        model = self.build()
        if isinstance(model, kg.engine.PlayersModel):
            model.compile({player: _optimizer(self.learning_rate) for player in model.players()}, **compile_arguments)
        else:
            model.compile(_optimizer(self.learning_rate), **compile_arguments)
        return model

    def batches(self, count: int, size: int = 12) -> list[Batch]:
        """Batches of uint8 images, the same each time."""
        rng = np.random.default_rng(11)
        return [self.batch(rng, size) for _ in range(count)]


def _optimizer(learning_rate: float) -> keras.optimizers.Optimizer:
    # Not Adam: it turns rounding of a zero gradient (a bias before batch norm) into a full step.
    return keras.optimizers.SGD(learning_rate, momentum=0.9)


def photographs(rng: np.random.Generator, size: int, side: int) -> np.ndarray:
    """Smooth random pictures with some noise, uint8 `(size, side, side, 3)`."""
    coarse = rng.uniform(0, 255, (size, 4, 4, 3)).repeat(side // 4, axis=1).repeat(side // 4, axis=2)
    return np.clip(coarse + rng.normal(0, 10, (size, side, side, 3)), 0, 255).astype(np.uint8)


def pairs(scale: int, interpolation: str | None = None, small: int = 8) -> Callable[[np.random.Generator, int], Batch]:
    """Batches of a super-resolution method, `small` pixels a side before it."""

    def batch(rng: np.random.Generator, size: int) -> Batch:
        examples = [
            kg.pretext.low_high(image, scale, interpolation=interpolation)
            for image in photographs(rng, size, small * scale)
        ]
        return {key: np.stack([example[key] for example in examples]) for key in ("low", "high")}

    return batch


def images(rng: np.random.Generator, size: int) -> Batch:
    """Batches of the toy methods."""
    return {"image": photographs(rng, size, toys.SIZE)}


def _srcnn() -> kg.models.SRCNN:
    return kg.models.SRCNN(
        kg.backbones.srcnn(filters=(8, 4)), 2, interpolation="bicubic", loss=keras.losses.MeanSquaredError()
    )


def _espcn() -> kg.models.ESPCN:
    return kg.models.ESPCN(kg.backbones.espcn(3, filters=(8, 4)), loss=keras.losses.MeanSquaredError())


def edsr(scale: int, loss: Callable[[], Any] = keras.losses.MeanAbsoluteError) -> Callable[[], kg.models.EDSR]:
    """Builds EDSR with the recipes' upsampler."""
    return lambda: kg.models.EDSR(kg.backbones.edsr(scale, 8, 2, upsampler="pixelshuffledirect"), loss=loss())


def _perceptual() -> kg.losses.PerceptualLoss:
    weights = {"block3_conv2": 5.0}
    return kg.losses.PerceptualLoss(kg.backbones.perceptual_extractor("small", list(weights)), weights, "l1", 1.0, "l1")


def _srgan() -> kg.models.SRGAN:
    # Patches of 32: of 16 the last batch norm would see one pixel an image, and magnify rounding.
    networks = kg.backbones.srresnet(2, 8, 2), kg.backbones.srgan_discriminator(4, input_shape=(32, 32, 3))
    return kg.models.SRGAN(*networks, content_loss=keras.losses.MeanAbsoluteError(), adversarial_weight=1e-3)


def _srgan_with_vgg() -> kg.models.SRGAN:
    extractor = kg.backbones.perceptual_extractor("vgg19", layers=["block1_conv2"], weights=None)
    return kg.models.SRGAN(
        kg.backbones.srresnet(scale=4, filters=8, blocks=2),
        kg.backbones.srgan_discriminator(filters=4, dense=8, input_shape=(16, 16, 3)),
        content_loss=kg.losses.PerceptualLoss(extractor, [1e-3]),
        adversarial_weight=0.1,
    )


def degraded(rng: np.random.Generator, size: int) -> Batch:
    """Batches of degradation prediction: 16 pixels a side, four windows."""
    examples = [
        kg.pretext.degraded_pair({"image": image}, int(rng.integers(2**31)), size=16, margin=8)
        for image in photographs(rng, size, 32)
    ]
    return {key: np.stack([example[key] for example in examples]) for key in examples[0]}


def _degradation_prediction() -> kg.models.DegradationPrediction:
    network = kg.backbones.small_extractor((4, 6, 8))
    return kg.models.DegradationPrediction(network, ["block1_conv2", "block2_conv2", "block3_conv2"])


def patches(
    transform: Callable[..., Batch], side: int, **arguments: int
) -> Callable[[np.random.Generator, int], Batch]:
    """Batches of a pretext task that cuts pictures of `side` pixels into patches."""

    def batch(rng: np.random.Generator, size: int) -> Batch:
        examples = [
            transform({"image": image}, int(rng.integers(2**31)), **arguments) for image in photographs(rng, size, side)
        ]
        return {key: np.stack([example[key] for example in examples]) for key in examples[0]}

    return batch


def _patch_encoder() -> keras.Model:
    return kg.backbones.small_encoder((None, None, 3), filters=2)


def _cpc() -> kg.models.CPC:
    encoder = kg.backbones.small_encoder((None, None, 3), filters=2)
    contexts = [kg.backbones.context_network(8, filters=4, blocks=1, name=name) for name in ("first", "second")]
    return kg.models.CPC(
        encoder, rows=3, columns=2, steps=(1,), directions=("down", "left"), contexts=contexts, target_dim=5, scale=0.5
    )


def coloured(rng: np.random.Generator, size: int) -> Batch:
    """Batches of colorization, 8 pixels a side, one of them grey."""
    batch = photographs(rng, size, 8)
    batch[0] = batch[0, ..., :1]
    return {"image": batch}


def _colorization() -> kg.models.Colorization:
    frequencies = kg.pretext.ab_bin_frequencies(coloured(np.random.default_rng(0), 4)["image"])
    weights = kg.losses.rebalancing_weights(frequencies)
    return kg.models.Colorization(kg.backbones.small_feature_map(filters=2), class_weights=weights)


def filmed(rng: np.random.Generator, size: int) -> Batch:
    """Batches of order verification, frames of 8 pixels a side."""
    examples = []
    for image in photographs(rng, size, 20):
        film = kg.pretext.camera_path(image, int(rng.integers(2**31)), num_frames=8, size=8)
        examples.append(kg.pretext.frame_order({"frames": film}, int(rng.integers(2**31)), 4, 2, 0.5))
    return {key: np.stack([example[key] for example in examples]) for key in examples[0]}


def split_brain(method: type[kg.engine.Method]) -> Callable[[], kg.engine.Method]:
    """Builds a split brain with the recipe's trunk in both halves."""
    return lambda: method(*(kg.backbones.small_feature_map((None, None, channels), filters=2) for channels in (1, 2)))


def inpainting(rng: np.random.Generator, size: int) -> Batch:
    """Batches of context encoders, blocks hidden."""
    pictures = photographs(rng, size, toys.SIZE)
    examples = [kg.pretext.block_masked({"image": image}, int(rng.integers(2**31)), blocks=2) for image in pictures]
    return {key: np.stack([example[key] for example in examples]) for key in examples[0]}


def _adversarial_context_encoder() -> kg.models.AdversarialContextEncoder:
    networks = toys.encoder("encoder"), toys.decoder(4), toys.encoder("discriminator", 1)
    return kg.models.AdversarialContextEncoder(*networks, adversarial_weight=0.1, overlap=1)


def _adversarial_term() -> kg.models.AdversarialTerm:
    base = kg.models.Autoencoder(toys.encoder("encoder"), toys.decoder(4), loss=keras.losses.MeanAbsoluteError())
    return kg.models.AdversarialTerm(base, toys.encoder("discriminator", 1), weight=0.1)


def _lecture_autoencoder() -> kg.models.Autoencoder:
    networks = kg.backbones.lecture_encoder(8, 4, channels=1), kg.backbones.lecture_decoder(8, 4, channels=1)
    return kg.models.Autoencoder(*networks, loss=keras.losses.MeanSquaredError())


def sparse(penalty: Callable[[], Any], activation: str) -> Callable[[], kg.models.SparseAutoencoder]:
    """Builds a sparse autoencoder of one dense layer each way."""

    def build() -> kg.models.SparseAutoencoder:
        encoder = kg.backbones.dense_encoder(4, (), input_shape=SHAPE, code_activation=activation)
        decoder = kg.backbones.dense_decoder(4, (), output_shape=SHAPE)
        return kg.models.SparseAutoencoder(encoder, decoder, penalty(), loss=keras.losses.MeanSquaredError())

    return build


def _coder(activation: str | None = None) -> tuple[keras.Model, keras.Model]:
    encoder = kg.backbones.convolutional_encoder(4, 4, input_shape=SHAPE, code_activation=activation)
    return encoder, kg.backbones.convolutional_decoder(4, 4, output_shape=SHAPE, output_activation="tanh")


def _redundant_autoencoder() -> kg.models.RedundantAutoencoder:
    return kg.models.RedundantAutoencoder(*_coder(), rate=0.5, loss=keras.losses.MeanSquaredError())


def _denoising_autoencoder() -> kg.models.DenoisingAutoencoder:
    noise = kg.corruptions.GaussianNoise(0.5)
    return kg.models.DenoisingAutoencoder(*_coder(), noise, loss=keras.losses.MeanSquaredError())


def _contractive_autoencoder() -> kg.models.ContractiveAutoencoder:
    return kg.models.ContractiveAutoencoder(*_coder("sigmoid"), weight=0.1, loss=keras.losses.MeanSquaredError())


def few_labels(rng: np.random.Generator, size: int) -> Batch:
    """Batches of semi-supervised methods: some images have a label, the others -1."""
    labels = np.where(rng.random(size) < 0.4, rng.integers(0, CLASSES, size), -1)
    return {**garments(rng, size), "label": labels.astype(np.int32)}


def _semi_supervised_autoencoder() -> kg.models.SemiSupervisedAutoencoder:
    codes = keras.Input((4,))
    logits = keras.layers.Dense(CLASSES, dtype=keras.config.floatx(), name="logits")(codes)
    classifier = keras.Model(codes, logits, name="classifier")
    return kg.models.SemiSupervisedAutoencoder(*_coder(), classifier, loss=keras.losses.MeanSquaredError())


def vae(output: str | None = "tanh", **arguments: Any) -> Callable[[], kg.models.VAE]:
    """Builds a VAE on the recipe's networks, of 8 pixels a side in colour and 4 latents."""

    def build() -> kg.models.VAE:
        image = (toys.SIZE, toys.SIZE, 3)
        encoder = kg.backbones.convolutional_encoder(2 * 4, filters=6, units=8, input_shape=image)
        decoder = kg.backbones.convolutional_decoder(
            4, filters=6, units=8, output_shape=image, output_activation=output
        )
        return kg.models.VAE(encoder, decoder, **arguments)

    return build


def _adversarial_autoencoder() -> kg.models.AdversarialAutoencoder:
    # Batch normalised: two of the players hold the encoder.
    judge = kg.backbones.mlp_discriminator((2,), (8,), name="judge")
    prior = kg.priors.GaussianMixture(3, radius=2.0)
    return kg.models.AdversarialAutoencoder(toys.encoder("encoder", 2), toys.decoder(2), judge, prior=prior)


def _semi_supervised_adversarial_autoencoder() -> kg.models.SemiSupervisedAdversarialAutoencoder:
    judges = [kg.backbones.mlp_discriminator((size,), (8,), name=f"judge{size}") for size in (CLASSES, 2)]
    networks = toys.encoder("encoder", CLASSES + 2), toys.decoder(CLASSES + 2)
    return kg.models.SemiSupervisedAdversarialAutoencoder(*networks, *judges)


def partly_labelled(rng: np.random.Generator, size: int) -> Batch:
    """Batches of semi-supervised methods: every third image has a label, the others -1."""
    labels = np.where(np.arange(size) % 3 == 0, rng.integers(0, CLASSES, size), -1)
    return {**images(rng, size), "label": labels.astype(np.int32)}


def vqvae(quantizer: Callable[[], Any]) -> Callable[[], kg.models.VQVAE]:
    """Builds a VQ-VAE on the recipe's networks, with maps of 7 x 7 codes."""

    def build() -> kg.models.VQVAE:
        made, narrow = quantizer(), {"residual_filters": 2, "residual_blocks": 1}
        encoder = kg.backbones.vqvae_encoder(made.dim, 4, **narrow, input_shape=SHAPE)
        return kg.models.VQVAE(encoder, kg.backbones.vqvae_decoder(made.dim, 4, **narrow), made, variance=0.4)

    return build


def _vector_quantizer(restart_below: float = 1.1, by_gradient: bool = False) -> kg.layers.VectorQuantizer:
    # As large as batches of 6 images allow, and of so many codes that each update but the first places some anew.
    return kg.layers.VectorQuantizer(64, 3, by_gradient=by_gradient, decay=0.9, restart_below=restart_below)


def _vqvae2() -> kg.models.VQVAE2:
    narrow = {"filters": 4, "residual_filters": 2, "residual_blocks": 1}
    return kg.models.VQVAE2(
        kg.backbones.vqvae_encoder(4, **narrow, halvings=1, input_shape=SHAPE),
        kg.backbones.vqvae_encoder(3, **narrow, halvings=1, input_shape=(14, 14, 4)),
        kg.backbones.vqvae2_merger(3, **narrow, top_shape=(7, 7, 3), features=4),
        kg.backbones.vqvae2_decoder(3, 3, **narrow, halvings=1, output_shape=SHAPE),
        _vector_quantizer(),
        _vector_quantizer(restart_below=4.4),
        variance=0.4,
    )


def _code_generator() -> kg.models.CodeGenerator:
    # With nothing to learn in its codes: the memories of a codebook stay as they are here.
    autoencoder = vqvae(lambda: kg.layers.FiniteScalarQuantizer([3, 2]))()
    prior = kg.backbones.pixelcnn(
        (7, 7, 1), 6, 6, filters=4, blocks=2, first_kernel_size=3, embedding_dim=3, vector_dim=CLASSES
    )
    return kg.models.CodeGenerator(autoencoder, [prior], num_classes=CLASSES)


def garments(rng: np.random.Generator, size: int) -> Batch:
    """Batches of Fashion-MNIST's shape."""
    return {"image": photographs(rng, size, SHAPE[0])[..., :1]}


def classes(rng: np.random.Generator, size: int) -> Batch:
    """Batches of class-conditional GANs."""
    return {**garments(rng, size), "label": rng.integers(0, CLASSES, size).astype(np.int32)}


def _pixelcnn() -> kg.models.PixelCNN:
    distribution = kg.losses.DiscretizedLogisticMixture(256, 10)
    network = kg.backbones.pixelcnn(SHAPE, 256, distribution.num_outputs, filters=4, blocks=2)
    return kg.models.PixelCNN(network, distribution=distribution)


def _coloured_pixelcnn() -> kg.models.PixelCNN:
    """Of classes, in colour, with levels as they are in codes."""
    shape = (toys.SIZE, toys.SIZE, 3)
    network = kg.backbones.pixelcnn(
        shape, 256, 256, filters=6, blocks=2, first_kernel_size=3, embedding_dim=2, vector_dim=CLASSES
    )
    return kg.models.PixelCNN(network)


def _pixel_vae() -> kg.models.PixelVAE:
    return kg.models.PixelVAE(
        kg.backbones.convolutional_encoder(2 * 4, 4, input_shape=SHAPE),
        kg.backbones.convolutional_decoder(4, 4, output_shape=(*SHAPE[:2], 3), output_activation=None),
        kg.backbones.pixelcnn(SHAPE, 2, 1, filters=4, blocks=2, first_kernel_size=5, map_channels=3),
        distribution=kg.losses.BernoulliDistribution(),
        free_nats=0.5,
    )


def black_and_white(rng: np.random.Generator, size: int) -> Batch:
    """Batches of Fashion-MNIST's shape, of two levels."""
    return {"image": kg.pretext.quantize(garments(rng, size)["image"], 2)}


def _gan() -> kg.models.GAN:
    return kg.models.GAN(
        kg.backbones.mlp_generator(SHAPE, 5, (8,)),
        kg.backbones.mlp_discriminator(SHAPE, (8,)),
        latent_dim=5,
        adversarial_loss=kg.losses.RelativisticAverageGANLoss(),
        penalty=kg.penalties.R1Penalty(0.1, every=2),
        discriminator_steps=2,
        ema=0.9,
    )


def _dcgan() -> kg.models.DCGAN:
    networks = kg.backbones.dcgan_generator(SHAPE, 5, 4), kg.backbones.dcgan_discriminator(SHAPE, 4)
    return kg.models.DCGAN(*networks, latent_dim=5, ema=0.9)


def _wgan_gp() -> kg.models.WGANGP:
    critic = kg.backbones.dcgan_discriminator(SHAPE, 4, batch_norm=False, name="dcgan_critic")
    return kg.models.WGANGP(kg.backbones.dcgan_generator(SHAPE, 5, 4), critic, latent_dim=5, critic_steps=2, ema=0.99)


def _progressive_gan() -> kg.models.ProgressiveGAN:
    critic = kg.backbones.progressive_critic(SHAPE, 4, group_size=3)  # a divisor of each replica's share of 12 and of 6
    generator = kg.backbones.progressive_generator(SHAPE, 5, 4, output_activation="tanh")
    return kg.models.ProgressiveGAN(generator, critic, latent_dim=5, ema=0.99)


def _progressive_stage() -> kg.models.ProgressiveStage:
    return kg.models.ProgressiveStage(_progressive_gan(), 14, fade_images=60)


def _sngan() -> kg.models.SNGAN:
    networks = kg.backbones.dcgan_generator(SHAPE, 5, 4), kg.backbones.spectral_discriminator(SHAPE, 4)
    return kg.models.SNGAN(*networks, latent_dim=5, discriminator_steps=1, ema=0.995)


def _adaptive_sngan() -> kg.models.SNGAN:
    # p moves, and stays so small that no image is changed: the changes are each replica's own.
    judge = kg.backbones.augmented(kg.backbones.spectral_discriminator(SHAPE, 4), kg.layers.AdaptiveAugment(every=1))
    return kg.models.SNGAN(kg.backbones.dcgan_generator(SHAPE, 5, 4), judge, latent_dim=5, discriminator_steps=1)


def _spectral_acgan() -> kg.models.ACGAN:
    return kg.models.ACGAN(
        kg.backbones.dcgan_generator(SHAPE, 5, 4, num_classes=CLASSES),
        kg.backbones.spectral_acgan_discriminator(SHAPE, CLASSES, 4),
        latent_dim=5,
        num_classes=CLASSES,
        generator_class_weight=2.0,
        adversarial_loss=kg.losses.HingeGANLoss(),
        ema=0.995,
    )


def _infogan() -> kg.models.InfoGAN:
    judge = kg.backbones.spectral_acgan_discriminator(SHAPE, 3 + 1, 4)
    return kg.models.InfoGAN(
        kg.backbones.dcgan_generator(SHAPE, 6, 4), judge, latent_dim=6, num_categories=3, num_continuous=1, ema=0.9
    )


def _stylegan() -> kg.models.StyleGAN:
    # Without noise, which is each replica's own, with groups that divide a replica's share of a batch, and with the
    # mapping's whole rate: a hundredth of it moves no weight in single precision.
    return kg.models.StyleGAN(
        kg.backbones.style_mapping(5, 6, 2, lr_multiplier=1.0),
        kg.backbones.style_synthesis(SHAPE, 6, 4, max_filters=8, noise=False, output_activation="tanh"),
        kg.backbones.style_discriminator(SHAPE, 4, max_filters=8, group_size=3),
        latent_dim=5,
        penalty=kg.penalties.R1Penalty(0.1),
        mixing=0.5,
        ema=0.9,
    )


def _stylegan2() -> kg.models.StyleGAN2:
    return kg.models.StyleGAN2(
        kg.backbones.style_mapping(5, 6, 2, lr_multiplier=1.0),
        kg.backbones.style2_synthesis(SHAPE, 6, 4, max_filters=8, noise=False, output_activation="tanh"),
        kg.backbones.style2_discriminator(SHAPE, 4, max_filters=8, group_size=3),
        latent_dim=5,
        penalty=kg.penalties.R1Penalty(0.1, every=2),
        path_penalty=kg.penalties.PathLengthPenalty(0.1, every=2),
        mixing=0.5,
        ema=0.9,
    )


def _semi_supervised_gan() -> kg.models.SemiSupervisedGAN:
    # Without dropout, whose noise is each replica's own.
    judge = kg.backbones.semi_supervised_discriminator(SHAPE, CLASSES, 4, input_dropout=0.0, dropout=0.0)
    return kg.models.SemiSupervisedGAN(kg.backbones.dcgan_generator(SHAPE, 5, 4), judge, latent_dim=5, ema=0.99)


def _vaegan() -> kg.models.VAEGAN:
    return kg.models.VAEGAN(
        kg.backbones.dcgan_encoder(2 * 5, 4, input_shape=SHAPE),
        kg.backbones.dcgan_generator(SHAPE, 5, 4),
        kg.backbones.with_features(kg.backbones.dcgan_discriminator(SHAPE, 4), "relu2"),
        latent_dim=5,
        reconstruction_weight=1e-2,
        ema=0.995,
    )


def _f_anogan() -> kg.models.FAnoGAN:
    gan = _wgan_gp()
    return kg.models.FAnoGAN(kg.backbones.dcgan_encoder(5, 4, input_shape=SHAPE), gan.generator, gan.critic)


def joint(method: type[kg.engine.Method], statistics: int = 1) -> Callable[[], kg.engine.Method]:
    """Builds a GAN of pairs of images and codes."""
    return lambda: method(
        kg.backbones.dcgan_encoder(statistics * 5, 4, input_shape=SHAPE),
        kg.backbones.dcgan_generator(SHAPE, 5, 4),
        kg.backbones.joint_discriminator(SHAPE, 5, 4, units=8),
        latent_dim=5,
        ema=0.995,
    )


def _began() -> kg.models.BEGAN:
    # k moves far enough to be told apart, and stays inside of (0, 1).
    networks = kg.backbones.began_generator(SHAPE, 5, 4), kg.backbones.began_discriminator(SHAPE, 6, 4)
    return kg.models.BEGAN(*networks, latent_dim=5, gamma=0.7, k_rate=0.2, ema=0.995)


def _ebgan() -> kg.models.EBGAN:
    coder = (
        kg.backbones.convolutional_encoder(6, 4, 8, input_shape=SHAPE),
        kg.backbones.convolutional_decoder(6, 4, 8, output_shape=SHAPE),
    )
    generator, judge = kg.backbones.dcgan_generator(SHAPE, 5, 4), kg.backbones.with_code(*coder)
    return kg.models.EBGAN(generator, judge, latent_dim=5, margin=0.2, pulling_away=0.02, ema=0.995)


def _conditional_gan() -> kg.models.ConditionalGAN:
    generator = kg.backbones.dcgan_generator(SHAPE, 5, 4, num_classes=CLASSES)
    discriminator = kg.backbones.dcgan_discriminator(SHAPE, 4, num_classes=CLASSES)
    return kg.models.ConditionalGAN(generator, discriminator, latent_dim=5, num_classes=CLASSES)


def _projection_gan() -> kg.models.ProjectionGAN:
    generator = kg.backbones.class_conditional_generator(SHAPE, CLASSES, 5, 4)
    discriminator = kg.backbones.spectral_discriminator(SHAPE, 4, num_classes=CLASSES)
    return kg.models.ProjectionGAN(generator, discriminator, 5, CLASSES, discriminator_steps=1, ema=0.995)


def _residual_projection_gan() -> kg.models.ProjectionGAN:
    generator = kg.backbones.sngan_generator(SHAPE, 5, 4, num_classes=CLASSES)
    discriminator = kg.backbones.sngan_discriminator(SHAPE, 4, num_classes=CLASSES)
    return kg.models.ProjectionGAN(generator, discriminator, 5, CLASSES, discriminator_steps=1, ema=0.9)


def attending(*networks: keras.Model) -> tuple[keras.Model, ...]:
    """Networks whose attention does something: at 0, where γ starts, its kernels would not train."""
    for network in networks:
        network.get_layer("attention").gamma.assign(0.5)
    return networks


def _sagan() -> kg.models.SAGAN:
    generator = kg.backbones.class_conditional_generator(
        SHAPE, CLASSES, 5, 8, spectral_normalization=True, attention=True
    )
    discriminator = kg.backbones.spectral_discriminator(SHAPE, 8, num_classes=CLASSES, attention=True)
    return kg.models.SAGAN(*attending(generator, discriminator), 5, CLASSES, ema=0.995)


def _residual_sagan() -> kg.models.SAGAN:
    generator = kg.backbones.sagan_generator(SHAPE, 5, 8, num_classes=CLASSES)
    discriminator = kg.backbones.sagan_discriminator(SHAPE, 8, num_classes=CLASSES)
    return kg.models.SAGAN(*attending(generator, discriminator), 5, CLASSES)


def _acgan() -> kg.models.ACGAN:
    generator = kg.backbones.dcgan_generator(SHAPE, 5, 4, num_classes=CLASSES)
    discriminator = kg.backbones.acgan_discriminator(SHAPE, CLASSES, 4, dropout=0.0)
    return kg.models.ACGAN(generator, discriminator, 5, CLASSES, fake_class_weight=0.5, ema=0.9)


def domains(*fields: str) -> Callable[[np.random.Generator, int], Batch]:
    """Batches of a translation method, one picture of each field."""

    def batch(rng: np.random.Generator, size: int) -> Batch:
        return {field: photographs(rng, size, toys.SIZE) for field in fields}

    return batch


def _pix2pix(**discriminator: Any) -> kg.models.Pix2Pix:
    # Without dropout, whose noise is each replica's own.
    shape = (toys.SIZE, toys.SIZE, 3)
    generator = kg.backbones.unet_generator(shape, filters=4, dropout=0.0, **discriminator)
    both = (toys.SIZE, toys.SIZE, 6)
    return kg.models.Pix2Pix(generator, kg.backbones.patch_discriminator(both, 4, layers=1, **discriminator))


def _cyclegan() -> kg.models.CycleGAN:
    shape = (toys.SIZE, toys.SIZE, 3)
    translators = [kg.backbones.resnet_translator(shape, filters=4, blocks=1, downsamplings=1) for _ in range(2)]
    judges = [kg.backbones.patch_discriminator(shape, filters=4, layers=1) for _ in range(2)]
    return kg.models.CycleGAN(*translators, *judges, pool_size=10)  # full in the middle of the first batch


def two_garments(rng: np.random.Generator, size: int) -> Batch:
    """Batches of two domains of Fashion-MNIST's shape."""
    return {field: garments(rng, size)["image"] for field in ("first", "second")}


def _cogan() -> kg.models.CoGAN:
    generators = kg.backbones.coupled_generators(SHAPE, 5, 4, private=2)
    networks = generators, kg.backbones.coupled_discriminators(SHAPE, 4, private=2)
    return kg.models.CoGAN(*networks, latent_dim=5, ema=0.995)


def two_views(method: type[kg.engine.Method], *, views: Any = None) -> Callable[[], kg.engine.Method]:
    """Builds a contrastive method with heads of its own kind, on features of 4."""
    return lambda: method(toys.encoder("encoder"), views=views and views())


def _noises() -> tuple[keras.layers.Layer, keras.layers.Layer]:
    return toys.NoiseView(0.2), toys.NoiseView(0.4)


def indexed(rng: np.random.Generator, size: int) -> Batch:
    """Batches of instance discrimination, out of ten examples: some stand in a batch more than once."""
    return {**images(rng, size), "index": rng.integers(0, 10, size).astype(np.int32)}


def _moco() -> kg.models.MoCo:
    # The queue wraps in the middle of every second batch of 12.
    return kg.models.MoCo(
        toys.encoder("encoder"), head=toys.head(), views=toys.NoiseView(), queue_size=18, momentum=0.9, groups=2
    )


def _instance_discrimination() -> kg.models.InstanceDiscrimination:
    return kg.models.InstanceDiscrimination(
        toys.encoder("encoder"), 10, head=toys.head(), views=toys.NoiseView(), temperature=0.2
    )


def faces(rng: np.random.Generator, size: int) -> Batch:
    """Batches of metric learning from labels."""
    return {**images(rng, size), "label": rng.integers(0, CLASSES, size).astype(np.int32)}


def face_pairs(rng: np.random.Generator, size: int) -> Batch:
    """Batches of a siamese network."""
    return {**domains("first", "second")(rng, size), "label": rng.integers(0, 2, size).astype(np.int32)}


def _synchronized(name: str) -> keras.layers.Layer:
    return kg.layers.BatchNormalization(synchronized=True, name=name)


CASES = {
    "SRCNN": Case(_srcnn, pairs(2, "bicubic")),
    "ESPCN": Case(_espcn, pairs(3)),
    "EDSR": Case(edsr(2), pairs(2)),
    "EDSR, perceptual": Case(edsr(4, _perceptual), pairs(4)),
    "EDSR, as the paper": Case(lambda: kg.models.EDSR(kg.backbones.edsr(4, 8, 2, residual_scaling=0.1)), pairs(4)),
    "SRResNet": Case(lambda: kg.models.SRResNet(kg.backbones.srresnet(scale=4, filters=8, blocks=2)), pairs(4)),
    "SRGAN": Case(_srgan, pairs(2, small=16)),
    "SRGAN, as the paper": Case(_srgan_with_vgg, pairs(4, small=4)),
    "DegradationPrediction": Case(_degradation_prediction, degraded),
    "Jigsaw": Case(
        lambda: kg.models.Jigsaw(_patch_encoder(), num_permutations=4, grid=2),
        patches(kg.pretext.jigsaw, 20, num_permutations=4, cell_size=10, patch_size=8, grid=2),
    ),
    "RelativePosition": Case(
        lambda: kg.models.RelativePosition(_patch_encoder()),
        patches(kg.pretext.relative_position, 28, patch_size=8, gap=1, jitter=1),
    ),
    "CPC": Case(_cpc, patches(kg.pretext.overlapping_patches, 20, patch_size=8, rows=3, columns=2)),
    "Colorization": Case(_colorization, coloured),
    "ColorizationRegression": Case(
        lambda: kg.models.ColorizationRegression(kg.backbones.small_feature_map(filters=2)), coloured
    ),
    "SplitBrainAutoencoder": Case(split_brain(kg.models.SplitBrainAutoencoder), coloured),
    "SplitBrainRegression": Case(split_brain(kg.models.SplitBrainRegression), coloured),
    "ShuffleAndLearn": Case(
        lambda: kg.models.ShuffleAndLearn(kg.backbones.small_encoder((None, None, 3), filters=2)), filmed
    ),
    "ContextEncoder": Case(
        lambda: kg.models.ContextEncoder(toys.encoder("encoder"), toys.decoder(4), overlap=1), inpainting
    ),
    "AdversarialTerm": Case(_adversarial_term, images),
    "AdversarialContextEncoder": Case(_adversarial_context_encoder, inpainting),
    "Rotation": Case(lambda: kg.models.Rotation(toys.encoder("encoder")), images),
    "Autoencoder, as the lectures": Case(_lecture_autoencoder, garments),
    "Autoencoder, batch norm": Case(
        lambda: kg.models.Autoencoder(toys.encoder("encoder"), toys.decoder(4), loss=keras.losses.MeanAbsoluteError()),
        images,
    ),
    "SparseAutoencoder, KL": Case(sparse(lambda: kg.losses.KLSparsity(0.05, 1.0), "sigmoid"), garments),
    "SparseAutoencoder, L1": Case(sparse(lambda: kg.losses.L1Sparsity(0.1), "relu"), garments),
    "RedundantAutoencoder": Case(_redundant_autoencoder, garments),
    "DenoisingAutoencoder": Case(_denoising_autoencoder, garments),
    "ContractiveAutoencoder": Case(_contractive_autoencoder, garments),
    "SemiSupervisedAutoencoder": Case(_semi_supervised_autoencoder, few_labels),
    "VAE": Case(vae(), images, 1e-4),
    "VAE, Bernoulli": Case(vae(output=None, likelihood=kg.losses.BernoulliLikelihood(), beta=2.0), images, 1e-4),
    "VAE, importance-weighted": Case(vae(num_samples=3), images, 1e-4),
    "VAE, batch norm": Case(lambda: kg.models.VAE(toys.encoder("encoder", 8), toys.decoder(4)), images, 1e-4),
    "AdversarialAutoencoder": Case(_adversarial_autoencoder, images),
    "SemiSupervisedAdversarialAutoencoder": Case(_semi_supervised_adversarial_autoencoder, partly_labelled),
    "VQVAE": Case(vqvae(_vector_quantizer), garments),
    "VQVAE, by gradient": Case(vqvae(lambda: _vector_quantizer(by_gradient=True)), garments),
    "VQVAE2": Case(_vqvae2, garments),
    "CodeGenerator": Case(_code_generator, classes),
    "GAN": Case(_gan, garments),
    "DCGAN": Case(_dcgan, garments),
    "WGANGP": Case(_wgan_gp, garments),
    "SNGAN": Case(_sngan, garments),
    "SNGAN, adaptively augmented": Case(_adaptive_sngan, garments),
    "ProgressiveGAN": Case(_progressive_gan, garments, 2e-3),
    "ProgressiveStage": Case(_progressive_stage, garments, 2e-3),
    "ConditionalGAN": Case(_conditional_gan, classes),
    "ProjectionGAN": Case(_projection_gan, classes),
    "ProjectionGAN, as the paper": Case(_residual_projection_gan, classes, 1e-3),  # its logit is a sum over space
    "SAGAN": Case(_sagan, classes),
    "SAGAN, as the paper": Case(_residual_sagan, classes),
    "InfoGAN": Case(_infogan, garments),
    "StyleGAN": Case(_stylegan, garments, 1e-3),
    "StyleGAN2": Case(_stylegan2, garments, 1e-3),
    "SemiSupervisedGAN": Case(_semi_supervised_gan, few_labels),
    "VAEGAN": Case(_vaegan, garments, 1e-3),
    "FAnoGAN": Case(_f_anogan, garments),
    "BiGAN": Case(joint(kg.models.BiGAN), garments),
    "ALI": Case(joint(kg.models.ALI, statistics=2), garments),
    "BEGAN": Case(_began, garments),
    "EBGAN": Case(_ebgan, garments),
    "ACGAN": Case(_spectral_acgan, classes),
    "ACGAN, as the paper": Case(_acgan, classes),
    "Pix2Pix": Case(_pix2pix, domains("source", "target")),
    "Pix2Pix, batch normalised": Case(lambda: _pix2pix(normalization=_synchronized), domains("source", "target")),
    "CoGAN": Case(_cogan, two_garments),
    "CycleGAN": Case(_cyclegan, domains("first", "second")),
    "PixelCNN": Case(_pixelcnn, garments, 1e-6),
    "PixelCNN, of classes in colour": Case(_coloured_pixelcnn, faces, 1e-5),
    "PixelVAE": Case(_pixel_vae, black_and_white, 1e-5),
    "SimCLR": Case(two_views(kg.models.SimCLR, views=toys.NoiseView), images),
    "SimCLR, prepared pairs": Case(two_views(kg.models.SimCLR), domains("first", "second")),
    "SimSiam": Case(two_views(kg.models.SimSiam, views=toys.NoiseView), images),
    "BYOL": Case(
        lambda: kg.models.BYOL(
            toys.encoder("encoder"), views=_noises(), momentum=kg.schedules.CosineMomentum(0.9, steps=6)
        ),
        images,
    ),
    "BarlowTwins": Case(two_views(kg.models.BarlowTwins, views=_noises), images),
    "VICReg": Case(two_views(kg.models.VICReg, views=toys.NoiseView), images, 1e-3),
    "MoCo": Case(_moco, images),
    "InstanceDiscrimination": Case(_instance_discrimination, indexed),
    "EmbeddingModel": Case(
        lambda: kg.models.EmbeddingModel(toys.encoder("encoder"), kg.losses.TripletSemiHardLoss(margin=0.5)), faces
    ),
    "EmbeddingModel, proxies": Case(
        lambda: kg.models.EmbeddingModel(toys.encoder("encoder"), kg.losses.ProxyAnchorLoss(CLASSES, 4)), faces
    ),
    "PairEmbeddingModel": Case(
        lambda: kg.models.PairEmbeddingModel(toys.encoder("encoder"), kg.losses.ContrastiveLoss(similar_label=0)),
        face_pairs,
    ),
    "TripletEmbeddingModel": Case(
        lambda: kg.models.TripletEmbeddingModel(toys.encoder("encoder"), margin=0.5),
        domains("anchor", "positive", "negative"),
    ),
    "ToyGAN": Case(lambda: toys.ToyGAN(toys.decoder(4), toys.encoder("critic", 1)), images),
    "ToyRelativisticGAN": Case(  # one critic round: its penalty is slow to trace, and several rounds are ToyGAN's
        lambda: toys.ToyRelativisticGAN(toys.decoder(4), toys.attentive_critic(), critic_rounds=1), images
    ),
}

# The largest of their method, with no state and no meeting of replicas that others have not (spectral normalisation's
# is SNGAN's too): neither interrupted nor on several replicas.
LARGE = ("ACGAN, as the paper", "ProjectionGAN, as the paper", "SAGAN, as the paper", "SRGAN, as the paper")

# One case, small to trace, stands for all whose replicas meet in the same way: it alone is trained on two workers, and
# in graphs on two devices, where the others are trained op by op. Most meet in gradients, counts and batch
# normalisation alone, some in noise that is drawn for the global batch, or in the features of its other images.
MEETS_AS = {
    **dict.fromkeys(("EDSR", "EDSR, perceptual", "EDSR, as the paper"), "Autoencoder, batch norm"),
    **dict.fromkeys(("SRCNN", "ESPCN", "SRResNet", "DegradationPrediction"), "Autoencoder, batch norm"),
    **dict.fromkeys(("Autoencoder, as the lectures", "ContextEncoder", "Jigsaw"), "Autoencoder, batch norm"),
    **dict.fromkeys(("RelativePosition", "ShuffleAndLearn", "PairEmbeddingModel"), "Autoencoder, batch norm"),
    **dict.fromkeys(("Rotation", "TripletEmbeddingModel"), "Autoencoder, batch norm"),
    **dict.fromkeys(("Colorization", "ColorizationRegression"), "Autoencoder, batch norm"),
    **dict.fromkeys(("SplitBrainAutoencoder", "SplitBrainRegression"), "Autoencoder, batch norm"),
    "SparseAutoencoder, L1": "SparseAutoencoder, KL",
    **dict.fromkeys(("PixelCNN", "PixelCNN, of classes in colour"), "Autoencoder, batch norm"),
    **dict.fromkeys(("DenoisingAutoencoder", "RedundantAutoencoder", "ContractiveAutoencoder"), "VAE, batch norm"),
    **dict.fromkeys(("VAE", "VAE, Bernoulli", "VAE, importance-weighted"), "VAE, batch norm"),
    **dict.fromkeys(("DCGAN", "ConditionalGAN", "ACGAN", "InfoGAN", "AdversarialAutoencoder"), "SNGAN"),
    **dict.fromkeys(("VAEGAN", "BiGAN", "ALI", "CoGAN", "ProjectionGAN", "SAGAN"), "SNGAN"),
    "StyleGAN": "StyleGAN2",
    "EBGAN": "GAN",
    **dict.fromkeys(("VQVAE, by gradient", "VQVAE2"), "VQVAE"),
    "CodeGenerator": "VAE, batch norm",
    **dict.fromkeys(("SimCLR, prepared pairs", "CPC"), "SimCLR"),
    **dict.fromkeys(("BYOL", "SimSiam"), "MoCo"),
    "VICReg": "BarlowTwins",
    **dict.fromkeys(("EmbeddingModel, proxies", "SemiSupervisedAutoencoder"), "EmbeddingModel"),
    "PixelVAE": "VAE, batch norm",
    "FAnoGAN": "Autoencoder, batch norm",
    **dict.fromkeys(("WGANGP", "ProgressiveGAN"), "ToyGAN"),
    **dict.fromkeys(("ToyRelativisticGAN", "SemiSupervisedAdversarialAutoencoder", "SemiSupervisedGAN"), "GAN"),
    **dict.fromkeys(("SRGAN", "Pix2Pix", "Pix2Pix, batch normalised", "AdversarialTerm"), "AdversarialContextEncoder"),
}
