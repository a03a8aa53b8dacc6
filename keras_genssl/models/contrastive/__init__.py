"""Methods that compare an image's views with one another and with other images."""

from keras_genssl.models.contrastive.instance_discrimination import InstanceDiscrimination
from keras_genssl.models.contrastive.moco import MoCo

__all__ = ["InstanceDiscrimination", "MoCo"]
