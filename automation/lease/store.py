"""The Lease object `coordination.k8s.io/v1`, read and written with optimistic locking."""

from datetime import UTC, datetime
from typing import Any

from kubernetes import client
from kubernetes.client.exceptions import ApiException

from automation.cluster import FAILURES, TIMEOUT, connect, in_words, is_refusal
from automation.lease.record import LeaseError, Record

NOT_FOUND, CONFLICT = 404, 409


class LeaseStore:
    """One Lease of one namespace."""

    def __init__(self, name: str, namespace: str) -> None:
        self.name, self.namespace = name, namespace
        self._api: Any = None

    def read(self) -> Record:
        """Return the Lease as it stands. Raises LeaseError."""
        try:
            found = self._client().read_namespaced_lease(self.name, self.namespace, _request_timeout=TIMEOUT)
        except FAILURES as error:
            if isinstance(error, ApiException) and error.status == NOT_FOUND:
                return Record(None)
            raise self._error(error) from None
        spec = found.spec
        return Record(
            version=found.metadata.resource_version,
            holder=spec.holder_identity or "",
            duration=float(spec.lease_duration_seconds or 0),
            transitions=spec.lease_transitions or 0,
        )

    def write(self, record: Record, *, holder: str, duration: int) -> bool:
        """Write a holder in the place of `record`; say whether nobody was faster. Raises LeaseError."""
        now = datetime.now(UTC)
        taken = record.holder != holder
        spec = client.V1LeaseSpec(
            holder_identity=holder,
            lease_duration_seconds=duration,
            lease_transitions=record.transitions + int(taken and record.version is not None),
            renew_time=now,
            **({"acquire_time": now} if taken else {}),
        )
        body = client.V1Lease(
            metadata=client.V1ObjectMeta(name=self.name, resource_version=record.version), spec=spec
        )
        try:
            if record.version is None:
                self._client().create_namespaced_lease(self.namespace, body, _request_timeout=TIMEOUT)
            else:
                self._client().replace_namespaced_lease(
                    self.name, self.namespace, body, _request_timeout=TIMEOUT
                )
        except FAILURES as error:
            if isinstance(error, ApiException) and error.status == CONFLICT:
                return False
            raise self._error(error) from None
        return True

    def _client(self) -> Any:
        self._api = self._api or client.CoordinationV1Api(connect())
        return self._api

    def _error(self, error: Exception) -> LeaseError:
        if is_refusal(error):
            self._api = None
        return LeaseError(in_words(error))
