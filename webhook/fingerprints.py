"""The fingerprint of an alert's labels, as Alertmanager computes it."""

import re

HEX = re.compile(r"[0-9a-f]{16}", re.ASCII)

_FNV_OFFSET = 14695981039346656037
_FNV_PRIME = 1099511628211


def fingerprint(labels: dict[str, str]) -> str:
    """Compute the fingerprint as Alertmanager does: 64-bit FNV-1a in 16 hexadecimal digits.

    Source: github.com/prometheus/common, model/signature.go (labelSetToFingerprint). A label without a value
    is none there. Lone surrogates, which Alertmanager never sends, count as they are, so that two stay two.
    """
    digest = _FNV_OFFSET
    for name in sorted(name for name, value in labels.items() if value):
        for byte in b"%b\xff%b\xff" % (_bytes(name), _bytes(labels[name])):
            digest = (digest ^ byte) * _FNV_PRIME & 0xFFFFFFFFFFFFFFFF
    return f"{digest:016x}"


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
