"""DatabaseAdmin."""

import secrets

import pytest

import cloaca
from cloaca import DatabaseAdmin, TenantConfig


def test_urls_that_are_refused():
    with pytest.raises(RuntimeError, match="^DatabaseAdmin requires a PostgreSQL connection. "):
        DatabaseAdmin("sqlite://x.db")
    with pytest.raises(RuntimeError, match="^Invalid database URL: "):
        DatabaseAdmin("nonsense")
    with pytest.raises(RuntimeError, match="^Database name is required in URL path$"):
        DatabaseAdmin("postgres://admin@localhost:5432")
    with pytest.raises(TypeError, match="database_url: expected str"):
        DatabaseAdmin(None)
    for url in ("postgresql://u:p@h:bad/db", "postgres://u:p@h:99999/db", "postgres://h:5432,[::1]:0/db", "postgres://u:s3cret/db"):
        with pytest.raises(RuntimeError, match="^Invalid database URL: the port is not a number from 1 to 65535$"):
            DatabaseAdmin(url)
    for url in ("postgres://u:p#a@h:5432/db", "postgres://h1:5432,[::1]:5433/db?sslmode=require", "postgres:///db"):
        DatabaseAdmin(url)


def test_secrets_are_not_shown():
    config = TenantConfig("tenant", "user", "secret")
    assert "secret" not in repr(config) and "tenant" in repr(config)
    assert "secret" not in repr(cloaca.TenantCredentials("u", "secret", "s", "postgres://u:secret@h/d"))
    assert config.password == "secret" and TenantConfig("tenant", "user", password=None).password is None


@pytest.mark.parametrize(
    ("wrong", "error", "text"),
    [
        ({"connection_limit": "5"}, TypeError, "connection_limit: expected int, got str"),
        ({"connection_limit": 10**12}, ValueError, "connection_limit is 1000000000000; expected 1 to 2147483647"),
        ({"username": 5}, TypeError, "username: expected str, got int"),
        ({"password": b"s3cret"}, TypeError, "password: expected str, got bytes"),
    ],
)
def test_what_is_wrong_with_a_tenant_is_said_without_its_password(wrong, error, text):
    given = {"schema_name": "ten_q", "username": "ten_q_u", "password": "s3cret-password", **wrong}
    with pytest.raises(error) as caught:
        TenantConfig(**given)
    assert str(caught.value) == text
    changed = TenantConfig("ten_q", "ten_q_u", "s3cret-password")
    for name, value in wrong.items():
        setattr(changed, name, value)
    with pytest.raises(error) as caught:
        DatabaseAdmin("postgres://u@127.0.0.1:1/db").create_tenant(changed)
    assert str(caught.value) == text


@pytest.mark.usefixtures("only_postgres")
def test_tenant_from_birth_to_death(database, name):
    with cloaca.WorkflowBuilder(name):

        @cloaca.task()
        def body(context):
            context.set("x", 1)

    admin = DatabaseAdmin(database.url)
    schema = f"tenant_{secrets.token_hex(4)}"
    made = admin.create_tenant(TenantConfig(schema_name=schema, username=schema + "_user"))
    try:
        assert made.schema_name == schema and made.username == schema + "_user"
        assert len(made.password) >= 32
        assert schema in admin.list_tenants() and admin.tenant_exists(schema)
        with cloaca.DefaultRunner(made.connection_string) as runner:
            assert runner.execute(name).final_context["x"] == 1
        with pytest.raises(RuntimeError, match=schema):
            admin.create_tenant(TenantConfig(schema, schema + "_user"))
    finally:
        admin.remove_tenant(schema, schema + "_user")
    assert not admin.tenant_exists(schema)
    with pytest.raises(ValueError):
        admin.create_tenant(TenantConfig("not a name"))
