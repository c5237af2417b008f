"""`DatabaseAdmin`: tenants of one PostgreSQL database."""

from __future__ import annotations

from typing import List, Optional, Tuple

from . import _cloaca
from ._arguments import integer, text, text_or, wrong_type
from ._errors import ConfigurationError


class TenantConfig:
    """What an administrator asks for a new tenant; without a password it gets a random one.

    >>> TenantConfig("tenant_a", "tenant_a_user", password="secret")
    TenantConfig(schema_name='tenant_a', username='tenant_a_user', password='***')
    """

    __slots__ = ("connection_limit", "password", "schema_name", "username")

    schema_name: str
    username: Optional[str]
    password: Optional[str]
    connection_limit: Optional[int]

    def __init__(
        self,
        schema_name: str,
        username: Optional[str] = None,
        password: Optional[str] = None,
        connection_limit: Optional[int] = None,
    ) -> None:
        self.schema_name, self.username = schema_name, username
        self.password, self.connection_limit = password, connection_limit
        self._plain()

    def _plain(self) -> Tuple[str, str, str, int]:
        """As the extension takes it: what it refuses itself it shows, the password too. Attributes may be set."""
        limit = self.connection_limit
        return (
            text("schema_name", self.schema_name),
            text_or("username", self.username, ""),
            text_or("password", self.password, ""),
            -1 if limit is None or limit == -1 else integer("connection_limit", limit, 1, 2**31 - 1),
        )

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


def _has_good_port(host: str) -> bool:
    """Of `host:port`, `[::1]:port`, or either without a port."""
    port = host.rpartition("]")[2].partition(":")[2]
    return not port or "%" in port or (port.isascii() and port.isdigit() and 1 <= int(port[:6]) <= 65535)


class DatabaseAdmin:
    """Makes and removes tenants: a schema each, and a role that may read and write its rows and nothing else.

    >>> admin = DatabaseAdmin("postgres://admin@db.example/app")  # doctest: +SKIP
    >>> credentials = admin.create_tenant(TenantConfig("tenant_a", "tenant_a_user"))  # doctest: +SKIP
    >>> DatabaseAdmin("sqlite://app.db")
    Traceback (most recent call last):
    RuntimeError: DatabaseAdmin requires a PostgreSQL connection. On SQLite each tenant has a file of its own.
    """

    def __init__(self, database_url: str) -> None:
        url = text("database_url", database_url)
        if url.startswith("sqlite:"):
            raise RuntimeError("DatabaseAdmin requires a PostgreSQL connection. On SQLite each tenant has a file of its own.")
        if not url.startswith(("postgres://", "postgresql://")):
            raise RuntimeError(
                "Invalid database URL: it does not begin with postgres:// or postgresql://"
            )
        # As the driver takes it apart: a password may hold a #, and there may be several hosts.
        authority, _, path = url.partition("://")[2].partition("/")
        hosts, mark, _ = authority.rpartition("@")[2].partition("?")
        if not all(map(_has_good_port, hosts.split(","))):
            # Without it: of a URL that is cut in the wrong place it may be the password.
            raise RuntimeError("Invalid database URL: the port is not a number from 1 to 65535")
        if mark or not path.partition("?")[0].strip("/"):
            raise RuntimeError("Database name is required in URL path")
        try:
            self._core = _cloaca.Admin(url)
        except ConfigurationError as error:
            raise RuntimeError(f"Invalid database URL: {error}") from None

    def create_tenant(self, config: TenantConfig) -> TenantCredentials:
        if not isinstance(config, TenantConfig):
            raise wrong_type("config", "TenantConfig", config)
        return TenantCredentials(*self._core.create_tenant(*config._plain()))

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
