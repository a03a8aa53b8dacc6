"""An object for each class and function that is registered, with it inside; arguments are not the defaults.

`tests/test_saving.py` saves them all, and loads each in a fresh process. A registered name without an example fails
there; methods have theirs in `tests/contracts.py` already, unless a class of the tests stands in it.
"""

import functools
import math
from collections.abc import Callable
from typing import Any

import keras

import keras_genssl as kg
from keras_genssl.engine.code_usage import CodeUsage
from tests import toys
from tests.contracts import CASES


def plain(*layers: keras.layers.Layer, size: int = 8, channels: int = 3) -> keras.Model:
    """A plain model of pictures, layers one after the other."""
    image = outputs = keras.Input((size, size, channels), batch_size=4)
    for layer in layers:
        outputs = layer(outputs)
    return keras.Model(image, outputs)


def with_labels(loss: keras.layers.Layer) -> keras.Model:
    """A plain model that ends in a loss with weights."""
    labels, embeddings = keras.Input((), batch_size=4, dtype="int32"), keras.Input((5,), batch_size=4)
    return keras.Model([labels, embeddings], loss(labels, embeddings))


def of_vectors(function: Callable[..., Any], **arguments: Any) -> keras.Model:
    """A plain model of vectors, with a function as a layer."""
    vectors = keras.Input((3,), batch_size=4)
    layer = keras.layers.Lambda(function, arguments=arguments, output_shape=(None,))
    return keras.Model(vectors, layer(vectors))


def compiled(model: keras.Model, *args: Any, **arguments: Any) -> keras.Model:
    model.compile(*args, **arguments)
    model.optimizer.build(model.trainable_variables)  # of plain models; else it has no state to save
    return model


def simclr() -> keras.Model:
    """Views inside views, an optimizer and a schedule of ours, a metric."""
    views = kg.views.Compose([kg.views.RandomResizedCrop(toys.SIZE), kg.views.GaussianBlur()], seed=3)
    model = kg.models.SimCLR(toys.encoder("encoder"), views=views, temperature=0.3)
    optimizer = kg.optimizers.LARS(kg.schedules.ConstantThenLinear(0.2, 3, 5), trust=0.01)
    return compiled(model, optimizer, metrics=[keras.metrics.CosineSimilarity(name="alike")])


def byol() -> keras.Model:
    """A schedule of ours as an argument; two distributions of views."""
    views, momentum = kg.views.byol(size=toys.SIZE), kg.schedules.CosineMomentum(0.9, steps=7)
    return compiled(kg.models.BYOL(toys.encoder("encoder"), views=views, momentum=momentum), "sgd")


def with_views(method: type[kg.engine.Method], *args: Any, **arguments: Any) -> keras.Model:
    views = kg.views.RandomFlip(0.3, seed=2)
    return compiled(method(toys.encoder("encoder"), *args, head=toys.head(), views=views, **arguments), "adam")


def wgan() -> keras.Model:
    """A constraint inside a network, an objective and a penalty as arguments, two optimizers."""
    critic = toys.encoder("critic", 1)
    kg.penalties.clip_weights(critic, 0.05)
    penalty = kg.penalties.DRAGANPenalty(3.0)
    model = kg.models.GAN(
        toys.decoder(4), critic, 4, adversarial_loss=kg.losses.WassersteinGANLoss(), penalty=penalty, ema=0.9
    )
    model.compile({"discriminator": "rmsprop", "generator": kg.optimizers.LARS(0.1)})
    return model


def faded() -> keras.Model:
    """Two inputs of one layer, whose weight is not its first value."""
    old, new = (keras.Input((5,), batch_size=4) for _ in range(2))
    layer = kg.layers.FadeIn()
    layer.alpha.assign(0.25)
    return keras.Model([old, new], layer(old, new))


def network(shape: tuple[int, ...], *outputs: int, name: str | None = None) -> keras.Model:
    """Anything to anything, in one layer."""
    layers = [keras.layers.Flatten(), keras.layers.Dense(math.prod(outputs)), keras.layers.Reshape(outputs)]
    return keras.Sequential([keras.Input(shape), *layers], name=name)


