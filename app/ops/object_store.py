"""Backups on their way to a bucket of an object store that speaks S3, and back.

The Jobs of the chart run `python -m app.ops.object_store` beside the scripts that write and read the files.
"""

import argparse
import io
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote, urlencode, urlsplit
from xml.etree import ElementTree as ET

import requests
from aws_sdk_signers import URI, AWSCredentialIdentity, AWSRequest, Fields, SigV4Signer

from contract import secret_files, sessions

TIMEOUT_S = (20, 300)
CHUNK = 1 << 20
MAX_LIST_BYTES = 4 << 20
"""Of one page of a list, which has at most a thousand names."""
MAX_PAGES = 100
S3 = "{http://s3.amazonaws.com/doc/2006-03-01/}"


class _Body(io.BufferedReader):
    """A file that is read in pieces of one size, whatever lines it has."""

    def __next__(self) -> bytes:
        """Return the next piece."""
        if piece := self.read(CHUNK):
            return piece
        raise StopIteration


class StoreError(Exception):
    """The store did not do what was asked; the message says what it answered."""


class Bucket:
    """The objects below a prefix, by the part of their names after it."""

    def __init__(self, options: argparse.Namespace) -> None:
        def secret(name: str) -> str:
            return secret_files.read(name, options.credentials / name)

        self._address = urlsplit(f"{options.endpoint.rstrip('/')}/{options.bucket}")
        self._prefix = options.prefix
        self._region = options.region
        self._identity = AWSCredentialIdentity(
            access_key_id=secret("access-key-id"), secret_access_key=secret("secret-access-key")
        )
        self._session = sessions.session(options.ca_file)

    def names(self, ending: str) -> list[str]:
        """Return the names of the backups, the oldest first: they begin with their time."""
        found: list[str] = []
        query = {"list-type": "2", "prefix": f"{self._prefix}oims-"}
        for _ in range(MAX_PAGES):
            page = self._list(query)
            found += [str(key.text).removeprefix(self._prefix) for key in page.iter(f"{S3}Key")]
            more = page.findtext(f"{S3}NextContinuationToken")
            if more is None:
                break
            query["continuation-token"] = more
        return sorted(name for name in found if name.endswith(f".{ending}") and "/" not in name)

    def put(self, file: Path) -> None:
        """Store a file under its name; it is there whole or not at all."""
        with _Body(io.FileIO(file)) as body:
            self._ask("PUT", file.name, body=body).close()

    def get(self, name: str, target: Path) -> None:
        """Fetch an object into a file that is there whole or not at all.

        Raises:
            StoreError: the store has no such object, or the connection ended early.

        """
        part = target.with_name(f".part-{os.getpid()}")
        with self._ask("GET", name) as answer, open(part, "wb", opener=_for_us_alone) as file:
            file.writelines(answer.iter_content(CHUNK))
            file.flush()
            os.fsync(file.fileno())
            expected = int(answer.headers.get("Content-Length", file.tell()))
            if file.tell() != expected:
                raise StoreError(f"{name} ended after {file.tell()} of {expected} bytes")
        part.replace(target)

    def remove(self, name: str) -> None:
        """Remove an object."""
        self._ask("DELETE", name).close()

    def _list(self, query: dict[str, str]) -> ET.Element:
        with self._ask("GET", None, query=query) as answer:
            text = answer.raw.read(MAX_LIST_BYTES + 1, decode_content=True)
        if len(text) > MAX_LIST_BYTES:
            raise StoreError("the list of the bucket is longer than it can be")
        try:
            # Our own store's answer, bounded above; expat bounds what entities may grow to.
            return ET.fromstring(text)  # noqa: S314
        except ET.ParseError as error:
            raise StoreError(f"the list of the bucket is no XML ({error})") from None

    def _ask(
        self,
        method: str,
        name: str | None,
        *,
        query: dict[str, str] | None = None,
        body: "_Body | None" = None,
    ) -> requests.Response:
        path = self._address.path if name is None else f"{self._address.path}/{self._prefix}{name}"
        destination = URI(
            scheme=self._address.scheme,
            host=str(self._address.hostname),
            port=self._address.port,
            path=path,
            query=urlencode(query or {}, quote_via=quote),
        )
        signed = SigV4Signer().sign(
            request=AWSRequest(destination=destination, method=method, body=body, fields=Fields()),
            identity=self._identity,
            properties={
                "region": self._region,
                "service": "s3",
                "content_checksum_enabled": True,
                "normalize_path": False,
            },
        )
        headers = {field.name: field.as_string() for field in signed.fields}
        answer = self._session.request(
            method,
            destination.build(),
            data=body,
            headers=headers,
            timeout=TIMEOUT_S,
            stream=True,
            allow_redirects=False,
        )
        if answer.status_code not in {200, 204}:
            said = answer.raw.read(2000, decode_content=True).decode(errors="replace")
            answer.close()
            raise StoreError(f"{method} {path}: {answer.status_code} {_reason(said)}")
        return answer


