"""Representations from labels, pairs and triplets: for each method its recipe parameters and how it is built."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import PositiveInt

from pipelines.data.preparations.images import Squares
from pipelines.recipe.method import Sections
from pipelines.section import Classes, PositiveFloat
from pipelines.tasks.representation.methods.embedding_losses import AnyEmbeddingLoss
from pipelines.tasks.representation.methods.encoders import Representation

if TYPE_CHECKING:
    import keras


class Embedder(Representation):
    """What these methods share: the embeddings are the features, or a dense layer of width ``embedding_dim`` on them.

    ``normalize`` gives embeddings length 1.
    """

    embedding_dim: PositiveInt | None = None
    normalize: bool = True

    def embedding_encoder(self, prepare: Squares) -> keras.Model:
        """Makes the network from images to embeddings, before normalisation."""
        import keras

        encoder = self.encoder.build(prepare.shape)
        if self.embedding_dim is None:
            return encoder
        embedding = keras.layers.Dense(self.embedding_dim, dtype=keras.config.floatx(), name="embedding")
        return keras.Model(encoder.input, embedding(encoder.output), name="embedding_encoder")

    def penultimate(self, model: keras.Model) -> Callable[[Any], Any] | None:
        """Returns the features below the dense layer, if there is one."""
        if self.embedding_dim is None:
            return None
        from keras_genssl import backbones

        features = backbones.penultimate(model.encoder)
        return lambda images: features(images, training=False)


class EmbeddingModel(Embedder):
    """An encoder trained with a loss on labels and embeddings; ``num_classes`` is taken from the data."""

    reads: ClassVar[Mapping[str, tuple[str, ...]]] = {"images": ("image", "label")}

    method: Literal["EmbeddingModel"]
    loss: AnyEmbeddingLoss
    num_classes: Classes | None = None

    def build(self, sections: Sections) -> keras.Model:
        from keras_genssl import models

        assert self.num_classes is not None  # from the data
        encoder = self.embedding_encoder(sections.prepare)
        loss = self.loss.build(self.num_classes, encoder.output_shape[-1])
        return self.made(models.EmbeddingModel, encoder=encoder, loss=loss)


class PairEmbeddingModel(Embedder):
    """A siamese network: pulls pairs of one class together and pushes other pairs beyond ``margin``."""

    reads: ClassVar[Mapping[str, tuple[str, ...]]] = {"pairs": ("first", "second", "label")}

    method: Literal["PairEmbeddingModel"]
    margin: PositiveFloat = 1.0

    def build(self, sections: Sections) -> keras.Model:
        from keras_genssl import losses, models

        loss = self.made(losses.ContrastiveLoss, similar_label=0)  # pairs of different classes have the label 1
        return self.made(models.PairEmbeddingModel, encoder=self.embedding_encoder(sections.prepare), loss=loss)


class TripletEmbeddingModel(Embedder):
    """FaceNet's loss on prepared triplets: the anchor is nearer to the positive than to the negative by ``margin``.

    ``squared`` uses squared distances.
    """

    reads: ClassVar[Mapping[str, tuple[str, ...]]] = {"triplets": ("anchor", "positive", "negative")}

    method: Literal["TripletEmbeddingModel"]
    margin: PositiveFloat = 0.2
    squared: bool = True

    def build(self, sections: Sections) -> keras.Model:
        from keras_genssl import models

        return self.made(models.TripletEmbeddingModel, encoder=self.embedding_encoder(sections.prepare))


AnyMetricLearning = EmbeddingModel | PairEmbeddingModel | TripletEmbeddingModel
