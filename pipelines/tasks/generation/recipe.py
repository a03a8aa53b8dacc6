"""Recipes of generation: new images like those of a data set, from noise."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, PositiveInt, model_validator

from pipelines.data.preparations.images import Images
from pipelines.recipe.base import Recipe
from pipelines.recipe.numbers import Numbers
from pipelines.recipe.thresholds import Bless
from pipelines.section import Section
from pipelines.tasks.generation.adversarial_autoencoders import AnyAdversarialAutoencoder
from pipelines.tasks.generation.anomaly_gans import AnyAnomalyGAN
from pipelines.tasks.generation.gans import AnyGAN
from pipelines.tasks.generation.numbers import NUMBERS
from pipelines.tasks.generation.quantized import AnyQuantized
from pipelines.tasks.reconstruction.autoencoders import VAE


class Likelihood(Section):
    """The importance-weighted log-likelihood of the first held-out ``images``, with ``num_samples`` draws for each.

    If the likelihood is a density, images are dequantised, and the baseline is probabilistic PCA with the same number
    of latents.
    """

    num_samples: PositiveInt = 100
    images: PositiveInt = 1000


class Evaluate(Bless):
    """How samples are measured: ``images`` samples against as many real images.

    ``compared_with`` says which: ``training``, or ``held_out``, for methods that learn from few images. A generator
    that had learnt these by heart would be nearest to them.

    ``features`` names the network whose features are used for distances: ``fashion``, the library's own network of
    Fashion-MNIST; ``inception:PATH``, the InceptionV3 graph of 2015 from a file; or ``none``, and the report only shows
    pictures. ``train_on_samples`` trains a classifier on samples alone and tests it on real images. ``likelihood`` is
    for models that have one.
    """

    numbers: ClassVar[Numbers] = NUMBERS

    features: Annotated[str, Field(pattern=r"^(fashion|none|inception:.+)$")] = "fashion"
    images: PositiveInt = 10000
    compared_with: Literal["training", "held_out"] = "training"
    train_on_samples: bool = False
    likelihood: Likelihood | None = None


class GenerationRecipe(Recipe):
    """A recipe whose task is generation."""

    own_data: ClassVar[tuple[str, ...]] = ("evaluate.features=none", "evaluate.bless=null")

    prepare: Images = Images()
    model: Annotated[
        AnyGAN | AnyAnomalyGAN | AnyAdversarialAutoencoder | AnyQuantized | VAE, Field(discriminator="method")
    ]
    evaluate: Evaluate = Evaluate()

    @model_validator(mode="after")
    def _there_is_a_likelihood(self) -> "GenerationRecipe":
        if self.evaluate.likelihood is not None and not hasattr(self.model, "likelihood"):
            raise ValueError(
                f"`evaluate.likelihood` is for models that have one. Received: model.method={self.model.method}"
            )
        return self