def _for_us_alone(path: str, flags: int) -> int:
    """Open a file that nobody else may read: it holds password hashes."""
    return os.open(path, flags, 0o600)


def _reason(answer: str) -> str:
    """Return what an error's document says, on one line."""
    words = [found[1] for tag in ("Code", "Message") if (found := re.search(f"<{tag}>([^<]*)<", answer))]
    return ": ".join(words) or "without a reason"


def _send(bucket: Bucket, options: argparse.Namespace) -> None:
    """Store the newest file of the folder, then remove the oldest objects above those that are kept."""
    files = sorted(options.folder.glob(f"oims-*.{options.ending}"))
    if not files:
        raise StoreError(f"there is no backup oims-*.{options.ending} in {options.folder}")
    bucket.put(files[-1])
    _say(f"sent {files[-1].name}, {files[-1].stat().st_size} bytes")
    for name in bucket.names(options.ending)[: -options.keep]:
        bucket.remove(name)
        _say(f"removed {name}")


def _fetch(bucket: Bucket, options: argparse.Namespace) -> None:
    """Fetch the named object, or the newest, into the folder."""
    names = bucket.names(options.ending)
    name = os.environ.get("OIMS_BACKUP_FILE") or (names[-1] if names else "")
    if name not in names:
        wanted = name or f"oims-*.{options.ending}"
        raise StoreError(f"there is no backup {wanted} in the bucket; it holds: {' '.join(names)}")
    bucket.get(name, options.folder / name)
    _say(f"fetched {name}")


def _say(sentence: str) -> None:
    sys.stderr.write(f"object store: {sentence}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Send or fetch a backup; return 0, or 1 when it failed, with the reason on stderr."""
    parser = argparse.ArgumentParser(prog="python -m app.ops.object_store", description=__doc__)
    parser.add_argument("step", choices=["send", "fetch"])
    parser.add_argument("--endpoint", required=True, help="address of the store")
    parser.add_argument("--bucket", required=True)
    parser.add_argument("--prefix", default="", help="what the names of the objects begin with")
    parser.add_argument("--region", default="us-east-1")
    parser.add_argument("--credentials", required=True, type=Path, help="folder of the two keys")
    parser.add_argument("--ca-file", type=Path, help="a private authority to trust too")
    parser.add_argument("--folder", required=True, type=Path, help="folder of the backups")
    parser.add_argument("--ending", required=True, choices=["db", "sql.gz"])
    parser.add_argument("--keep", default=14, type=int, help="how many stay in the bucket")
    options = parser.parse_args(arguments)
    try:
        (_send if options.step == "send" else _fetch)(Bucket(options), options)
    except (StoreError, secret_files.SecretFileError, requests.RequestException, OSError) as error:
        _say(f"{options.step} failed: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
