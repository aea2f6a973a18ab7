"""Signed playbooks: a manifest of the folder and the policy, signed with `ssh-keygen -Y sign`.

One signature covers all: the manifest names each file with its SHA-256, and must say word for word what the
folder holds.
"""

import hashlib
import subprocess
from pathlib import Path

from automation.errors import ConfigurationError
from automation.policy.contents import MANIFEST, SIGNATURE, Contents

NAMESPACE = "oims-playbooks"
"""What the signature is for: a key that signs other things for other readers signs no playbooks by it."""
TIMEOUT = 20


def write_manifest(contents: Contents, policy: Path) -> str:
    """Return the manifest of a playbooks folder and its policy. Raises ConfigurationError."""
    try:
        found = hashlib.sha256(policy.read_bytes()).hexdigest()
    except OSError as error:
        raise ConfigurationError(f"{policy}: cannot be read: {error.strerror}") from None
    return "\n".join(["oims playbooks, version 1", f"{found} policy", *contents.lines]) + "\n"


def check_signature(contents: Contents, playbooks: Path, policy: Path, signers: Path) -> None:
    """Refuse a folder that none of the allowed signers has signed as it is.

    Raises ConfigurationError with the file and the reason.
    """
    manifest, signature = playbooks / MANIFEST, playbooks / SIGNATURE
    for path, words in ((signers, "the file of OIMS_ALLOWED_SIGNERS_FILE"), (manifest, ""), (signature, "")):
        if not path.is_file():
            said = words or "the playbooks are not signed: docs/playbooks.md has the two commands"
            raise ConfigurationError(f"{path} is missing: {said}")
    data = manifest.read_bytes()
    found = _ssh_keygen("find-principals", "-s", signature, "-f", signers)
    principal = found.stdout.decode(errors="replace").strip().partition("\n")[0]
    if found.returncode or not principal:
        raise ConfigurationError(f"{signature}: {signers} does not name who signed it")
    options = ("-f", signers, "-I", principal, "-n", NAMESPACE, "-s", signature)
    if _ssh_keygen("verify", *options, data=data).returncode:
        raise ConfigurationError(
            f"{signature}: is no valid signature of {MANIFEST} by {principal} for {NAMESPACE}: sign it again"
        )
    wanted = write_manifest(contents, policy)
    if data != wanted.encode():
        raise ConfigurationError(f"{manifest}: {_difference(data, wanted, policy)} not as it was signed")


def _ssh_keygen(*words: str | Path, data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(  # noqa: S603 - a list, no shell; the paths are the operator's
            ["ssh-keygen", "-Y", *map(str, words)],  # noqa: S607 - found on PATH like kubectl
            input=data,
            capture_output=True,
            timeout=TIMEOUT,
            check=False,
        )
    except FileNotFoundError:
        raise ConfigurationError("ssh-keygen is missing: OIMS_ALLOWED_SIGNERS_FILE needs it") from None
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ConfigurationError(f"ssh-keygen cannot be run ({type(error).__name__})") from None


def _difference(data: bytes, wanted: str, policy: Path) -> str:
    """Name the first thing that is not as the manifest says."""
    differs = set(data.decode(errors="replace").splitlines()) ^ set(wanted.splitlines())
    if not differs:
        return "its order of lines is"
    words = min(differs).split(" ", 2)
    name = words[-1].strip("'\"")
    return f"{policy if name == 'policy' else name} is"
