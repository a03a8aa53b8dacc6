"""Layers, backbones, losses, metrics and optimizers give the same values under another Keras backend."""

import contextlib
import functools
import os
import pathlib
import subprocess
import sys
from unittest import mock

import keras
import numpy as np

from keras_genssl import backbones, layers, losses, metrics, optimizers


def _constant(value):
    return lambda self, shape, dtype=None, **_: np.full(shape, value, dtype or "float32")


@contextlib.contextmanager
def _nothing_drawn():
    """Weights are zeros until `_with_weights`: JAX compiles a program for each shape that it draws or fills."""
    of = keras.initializers
    with contextlib.ExitStack() as stack:
        for kind in (of.VarianceScaling, of.RandomNormal, of.RandomUniform, of.TruncatedNormal, of.Zeros, of.Ones):
            stack.enter_context(mock.patch.object(kind, "__call__", _constant(float(kind is of.Ones))))
        yield


def _whole(function):
    """Calls a function in one program where the backend is JAX, not in one for each of its operations."""
    if keras.backend.backend() != "jax":
        return function
    import jax

    return jax.jit(function)


def _with_weights(network):
    """Fill ``network`` with numbers that do not depend on the backend's random generator."""
    generator = np.random.default_rng(0)
    network.set_weights([generator.uniform(0.05, 0.3, w.shape) * 0.3 for w in network.weights])
    return _whole(network) if isinstance(network, keras.Model) else network


def _gans(generator):
    """The networks of GANs, conditional where they can be."""
    latents, labels = generator.normal(size=(2, 5)).astype("float32"), np.eye(3, dtype="float32")[:2]
    images, shape = generator.uniform(-1, 1, (2, 28, 28, 1)).astype("float32"), (28, 28, 1)
    given_both = {
        "dcgan_generator": backbones.dcgan_generator(shape, 5, 2, num_classes=3, synchronized=False),
        "mlp_generator": backbones.mlp_generator(shape, 5, (4,), num_classes=3),
        "sngan_generator": backbones.sngan_generator(shape, 5, 2, num_classes=3, synchronized=False),
        "class_conditional_generator": backbones.class_conditional_generator(
            shape, 3, 5, 8, spectral_normalization=True, attention=True, synchronized=False
        ),
    }
    judged_with_labels = {
        "dcgan_discriminator": backbones.dcgan_discriminator(shape, 2, num_classes=3, synchronized=False),
        "mlp_discriminator": backbones.mlp_discriminator(shape, (4,), num_classes=3),
        "sngan_discriminator": backbones.sngan_discriminator(shape, 2, num_classes=3),
        "attentive_discriminator": backbones.spectral_discriminator(shape, 8, num_classes=3, attention=True),
    }
    acgan = backbones.acgan_discriminator(shape, 3, 2, synchronized=False)
    values = {name: _with_weights(network)([latents, labels]) for name, network in given_both.items()}
    values |= {name: _with_weights(network)([images, labels]) for name, network in judged_with_labels.items()}
    values["wgan_gp_generator"] = _with_weights(backbones.wgan_gp_generator(shape, 5, 2, synchronized=False))(latents)
    encoder = backbones.dcgan_encoder(3, 2, input_shape=shape, synchronized=False)
    values["dcgan_encoder"] = _with_weights(encoder)(images)
    values["wgan_gp_critic"] = _with_weights(backbones.wgan_gp_critic(shape, 2))(images)
    values["acgan_logits"], values["acgan_classes"] = _with_weights(acgan)(images)
    judge = backbones.semi_supervised_discriminator(shape, 3, 2)
    values["semi_supervised_classes"], values["semi_supervised_features"] = _with_weights(judge)(images)
    values["spectral_discriminator"] = _with_weights(backbones.spectral_discriminator(shape, 2))(images)
    joint = backbones.with_features(backbones.joint_discriminator(shape, 5, 2, 4, synchronized=False), "relu1")
    values["joint_discriminator"], values["joint_features"] = _with_weights(joint)([images, latents])
    mapping = backbones.style_mapping(5, 4, 2, num_classes=3)
    values["style_mapping"] = _with_weights(mapping)([latents, labels])
    styles = generator.normal(size=(2, 6, 4)).astype("float32")
    for number, synthesis in enumerate((backbones.style_synthesis, backbones.style2_synthesis), start=1):
        values[f"style_synthesis{number}"] = _with_weights(synthesis(shape, 4, 2))(styles)
    for number, judge in enumerate((backbones.style_discriminator, backbones.style2_discriminator), start=1):
        values[f"style_discriminator{number}"] = _with_weights(judge(shape, 2))(images)
    spectral = backbones.spectral_acgan_discriminator(shape, 3, 2)
    values["spectral_logits"], values["spectral_classes"] = _with_weights(spectral)(images)
    return values


