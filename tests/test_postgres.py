"""The tests' own PostgreSQL server."""

from tests.postgres import RUNTIME, own_server


def test_its_lock_is_not_shared_with_other_users_of_the_machine():
    with own_server() as server:
        assert server.lock_path.is_relative_to(RUNTIME)