def perceptual() -> kg.losses.PerceptualLoss:
    extractor = kg.backbones.perceptual_extractor("small", ["block1_conv2", "block2_conv2"], weights=None)
    return kg.losses.PerceptualLoss(extractor, [0.5, 0.25], pixel="l2", pixel_weight=2.0, distance="l1")


def padded_and_cropped() -> keras.Model:
    images = keras.Input((5, 7, 3))
    return keras.Model(images, kg.layers.CropToSize()([kg.layers.PadToMultiple(4)(images), images]))


def styled(layer: keras.layers.Layer) -> keras.Model:
    """A plain model of pictures and a style."""
    images, style = keras.Input((4, 6, 3), batch_size=4), keras.Input((5,), batch_size=4)
    return keras.Model([images, style], layer([images, style]))


def of_classes(layer: keras.layers.Layer) -> keras.Model:
    """A plain model of a layer that takes vectors and their classes."""
    features, classes = keras.Input((5,), batch_size=4), keras.Input((3,), batch_size=4)
    return keras.Model([features, classes], layer([features, classes]))


def causal(layer: keras.layers.Layer) -> keras.Model:
    """A plain model of a block of PixelCNN, both of whose stacks begin at the image."""
    images, vector = keras.Input((5, 7, 2)), keras.Input((3,))
    return keras.Model([images, vector], layer([images, images], vector=vector))


def addons_loss(name: str) -> keras.Model:
    """A model that was compiled with one of TensorFlow Addons' functions."""
    return compiled(network((3,), 2), "sgd", loss=getattr(kg.losses, name))


