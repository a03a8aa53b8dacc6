"""Recipes of representation: images to vectors that describe their content."""

from typing import Annotated, Any, ClassVar

from pydantic import Field, PositiveInt, field_validator, model_validator

from pipelines.data.preparations import AnyPreparation
from pipelines.data.preparations.images import Images, Squares
from pipelines.data.sources.base import PAIRS
from pipelines.recipe.base import Recipe
from pipelines.recipe.numbers import Numbers
from pipelines.recipe.thresholds import Bless
from pipelines.recipe.training import Train
from pipelines.section import PositiveFloat
from pipelines.tasks.representation.methods.colour import AnyColour
from pipelines.tasks.representation.methods.contrastive import AnyContrastive
from pipelines.tasks.representation.methods.encoders import FromPairs
from pipelines.tasks.representation.methods.metric_learning import AnyMetricLearning
from pipelines.tasks.representation.methods.patches import AnyPatches
from pipelines.tasks.representation.methods.pretext import AnyWholeImage
from pipelines.tasks.representation.numbers import NUMBERS


class RepresentationTrain(Train):
    """The section `train` with batches by class.

    With ``classes_per_batch``, each batch holds that many classes with equally many images of each. With ``classes``,
    training sees only these classes, and the other classes are measured.
    """

    classes_per_batch: PositiveInt | None = None
    classes: Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=2)] | None = None

    @model_validator(mode="after")
    def _classes_fit_the_batch(self) -> "RepresentationTrain":
        count = self.classes_per_batch
        if count is not None and self.batch_size % count:
            raise ValueError(
                f"`batch_size` must be a multiple of `classes_per_batch`={count}. Received: {self.batch_size}"
            )
        if self.classes is not None and (count is None or len(set(self.classes)) < count):
            raise ValueError(
                f"`classes` needs `classes_per_batch`, at most as many. Received: classes_per_batch={count} "
                f"with {len(set(self.classes))} classes"
            )
        return self


class Evaluate(Bless):
    """How frozen features are measured, on the first held-out ``images`` and ``known`` training images.

    ``knn``: accuracy of the ``neighbours`` nearest by cosine, with votes weighted by ``temperature``. ``linear``:
    accuracy of logistic regression on all labels; ``few_label``: on ``labels_per_class`` labels of each class, the
    mean of five draws. ``recall_at_1``: how often the nearest other held-out image has the same class. ``nmi``: of
    k-means with as many clusters as classes.

    If training saw only some classes (``train.classes``), images of the other classes are measured:
    ``unseen_recall_at_1``; ``unseen_roc_auc`` of pairs; ``unseen_one_shot``, classification from one image of each
    class, the mean of 20 draws.

    A table of pairs has no classes. Its held-out pairs are measured by ``pair_roc_auc``: how often a pair of the same
    is more similar, by cosine, than a pair of different images.

    The difference between each number and the same number of a baseline is a number too: ``knn_over_pixels``,
    ``_over_pca`` and ``_over_random`` (the encoder before any training).
    """

    numbers: ClassVar[Numbers] = NUMBERS

    images: PositiveInt = 10000
    known: PositiveInt = 60000
    neighbours: PositiveInt = 20
    temperature: PositiveFloat = 0.07
    labels_per_class: PositiveInt = 10


class RepresentationRecipe(Recipe):
    """A recipe whose task is representation."""

    own_data: ClassVar[tuple[str, ...]] = ("evaluate.bless={knn_over_random: {min: 0.0}}",)
    own_pairs: ClassVar[tuple[str, ...]] = ("evaluate.bless={pair_roc_auc_over_random: {min: 0.0}}",)

    prepare: AnyPreparation = Images()
    model: Annotated[
        AnyContrastive | AnyWholeImage | AnyPatches | AnyColour | AnyMetricLearning, Field(discriminator="method")
    ]
    train: RepresentationTrain
    evaluate: Evaluate = Evaluate()

    @property
    def judged_on(self) -> Squares:
        """Returns how images are prepared for measuring, whatever the method learns from; for a table, its pairs."""
        if PAIRS in self.source.gives:
            return self.prepare
        return Images(size=self.prepare.size, channels=self.prepare.channels)

    @property
    def looked_at(self) -> str:
        """Returns the feature with the images that are shown and to which PCA is fitted."""
        return "first" if PAIRS in self.source.gives else "image"

    @field_validator("prepare", mode="before")
    @classmethod
    def _whole_images_by_default(cls, value: Any) -> Any:
        return {"preparation": "images", **value} if isinstance(value, dict) else value

    @model_validator(mode="after")
    def _the_method_learns_from_what_is_prepared(self) -> "RepresentationRecipe":
        known, given = list(self.model.reads), self.prepare.preparation
        if given not in known:
            raise ValueError(
                f"`prepare.preparation` must be {' or '.join(known)} for {self.model.method}. Received: {given}"
            )
        return self

    @model_validator(mode="after")
    def _views_come_before_turns(self) -> "RepresentationRecipe":
        if self.prepare.preparation == "rotations" and self.model.shown():
            raise ValueError(
                "`model.views` are drawn of images that are turned afterwards: `prepare.preparation` must be images. "
                "Received: rotations"
            )
        return self

    @model_validator(mode="after")
    def _prepared_pairs_are_the_views(self) -> "RepresentationRecipe":
        if not isinstance(self.model, FromPairs):
            return self
        if self.prepare.preparation != "neighbouring_crops":
            if self.model.views is None:
                raise ValueError(
                    "`model.views` must not be null but with `prepare.preparation: neighbouring_crops`. "
                    f"Received: {self.prepare.preparation}"
                )
            return self
        for key, views in self.model.given_views().items():
            raise ValueError(
                f"`model.{key}` must be null with `prepare.preparation: neighbouring_crops`, whose two crops are the "
                f"views. Received: {views.model_dump(exclude_unset=True)}"
            )
        return self.model_copy(update={"model": self.model.model_copy(update={"views": None})})

    @model_validator(mode="after")
    def _labels_are_read(self) -> "RepresentationRecipe":
        classes = "image", "label"  # pairs have no labels of classes
        if self.train.classes_per_batch is not None and self.model.reads[self.prepare.preparation] != classes:
            raise ValueError(
                "`train.classes_per_batch` is for methods that learn from labels. "
                f"Received: model.method={self.model.method}"
            )
        return self
