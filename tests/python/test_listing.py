"""`runner.list()` for programs that make tables of it, and `runner.tasks()`."""

import datetime
import json

import pytest

import cloaca

COLUMNS = [
    "execution_id", "workflow_name", "version", "status", "priority", "error_message", "idempotency_key", "created_at",
    "start_after", "started_at", "completed_at", "duration",
]


@pytest.fixture
def listed(runner, name, gate):
    """One that failed, and before it one that runs still."""
    with cloaca.WorkflowBuilder(name):

        @cloaca.task(retry_attempts=1)
        def body(context):
            if context.get("fails"):
                raise RuntimeError("planned")
            gate.pass_()

    runner.submit(name, {"fails": False}, priority=3)
    gate.wait_for_arrivals()
    runner.execute(name, {"fails": True}, idempotency_key="k")
    return runner.list()


def test_columns_and_types(listed):
    failed, running = listed
    assert list(failed) == list(running) == COLUMNS
    assert (failed["status"], running["status"]) == ("Failed", "Running")
    assert (running["priority"], failed["idempotency_key"]) == (3, "k")
    assert running["duration"] is None is running["completed_at"] is failed["start_after"]
    begun, ended = (datetime.datetime.fromisoformat(failed[key]) for key in ("started_at", "completed_at"))
    assert begun.utcoffset() == datetime.timedelta(0)
    assert failed["duration"] == pytest.approx((ended - begun).total_seconds())


def test_it_is_a_list_of_dicts_as_ever(listed, runner):
    assert isinstance(listed, list) and type(listed[0]) is dict
    assert json.loads(json.dumps(listed)) == listed
    assert runner.list("another") == []


def test_data_frame(listed):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(listed)
    assert list(frame.columns) == COLUMNS
    assert frame["duration"].dtype == "float64" and frame["priority"].dtype == "int64"


def test_data_frame_with_times(listed, runner):
    pandas = pytest.importorskip("pandas")
    frame = listed.to_pandas()
    assert list(frame.columns) == COLUMNS
    for key in ("created_at", "start_after", "started_at", "completed_at"):
        assert isinstance(frame[key].dtype, pandas.DatetimeTZDtype) and str(frame[key].dt.tz) == "UTC"
    assert (frame["completed_at"] - frame["started_at"]).dt.total_seconds()[0] == pytest.approx(frame["duration"][0])
    assert frame["status"].max() == "Failed" and frame["status"].min() == "Running"  # in the order of a life
    empty = runner.list("another").to_pandas()
    assert list(empty.columns) == COLUMNS and len(empty) == 0
    assert list(empty.dtypes) == list(frame.dtypes)


def test_tasks_of_one_that_runs(listed, runner):
    running = listed[1]["execution_id"]
    tasks = runner.tasks(running)
    while tasks[0].status != "Running":  # shows 100 ms after its start
        tasks = runner.tasks(running)
    assert [(task.task_id, task.attempts, task.completed_at) for task in tasks] == [("body", 1, None)]
    with pytest.raises(KeyError, match="no execution"):
        runner.tasks("0192f0c1-0000-7000-8000-000000000000")
