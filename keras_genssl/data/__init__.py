"""Data: from disk to training, TFDS names, folders of images and prepared directories as one `tf.data.Dataset`.

    images = data.load("prepared/photographs", batch_size=16, features=("low", "high"))
    model.fit(images, epochs=10, callbacks=[callbacks.Resume("out/train", images, every=50)])

`load` is deterministic and restartable: the order of the examples and the seed of each random transform are
pure functions of (seed, epoch), and `dataset.order.position` can be read and set (see `Order`). `join` makes one such
dataset from several, for translation between domains and other methods that read two kinds of images:

    unpaired = data.join({"first": photos, "second": paintings}, batch_size=4, aligned=False)
"""

from keras_genssl.data.balanced import BalancedOrder, ClassBalanced
from keras_genssl.data.dataset import OrderedDataset
from keras_genssl.data.embeddings import Embeddings, load_embeddings
from keras_genssl.data.few_labels import FewLabels, LabelledOrder
from keras_genssl.data.folders import FrameFolders
from keras_genssl.data.gaussians import GaussianModes, gaussian_grid, gaussian_ring
from keras_genssl.data.groups import Groups, GroupSource, pairs, triplets
from keras_genssl.data.join import join
from keras_genssl.data.load import load
from keras_genssl.data.order import Order, UnalignedOrder
from keras_genssl.embedded import embedded_patches, embedded_photographs

__all__ = [
    "BalancedOrder",
    "ClassBalanced",
    "Embeddings",
    "FewLabels",
    "FrameFolders",
    "GaussianModes",
    "GroupSource",
    "Groups",
    "LabelledOrder",
    "Order",
    "OrderedDataset",
    "UnalignedOrder",
    "embedded_patches",
    "embedded_photographs",
    "gaussian_grid",
    "gaussian_ring",
    "join",
    "load",
    "load_embeddings",
    "pairs",
    "triplets",
]
