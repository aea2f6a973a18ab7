"""Functions on times that SQLite and PostgreSQL spell differently."""

from typing import Any

from sqlalchemy import Float, String
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class unix_time(FunctionElement[float]):  # noqa: N801 - an SQL function
    """A time as seconds since 1970, with fractions."""

    type = Float()
    inherit_cache = True


class utc_day(FunctionElement[str]):  # noqa: N801 - an SQL function
    """The day of a time in UTC, as `2026-11-23`."""

    type = String()
    inherit_cache = True


class utc_hour(FunctionElement[str]):  # noqa: N801 - an SQL function
    """The hour of a time in UTC, as `2026-11-23T14`."""

    type = String()
    inherit_cache = True


@compiles(unix_time, "sqlite")
def _unix_time_on_sqlite(element: unix_time, compiler: Any, **options: Any) -> str:
    return f"((julianday({compiler.process(element.clauses, **options)}) - 2440587.5) * 86400.0)"


@compiles(unix_time, "postgresql")
def _unix_time_on_postgresql(element: unix_time, compiler: Any, **options: Any) -> str:
    return f"EXTRACT(EPOCH FROM {compiler.process(element.clauses, **options)})::float8"


@compiles(utc_day, "sqlite")
def _utc_day_on_sqlite(element: utc_day, compiler: Any, **options: Any) -> str:
    return f"date({compiler.process(element.clauses, **options)})"


@compiles(utc_day, "postgresql")
def _utc_day_on_postgresql(element: utc_day, compiler: Any, **options: Any) -> str:
    moment = compiler.process(element.clauses, **options)
    return f"to_char({moment} AT TIME ZONE 'UTC', 'YYYY-MM-DD')"


@compiles(utc_hour, "sqlite")
def _utc_hour_on_sqlite(element: utc_hour, compiler: Any, **options: Any) -> str:
    return f"strftime('%Y-%m-%dT%H', {compiler.process(element.clauses, **options)})"


@compiles(utc_hour, "postgresql")
def _utc_hour_on_postgresql(element: utc_hour, compiler: Any, **options: Any) -> str:
    moment = compiler.process(element.clauses, **options)
    return f"to_char({moment} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24')"
