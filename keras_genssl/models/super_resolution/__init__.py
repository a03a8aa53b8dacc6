"""Super-resolution: small images in, large images out."""

from keras_genssl.models.super_resolution.edsr import EDSR
from keras_genssl.models.super_resolution.espcn import ESPCN
from keras_genssl.models.super_resolution.srcnn import SRCNN
from keras_genssl.models.super_resolution.srgan import SRGAN
from keras_genssl.models.super_resolution.srresnet import SRResNet

__all__ = ["EDSR", "ESPCN", "SRCNN", "SRGAN", "SRResNet"]