ADDONS_LOSSES = (
    "contrastive_loss",
    "lifted_struct_loss",
    "npairs_loss",
    "npairs_multilabel_loss",
    "triplet_hard_loss",
    "triplet_semihard_loss",
)
IMAGE = (toys.SIZE, toys.SIZE, 3)
pairwise = kg.losses.pairwise_distances
METHODS: dict[str, Callable[[], Any]] = {
    **{name.partition(",")[0]: case.build for name, case in reversed(CASES.items()) if not name.startswith("Toy")},
    "SimCLR": simclr,
    "BYOL": byol,
    "SimSiam": lambda: with_views(kg.models.SimSiam),
    "BarlowTwins": lambda: with_views(kg.models.BarlowTwins, redundancy_weight=0.01),
    "VICReg": lambda: with_views(kg.models.VICReg, covariance_weight=2.0),
    "MoCo": lambda: with_views(kg.models.MoCo, queue_size=5, groups=2, temperature=0.3),
    "InstanceDiscrimination": lambda: with_views(kg.models.InstanceDiscrimination, 10, temperature=0.3),
    "DCGAN": lambda: kg.models.DCGAN(network((4,), *IMAGE), network(IMAGE, 1), 4, ema=0.9),
    "WGANGP": lambda: kg.models.WGANGP(network((4,), *IMAGE), network(IMAGE, 1), 4, critic_steps=2),
    "SNGAN": lambda: kg.models.SNGAN(network((4,), *IMAGE), network(IMAGE, 1), 4),
    "AnoGAN": lambda: kg.models.AnoGAN(network((4,), *IMAGE), network(IMAGE, 1), steps=3, num_starts=2, seed=5),
    "CycleGAN": lambda: kg.models.CycleGAN(*(network(IMAGE, *shape) for shape in (IMAGE, IMAGE, (2, 2, 1), (2, 2, 1)))),
    "Jigsaw": lambda: kg.models.Jigsaw(toys.encoder("encoder"), num_permutations=4, grid=2),
    "RelativePosition": lambda: kg.models.RelativePosition(toys.encoder("encoder")),
    "ShuffleAndLearn": lambda: kg.models.ShuffleAndLearn(toys.encoder("encoder")),
    "GAN": wgan,
}
LAYERS: dict[str, Callable[[], Any]] = {
    "AdaptiveInstanceNormalization": lambda: styled(kg.layers.AdaptiveInstanceNormalization(1e-2)),
    "Blur": lambda: plain(kg.layers.Blur()),
    "LearnedConstant": lambda: plain(kg.layers.LearnedConstant((2, 3), "random_normal")),
    "ModulatedConv2D": lambda: styled(kg.layers.ModulatedConv2D(2, 3, demodulate=False, gain=1.0)),
    "NoiseInjection": lambda: plain(kg.layers.NoiseInjection(seed=3)),
    "RunningMean": lambda: plain(kg.engine.RunningMean(0.5, name="running")),
    "BatchNormalization": lambda: plain(kg.layers.BatchNormalization(synchronized=True, momentum=0.5)),
    "BicubicUpsampling": lambda: plain(kg.layers.BicubicUpsampling(2)),
    "ClassProjection": lambda: of_classes(kg.layers.ClassProjection(True, "ones")),
    "ConditionalBatchNormalization": lambda: of_classes(
        kg.layers.ConditionalBatchNormalization(0.5, 0.1, True, "random_normal")
    ),
    "CaffePreprocessing": lambda: plain(kg.layers.CaffePreprocessing()),
    "AdaptiveAugment": lambda: plain(kg.layers.AdaptiveAugment(False, True, False, 0.5, 1000, 2, seed=2)),
    "DiffAugment": lambda: plain(kg.layers.DiffAugment(colour=False, translation=0.25, cutout=0.25, seed=2)),
    "FadeIn": faded,
    "ImageStandardization": lambda: plain(kg.layers.ImageStandardization()),
    "PadToMultiple": lambda: plain(kg.layers.PadToMultiple(3, minimum=(1, 12))),
    "CropToSize": padded_and_cropped,
    "LeakyReLU": lambda: plain(kg.layers.LeakyReLU(0.1)),
    "InstanceNormalization": lambda: plain(kg.layers.InstanceNormalization(1e-2, gamma_initializer="random_normal")),
    "LabToRGB": lambda: plain(kg.layers.RGBToLab(), kg.layers.LabToRGB()),
    "RGBToLab": lambda: plain(kg.layers.RGBToLab()),
    "MinibatchStdDev": lambda: plain(kg.layers.MinibatchStdDev(group_size=2, num_features=3)),
    "EqualizedConv2D": lambda: plain(kg.layers.EqualizedConv2D(3, 3, 1.0, 0.5, False, "valid")),
    "EqualizedDense": lambda: plain(kg.layers.EqualizedDense(3, 1.0, 0.5)),
    "PixelNormalization": lambda: plain(kg.layers.PixelNormalization(0.1)),
    "PixelShuffle": lambda: plain(kg.layers.PixelShuffle(2), channels=4),
    "ReflectionPadding2D": lambda: plain(kg.layers.ReflectionPadding2D(2)),
    "HorizontalMaskedConv2D": lambda: plain(kg.layers.HorizontalMaskedConv2D(3, 5, own_pixel=False, groups=3)),
    "VerticalMaskedConv2D": lambda: plain(kg.layers.VerticalMaskedConv2D(2, 5, own_row=False)),
    "GatedPixelBlock": lambda: causal(kg.layers.GatedPixelBlock(4, 5, first=True, groups=2)),
    "PixelNetwork": lambda: kg.backbones.pixelcnn((4, 5, 1), 3, 3, filters=2, blocks=2, vector_dim=2, map_channels=1),
    "LevelEncoding": lambda: kg.backbones.code_map((2, 3), 5, (4, 6), 2),
    "SelfAttention2D": lambda: plain(kg.layers.SelfAttention2D(spectral_normalization=True), channels=8),
    "SpectralNormalization": lambda: plain(kg.layers.SpectralNormalization(keras.layers.Conv2D(2, 3), 2)),
    "WeightNormalization": lambda: plain(kg.layers.WeightNormalization(keras.layers.Conv2D(2, 3))),
    "TargetNetwork": lambda: plain(kg.engine.TargetNetwork(toys.encoder("online"), 0.8, average_statistics=True)),
    "PerceptualExtractor": lambda: plain(perceptual().extractor),
    "ColorJitter": lambda: plain(kg.views.ColorJitter(0.3, 0.2, 0.1, hue=0.05, probability=0.9, seed=2)),
    "Compose": lambda: plain(kg.views.Compose([kg.views.RandomFlip(0.3, seed=4), kg.views.Solarize(seed=5)], seed=2)),
    "GaussianBlur": lambda: plain(kg.views.GaussianBlur((0.2, 1.5), 0.6, kernel_size=3, seed=2)),
    "RandomFlip": lambda: plain(kg.views.RandomFlip(0.3, seed=2)),
    "RandomGrayscale": lambda: plain(kg.views.RandomGrayscale(0.3, seed=2)),
    "RandomResizedCrop": lambda: plain(kg.views.RandomResizedCrop(6, scale=(0.3, 0.8), seed=2)),
    "Solarize": lambda: plain(kg.views.Solarize(0.25, probability=0.6, seed=2)),
    "ArcFaceLoss": lambda: with_labels(kg.losses.ArcFaceLoss(3, 5, margin=0.25, scale=16.0)),
    "ProxyAnchorLoss": lambda: with_labels(kg.losses.ProxyAnchorLoss(3, 5, margin=0.2, alpha=8.0)),
    "SoftmaxLoss": lambda: with_labels(kg.losses.SoftmaxLoss(3, 5)),
    "annealed_mean": lambda: of_vectors(kg.losses.annealed_mean, bins=[[0.0], [1.0], [3.0]], temperature=0.5),
    "pairwise_distances": lambda: of_vectors(pairwise, distance_metric="angular"),
    "paired_distances": lambda: of_vectors(
        kg.losses.paired_distances, second=[[0.5, -1.0, 2.0]] * 4, distance_metric="squared-L2"
    ),
    **{name: functools.partial(addons_loss, name) for name in ADDONS_LOSSES},
    "pairwise_distance": lambda: of_vectors(kg.losses.metric_learning.pairwise_distance, squared=True),
    "angular_distance": lambda: of_vectors(kg.losses.metric_learning.angular_distance),
    "standard_normal_kl": lambda: of_vectors(kg.losses.standard_normal_kl, log_variance=[[0.5] * 3] * 4),
    "psnr": lambda: compiled(kg.backbones.edsr(2, 4, 1), loss="mae", metrics=[kg.metrics.psnr]),
    "ssim": lambda: compiled(kg.backbones.edsr(2, 4, 1), loss="mae", metrics=[kg.metrics.ssim]),
}
OTHERS: dict[str, Callable[[], Any]] = {
    "Balance": lambda: kg.engine.Balance(0.25, name="k"),
    "Codebook": lambda: kg.engine.Codebook(kg.layers.VectorQuantizer(3, 2, decay=0.5), name="codes"),
    "CodeUsage": lambda: CodeUsage(5, "_top", name="usage"),
    "FiniteScalarQuantizer": lambda: kg.layers.FiniteScalarQuantizer([5, 3]),
    "VectorQuantizer": lambda: kg.layers.VectorQuantizer(
        5, 2, commitment=0.5, by_gradient=True, decay=0.5, epsilon=1e-3, from_data=False, restart_below=0.5
    ),
    "FeatureQueue": lambda: kg.engine.FeatureQueue(5, 3),
    "ImagePool": lambda: kg.engine.ImagePool((4, 4, 3), 6),
    "MemoryBank": lambda: kg.engine.MemoryBank(5, 3, momentum=0.25),
    "ReplicaSeedGenerator": lambda: kg.engine.replicas.ReplicaSeedGenerator(5),
    "SharedSeedGenerator": lambda: keras.initializers.RandomNormal(0.5, seed=kg.engine.replicas.SharedSeedGenerator(5)),
    "GaussianNoise": lambda: kg.corruptions.GaussianNoise(0.25),
    "MaskingNoise": lambda: kg.corruptions.MaskingNoise(0.25, value=0.5),
    "SaltAndPepperNoise": lambda: kg.corruptions.SaltAndPepperNoise(0.25),
    "Gaussian": lambda: kg.priors.Gaussian(3, 2.0),
    "GaussianMixture": lambda: kg.priors.GaussianMixture(5, 2.0, 0.3, 0.2),
    "SwissRoll": lambda: kg.priors.SwissRoll(1.5, 2.0),
    "Categorical": lambda: kg.priors.Categorical(4),
    "FeatureMatchingLoss": lambda: kg.losses.FeatureMatchingLoss("sum"),
    "HingeGANLoss": kg.losses.HingeGANLoss,
    "LeastSquaresGANLoss": lambda: kg.losses.LeastSquaresGANLoss(-1.0, 1.0, 0.0, 1.0),
    "MinimaxGANLoss": lambda: kg.losses.MinimaxGANLoss(0.1, 0.2),
    "NonSaturatingGANLoss": lambda: kg.losses.NonSaturatingGANLoss(0.1, 0.2),
    "RelativisticAverageGANLoss": kg.losses.RelativisticAverageGANLoss,
    "RelativisticGANLoss": kg.losses.RelativisticGANLoss,
    "WassersteinGANLoss": kg.losses.WassersteinGANLoss,
    "BinCrossEntropy": lambda: kg.losses.BinCrossEntropy([[0.0, 1.0], [2.0, 3.0]], [0.5, 1.5], 2.0, neighbours=2),
    "BarlowTwinsLoss": lambda: kg.losses.BarlowTwinsLoss(0.01, "sum"),
    "InfoNCELoss": lambda: kg.losses.InfoNCELoss(0.2),
    "NegativeCosineSimilarity": lambda: kg.losses.NegativeCosineSimilarity(name="alike"),
    "NTXentLoss": lambda: kg.losses.NTXentLoss(0.3, reduction="none"),
    "SupConLoss": lambda: kg.losses.SupConLoss(0.3),
    "VICRegLoss": lambda: kg.losses.VICRegLoss(1.0, 2.0, 3.0),
    "BernoulliDistribution": kg.losses.BernoulliDistribution,
    "CategoricalDistribution": lambda: kg.losses.CategoricalDistribution(7),
    "DiscretizedLogisticMixture": lambda: kg.losses.DiscretizedLogisticMixture(16, 3),
    "BernoulliLikelihood": lambda: kg.losses.BernoulliLikelihood("bits"),
    "GaussianLikelihood": lambda: kg.losses.GaussianLikelihood(0.25, learn_variance=False),
    "_InRange": lambda: kg.losses.GaussianLikelihood(0.25).log_variance.constraint,
    "ContrastiveBatchAllLoss": lambda: kg.losses.ContrastiveBatchAllLoss(0.5, "angular"),
    "ContrastiveLoss": lambda: kg.losses.ContrastiveLoss(0.5, similar_label=0),
    "LiftedStructLoss": lambda: kg.losses.LiftedStructLoss(0.5),
    "MultiSimilarityLoss": lambda: kg.losses.MultiSimilarityLoss(1.0, 20.0, 0.25, epsilon=None),
    "NPairsLoss": lambda: kg.losses.NPairsLoss(from_embeddings=True),
    "TripletBatchAllLoss": lambda: kg.losses.TripletBatchAllLoss(0.5, "squared-L2"),
    "TripletHardLoss": lambda: kg.losses.TripletHardLoss(0.5, soft=True, distance_metric=pairwise),
    "TripletSemiHardLoss": lambda: kg.losses.TripletSemiHardLoss(0.5, name="triplets"),
    "PerceptualLoss": perceptual,
    "KLSparsity": lambda: kg.losses.KLSparsity(0.1, 0.2),
    "L1Sparsity": lambda: kg.losses.L1Sparsity(0.2),
    "PSNR": lambda: kg.metrics.PSNR(border=2, name="decibels"),
    "SSIM": lambda: kg.metrics.SSIM(channel="rgb"),
    "LARS": lambda: kg.optimizers.LARS(kg.schedules.ConstantThenLinear(0.2, 3, 5), 0.5, nesterov=True, exclude=["b$"]),
    "ClipWeights": lambda: keras.layers.Dense(2, kernel_constraint=kg.penalties.ClipWeights(0.05)),
    "DRAGANPenalty": lambda: kg.penalties.DRAGANPenalty(3.0),
    "GradientPenalty": lambda: kg.penalties.GradientPenalty(3.0),
    "PathLengthPenalty": lambda: kg.penalties.PathLengthPenalty(3.0, every=2),
    "R1Penalty": lambda: kg.penalties.R1Penalty(3.0, every=4),
    "ConstantThenLinear": lambda: kg.schedules.ConstantThenLinear(0.2, 3, 5, final=0.1),
    "CosineMomentum": lambda: kg.schedules.CosineMomentum(0.9, 7),
}
EXAMPLES = {**METHODS, **LAYERS, **OTHERS}
