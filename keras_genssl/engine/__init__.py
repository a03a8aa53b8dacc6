"""The base of every method: players, replicas, target networks, queues, strategies."""

from keras_genssl.engine import replicas
from keras_genssl.engine.balance import Balance
from keras_genssl.engine.batch_groups import in_groups, shuffled
from keras_genssl.engine.codebook import Codebook
from keras_genssl.engine.feature_queue import FeatureQueue
from keras_genssl.engine.finite import finite
from keras_genssl.engine.gradients import input_gradient
from keras_genssl.engine.image_pool import ImagePool
from keras_genssl.engine.memory import Memory
from keras_genssl.engine.memory_bank import MemoryBank
from keras_genssl.engine.method import Method
from keras_genssl.engine.players import PlayersModel
from keras_genssl.engine.running_mean import RunningMean
from keras_genssl.engine.shapes import same_shape
from keras_genssl.engine.standing_statistics import standing_statistics
from keras_genssl.engine.strategies import strategy
from keras_genssl.engine.target import TargetNetwork
from keras_genssl.kinds import (
    Anything,
    Image,
    Kind,
    Label,
    LabelMap,
    Mask,
    Serving,
    Spectrogram,
    Stack,
    Tokens,
    Vector,
)
from keras_genssl.kinds.rules import RuleError, require
from keras_genssl.kinds.tiles import in_tiles

__all__ = [
    "Anything",
    "Balance",
    "Codebook",
    "FeatureQueue",
    "Image",
    "ImagePool",
    "Kind",
    "Label",
    "LabelMap",
    "Mask",
    "Memory",
    "MemoryBank",
    "Method",
    "PlayersModel",
    "RuleError",
    "RunningMean",
    "Serving",
    "Spectrogram",
    "Stack",
    "TargetNetwork",
    "Tokens",
    "Vector",
    "finite",
    "in_groups",
    "in_tiles",
    "input_gradient",
    "replicas",
    "require",
    "same_shape",
    "shuffled",
    "standing_statistics",
    "strategy",
]
