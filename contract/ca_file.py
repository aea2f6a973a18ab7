"""The setting ``OIMS_CA_FILE``, apart from its effect: the command `oims` trusts it without pydantic."""

import ssl
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator

from contract.trust import trust_also


def _checked(ca_file: Path | None) -> Path | None:
    """Try the file by itself: to read the system's authorities as well would cost each start 60 ms."""
    if ca_file is not None:
        trust_also(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), ca_file)
    return ca_file


type CaFile = Annotated[Path | None, AfterValidator(_checked)]
CA_FILE_DESCRIPTION = "PEM certificates of a private authority that is trusted besides the system's."
