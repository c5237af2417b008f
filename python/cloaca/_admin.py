"""`DatabaseAdmin`: tenants of one PostgreSQL database."""

from __future__ import annotations

from typing import List, Optional

from . import _cloaca
from ._arguments import text, text_or, wrong_type
from ._errors import ConfigurationError


class TenantConfig:
    """What an administrator asks for a new tenant; without a password it gets a random one.

    >>> TenantConfig("tenant_a", "tenant_a_user", password="secret")
    TenantConfig(schema_name='tenant_a', username='tenant_a_user', password='***')
    """

    __slots__ = ("connection_limit", "password", "schema_name", "username")

    def __init__(
        self,
        schema_name: str,
        username: Optional[str] = None,
        password: Optional[str] = None,
        connection_limit: Optional[int] = None,
    ) -> None:
        self.schema_name = text("schema_name", schema_name)
        self.username = text_or("username", username, "")
        self.password = text_or("password", password, "")
        self.connection_limit = connection_limit

    def __repr__(self) -> str:
        return f"TenantConfig(schema_name={self.schema_name!r}, username={self.username!r}, password='***')"


class TenantCredentials:
    """What a tenant's program needs. Given out once: the database keeps only a verifier.

    >>> TenantCredentials("tenant_a_user", "secret", "tenant_a", "postgres://…").schema_name
    'tenant_a'
    """

    __slots__ = ("connection_string", "password", "schema_name", "username")

    def __init__(self, username: str, password: str, schema_name: str, connection_string: str) -> None:
        self.username, self.password = username, password
        self.schema_name, self.connection_string = schema_name, connection_string

    def __repr__(self) -> str:
        return (
            f"TenantCredentials(username={self.username!r}, password='***', schema_name={self.schema_name!r}, "
            "connection_string='***')"
        )


class DatabaseAdmin:
    """Makes and removes tenants: a schema each, and a role that may read and write its rows and nothing else.

    >>> admin = DatabaseAdmin("postgres://admin@db.example/app")  # doctest: +SKIP
    >>> credentials = admin.create_tenant(TenantConfig("tenant_a", "tenant_a_user"))  # doctest: +SKIP
    >>> DatabaseAdmin("sqlite://app.db")
    Traceback (most recent call last):
    RuntimeError: DatabaseAdmin requires a PostgreSQL connection. On SQLite each tenant has a file of its own.
    """

    def __init__(self, database_url: str) -> None:
        from urllib.parse import urlsplit  # most programs have no administrator

        url = text("database_url", database_url)
        if url.startswith("sqlite:"):
            raise RuntimeError("DatabaseAdmin requires a PostgreSQL connection. On SQLite each tenant has a file of its own.")
        if not url.startswith(("postgres://", "postgresql://")):
            raise RuntimeError(
                "Invalid database URL: it does not begin with postgres:// or postgresql://"
            )
        try:
            path = urlsplit(url).path
        except ValueError as error:
            raise RuntimeError(f"Invalid database URL: {error}") from None
        if not path.strip("/"):
            raise RuntimeError("Database name is required in URL path")
        try:
            self._core = _cloaca.Admin(url)
        except ConfigurationError as error:
            raise RuntimeError(f"Invalid database URL: {error}") from None

    def create_tenant(self, config: TenantConfig) -> TenantCredentials:
        if not isinstance(config, TenantConfig):
            raise wrong_type("config", "TenantConfig", config)
        limit = -1 if config.connection_limit is None else config.connection_limit
        made = self._core.create_tenant(config.schema_name, config.username, config.password, limit)
        return TenantCredentials(*made)

    def remove_tenant(self, schema_name: str, username: str) -> None:
        """The schema with everything in it, and the role."""
        self._core.remove_tenant(text("schema_name", schema_name), text("username", username))

    def migrate_tenant(self, schema_name: str) -> None:
        """Brings the tenant's tables up to this version, which its own role may not."""
        self._core.migrate_tenant(text("schema_name", schema_name))

    def list_tenants(self) -> List[str]:
        """Schemas with tables of this library, in the order of their names."""
        return self._core.list_tenants()

    def tenant_exists(self, schema_name: str) -> bool:
        return self._core.tenant_exists(text("schema_name", schema_name))

    def __repr__(self) -> str:
        return "DatabaseAdmin(…)"
