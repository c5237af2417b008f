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


def test_secrets_are_not_shown():
    config = TenantConfig("tenant", "user", "secret")
    assert "secret" not in repr(config) and "tenant" in repr(config)
    assert "secret" not in repr(cloaca.TenantCredentials("u", "secret", "s", "postgres://u:secret@h/d"))


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
