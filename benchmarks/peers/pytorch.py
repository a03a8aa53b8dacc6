"""PyTorch's side of the training steps: the same networks and optimizers, written as its users write them.

    python benchmarks/peers/pytorch.py dcgan [--compile] [--precision bfloat16]

Runs where PyTorch is installed, and needs nothing of this project. Images lie channels last, Adam is the fused one.
"""

import argparse
import itertools
import math
import random
from collections.abc import Callable
from typing import Any

import torch
from processes import serve
from rows import CRITIC_STEPS, ROWS, SEED, THREADS
from torch import nn
from torch.nn import functional

Step = Callable[[], Any]


def images(*shape: int) -> torch.Tensor:
    return (torch.rand(*shape) * 2 - 1).to(memory_format=torch.channels_last)


def adam(parameters: Any, beta_1: float = 0.5) -> torch.optim.Optimizer:
    return torch.optim.Adam(parameters, 2e-4, (beta_1, 0.999), fused=True)


def update(optimizer: torch.optim.Optimizer, loss: torch.Tensor) -> torch.Tensor:
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss


def dcgan(ready: Callable[[nn.Module], nn.Module]) -> tuple[list[nn.Module], Step]:
    widths = [512, 256, 128, 64]
    layers: list[nn.Module] = [nn.Linear(100, 16 * 512, bias=False), nn.Unflatten(1, (512, 4, 4))]
    for width, following in zip(widths, [*widths[1:], 3], strict=True):
        layers += [nn.BatchNorm2d(width), nn.ReLU()]
        layers += [nn.ConvTranspose2d(width, following, 4, 2, 1, bias=following == 3)]
    generator = ready(nn.Sequential(*layers, nn.Tanh()))
    layers = []
    for before, width in zip([3, 64, 128, 256], [64, 128, 256, 512], strict=True):
        layers += [nn.Conv2d(before, width, 4, 2, 1, bias=before == 3)]
        layers += [nn.BatchNorm2d(width)] if before > 3 else []
        layers += [nn.LeakyReLU(0.2)]
    discriminator = ready(nn.Sequential(*layers, nn.Flatten(), nn.Linear(16 * 512, 1)))
    real, (one, zero) = images(32, 3, 64, 64), (torch.ones(32, 1), torch.zeros(32, 1))
    of_generator, of_discriminator = adam(generator.parameters()), adam(discriminator.parameters())
    criterion = nn.BCEWithLogitsLoss()

    def step() -> torch.Tensor:
        fake = generator(torch.randn(32, 100))
        loss = criterion(discriminator(real), one) + criterion(discriminator(fake.detach()), zero)
        update(of_discriminator, loss)
        discriminator.requires_grad_(False)
        loss = update(of_generator, criterion(discriminator(fake), one))
        discriminator.requires_grad_(True)
        return loss

    return [generator, discriminator], step


class Residual(nn.Module):
    def __init__(self, branch: nn.Module, shortcut: nn.Module | None = None) -> None:
        super().__init__()
        self.branch = branch
        self.shortcut = shortcut or nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.branch(x) + self.shortcut(x)