def _metric_learning(generator):
    """Losses of embeddings, of labels that repeat and do not divide the batch."""
    labels, embeddings = np.arange(12) % 5, generator.normal(size=(12, 4)).astype("float32")
    of_embeddings = [
        losses.ContrastiveBatchAllLoss(),
        losses.TripletSemiHardLoss(0.3),
        losses.TripletHardLoss(soft=True),
        losses.TripletBatchAllLoss(0.3, "angular"),
        losses.NPairsLoss(from_embeddings=True),
        losses.LiftedStructLoss(),
        losses.MultiSimilarityLoss(),
        _with_weights(losses.ProxyAnchorLoss(5, 4)),
        _with_weights(losses.ArcFaceLoss(5, 4)),
        _with_weights(losses.SoftmaxLoss(5, 4)),
    ]
    values = {type(loss).__name__: _whole(loss.call)(labels, embeddings) for loss in of_embeddings}
    distances = losses.paired_distances(embeddings[:6], embeddings[6:])
    return {**values, "contrastive": _whole(losses.ContrastiveLoss().call)(np.arange(6) % 2, distances)}


def _built(layer, shape):
    layer.build(shape)
    return _with_weights(layer)


def _changed(layer, images):
    """At given random numbers: backends draw others."""
    chances = np.random.default_rng(6).random((len(images), layer.num_chances)).astype("float32")
    return layer.apply(images, layer.draw(chances, images.shape[1:]))


def _often(layer):
    layer.p.assign(0.7)
    return layer


def _layers(images):
    """Layers of GANs and of translation."""
    channels = np.concatenate([images] * 3, axis=-1)[..., :8]  # (2, 16, 16, 8)
    spectral = layers.SpectralNormalization(keras.layers.Conv2D(3, 3))
    attention = layers.SelfAttention2D(spectral_normalization=True)
    style = images[:, 0, 0]
    of_styles = [images.shape, style.shape]
    weight_normalized = layers.WeightNormalization(keras.layers.Conv2D(3, 3))
    return {
        "instance_normalization": _built(layers.InstanceNormalization(), images.shape)(images),
        "image_standardization": layers.ImageStandardization()(images),
        "spectral_normalization": _built(spectral, images.shape)(images, training=True),
        "spectral_normalization_moved": spectral.spectral_norm()[0],
        "weight_normalization": _built(weight_normalized, images.shape)(images),
        "minibatch_stddev": layers.MinibatchStdDev(group_size=2)(images),
        "pixel_normalization": layers.PixelNormalization()(images),
        "equalized_dense": _built(layers.EqualizedDense(5, 1.0, 0.1), images.shape)(images),
        "equalized_convolution": _built(layers.EqualizedConv2D(5, 3), images.shape)(images),
        "blur": layers.Blur()(images),
        "noise": _built(layers.NoiseInjection(seed=1), images.shape)(images),
        "constant": _built(layers.LearnedConstant((2, 3)), images.shape)(images),
        "adaptive_instance_normalization": _built(layers.AdaptiveInstanceNormalization(), of_styles)([images, style]),
        "modulated_convolution": _built(layers.ModulatedConv2D(5, 3), of_styles)([images, style]),
        "self_attention": _built(attention, channels.shape)(channels, training=True),
        "rgb_to_lab": layers.RGBToLab()(images),
        "lab_to_rgb": layers.LabToRGB()(100 * images),
        "pad_to_multiple": layers.PadToMultiple((6, 20))(images),
        "crop_to_size": layers.CropToSize()([images, images[:, :5, :4]]),
        "adaptive_augment": _changed(_often(layers.AdaptiveAugment()), channels[..., :3]),
        "diff_augment": _changed(layers.DiffAugment(), channels[..., :3]),
        "reflection_padding": layers.ReflectionPadding2D(((1, 2), (3, 0)))(images),
    }


