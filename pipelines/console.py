"""What `genssl run` prints: a line for each component, and training as it goes."""

import contextlib
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import rich.console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

if TYPE_CHECKING:  # it would load Beam
    from pipelines.beam import progress


class Training:
    """The progress of one training; made by `Console.training`."""

    def __init__(self, console: rich.console.Console, total: int, bar: Progress | None):
        self._console, self._total, self._bar = console, total, bar
        self._task = bar.add_task("train", total=total, loss="") if bar else None
        self._started: tuple[float, int] | None = None
        self._spoke = -1e9

    def update(self, step: int, loss: float | None = None) -> None:
        """Shows that ``step`` steps of the total are done."""
        now = time.monotonic()
        self._started = self._started or (now, step)
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=step)
            if loss is not None:
                self._bar.update(self._task, loss=f"loss {loss:.4g}")
        elif loss is not None and (now - self._spoke > 10 or step == self._total):
            self._spoke = now
            began, first = self._started
            pace = (now - began) / (step - first) if step > first else None
            left = "" if pace is None or step == self._total else f", {_duration(pace * (self._total - step))} left"
            self._console.print(f"    [dim]step {step}/{self._total}, loss {loss:.4g}{left}[/]", highlight=False)


class Preparing:
    """The progress of one job that writes shards, in how many there are of them; made by `Console.preparing`."""

    def __init__(self, console: rich.console.Console, bar: Progress | None):
        self._console, self._bar = console, bar
        self._task = bar.add_task("prepare", total=None, found="") if bar else None
        self._spoke = -1e9

    def update(self, done: "progress.Progress") -> None:
        """Shows how far the job is; may be called from another thread."""
        found = f"{done.records:,} {'record' if done.records == 1 else 'records'}"
        if done.rate is not None:
            found += f", {done.rate:,.{0 if done.rate >= 10 else 1}f}/s"
        if done.dead_letters:
            found += f", {done.dead_letters:,} dead {'letter' if done.dead_letters == 1 else 'letters'}"
        if done.left is not None and done.shards < done.all_shards:
            found += f", {_duration(done.left)} left"
        now = time.monotonic()
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=done.shards, total=done.all_shards, found=found)
        elif now - self._spoke > 10 or done.shards == done.all_shards:
            self._spoke = now
            self._console.print(f"    [dim]shard {done.shards}/{done.all_shards}, {found}[/]", highlight=False)


class Console:
    """Prints for people: on a terminal with a moving bar, elsewhere with a line every ten seconds."""

    def __init__(self, console: rich.console.Console | None = None):
        self._console = console or rich.console.Console(soft_wrap=True)

    def start(self, text: str) -> None:
        """A heading."""
        self._console.print(f"[bold]{escape(text)}[/]", highlight=False)

    def component(self, name: str, reused: bool, seconds: float, text: str) -> None:
        """One component is done."""
        state = "[cyan]reused[/]  " if reused else f"{_duration(seconds):8}"
        self._console.print(f"  [bold]{name:16}[/] {state}  {escape(text)}", highlight=False)

    def note(self, text: str) -> None:
        """A quiet line between the components."""
        self._console.print(f"    [dim]{text}[/]", highlight=False)

    def result(self, name: str, text: object, style: str = "bold green") -> None:
        """A line of the summary."""
        self._console.print(f"[{style}]{name:16}[/] {escape(str(text))}", highlight=False)

    @contextlib.contextmanager
    def preparing(self) -> Iterator[Preparing]:
        """Follows a job that writes shards; where nothing is left to write nothing is shown."""
        if not self._console.is_terminal:
            yield Preparing(self._console, None)
            return
        columns = (TextColumn("    preparing"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[found]}"))
        with Progress(*columns, console=self._console, transient=True) as bar:
            yield Preparing(self._console, bar)

    @contextlib.contextmanager
    def training(self, total: int) -> Iterator[Training]:
        """Follows a training of ``total`` steps."""
        if not self._console.is_terminal:
            yield Training(self._console, total, None)
            return
        columns = (
            TextColumn("    training"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[loss]}"),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=self._console, transient=True) as bar:
            yield Training(self._console, total, bar)


def _duration(seconds: float) -> str:
    """``0.4 s``, ``12 s``, ``3 min 20 s``, ``2 h 5 min``."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
