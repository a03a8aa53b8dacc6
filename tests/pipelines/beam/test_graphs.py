"""Each graph that Beam's runner for Dask gets wrong is refused; those that it computes rightly are not."""

import typing

import apache_beam as beam
import numpy as np
import pytest
from apache_beam.coders import VarIntCoder
from apache_beam.io.restriction_trackers import OffsetRange, OffsetRestrictionTracker
from apache_beam.transforms.userstate import ReadModifyWriteStateSpec
from apache_beam.transforms.window import FixedWindows

from pipelines.beam import graphs, runner
from pipelines.errors import UserError
from pipelines.runtime.engines import Engine


class Finishing(beam.DoFn):
    def process(self, element):
        yield element

    def finish_bundle(self):
        pass


class Batched(beam.DoFn):
    @beam.DoFn.yields_elements
    def process_batch(self, batch: np.ndarray) -> typing.Iterator[np.ndarray]:
        yield from batch


class Counting(beam.DoFn):
    COUNT = ReadModifyWriteStateSpec("count", VarIntCoder())

    def process(self, element, count=beam.DoFn.StateParam(COUNT)):  # noqa: B008  (as Beam wants it)
        yield element


class Ranges(beam.RestrictionProvider):
    def initial_restriction(self, element):
        return OffsetRange(0, element)

    def create_tracker(self, restriction):
        return OffsetRestrictionTracker(restriction)


class Splitting(beam.DoFn):
    def process(self, element, tracker=beam.DoFn.RestrictionParam(Ranges())):  # noqa: B008
        yield element


def _tagged(numbers):
    return numbers | beam.FlatMap(lambda n: [n, beam.pvalue.TaggedOutput("odd", n)]).with_outputs("odd", main="all")


def _one_of_the_tagged(numbers):
    return _tagged(numbers).odd | beam.Map(str)


def _dead_letters(numbers):
    good, _ = numbers | beam.Map(float).with_exception_handling()
    return good | "Use" >> beam.Map(str)


def _two_sinks(numbers):
    return [numbers | "First" >> beam.Map(str), numbers | "Second" >> beam.Map(str)]


def _apart(numbers):
    return [numbers, numbers.pipeline | "Others" >> beam.Create([1])]


def _side(numbers):
    others = numbers.pipeline | "Others" >> beam.Create([1])
    return numbers | beam.Map(lambda number, known: (number, known), beam.pvalue.AsList(others))


def _joined(numbers):
    pairs = numbers | "Pair" >> beam.Map(lambda number: (number, number))
    return {"a": pairs, "b": pairs} | beam.CoGroupByKey()


def _pipeline(build):
    pipeline = beam.Pipeline(runner="apache_beam.runners.portability.fn_api_runner.FnApiRunner")
    build(pipeline | "Numbers" >> beam.Create([1, 2]).with_output_types(np.int64))
    return pipeline


WRONG = {
    "tagged outputs, which would be mixed": [_tagged, _one_of_the_tagged, _dead_letters],
    "of several ends only the last would be computed: 'First', 'Second'": [_two_sinks],
    "of several ends only the last would be computed: 'Numbers', 'Others'": [_apart],
    "'ParDo(Finishing)' has `finish_bundle`": [lambda numbers: numbers | beam.ParDo(Finishing())],
    "_GlobalWindowsBatchingDoFn)' has `finish_bundle`": [lambda numbers: numbers | beam.BatchElements()],
    "'ParDo(Batched)' has `process_batch`": [lambda numbers: numbers | beam.ParDo(Batched())],
    "'ParDo(Counting)' has state or timers": [
        lambda numbers: numbers | beam.Map(lambda number: (number, number)) | beam.ParDo(Counting())
    ],
    "'ParDo(Splitting)' is splittable": [lambda numbers: numbers | beam.ParDo(Splitting())],
    "'WindowInto(WindowIntoFn)' is a WindowInto, which would do nothing": [
        lambda numbers: numbers | beam.WindowInto(FixedWindows(1))
    ],
    "/Write/": [
        lambda numbers: numbers | beam.Map(str) | beam.io.WriteToText("never", num_shards=0),
        lambda numbers: numbers | beam.Map(str) | beam.io.WriteToText("never", num_shards=2),
    ],
    "Read/Impulse' is a Impulse, which would do nothing": [
        lambda numbers: numbers.pipeline | beam.io.ReadFromText(__file__)
    ],
}


@pytest.mark.parametrize(("fault", "builds"), WRONG.items())
def test_graph_that_dask_gets_wrong_is_refused(fault, builds):
    for build in builds:
        with pytest.raises(UserError, match=r"^--runner dask: this graph would silently") as caught:
            graphs.refuse_on_dask(_pipeline(build))
        assert fault in str(caught.value)


@pytest.mark.parametrize(
    "build",
    [
        lambda numbers: numbers | beam.Reshuffle() | beam.Map(str) | beam.Filter(bool) | beam.FlatMap(list),
        lambda numbers: numbers | beam.Map(lambda number: (number, 1)) | beam.GroupByKey() | beam.MapTuple(max),
        lambda numbers: numbers | beam.Map(lambda number: (number, 1)) | beam.CombinePerKey(sum),
        lambda numbers: (numbers, numbers.pipeline | "Others" >> beam.Create([1])) | beam.Flatten(),
        _side,
        _joined,
    ],
)
def test_graph_that_dask_gets_right_passes(build):
    graphs.refuse_on_dask(_pipeline(build))


def test_refusal_comes_before_any_engine_is_asked():
    nowhere = Engine("dask", options=("--dask_client_address=tcp://127.0.0.1:1", "--dask_connection_timeout=1"))
    with pytest.raises(UserError, match="tagged outputs"):
        runner.run(lambda pipeline: _tagged(pipeline | beam.Create([1])), nowhere, 1)
