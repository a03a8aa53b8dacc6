"""Representations from labels, pairs and triplets: method name -> its parameters in a recipe, and how it is built."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field, PositiveInt

from pipelines.data.preparations.images import Squares
from pipelines.errors import UserError
from pipelines.recipe.method import Sections
from pipelines.section import PositiveFloat
from pipelines.tasks.representation.methods.encoders import Representation
from pipelines.tasks.representation.methods.objectives import AnyObjective

if TYPE_CHECKING:
    import keras


class Embedder(Representation):
    """What these methods share: features or, ``embedding_dim`` wide, a dense layer on them, are the embeddings.

    ``normalize`` gives embeddings length 1.
    """

    embedding_dim: PositiveInt | None = None
    normalize: bool = True

    def embedding_encoder(self, prepare: Squares) -> keras.Model:
        """The network from images to embeddings, not yet normalised."""
        import keras

        encoder = self.encoder.build(prepare.shape)
        if self.embedding_dim is None:
            return encoder
        embedding = keras.layers.Dense(self.embedding_dim, dtype=keras.config.floatx(), name="embedding")
        return keras.Model(encoder.input, embedding(encoder.output), name="embedding_encoder")

    def penultimate(self, model: keras.Model) -> Callable[[Any], Any] | None:
        """The features under the dense layer, where there is one."""
        if self.embedding_dim is None:
            return None
        from keras_genssl import backbones

        features = backbones.penultimate(model.encoder)
        return lambda images: features(images, training=False)


class EmbeddingModel(Embedder):
    """An encoder trained with a loss of labels and embeddings; ``num_classes`` is that of the data."""

    reads: ClassVar[Mapping[str, tuple[str, ...]]] = {"images": ("image", "label")}

    method: Literal["EmbeddingModel"]
    objective: AnyObjective
    num_classes: Annotated[int, Field(ge=2)] | None = None

    def settled(self, num_classes: int | None, num_examples: int | None = None) -> EmbeddingModel:
        """With the number of classes of the data.

        Raises:
            UserError: they have no labels, or another number of classes than the recipe says.
        """
        if num_classes is None:
            raise UserError(
                f"model.method={self.method}: the images have no labels; a folder of images has them when each image "
                "lies in the folder of its class, and there are two or more"
            )
        if self.num_classes not in (None, num_classes):
            raise UserError(f"model.num_classes={self.num_classes}: the images have {num_classes} classes")
        return self.model_copy(update={"num_classes": num_classes})

    def build(self, sections: Sections) -> keras.Model:
        from keras_genssl import models

        assert self.num_classes is not None  # the recipe is settled
        encoder = self.embedding_encoder(sections.prepare)
        loss = self.objective.build(self.num_classes, encoder.output_shape[-1])
        return self.made(models.EmbeddingModel, encoder=encoder, loss=loss)


class PairEmbeddingModel(Embedder):
    """A siamese network: pairs of one class are pulled together, others pushed beyond ``margin``."""

    reads: ClassVar[Mapping[str, tuple[str, ...]]] = {"pairs": ("first", "second", "label")}

    method: Literal["PairEmbeddingModel"]
    margin: PositiveFloat = 1.0

    def build(self, sections: Sections) -> keras.Model:
        from keras_genssl import losses, models

        loss = self.made(losses.ContrastiveLoss, similar_label=0)  # the labels of pairs are 1 where they differ
        return self.made(models.PairEmbeddingModel, encoder=self.embedding_encoder(sections.prepare), loss=loss)


class TripletEmbeddingModel(Embedder):
    """FaceNet's loss of triplets chosen before: the anchor is nearer to the positive by ``margin``.

    ``squared``: of squared distances.
    """

    reads: ClassVar[Mapping[str, tuple[str, ...]]] = {"triplets": ("anchor", "positive", "negative")}

    method: Literal["TripletEmbeddingModel"]
    margin: PositiveFloat = 0.2
    squared: bool = True

    def build(self, sections: Sections) -> keras.Model:
        from keras_genssl import models

        return self.made(models.TripletEmbeddingModel, encoder=self.embedding_encoder(sections.prepare))


AnyMetricLearning = EmbeddingModel | PairEmbeddingModel | TripletEmbeddingModel
