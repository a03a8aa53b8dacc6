"""Networks: functions that return built keras.Models."""

from keras_genssl.backbones.augmented import augmented
from keras_genssl.backbones.autoencoders import (
    convolutional_decoder,
    convolutional_encoder,
    dense_decoder,
    dense_encoder,
    lecture_decoder,
    lecture_encoder,
)
from keras_genssl.backbones.began import began_discriminator, began_generator
from keras_genssl.backbones.coupled import coupled_discriminators, coupled_generators
from keras_genssl.backbones.dcgan import (
    acgan_discriminator,
    class_conditional_generator,
    dcgan_discriminator,
    dcgan_encoder,
    dcgan_generator,
)
from keras_genssl.backbones.features import features_of, with_code, with_features
from keras_genssl.backbones.joint import joint_discriminator
from keras_genssl.backbones.perceptual import (
    JOHNSON_CONTENT_LAYERS,
    JOHNSON_STYLE_LAYERS,
    SRGAN_CONTENT_LAYERS,
    SRGAN_FEATURE_SCALE,
    PerceptualExtractor,
    perceptual_extractor,
)
from keras_genssl.backbones.pixelcnn import PixelNetwork, code_map, pixelcnn
from keras_genssl.backbones.progressive import (
    critic_at_side,
    generator_at_side,
    progressive_critic,
    progressive_generator,
    progressive_sides,
)
from keras_genssl.backbones.resnet import resnet18, resnet50
from keras_genssl.backbones.sagan import sagan_discriminator, sagan_generator
from keras_genssl.backbones.semi_supervised import semi_supervised_discriminator
from keras_genssl.backbones.sizes import penultimate, receptive_radius, total_stride
from keras_genssl.backbones.small import (
    context_network,
    fashion_classifier,
    position_head,
    projection_head,
    small_encoder,
    small_extractor,
    small_feature_map,
)
from keras_genssl.backbones.sngan import (
    sngan_discriminator,
    sngan_generator,
    spectral_acgan_discriminator,
    spectral_discriminator,
)
from keras_genssl.backbones.style import style_discriminator, style_mapping, style_synthesis
from keras_genssl.backbones.style2 import style2_discriminator, style2_synthesis
from keras_genssl.backbones.super_resolution import edsr, espcn, srcnn, srgan_discriminator, srresnet
from keras_genssl.backbones.translation import patch_discriminator, resnet_translator, unet_generator
from keras_genssl.backbones.vqvae import vqvae2_decoder, vqvae2_merger, vqvae_decoder, vqvae_encoder
from keras_genssl.backbones.wgan_gp import mlp_discriminator, mlp_generator, wgan_gp_critic, wgan_gp_generator

__all__ = [
    "JOHNSON_CONTENT_LAYERS",
    "JOHNSON_STYLE_LAYERS",
    "SRGAN_CONTENT_LAYERS",
    "SRGAN_FEATURE_SCALE",
    "PerceptualExtractor",
    "PixelNetwork",
    "acgan_discriminator",
    "augmented",
    "began_discriminator",
    "began_generator",
    "class_conditional_generator",
    "code_map",
    "context_network",
    "convolutional_decoder",
    "convolutional_encoder",
    "coupled_discriminators",
    "coupled_generators",
    "critic_at_side",
    "dcgan_discriminator",
    "dcgan_encoder",
    "dcgan_generator",
    "dense_decoder",
    "dense_encoder",
    "edsr",
    "espcn",
    "fashion_classifier",
    "features_of",
    "generator_at_side",
    "joint_discriminator",
    "lecture_decoder",
    "lecture_encoder",
    "mlp_discriminator",
    "mlp_generator",
    "patch_discriminator",
    "penultimate",
    "perceptual_extractor",
    "pixelcnn",
    "position_head",
    "progressive_critic",
    "progressive_generator",
    "progressive_sides",
    "projection_head",
    "receptive_radius",
    "resnet18",
    "resnet50",
    "resnet_translator",
    "sagan_discriminator",
    "sagan_generator",
    "semi_supervised_discriminator",
    "small_encoder",
    "small_extractor",
    "small_feature_map",
    "sngan_discriminator",
    "sngan_generator",
    "spectral_acgan_discriminator",
    "spectral_discriminator",
    "srcnn",
    "srgan_discriminator",
    "srresnet",
    "style2_discriminator",
    "style2_synthesis",
    "style_discriminator",
    "style_mapping",
    "style_synthesis",
    "total_stride",
    "unet_generator",
    "vqvae2_decoder",
    "vqvae2_merger",
    "vqvae_decoder",
    "vqvae_encoder",
    "wgan_gp_critic",
    "wgan_gp_generator",
    "with_code",
    "with_features",
]
