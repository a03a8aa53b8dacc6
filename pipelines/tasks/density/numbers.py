"""The numbers of density: the length of the best code for an image, beside those of simple codes and of files."""

from pipelines.recipe.numbers import Baseline, Number, Numbers, ratio

HISTOGRAM = Baseline("histogram", "one histogram of all pixels")
PIXELS = Baseline("pixel_histograms", "a histogram for each pixel", "histograms for each pixel")
PNG = Baseline("png", "PNG of {sheet} images in one", "PNG")
WEBP = Baseline("webp", "lossless WebP of {sheet} images in one", "WebP")
NEIGHBOURS = Baseline("left_and_above", "a table of the pixels left and above", "a table of left and above")
TEN = Baseline("ten_neighbours", "a table of ten neighbours")
BITS = Number(name="bits_per_dim", heading="bits/dim", better="lower", format=".3f", tile=True)
NATS = Number(name="nats", heading="-log p", better="lower", format=".1f", unit="nats an image", tile=True)
NUMBERS = Numbers(
    (
        BITS,
        ratio(BITS, NEIGHBOURS, tile=True),
        NATS,
        ratio(NATS, TEN, tile=True),
    ),
    (HISTOGRAM, PIXELS, PNG, WEBP, NEIGHBOURS, TEN),
    headline=("bits_per_dim", "nats"),
)