def translator(filters: int = 32, blocks: int = 6) -> nn.Module:
    def norm(width: int) -> nn.Module:
        return nn.InstanceNorm2d(width, affine=True)

    layers = [nn.ReflectionPad2d(3), nn.Conv2d(3, filters, 7, bias=False), norm(filters), nn.ReLU()]
    for width in (filters, 2 * filters):
        layers += [nn.Conv2d(width, 2 * width, 3, 2, 1, bias=False), norm(2 * width), nn.ReLU()]
    wide = 4 * filters
    for _ in range(blocks):
        first = [nn.ReflectionPad2d(1), nn.Conv2d(wide, wide, 3, bias=False), norm(wide), nn.ReLU()]
        second = [nn.ReflectionPad2d(1), nn.Conv2d(wide, wide, 3, bias=False), norm(wide)]
        layers += [Residual(nn.Sequential(*first, *second))]
    for width in (wide, wide // 2):
        layers += [nn.ConvTranspose2d(width, width // 2, 3, 2, 1, 1, bias=False), norm(width // 2), nn.ReLU()]
    return nn.Sequential(*layers, nn.ReflectionPad2d(3), nn.Conv2d(filters, 3, 7), nn.Tanh())


def patches(filters: int = 32) -> nn.Module:
    layers: list[nn.Module] = [nn.Conv2d(3, filters, 4, 2, 1), nn.LeakyReLU(0.2)]
    for width, stride in ((filters, 2), (2 * filters, 2), (4 * filters, 1)):
        layers += [nn.Conv2d(width, 2 * width, 4, stride, 1, bias=False), nn.InstanceNorm2d(2 * width, affine=True)]
        layers += [nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers, nn.Conv2d(8 * filters, 1, 4, 1, 1))


class History:
    """The authors' pool of 50 images."""

    def __init__(self) -> None:
        self.images: list[torch.Tensor] = []

    def query(self, fakes: torch.Tensor) -> torch.Tensor:
        answers = []
        for fake in fakes.detach():
            if len(self.images) < 50:
                self.images.append(fake.clone())
            elif random.random() < 0.5:
                place = random.randrange(50)
                fake, self.images[place] = self.images[place], fake.clone()
            answers.append(fake)
        return torch.stack(answers)


def cyclegan(ready: Callable[[nn.Module], nn.Module]) -> tuple[list[nn.Module], Step]:
    forth, back = ready(translator()), ready(translator())
    critic_a, critic_b = ready(patches()), ready(patches())
    a, b = images(4, 3, 64, 64), images(4, 3, 64, 64)
    of_generators = adam(itertools.chain(forth.parameters(), back.parameters()))
    of_critics = adam(itertools.chain(critic_a.parameters(), critic_b.parameters()))
    histories, distance = (History(), History()), nn.L1Loss()

    def squares(values: torch.Tensor, target: float) -> torch.Tensor:
        return (values - target).square().mean()

    def step() -> torch.Tensor:
        fake_b, fake_a = forth(a), back(b)
        cycle = distance(back(fake_b), a) + distance(forth(fake_a), b)
        identity = distance(forth(b), b) + distance(back(a), a)
        critic_a.requires_grad_(False)
        critic_b.requires_grad_(False)
        update(of_generators, squares(critic_b(fake_b), 1) + squares(critic_a(fake_a), 1) + 10 * cycle + 5 * identity)
        critic_a.requires_grad_(True)
        critic_b.requires_grad_(True)
        old_a, old_b = histories[0].query(fake_a), histories[1].query(fake_b)
        loss = squares(critic_a(a), 1) + squares(critic_a(old_a), 0)
        return update(of_critics, (loss + squares(critic_b(b), 1) + squares(critic_b(old_b), 0)) / 2)

    return [forth, back, critic_a, critic_b], step


def wgan_gp(ready: Callable[[nn.Module], nn.Module]) -> tuple[list[nn.Module], Step]:
    width = 64

    def conv(before: int, size: int = 3, bias: bool = True) -> nn.Module:
        return nn.Conv2d(before, width, size, padding=size // 2, bias=bias)

    def up() -> nn.Module:
        branch = [nn.BatchNorm2d(width), nn.ReLU(), nn.Upsample(scale_factor=2), conv(width, bias=False)]
        branch += [nn.BatchNorm2d(width), nn.ReLU(), conv(width)]
        return Residual(nn.Sequential(*branch), nn.Sequential(conv(width, 1), nn.Upsample(scale_factor=2)))

    def down(before: int, halve: bool, first: bool) -> nn.Module:
        branch = [] if first else [nn.ReLU()]
        branch += [conv(before), nn.ReLU(), conv(width), *([nn.AvgPool2d(2)] if halve else [])]
        return Residual(nn.Sequential(*branch), nn.Sequential(nn.AvgPool2d(2), conv(before, 1)) if halve else None)

    layers = [nn.Linear(128, 16 * width), nn.Unflatten(1, (width, 4, 4)), up(), up(), up()]
    generator = ready(nn.Sequential(*layers, nn.BatchNorm2d(width), nn.ReLU(), nn.Conv2d(width, 3, 3, 1, 1), nn.Tanh()))
    blocks = [down(3, True, True), down(width, True, False), down(width, False, False), down(width, False, False)]
    # Not compiled: torch.compile takes no gradient of a gradient.
    critic = nn.Sequential(*blocks, nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, 1))
    critic = critic.to(memory_format=torch.channels_last)
    of_generator, of_critic = adam(generator.parameters(), 0.0), adam(critic.parameters(), 0.0)
    shares = [images(32, 3, 32, 32) for _ in range(CRITIC_STEPS)]

    def step() -> torch.Tensor:
        for real in shares:
            with torch.no_grad():
                fake = generator(torch.randn(32, 128))
            mixed = torch.lerp(real, fake, torch.rand(32, 1, 1, 1)).requires_grad_()
            (slope,) = torch.autograd.grad(critic(mixed).sum(), mixed, create_graph=True)
            penalty = 10 * (slope.flatten(1).norm(dim=1) - 1).square().mean()
            update(of_critic, critic(fake).mean() - critic(real).mean() + penalty)
        critic.requires_grad_(False)
        loss = update(of_generator, -critic(generator(torch.randn(32, 128))).mean())
        critic.requires_grad_(True)
        return loss

    return [generator, critic], step


def resnet18(filters: int = 32) -> nn.Module:
    def conv(before: int, width: int, size: int, stride: int = 1) -> list[nn.Module]:
        return [nn.Conv2d(before, width, size, stride, size // 2, bias=False), nn.BatchNorm2d(width)]

    layers = [*conv(3, filters, 3), nn.ReLU()]
    before = filters
    for stage in range(4):
        width = filters * 2**stage
        for index in range(2):
            stride = 2 if stage and not index else 1
            shortcut = nn.Sequential(*conv(before, width, 1, stride)) if stride > 1 else None
            branch = nn.Sequential(*conv(before, width, 3, stride), nn.ReLU(), *conv(width, width, 3))
            layers += [Residual(branch, shortcut), nn.ReLU()]
            before = width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten())


def simclr_head() -> list[nn.Module]:
    head = [nn.Linear(256, 256, bias=False), nn.BatchNorm1d(256), nn.ReLU()]
    return [*head, nn.Linear(256, 128, bias=False), nn.BatchNorm1d(128, affine=False)]


def simclr(ready: Callable[[nn.Module], nn.Module]) -> tuple[list[nn.Module], Step]:
    network = ready(nn.Sequential(resnet18(), *simclr_head()))
    views, optimizer = images(256, 3, 32, 32), adam(network.parameters(), 0.9)
    others = torch.eye(256, dtype=torch.bool)
    partners = torch.arange(256).roll(128)

    def step() -> torch.Tensor:
        vectors = functional.normalize(network(views), dim=1)
        logits = (vectors @ vectors.T / 0.1).masked_fill(others, -math.inf)
        return update(optimizer, functional.cross_entropy(logits, partners))

    return [network], step


class EDSR(nn.Module):
    def __init__(self, filters: int = 64, blocks: int = 8) -> None:
        super().__init__()

        def conv(before: int, width: int) -> nn.Module:
            return nn.Conv2d(before, width, 3, padding=1)

        body = [
            Residual(nn.Sequential(conv(filters, filters), nn.ReLU(), conv(filters, filters))) for _ in range(blocks)
        ]
        self.head = conv(3, filters)
        self.body = Residual(nn.Sequential(*body, conv(filters, filters)))
        self.tail = nn.Sequential(conv(filters, 4 * filters), nn.PixelShuffle(2), conv(filters, 3))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        large = functional.interpolate(x, scale_factor=2, mode="bicubic")
        return self.tail(self.body(self.head(x))) + large


def edsr(ready: Callable[[nn.Module], nn.Module]) -> tuple[list[nn.Module], Step]:
    network = ready(EDSR())
    low, high, optimizer = images(8, 3, 48, 48), images(8, 3, 96, 96), adam(network.parameters(), 0.9)
    return [network], lambda: update(optimizer, functional.l1_loss(network(low), high))


class VAE(nn.Module):
    def __init__(self, latents: int = 32) -> None:
        super().__init__()
        layers = [nn.Conv2d(1, 32, 4, 2, 1), nn.ReLU(), nn.Conv2d(32, 64, 4, 2, 1), nn.ReLU(), nn.Flatten()]
        self.encoder = nn.Sequential(*layers, nn.Linear(64 * 49, 256), nn.ReLU(), nn.Linear(256, 2 * latents))
        layers = [nn.Linear(latents, 256), nn.ReLU(), nn.Linear(256, 64 * 49), nn.ReLU(), nn.Unflatten(1, (64, 7, 7))]
        layers += [nn.ConvTranspose2d(64, 32, 4, 2, 1), nn.ReLU(), nn.ConvTranspose2d(32, 1, 4, 2, 1), nn.Tanh()]
        self.decoder = nn.Sequential(*layers)
        self.log_variance = nn.Parameter(torch.tensor(math.log(0.1)))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        mean, log_variance = self.encoder(x).chunk(2, dim=1)
        outputs = self.decoder(mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean))
        squares = (x - outputs).square().flatten(1).sum(1) * torch.exp(-self.log_variance)
        reconstruction = 0.5 * (squares + 784 * (self.log_variance + math.log(2 * math.pi)))
        kl = 0.5 * (log_variance.exp() + mean.square() - 1 - log_variance).sum(1)
        return (reconstruction + kl).mean()


def vae(ready: Callable[[nn.Module], nn.Module]) -> tuple[list[nn.Module], Step]:
    network, x = ready(VAE()), images(128, 1, 28, 28)
    optimizer = adam(network.parameters(), 0.9)
    return [network], lambda: update(optimizer, network(x))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("row", choices=ROWS)
    parser.add_argument("--compile", action="store_true", help="compile the networks with torch.compile")
    parser.add_argument("--precision", choices=("float32", "bfloat16"), default="float32")
    options = parser.parse_args()
    torch.set_num_threads(THREADS)
    torch.manual_seed(SEED)

    def ready(network: nn.Module) -> nn.Module:
        network = network.to(memory_format=torch.channels_last)
        return torch.compile(network) if options.compile else network  # type: ignore[return-value]

    networks, step = globals()[options.row](ready)

    def steps(number: int) -> None:
        for _ in range(number):
            with torch.autocast("cpu", torch.bfloat16, enabled=options.precision == "bfloat16"):
                loss = step()
        assert math.isfinite(loss.item())

    serve(sum(each.numel() for network in networks for each in network.parameters()), steps)
