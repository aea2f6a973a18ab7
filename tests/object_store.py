"""A real object store that speaks S3 and checks every signature."""

from contextlib import contextmanager

import pytest

from tests.certificates import make_certificate
from tests.servers import ROOT, Server, own_folder

PROGRAM = ROOT / ".tools/bin/versitygw"
KEYS = {"access-key-id": "a-key", "secret-access-key": "a-secret-of-the-tests"}
BUCKET = "backups"

needed = pytest.mark.skipif(not PROGRAM.exists(), reason="there is no object store; run: make servers")


class ObjectStore(Server):
    """The store, with one bucket whose objects are files of a folder."""

    def start(self, *, tls=False):
        """Start it, with a certificate of its own for TLS."""
        self.scheme = "https" if tls else "http"
        self.authority = None
        self.bucket = self.folder / "objects" / BUCKET
        for folder in (self.bucket.parent, self.bucket, self.folder / "attributes"):
            folder.mkdir(mode=0o777)
            folder.chmod(0o777)
        certificate = ()
        if tls:
            self.authority, key = make_certificate(self.folder)
            key.chmod(0o644)
            certificate = ("--cert", self.authority, "--key", key)
        keys = ("--access", KEYS["access-key-id"], "--secret", KEYS["secret-access-key"])
        kept = ("posix", "--sidecar", self.folder / "attributes", self.bucket.parent)
        return self.run(PROGRAM, *keys, "--port", f"127.0.0.1:{self.port}", *certificate, *kept)

    @property
    def url(self):
        """Its address."""
        return f"{self.scheme}://127.0.0.1:{self.port}"


@contextmanager
def running(**how):
    """A store that ends with the block."""
    with own_folder() as folder:
        store = ObjectStore(folder).start(**how)
        try:
            yield store
        finally:
            store.stop()
