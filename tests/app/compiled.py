"""What each app compiles for itself, kept for all apps of a test process: half the time of a page's test.

A process of the product makes one app; these tests make one each.
"""

from collections.abc import Callable
from types import CodeType
from typing import Any

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy import Engine
from werkzeug.routing import Rule


class Templates(BytecodeCache):
    """The code of templates by their name and words."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._kept.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        if bucket.code is not None:
            self._kept[bucket.key, bucket.checksum] = bucket.code


def keep(patch: pytest.MonkeyPatch) -> None:
    """Let apps share the code of their templates, of the functions that build addresses, and their SQL."""
    _keep_templates_and_builders(patch)
    _keep_sql(patch)


def _keep_templates_and_builders(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Flask, "jinja_options", {"bytecode_cache": Templates()})
    compile_builder = Rule._compile_builder  # noqa: SLF001 - there is no public place to keep it
    kept: dict[Any, Callable[..., tuple[str, str]]] = {}

    def builder(rule: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:  # noqa: FBT001, FBT002
        # All that the function depends on; converters it finds on the rule that it is bound to.
        key = (tuple(rule._trace), repr(rule.defaults), append_unknown)  # noqa: SLF001
        if key not in kept:
            kept[key] = compile_builder(rule, append_unknown)
        return kept[key]

    patch.setattr(Rule, "_compile_builder", builder)


def _keep_sql(patch: pytest.MonkeyPatch) -> None:
    """Give each SQLite engine the dialect of the first that connected, and the statements it has compiled.

    Those of PostgreSQL keep their own: their pool goes on asking the first dialect how to connect.
    """
    make_engine = SQLAlchemy._make_engine  # noqa: SLF001 - as above
    kept: list[Engine] = []

    def engine(*arguments: Any) -> Engine:
        made = make_engine(*arguments)
        if made.dialect.name != "sqlite":
            return made
        if not kept:
            kept.append(made)
        elif kept[0].dialect.default_schema_name is not None:
            made.dialect, made._compiled_cache = kept[0].dialect, kept[0]._compiled_cache  # noqa: SLF001
        return made

    patch.setattr(SQLAlchemy, "_make_engine", engine)