def _quantized(images, vectors):
    """Quantizers of vectors (2, 4, 6), and the networks around them."""
    nearest = _with_weights(layers.VectorQuantizer(5, 6, by_gradient=True))
    rounded = layers.FiniteScalarQuantizer([5, 4, 3, 2, 2, 2])
    values = {}
    for name, quantizer in (("vector_quantizer", nearest), ("finite_scalar_quantizer", rounded)):
        values[f"{name}_codes"], values[f"{name}_indices"] = _, indices = quantizer(vectors)
        values[f"{name}_penalties"] = quantizer.penalties(vectors, indices)
    narrow = {"residual_filters": 2, "residual_blocks": 1}
    values["vqvae_encoder"] = maps = _with_weights(
        backbones.vqvae_encoder(3, 2, **narrow, halvings=1, input_shape=images.shape[1:])
    )(images)
    values["vqvae_decoder"] = _with_weights(
        backbones.vqvae_decoder(3, 2, **narrow, halvings=1, output_shape=images.shape[1:])
    )(maps)
    top = maps[:, ::2, ::2]
    merger = backbones.vqvae2_merger(2, 2, **narrow, top_shape=(4, 4, 3), features=3)
    values["vqvae2_merger"] = _with_weights(merger)([maps, top])
    decoder = backbones.vqvae2_decoder(3, 3, 2, **narrow, halvings=1, output_shape=images.shape[1:])
    values["vqvae2_decoder"] = _with_weights(decoder)([top, maps])
    return values


def _translators(images):
    """The networks of pix2pix and CycleGAN; dropout is off outside training."""
    shape = images.shape[1:]
    networks = {
        "unet_generator": backbones.unet_generator(shape, filters=2),
        "resnet_translator": backbones.resnet_translator(shape, filters=2, blocks=1, downsamplings=1),
        "patch_discriminator": backbones.patch_discriminator(shape, filters=2, layers=1),
    }
    return {name: _with_weights(network)(images) for name, network in networks.items()}


def _densities(generator):
    """The network of PixelCNN with all its conditions, and distributions of its outputs."""
    levels, coarse = generator.integers(0, 4, (2, 4, 6, 3)), generator.integers(0, 5, (2, 2, 3, 1))
    vector, noise = generator.normal(size=(2, 2)).astype("float32"), generator.uniform(size=levels.shape)
    context = _with_weights(backbones.code_map((2, 3), 5, (4, 6), channels=2))(coarse.astype("int32"))
    network = backbones.pixelcnn(
        (4, 6, 3), 4, 6, filters=6, blocks=2, embedding_dim=2, vector_dim=2, map_channels=2, first_kernel_size=3
    )
    outputs = _with_weights(network)([levels.astype("int32"), vector, np.asarray(context)])
    values = {"code_map": context, "pixelcnn": outputs}
    for distribution, share in (
        (losses.BernoulliDistribution(), outputs[..., :1]),
        (losses.CategoricalDistribution(4), outputs[..., :4]),
        (losses.DiscretizedLogisticMixture(4, 2), outputs),
    ):
        name, inside = type(distribution).__name__, levels % distribution.num_levels
        values[f"{name}_log_prob"] = _whole(distribution.log_prob)(inside, share)
        values[f"{name}_sample"] = _whole(distribution.sample)(share, noise.astype("float32"))
    return values


