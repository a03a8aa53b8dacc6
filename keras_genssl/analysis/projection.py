"""Codes in the plane: projections, scatter plots, and the images of a two-dimensional code."""

import os
import statistics
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from keras_genssl.analysis.batches import Function, decode_codes
from keras_genssl.checks.arrays import checked_labels


def pca_projection(codes: npt.ArrayLike, num_dimensions: int = 2) -> np.ndarray:
    """Projects codes on their principal axes, the axis of the largest variance first.

    Args:
        codes: `(num, ...)`.
        num_dimensions: axes to keep, at most the rank the codes can have.

    Returns:
        float64 array `(num, num_dimensions)` of mean 0; the sign of each column is arbitrary.

    Raises:
        ValueError: if an argument is invalid.

    Example:
        >>> np.abs(pca_projection([[0.0, 0.0], [3.0, 4.0], [6.0, 8.0]], 1)).round(6).ravel().tolist()
        [5.0, 0.0, 5.0]
    """
    codes = _flat(codes)
    if not 1 <= num_dimensions <= min(codes.shape):
        raise ValueError(
            f"`num_dimensions` must lie in 1 ... {min(codes.shape)} for codes of shape {codes.shape}. "
            f"Received: num_dimensions={num_dimensions}"
        )
    from sklearn.decomposition import PCA

    # Use the covariance if it is the smaller matrix: 60,000 codes then cost no more than their product.
    solver = "covariance_eigh" if len(codes) > codes.shape[1] else "full"
    return PCA(num_dimensions, svd_solver=solver).fit_transform(codes)


def tsne_projection(codes: npt.ArrayLike, perplexity: float = 30.0, seed: int = 0) -> np.ndarray:
    """Projects codes to the plane by t-SNE (van der Maaten and Hinton, 2008), starting from their principal axes.

    Neighbours stay neighbours. Distances between groups, and the sizes of groups, have no meaning.

    Args:
        codes: `(num, ...)`, some thousands: the cost grows with `num log num` and is minutes at 50,000.
        perplexity: approximate number of neighbours of each code, positive and below `num`.
        seed: seed of the optimisation.

    Returns:
        float32 array `(num, 2)`.

    Raises:
        ValueError: if an argument is invalid.

    Example:

        points = kg.analysis.tsne_projection(model.encode(images))
        kg.analysis.plot_projection("out/codes.png", points, labels)
    """
    codes = _flat(codes)
    if not 0 < perplexity < len(codes):
        raise ValueError(
            f"`perplexity` must be positive and below the number of codes, {len(codes)}. "
            f"Received: perplexity={perplexity}"
        )
    from sklearn.manifold import TSNE

    return TSNE(2, perplexity=perplexity, init="pca", random_state=seed).fit_transform(codes)


def plot_projection(
    path: str | os.PathLike[str],
    points: npt.ArrayLike,
    labels: npt.ArrayLike,
    names: Sequence[str] | None = None,
    title: str = "",
) -> None:
    """Writes a scatter plot of projected codes, a colour for each label, as a PNG.

    Args:
        path: file to write.
        points: `(num, 2)`, from `pca_projection` or `tsne_projection`.
        labels: `(num,)` of integers from 0.
        names: names of the labels, for the legend; by default their numbers.
        title: title of the plot.

    Raises:
        ValueError: if an argument is invalid.

    Example:

        kg.analysis.plot_projection("out/codes.png", points, labels, names=["T-shirt", "Trouser", ...])
    """
    points = np.asarray(points)
    if points.ndim != 2 or points.shape[1] != 2 or not len(points):
        raise ValueError(f"`points` must be (num, 2), one at least. Received: shape {points.shape}")
    labels = checked_labels(labels, "labels", points, names=False)
    if labels.min() < 0:
        raise ValueError(f"`labels` must be integers from 0. Received: {labels.min()} among them")
    if names is not None and len(names) <= labels.max():
        raise ValueError(f"`names` must name each label. Received: {len(names)} names, label {labels.max()}")
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    # A separate figure instead of pyplot's: no global state, no display, safe in a thread.
    figure = Figure(figsize=(6.4, 5.0), layout="constrained")
    axes = figure.add_subplot()
    present = np.unique(labels)
    colours = matplotlib.colormaps["tab10" if present.max() < 10 else "gist_ncar"]
    for label in present:
        colour = colours(label if present.max() < 10 else label / (present.max() + 1))
        across, up = points[labels == label].T
        name = str(label) if names is None else names[label]
        axes.scatter(across, up, s=4, color=colour, linewidths=0, label=name)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_title(title)
    axes.legend(markerscale=4, loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
    FigureCanvasAgg(figure).print_png(os.fspath(path))


def gaussian_quantiles(num: int) -> np.ndarray:
    """Returns the medians of `num` equally probable slices of the standard normal distribution.

    Args:
        num: number of slices, at least 1.

    Returns:
        float64 array `(num,)`: the quantiles at `(i + 1/2) / num`.

    Raises:
        ValueError: if `num` is below 1.

    Example:
        >>> gaussian_quantiles(3).round(4).tolist()
        [-0.9674, 0.0, 0.9674]
    """
    if num < 1:
        raise ValueError(f"`num` must be at least 1. Received: num={num}")
    normal = statistics.NormalDist()
    return np.array([normal.inv_cdf((index + 0.5) / num) for index in range(num)])


def latent_manifold(
    decode: Function, across: npt.ArrayLike | None = None, down: npt.ArrayLike | None = None, batch_size: int = 256
) -> np.ndarray:
    """Decodes a grid of two-dimensional codes (Kingma and Welling, 2014, figure 4).

    Reference:
        - Kingma and Welling 2013, [Auto-Encoding Variational Bayes](https://arxiv.org/abs/1312.6114)

    Args:
        decode: maps codes `(batch, 2)` to images `(batch, height, width, channels)`.
        across: `(columns,)`, values of the code's first dimension, left to right; by default
            `gaussian_quantiles(15)`, which covers a standard normal prior in equal shares.
        down: `(rows,)`, values of the second dimension, top to bottom; by default as `across`, from the largest down.
        batch_size: codes passed at once.

    Returns:
        Array `(rows * columns, height, width, channels)`, row by row, as `image_grid` takes it.

    Raises:
        ValueError: if an argument is invalid.

    Example:

        images = kg.analysis.latent_manifold(vae.decode)
        kg.analysis.save_image_grid("out/manifold.png", images, columns=15, padding=0)
    """
    across = gaussian_quantiles(15) if across is None else np.asarray(across, np.float64)
    down = across[::-1] if down is None else np.asarray(down, np.float64)
    if across.ndim != 1 or down.ndim != 1:
        raise ValueError(
            f"`across` and `down` must be one-dimensional. Received: shapes {across.shape} and {down.shape}"
        )
    codes = np.stack(np.meshgrid(across, down), axis=-1)  # (rows, columns, 2)
    return decode_codes(decode, codes.reshape(-1, 2), batch_size)


def _flat(codes: npt.ArrayLike) -> np.ndarray:
    codes = np.asarray(codes, np.float64)
    if codes.ndim < 2 or len(codes) < 2:
        raise ValueError(f"`codes` must be (num, ...), at least 2. Received: shape {codes.shape}")
    return codes.reshape(len(codes), -1)
