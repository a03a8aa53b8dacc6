"""Mixtures of Gaussians in the plane, on which mode collapse can be counted."""

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class GaussianModes:
    """Gaussians of one width and equal weight.

    Args:
        centres: float ``(num_modes, dim)``.
        sigma: the standard deviation along each axis, positive.

    Raises:
        ValueError: if an argument is outside its range.

    Example:
        >>> modes = GaussianModes(np.array([[-1.0, 0.0], [1.0, 0.0]]), sigma=0.0001)
        >>> sorted(set(np.sign(modes.sample(100, seed=0)[:, 0]).tolist()))
        [-1.0, 1.0]
    """

    centres: np.ndarray
    sigma: float

    def __post_init__(self) -> None:
        if np.ndim(self.centres) != 2 or not len(self.centres):
            raise ValueError(f"`centres` must be (num_modes, dim). Received: shape {np.shape(self.centres)}")
        if self.sigma <= 0:
            raise ValueError(f"`sigma` must be positive. Received: sigma={self.sigma}")

    def sample(self, num: int, seed: int) -> np.ndarray:
        """Draws points, each from a random mode. The same seed gives the same points.

        Args:
            num: int, at least 0.
            seed: int.

        Returns:
            float32 ``(num, dim)``.
        """
        generator = np.random.default_rng(seed)
        modes = generator.integers(len(self.centres), size=num)
        noise = self.sigma * generator.standard_normal((num, self.centres.shape[1]))
        return (self.centres[modes] + noise).astype(np.float32)


def gaussian_ring(num_modes: int = 8, radius: float = 1.0, sigma: float = 0.01) -> GaussianModes:
    """Makes Gaussians evenly spaced on a circle.

    This is the ring of VEEGAN (Srivastava et al., 2017) and PacGAN (Lin et al., 2018), with PacGAN's radius and width.

    Reference:
        - Srivastava et al. 2017, [VEEGAN: Reducing Mode Collapse in GANs](https://arxiv.org/abs/1705.07761)
        - Lin et al. 2018, [PacGAN: The Power of Two Samples in Generative Adversarial
          Networks](https://arxiv.org/abs/1712.04086)

    Args:
        num_modes: int, at least 1.
        radius: radius of the circle, positive.
        sigma: standard deviation of a mode along each axis, positive.

    Returns:
        `GaussianModes`; the first centre is ``(radius, 0)``.

    Raises:
        ValueError: if an argument is outside its range.

    Example:
        >>> gaussian_ring(4, radius=2.0).centres.round(6).tolist()
        [[2.0, 0.0], [0.0, 2.0], [-2.0, 0.0], [-0.0, -2.0]]
    """
    if num_modes < 1:
        raise ValueError(f"`num_modes` must be positive. Received: num_modes={num_modes}")
    if radius <= 0:
        raise ValueError(f"`radius` must be positive. Received: radius={radius}")
    angles = 2 * np.pi * np.arange(num_modes) / num_modes
    return GaussianModes(radius * np.stack([np.cos(angles), np.sin(angles)], axis=1), sigma)


def gaussian_grid(side: int = 5, spacing: float = 2.0, sigma: float = 0.05) -> GaussianModes:
    """Makes Gaussians on a square grid around the origin.

    The defaults are the 25 modes of VEEGAN (Srivastava et al., 2017) and PacGAN (Lin et al., 2018): centres
    ``(-4 + 2 i, -4 + 2 j)``, standard deviation 0.05.

    Reference:
        - Srivastava et al. 2017, [VEEGAN: Reducing Mode Collapse in GANs](https://arxiv.org/abs/1705.07761)
        - Lin et al. 2018, [PacGAN: The Power of Two Samples in Generative Adversarial
          Networks](https://arxiv.org/abs/1712.04086)

    Args:
        side: number of modes along each axis, int, at least 1.
        spacing: distance between neighbours, positive.
        sigma: standard deviation of a mode along each axis, positive.

    Returns:
        `GaussianModes` of ``side²`` centres.

    Raises:
        ValueError: if an argument is outside its range.

    Example:
        >>> gaussian_grid(2, spacing=3.0).centres.tolist()
        [[-1.5, -1.5], [-1.5, 1.5], [1.5, -1.5], [1.5, 1.5]]
    """
    if side < 1:
        raise ValueError(f"`side` must be positive. Received: side={side}")
    if spacing <= 0:
        raise ValueError(f"`spacing` must be positive. Received: spacing={spacing}")
    line = spacing * (np.arange(side) - (side - 1) / 2)
    return GaussianModes(np.stack(np.meshgrid(line, line, indexing="ij"), axis=-1).reshape(-1, 2), sigma)
