"""Executes components: measures their time, shows and records them, and checks the types of their artifacts."""

import errno
import os
import time
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from pipelines.console import Console
from pipelines.errors import UnfinishedError, UserError
from pipelines.runtime import code, store
from pipelines.runtime.component import Component, Kind, Made, Source, Step
from pipelines.runtime.recording import Recording

M = TypeVar("M", bound=Made)

LOGS = "logs"  # a folder below the output
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Steps:
    """The components of one run, in the order of execution.

    Args:
        console: shows a line for each component.
        recording: records what each component read and made.

    Attributes:
        done: what the report says about each component.
    """

    def __init__(self, console: Console, recording: Recording):
        self._console, self._recording = console, recording
        self._kinds: dict[Path, Kind] = {}
        self.done: list[Step] = []

    def run(
        self,
        spec: Component,
        reads: Mapping[str, Made | Source],
        executor: Callable[[], M],
        summary: Callable[[M], str],
    ) -> M:
        """Executes one component.

        Args:
            spec: the declaration of the component.
            reads: name -> what it reads: a result of this run, or a source.
            executor: does the work, or finds it done.
            summary: describes the result in one line.

        Raises:
            TypeError: what it reads does not have the types of its spec.
            UserError: the component raised it; also raised if the disk is full.
            UnfinishedError: a worker failed; the message names the file with its traceback.
        """
        kinds = {name: self._kind(artifact) for name, artifact in reads.items()}
        if kinds != dict(spec.reads):
            raise TypeError(f"{spec.name} reads {_told(spec.reads)}. Received: {_told(kinds)}")
        started = time.perf_counter()
        with self._recording.execution(spec.name) as execution:
            try:
                made = executor()
            except Exception as error:
                if isinstance(error, UserError) and not isinstance(error, UnfinishedError):
                    raise
                full = _full(error)
                if full is not None:
                    raise UserError(
                        f"{spec.name}: {os.strerror(full)}; nothing of it was published, and earlier results are as "
                        "they were"
                    ) from error
                if isinstance(error, UnfinishedError):
                    raise UnfinishedError(f"{spec.name}: {error}{self._logged(spec, error)}") from error
                raise
            text = summary(made)
            named = {name: (spec.reads[name], artifact) for name, artifact in reads.items()}
            execution.succeed(spec, named, made, code.versions(), text)
        self._kinds[made.path] = spec.makes
        step = Step(spec.name, made.reused, round(time.perf_counter() - started, 2), text)
        self.done.append(step)
        self._console.component(step.name, step.reused, step.seconds, step.summary)
        return made

    def _logged(self, spec: Component, error: Exception) -> str:
        """Writes the traceback of an error to a file, and returns a message that names it."""
        log = self._recording.metadata.output / LOGS / f"{self._recording.number}-{spec.name}.log"
        try:
            log.parent.mkdir(exist_ok=True)
            store.write_text(log, "".join(traceback.format_exception(error)))
        except OSError as fault:
            return f"; its traceback cannot be written: {log}: {fault.strerror}"
        return f"; its traceback is in {log}"

    def _kind(self, artifact: Made | Source) -> Kind | None:
        return artifact.kind if isinstance(artifact, Source) else self._kinds.get(artifact.path)


def _told(kinds: Mapping[str, Kind | None]) -> str:
    return ", ".join(f"{name}: {kind}" for name, kind in kinds.items()) or "nothing"


def _full(error: BaseException | None) -> int | None:
    """Returns the error number of a full disk, which Beam, HDF5 and TensorFlow pass on as text; otherwise None."""
    while error is not None:
        for number in _FULL:
            if getattr(error, "errno", None) == number or os.strerror(number) in str(error):
                return number
        error = error.__cause__ or error.__context__
    return None
