"""Schemas of one PostgreSQL database."""

import pytest

import cloaca

pytestmark = pytest.mark.usefixtures("only_postgres")


def test_tenants_do_not_see_each_other(database, name):
    with cloaca.WorkflowBuilder(name):

        @cloaca.task()
        def body(context):
            context.set("x", context["of"])

    other = type(database)(database.url, database.schema + "_b")
    __import__("conftest")._schemas.append(other.schema)
    with database.runner() as one, other.runner() as two:
        assert "schema=" in repr(one)
        execution = one.execute(name, {"of": "one"}).execution_id
        assert two.execute(name, {"of": "two"}).final_context["x"] == "two"
        assert len(one.list()) == len(two.list()) == 1
        with pytest.raises(KeyError):
            two.status(execution)
