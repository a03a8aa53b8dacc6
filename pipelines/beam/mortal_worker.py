"""Worker processes whose death ends the job. Beam 2.77 waits forever for the answer of a dead process."""

import threading
from typing import Any

import pipelines.beam.quiet  # noqa: F401

# isort: split
from apache_beam.portability import python_urns
from apache_beam.runners.portability import local_job_service
from apache_beam.runners.portability.fn_api_runner.worker_handlers import (
    BeamFnControlServicer,
    SubprocessSdkWorkerHandler,
    WorkerHandler,
)

DEATH = "Worker subprocess exited with return code"  # Beam's message


# Replaces Beam's own handler of worker processes.
@WorkerHandler.register_environment(python_urns.SUBPROCESS_SDK, bytes)
class MortalWorkerHandler(SubprocessSdkWorkerHandler):
    """Beam's handler, changed so that all pending and later requests fail when the process dies."""

    def start_worker(self) -> None:
        """Starts the process and a thread that waits for its end."""
        self.worker = local_job_service.SubprocessSdkWorker(
            self._worker_command_line, self.control_address, self.provision_info, self.worker_id
        )
        self.worker_thread = threading.Thread(name="run_worker", target=self._run)
        self.worker_thread.start()

    def _run(self) -> None:
        try:
            self.worker.run()
        except RuntimeError as error:
            self._fail(error)

    def _fail(self, error: RuntimeError) -> None:
        connection = self.control_conn
        ask = connection.push

        def refuse(request: Any) -> Any:
            future = ask(request)
            if request is not BeamFnControlServicer._DONE_MARKER:
                future.abort(error)
            return future

        connection.push = refuse
        for future in list(connection._futures_by_id.values()):
            future.abort(error)
