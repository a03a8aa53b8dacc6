import pytest
from apache_beam.options.pipeline_options import (
    FlinkRunnerOptions,
    GoogleCloudOptions,
    PortableOptions,
    SparkRunnerOptions,
    WorkerOptions,
)
from apache_beam.runners.dask.dask_runner import DaskOptions, DaskRunner
from apache_beam.runners.portability.flink_runner import FlinkRunner
from apache_beam.runners.portability.portable_runner import PortableRunner
from apache_beam.runners.portability.spark_runner import SparkRunner
from apache_beam.runners.runner import create_runner
from typer.testing import CliRunner

from pipelines.beam import options
from pipelines.cli import main as cli
from pipelines.errors import UserError
from pipelines.runtime import engines
from pipelines.runtime.engines import Engine


def _made(runner, *words, tasks=1):
    return options.make(Engine(runner, options=words), tasks)


def test_arguments_of_each_engine():
    assert Engine(workers=3).arguments() == [
        "--runner=apache_beam.runners.portability.fn_api_runner.FnApiRunner",
        "--direct_num_workers=3",
    ]
    flink = _made("flink", "--flink_master=10.0.0.1:8081", "--parallelism=4", "--environment_type=LOOPBACK")
    assert flink.view_as(FlinkRunnerOptions).flink_master == "10.0.0.1:8081"
    assert flink.view_as(PortableOptions).environment_type == "LOOPBACK"
    assert flink.get_all_options(retain_unknown_options=True)["parallelism"] == 4  # the job server's
    spark = _made("spark", "--spark_master_url", "spark://10.0.0.1:7077")
    assert spark.view_as(SparkRunnerOptions).spark_master_url == "spark://10.0.0.1:7077"
    portable = _made("portable", "--job_endpoint=10.0.0.1:8099")
    assert portable.view_as(PortableOptions).job_endpoint == "10.0.0.1:8099"
    cloud = _made("dataflow", "--project=p", "--region=europe-west4", "--temp_location=gs://b/t", "--num_workers=5")
    assert cloud.view_as(GoogleCloudOptions).region == "europe-west4"
    assert cloud.view_as(WorkerOptions).num_workers == 5
    kinds = {"dask": DaskRunner, "flink": FlinkRunner, "spark": SparkRunner, "portable": PortableRunner}
    for runner, kind in kinds.items():
        assert type(create_runner(engines.RUNNERS[runner])) is kind


@pytest.mark.parametrize(
    ("words", "tasks", "partitions"),
    [((), 7, 7), ((), 0, 1), ((), 10_000, 256), (("--dask_npartitions=3",), 7, 3), (("--dask_npartitions", "3"), 7, 3)],
)
def test_dask_makes_as_many_partitions_as_there_is_work(words, tasks, partitions):
    made = _made("dask", "--dask_client_address=tcp://10.0.0.1:8786", *words, tasks=tasks).view_as(DaskOptions)
    assert (made.address, made.npartitions) == ("tcp://10.0.0.1:8786", partitions)


def test_size_of_partitions_said_by_the_user_stands_alone():
    made = _made("dask", "--dask_partition_size=2", tasks=9).view_as(DaskOptions)
    assert (made.partition_size, made.npartitions) == (2, None)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--runner", "dusk"], "--runner must be one of fnapi, dask, flink, spark, dataflow, portable. Received: dusk"),
        (["--runner", "dask", "--workers", "2"], "--runner dask has workers of its own. Received: --workers 2"),
        (["stray"], "Options for Beam stand after `--` and begin with `--`. Received: stray"),
        (["--", "--runner=SparkRunner"], "--runner=SparkRunner: is said by --runner, before the `--`"),
        (["--", "--direct_num_workers", "4"], "--direct_num_workers: is said by --workers, before the `--`"),
        (
            ["--runner", "dask", "--", "--dask_client_adress=tcp://10.0.0.1:8786"],
            "--runner dask knows no option --dask_client_adress=tcp://10.0.0.1:8786",
        ),
        (
            ["--runner", "dask", "--", "--dask_npartitions=many"],
            "Options for Beam: argument --dask_npartitions: invalid int value: 'many'",
        ),
    ],
)
def test_what_cannot_be_is_told_before_anything_runs(tmp_path, arguments, message):
    output = tmp_path / "out"
    result = CliRunner().invoke(cli.app, ["run", "super_resolution", "--output", str(output), *arguments])
    assert isinstance(result.exception, UserError)
    assert message in str(result.exception)
    assert not output.exists()
