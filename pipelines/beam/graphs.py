"""Refuses graphs that Beam's runner for Dask does not compute correctly, before they run.

That runner (Beam 2.77) knows `Create`, `ParDo`, `GroupByKey`, `Reshuffle` and `Flatten`. It passes the input of any
other transform on as its output, gives every output of a `ParDo` to each reader of one of them, drops what
`finish_bundle` emits, computes no windows, and runs only what the last transform of the graph depends on.
"""

import pipelines.beam.quiet  # noqa: F401

# isort: split
import apache_beam as beam
from apache_beam.pipeline import AppliedPTransform, PipelineVisitor
from apache_beam.runners.common import DoFnSignature

from pipelines.errors import UserError

_WHOLE = (beam.Create, beam.GroupByKey, beam.Reshuffle, beam.Flatten)  # the runner replaces them by its own


def refuse_on_dask(pipeline: beam.Pipeline) -> None:
    """Checks a graph before it runs.

    Args:
        pipeline: a pipeline that is built and has not run yet.

    Raises:
        UserError: Beam's runner for Dask would compute something else than other runners, or stop midway.
    """
    found = _Visitor()
    pipeline.visit(found)
    ends = [step.full_label for step in found.steps if not any(map(found.consumed.__contains__, step.outputs.values()))]
    if len(ends) > 1:
        found.faults.append(f"of several ends only the last would be computed: {', '.join(map(repr, ends))}")
    if found.faults:
        raise UserError(
            "--runner dask: this graph would silently give wrong results, and was not started: "
            + "; ".join(found.faults)
        )


class _Visitor(PipelineVisitor):
    """Collects the transforms that the runner treats as one, what is read, and what the runner gets wrong."""

    def __init__(self) -> None:
        self.steps: list[AppliedPTransform] = []
        self.consumed: set = set()
        self.faults: list[str] = []
        self._inside: AppliedPTransform | None = None

    def enter_composite_transform(self, transform_node: AppliedPTransform) -> None:
        if self._inside is None and type(transform_node.transform) in _WHOLE:
            self._inside = transform_node
            self._add(transform_node)

    def leave_composite_transform(self, transform_node: AppliedPTransform) -> None:
        if self._inside is transform_node:
            self._inside = None

    def visit_transform(self, transform_node: AppliedPTransform) -> None:
        if self._inside is None:
            self._add(transform_node)
            self.faults += [f"{transform_node.full_label!r} {fault}" for fault in _faults(transform_node)]

    def _add(self, step: AppliedPTransform) -> None:
        self.steps.append(step)
        self.consumed |= {*step.inputs, *(side.pvalue for side in step.side_inputs)}


def _faults(step: AppliedPTransform) -> list[str]:
    """Returns the faults of a transform that is not composed of others."""
    transform = step.transform
    if type(transform) in _WHOLE:
        return []
    if type(transform) is not beam.ParDo:
        return [f"is a {type(transform).__name__}, which would do nothing"]
    function, signature = transform.fn, DoFnSignature(transform.fn)
    rules = {
        "has tagged outputs, which would be mixed": len(step.outputs) > 1 or None not in step.outputs,
        "has `finish_bundle`, whose outputs would be lost": _overrides(function, "finish_bundle"),
        "has `process_batch`, which would not be called": function._process_batch_defined,
        "has state or timers, which are not kept": signature.is_stateful_dofn(),
        "is splittable, and would not be split": signature.is_splittable_dofn(),
    }
    return [fault for fault, broken in rules.items() if broken]


def _overrides(function: beam.DoFn, method: str) -> bool:
    """Returns whether a DoFn defines a method itself; callables wrapped by Beam have the wrapper's."""
    return getattr(type(function), method) is not getattr(beam.DoFn, method)
