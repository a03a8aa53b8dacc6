"""What is compared, with the sizes that all sides read. Needs nothing but Python."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Row:
    """A training step that several libraries take.

    Attributes:
        title: What is trained, for the table.
        batch: Images in a step.
        players: Whether several networks are trained, each with its optimizer.
    """

    title: str
    batch: int
    players: bool


ROWS = {
    "dcgan": Row("DCGAN, 64 px, 64 filters, batch 32", 32, True),
    "cyclegan": Row("CycleGAN, 64 px, 6 blocks, 32 filters, batch 4", 4, True),
    "wgan_gp": Row("WGAN-GP, 32 px, 64 filters, 5 critic steps of 32", 192, True),
    "simclr": Row("SimCLR, ResNet-18 of width 32, 32 px, 128 x 2 views", 128, False),
    "edsr": Row("EDSR, 8 blocks of 64, 48 px x2, batch 8", 8, False),
    "vae": Row("VAE, 28 px, 32 filters, 32 latents, batch 128", 128, False),
}
THREADS = 2
SEED = 0
CRITIC_STEPS = 5

# Semi-hard mining: embeddings of so many numbers, so many of each class.
MINED, DIM, PER_CLASS, MARGIN = (64, 256, 1024, 2048), 128, 4, 0.2

# Features of images, to be judged.
FEATURES, WIDTH, CLASSES, NEIGHBOURS, TEMPERATURE = 4096, 1024, 10, 20, 0.07

# The loop of SimCLR: images of a folder, and its batches.
IMAGES, LOOP_BATCH, WORKERS = 1024, 128, 2
