"""Networks: functions that return built keras.Models."""

from keras_genssl.backbones.acgan import acgan_discriminator
from keras_genssl.backbones.context_network import context_network
from keras_genssl.backbones.convolutional_autoencoder import convolutional_decoder, convolutional_encoder
from keras_genssl.backbones.dcgan import dcgan_discriminator, dcgan_generator
from keras_genssl.backbones.dense_autoencoder import dense_decoder, dense_encoder
from keras_genssl.backbones.edsr import edsr
from keras_genssl.backbones.espcn import espcn
from keras_genssl.backbones.fashion_classifier import fashion_classifier
from keras_genssl.backbones.lecture_autoencoder import lecture_decoder, lecture_encoder
from keras_genssl.backbones.mlp_gan import mlp_discriminator, mlp_generator
from keras_genssl.backbones.patch_discriminator import patch_discriminator
from keras_genssl.backbones.penultimate import penultimate
from keras_genssl.backbones.perceptual import (
    JOHNSON_CONTENT_LAYERS,
    JOHNSON_STYLE_LAYERS,
    SRGAN_CONTENT_LAYERS,
    SRGAN_FEATURE_SCALE,
    PerceptualExtractor,
    perceptual_extractor,
)
from keras_genssl.backbones.projection_head import projection_head
from keras_genssl.backbones.receptive_field import receptive_radius
from keras_genssl.backbones.resnet import resnet18, resnet50
from keras_genssl.backbones.resnet_translator import resnet_translator
from keras_genssl.backbones.small_encoder import small_encoder
from keras_genssl.backbones.small_extractor import small_extractor
from keras_genssl.backbones.small_feature_map import position_head, small_feature_map
from keras_genssl.backbones.sngan import sngan_discriminator, sngan_generator
from keras_genssl.backbones.spectral import spectral_acgan_discriminator, spectral_discriminator
from keras_genssl.backbones.srcnn import srcnn
from keras_genssl.backbones.srgan import srgan_discriminator, srresnet
from keras_genssl.backbones.unet_generator import unet_generator
from keras_genssl.backbones.wgan_gp import wgan_gp_critic, wgan_gp_generator

__all__ = [
    "JOHNSON_CONTENT_LAYERS",
    "JOHNSON_STYLE_LAYERS",
    "SRGAN_CONTENT_LAYERS",
    "SRGAN_FEATURE_SCALE",
    "PerceptualExtractor",
    "acgan_discriminator",
    "context_network",
    "convolutional_decoder",
    "convolutional_encoder",
    "dcgan_discriminator",
    "dcgan_generator",
    "dense_decoder",
    "dense_encoder",
    "edsr",
    "espcn",
    "fashion_classifier",
    "lecture_decoder",
    "lecture_encoder",
    "mlp_discriminator",
    "mlp_generator",
    "patch_discriminator",
    "penultimate",
    "perceptual_extractor",
    "position_head",
    "projection_head",
    "receptive_radius",
    "resnet18",
    "resnet50",
    "resnet_translator",
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
    "unet_generator",
    "wgan_gp_critic",
    "wgan_gp_generator",
]
