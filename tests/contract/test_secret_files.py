"""A secret is given itself or as a file, in all parts alike."""

import re

import pytest

from contract import limits, secret_files

NAME = "OIMS_TOKEN"


@pytest.mark.parametrize("content", [b"the secret", b"  the secret\n", b"the secret\r\n"])
def test_a_file_gives_its_text_without_the_space_around_it(tmp_path, content):
    path = tmp_path / "token"
    path.write_bytes(content)
    assert secret_files.find({f"{NAME}_FILE": str(path)}, NAME) == "the secret"


@pytest.mark.parametrize(
    ("environment", "value"),
    [({NAME: " the secret "}, "the secret"), ({NAME: "", f"{NAME}_FILE": ""}, None), ({}, None)],
)
def test_a_variable_gives_itself_and_an_empty_one_nothing(environment, value):
    assert secret_files.find(environment, NAME) == value


def test_a_secret_that_is_given_twice_is_refused():
    with pytest.raises(secret_files.SecretFileError, match="OIMS_TOKEN and OIMS_TOKEN_FILE are both set"):
        secret_files.find({NAME: "a", f"{NAME}_FILE": "/b"}, NAME)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "No such file or directory"),
        (b"\xff\xfe", "it is not UTF-8 text"),
        (b"hidden" * limits.SECRET_BYTES, f"is longer than {limits.SECRET_BYTES} bytes"),
    ],
    ids=["missing", "binary", "endless"],
)
def test_a_file_that_is_no_secret_is_named_and_never_quoted(tmp_path, content, reason):
    path = tmp_path / "token"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(secret_files.SecretFileError, match=re.escape(reason)) as refusal:
        secret_files.read(NAME, path)
    assert str(refusal.value).startswith("OIMS_TOKEN_FILE: ")
    assert "hidden" not in str(refusal.value)


def test_a_device_without_an_end_is_read_to_the_bound_only():
    with pytest.raises(secret_files.SecretFileError, match="is longer than"):
        secret_files.read(NAME, secret_files.Path("/dev/zero"))