def _adversarial(real, fake):
    """Every adversarial loss of both players."""
    every = (
        losses.MinimaxGANLoss(),
        losses.NonSaturatingGANLoss(0.1),
        losses.LeastSquaresGANLoss(),
        losses.HingeGANLoss(),
        losses.WassersteinGANLoss(),
        losses.RelativisticGANLoss(),
        losses.RelativisticAverageGANLoss(),
    )
    values = {"feature_matching": losses.FeatureMatchingLoss().call(real, fake)}
    for loss in every:
        values[f"{type(loss).__name__}_discriminator"] = loss.discriminator(real, fake)
        values[f"{type(loss).__name__}_generator"] = loss.generator(fake, real)
    return values


@_nothing_drawn()
def compute():
    """Every public function's values on fixed images, as NumPy arrays."""
    generator = np.random.default_rng(1)
    true, predicted = generator.uniform(-1, 1, (2, 2, 16, 16, 3)).astype("float32")
    logits = generator.normal(size=(2, 4, 1)).astype("float32")

    norm = layers.BatchNormalization(momentum=0.5)
    values = {
        "batch_normalization": norm(true, training=True),
        "batch_normalization_inference": norm(true, training=False),
        "bicubic": layers.BicubicUpsampling(3)(true),
        "pixel_shuffle": layers.PixelShuffle(2)(np.concatenate([true] * 4, axis=-1)),
        "caffe": layers.CaffePreprocessing()(true),
    }
    networks = {
        "srcnn": backbones.srcnn((4, 3)),
        "espcn": backbones.espcn(3, (4, 3)),
        "edsr": backbones.edsr(4, 4, 2, 0.1),
        "srresnet": backbones.srresnet(2, 4, 2, synchronized=False),
        "convolutional_encoder": backbones.convolutional_encoder(5, 2, 4, input_shape=(16, 16, 3)),
        "dense_encoder": backbones.dense_encoder(5, (4,), input_shape=(16, 16, 3), code_activation="sigmoid"),
        "resnet50": backbones.resnet50((16, 16, 3), filters=1, synchronized=False),
        "small_feature_map": backbones.small_feature_map((16, 16, 3), 2, synchronized=False),
        "small_encoder": backbones.small_encoder((16, 16, 3), 2, synchronized=False),
        "small_encoder_layer_norm": backbones.small_encoder(
            (16, 16, 3), 2, normalization=keras.layers.LayerNormalization
        ),
        "context_network": backbones.context_network(3, filters=2, blocks=2),
        "srgan_discriminator": backbones.srgan_discriminator(2, 4, synchronized=False, input_shape=(16, 16, 3)),
    }
    values |= {name: _with_weights(network)(true) for name, network in networks.items()}
    values |= _gans(generator)
    small = backbones.small_extractor((3, 4))
    _with_weights(small)
    extractor = backbones.perceptual_extractor(small, ["block1_conv2", "block2_conv1"])
    values |= {f"extractor{i}": features for i, features in enumerate(extractor(true))}

    codes = generator.uniform(0.1, 0.9, (2, 6)).astype("float32")
    decoders = {
        "convolutional_decoder": backbones.convolutional_decoder(6, 2, 4, output_shape=(16, 16, 3)),
        "dense_decoder": backbones.dense_decoder(6, (4,), output_shape=(16, 16, 3)),
        "lecture_decoder": backbones.lecture_decoder(6, 2),
    }
    values |= {name: _with_weights(network)(codes) for name, network in decoders.items()}
    values["lecture_encoder"] = _with_weights(backbones.lecture_encoder(6, 2))(values["lecture_decoder"])
    values["l1_sparsity"] = losses.L1Sparsity(0.5)(codes)
    values["kl_sparsity"] = losses.KLSparsity(0.05, 2.0)(codes)
    bins = np.array([[-1.0, 0.0], [0.0, 0.0], [0.5, 0.5], [1.0, -1.0]])
    binned = losses.BinCrossEntropy(bins, [1.0, 0.5, 2.0, 1.0], sigma=0.5, neighbours=2)
    values["bin_cross_entropy"] = _whole(binned.call)(
        true[..., :2], np.concatenate([predicted, true], axis=-1)[..., :4]
    )
    values["annealed_mean"] = losses.annealed_mean(logits[..., 0], bins, 0.5)
    values["free_bits_kl"] = losses.free_bits_kl(codes, -codes, 0.1)
    values["standard_normal_kl"] = losses.standard_normal_kl(codes, -codes)
    for likelihood in (losses.GaussianLikelihood(0.3), losses.BernoulliLikelihood()):
        values[f"{type(likelihood).__name__}_log_prob"] = likelihood.log_prob(true, predicted)
        values[f"{type(likelihood).__name__}_mean"] = likelihood.mean(2 * predicted)

    keys, queries = generator.normal(size=(2, 4, 6)).astype("float32")
    values["info_nce_queue"] = _whole(losses.InfoNCELoss(0.2).call)(keys, queries, codes)
    values["info_nce_batch"] = _whole(losses.InfoNCELoss(0.2).call)(keys, queries)
    weight, lars = keras.Variable(keys), optimizers.LARS(0.5, weight_decay=0.1, trust=0.1)
    for _ in range(2):
        lars.apply([keras.ops.convert_to_tensor(queries)], [weight])
    values["lars"] = weight

    adversarial = losses.NonSaturatingGANLoss(0.1)
    values["discriminator_loss"] = adversarial.discriminator(*logits)
    values["generator_loss"] = adversarial.generator(logits[0])
    values |= _metric_learning(generator)

    values |= _layers(true)
    values |= _translators(true)
    values |= _densities(generator)
    values |= _quantized(true, logits * np.linspace(0.5, 2.0, 6, dtype="float32"))
    values |= _adversarial(*logits)

    values["perceptual_loss"] = _whole(losses.PerceptualLoss(extractor, [0.5, 2.0]).call)(true, predicted)

    head = backbones.projection_head(6, 4, output_norm=True, synchronized=False)
    values["projection_head"] = _with_weights(head)(codes)
    first, second = generator.normal(size=(2, 5, 4)).astype("float32")
    for loss in (
        losses.NTXentLoss(0.2),
        losses.BarlowTwinsLoss(0.1),
        losses.VICRegLoss(),
        losses.NegativeCosineSimilarity(),
    ):
        values[type(loss).__name__] = _whole(loss.call)(first, second)
    values["SupConLoss"] = _whole(losses.SupConLoss(0.2).call)(np.array([0, 1, 0, 2, 2]), first)

    for channel in ("y", "rgb"):
        for metric in (metrics.psnr, metrics.ssim):
            arguments = {"channel": channel, "border": 2, "quantise": True}
            values[f"{metric.__name__}_{channel}"] = _whole(functools.partial(metric, **arguments))(true, predicted)
    for metric in (metrics.PSNR(), metrics.SSIM()):
        metric.update_state(true, predicted)
        values[metric.name] = metric.result()
    return {name: keras.ops.convert_to_numpy(value) for name, value in values.items()}


def test_jax_equals_tensorflow(tmp_path):
    environment = {**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"}
    # Every operation is compiled on its own and run once: optimising it is most of the time.
    environment["XLA_FLAGS"] = "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"
    root = str(pathlib.Path(__file__).parents[1])
    environment["PYTHONPATH"] = os.pathsep.join([root, environment.get("PYTHONPATH", "")])
    subprocess.run([sys.executable, __file__, str(tmp_path / "jax.npz")], env=environment, check=True, timeout=550)
    with np.load(tmp_path / "jax.npz") as jax_values:
        assert str(jax_values["backend"]) == "jax"
        for name, expected in compute().items():
            np.testing.assert_allclose(jax_values[name], expected, rtol=1e-4, atol=1e-4, err_msg=name)


if __name__ == "__main__":
    np.savez(sys.argv[1], backend=keras.backend.backend(), **compute())
