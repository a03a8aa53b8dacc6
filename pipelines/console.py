"""Everything that `genssl` prints: lines of text, a line for each component, and the progress of training.

Text is printed literally, without markup, because it contains names that others chose. `line` sets styles.
"""

import contextlib
import io
import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import rich.console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from pipelines.plain_text import visible

if TYPE_CHECKING:  # this import would load Beam
    from pipelines.beam import progress


class Terminal(rich.console.Console):
    """A Rich console that prints a string as one line of text: no markup, no terminal escapes, no invisible characters.

    Args:
        stderr: whether it prints to standard error.
        **options: options of `rich.console.Console`.
    """

    def __init__(self, stderr: bool = False, **options: Any):
        options = {"soft_wrap": True, "markup": False, "emoji": False, "highlight": False} | options
        super().__init__(stderr=stderr, **options)

    def render_str(self, text: str, *, style: Any = "", **layout: Any) -> Text:
        """Converts every string that Rich shows, also in cells and trees."""
        return Text(visible(text), style, justify=layout.get("justify"), overflow=layout.get("overflow"))


def line(*parts: object) -> Text:
    """Makes one line of text.

    Args:
        *parts: values, which are shown as strings, or values with a style: `(name, "bold")`.
    """
    pairs = [part if isinstance(part, tuple) else (part, "") for part in parts]
    return Text.assemble(*((visible(text), style) for text, style in pairs))


def complain(*lines: object) -> None:
    """Prints an error on standard error."""
    first, *others = lines
    terminal = Terminal(stderr=True)
    terminal.print(line(("error:", "bold red"), " ", first))
    for other in others:
        terminal.print(line(other))


def document(text: str) -> None:
    """Prints text for programs unchanged."""
    print(text)


def escape_what_streams_cannot_encode() -> None:
    """Makes standard output and standard error write a backslash escape for characters that their encoding lacks."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


_TRIAL = 3.0  # seconds of steps that tell how long the others will take


class Training:
    """The progress of one training; made by `Console.training`."""

    def __init__(self, console: rich.console.Console, total: int, bar: Progress | None):
        self._console, self._total, self._bar = console, total, bar
        self._task = bar.add_task("train", total=total, loss="") if bar else None
        self._started: tuple[float, int] | None = None
        self._spoke = -1e9
        self._estimated = False

    def update(self, step: int, loss: float | None = None) -> None:
        """Shows that ``step`` steps are done; once, after some seconds, how long all of them will take."""
        now = time.monotonic()
        self._started = self._started or (now, step)
        began, first = self._started
        pace = (now - began) / (step - first) if step > first else None
        if pace is not None and not self._estimated and now - began >= _TRIAL and step < self._total:
            self._estimated = True
            rest = self._total - step
            text = f"    {rest:,} steps will take about {_duration(pace * rest)} on this machine"
            self._console.print(line((text, "dim")))
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=step)
            if loss is not None:
                self._bar.update(self._task, loss=f"loss {loss:.4g}")
        elif loss is not None and (now - self._spoke > 10 or step == self._total):
            self._spoke = now
            left = "" if pace is None or step == self._total else f", {_duration(pace * (self._total - step))} left"
            self._console.print(line((f"    step {step}/{self._total}, loss {loss:.4g}{left}", "dim")))


class Preparing:
    """The progress of one job that writes a number of shards; made by `Console.preparing`."""

    def __init__(self, console: rich.console.Console, bar: Progress | None):
        self._console, self._bar = console, bar
        self._task = bar.add_task("prepare", total=None, found="") if bar else None
        self._spoke = -1e9

    def update(self, done: "progress.Progress") -> None:
        """Shows the progress of the job; may be called from another thread."""
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
            self._console.print(line((f"    shard {done.shards}/{done.all_shards}, {found}", "dim")))


class Tiles:
    """The progress of one image that is computed tile by tile; made by `Console.tiles`."""

    def __init__(self, console: rich.console.Console, bar: Progress | None):
        self._console, self._bar = console, bar
        self._task = bar.add_task("tiles", total=None) if bar else None
        self._began = self._spoke = time.monotonic()

    def update(self, done: int, total: int) -> None:
        """Shows that ``done`` of ``total`` tiles are done."""
        now = time.monotonic()
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=done, total=total)
        elif now - self._spoke > 10 and done < total:
            self._spoke = now
            left = (now - self._began) / done * (total - done)
            self._console.print(line((f"    tile {done}/{total}, {_duration(left)} left", "dim")))


class Console:
    """Prints for people: on a terminal a moving bar, elsewhere a line every ten seconds."""

    def __init__(self, console: rich.console.Console | None = None):
        self._console = console or Terminal()

    def start(self, text: str) -> None:
        """Prints a heading."""
        self._console.print(line((text, "bold")))

    def component(self, name: str, reused: bool, seconds: float, text: str) -> None:
        """Prints that one component is done."""
        state = ("reused  ", "cyan") if reused else f"{_duration(seconds):8}"
        self._console.print(line("  ", (f"{name:16}", "bold"), " ", state, "  ", text))

    def note(self, text: str) -> None:
        """Prints a note between the components."""
        self._console.print(line((f"    {text}", "dim")))

    def result(self, name: str, text: object, style: str = "bold green") -> None:
        """Prints a line of the summary."""
        self._console.print(line((f"{visible(name):16}", style), " ", text))

    @contextlib.contextmanager
    def preparing(self) -> Iterator[Preparing]:
        """Shows the progress of a job that writes shards; shows nothing if nothing is left to write."""
        if not self._console.is_terminal:
            yield Preparing(self._console, None)
            return
        columns = (
            TextColumn("    preparing"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[found]}", markup=False),
        )
        with Progress(*columns, console=self._console, transient=True) as bar:
            yield Preparing(self._console, bar)

    @contextlib.contextmanager
    def tiles(self, name: str) -> Iterator[Tiles]:
        """Shows the progress of one image that is computed tile by tile."""
        if not self._console.is_terminal:
            yield Tiles(self._console, None)
            return
        columns = (
            TextColumn(f"    {visible(name)}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("tiles"),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=self._console, transient=True) as bar:
            yield Tiles(self._console, bar)

    @contextlib.contextmanager
    def training(self, total: int) -> Iterator[Training]:
        """Shows the progress of a training of ``total`` steps."""
        if not self._console.is_terminal:
            yield Training(self._console, total, None)
            return
        columns = (
            TextColumn("    training"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[loss]}", markup=False),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=self._console, transient=True) as bar:
            yield Training(self._console, total, bar)


def _duration(seconds: float) -> str:
    """Formats a duration: ``0.4 s``, ``12 s``, ``3 min 20 s``, ``2 h 5 min``."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
