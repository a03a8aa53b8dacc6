"""Recipes of reconstruction: images through a narrow code and back."""

from typing import Annotated, ClassVar

from pydantic import Field, PositiveInt

from pipelines.data.preparations.images import Images
from pipelines.recipe.base import Recipe
from pipelines.recipe.losses import Loss
from pipelines.recipe.method import Sections
from pipelines.recipe.numbers import Numbers
from pipelines.recipe.thresholds import Bless
from pipelines.tasks.reconstruction.adversarial_term import AdversarialTerm
from pipelines.tasks.reconstruction.autoencoders import AnyAutoencoder
from pipelines.tasks.reconstruction.numbers import NUMBERS


class Evaluate(Bless):
    """How reconstructions of the first held-out ``images`` are measured: by MSE and PSNR.

    The baseline is PCA with a code of the same size. A denoising autoencoder is also measured on corrupted images.
    """

    numbers: ClassVar[Numbers] = NUMBERS

    images: PositiveInt = 10000


class ReconstructionRecipe(Recipe):
    """A recipe whose task is reconstruction."""

    own_data: ClassVar[tuple[str, ...]] = ("evaluate.bless={mse_over_pca: {max: 1.0}}",)

    prepare: Images = Images()
    model: Annotated[AnyAutoencoder | AdversarialTerm, Field(discriminator="method")]
    loss: Loss = Loss(pixel="l2")
    evaluate: Evaluate = Evaluate()

    @property
    def sections(self) -> Sections:
        return Sections(self.prepare, self.train, self.loss)
