"""Contrastive learning: representations from comparing views of images, without labels.

Guide: docs/contrastive.md; of the methods with a memory, `MoCo` and `InstanceDiscrimination`, docs/momentum_methods.md.
"""

from keras_genssl.models.contrastive.barlow_twins import BarlowTwins
from keras_genssl.models.contrastive.byol import BYOL
from keras_genssl.models.contrastive.instance_discrimination import InstanceDiscrimination
from keras_genssl.models.contrastive.moco import MoCo
from keras_genssl.models.contrastive.simclr import SimCLR
from keras_genssl.models.contrastive.simsiam import SimSiam
from keras_genssl.models.contrastive.vicreg import VICReg

__all__ = ["BYOL", "BarlowTwins", "InstanceDiscrimination", "MoCo", "SimCLR", "SimSiam", "VICReg"]
