"""The certificate a listener shows, from files that may be renewed while it serves."""

import ssl
from dataclasses import dataclass
from pathlib import Path

import structlog

log = structlog.get_logger(__name__)

type Stamp = tuple[tuple[int, int, int], ...]


class CertificateError(Exception):
    """The files can't be used; the message names the setting and what to do."""


@dataclass(frozen=True, slots=True)
class _Files:
    certificate: Path
    key: Path

    def stamp(self) -> Stamp:
        """Tell two states of the files apart; a Secret's volume swaps a symbolic link. Raises OSError."""
        stats = [path.stat() for path in (self.certificate, self.key)]
        return tuple((stat.st_ino, stat.st_mtime_ns, stat.st_size) for stat in stats)

    def load_into(self, context: ssl.SSLContext) -> None:
        """Give a context the files. Raises CertificateError."""
        for name, path in (("OIMS_TLS_CERT_FILE", self.certificate), ("OIMS_TLS_KEY_FILE", self.key)):
            try:
                path.read_bytes()
            except OSError as error:
                raise CertificateError(f"{name}: can't read {path}: {error.strerror}") from None
        try:
            context.load_cert_chain(self.certificate, self.key, password=_no_password)
        except (ssl.SSLError, ValueError) as error:
            reason = getattr(error, "reason", None) or "it is encrypted"
            raise CertificateError(
                f"OIMS_TLS_CERT_FILE, OIMS_TLS_KEY_FILE: {self.certificate} and {self.key} can't be used "
                f"together ({reason}); give a PEM certificate chain and its unencrypted key"
            ) from None


class Certificate:
    """A TLS context whose certificate follows its files; connections that are open keep theirs."""

    def __init__(self, files: _Files) -> None:
        self._files = files
        self._stamp = files.stamp()
        self.context = _new_context()
        files.load_into(self.context)

    @classmethod
    def open(cls, certificate: Path | None, key: Path | None) -> "Certificate | None":
        """Read the files; none without them.

        Raises:
            CertificateError: one of them is missing or wrong.

        """
        if certificate is None and key is None:
            return None
        if certificate is None or key is None:
            missing, given = ("OIMS_TLS_CERT_FILE", "OIMS_TLS_KEY_FILE")[:: 1 if certificate is None else -1]
            raise CertificateError(f"{missing}: needed with {given}")
        files = _Files(certificate, key)
        files.load_into(_new_context())
        return cls(files)

    def renew(self) -> None:
        """Take the files if they have changed and fit each other; otherwise keep what there is."""
        try:
            stamp = self._files.stamp()
            if stamp == self._stamp:
                return
            self._stamp = stamp
            # First elsewhere: what fails half-way leaves a context with a key of another certificate.
            self._files.load_into(_new_context())
            self._files.load_into(self.context)
        except (OSError, CertificateError) as error:
            log.warning("certificate_not_renewed", reason=str(error))
        else:
            log.info("certificate_renewed", file=str(self._files.certificate))


def _new_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _no_password() -> str:
    raise ValueError("encrypted")
