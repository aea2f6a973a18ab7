"""Connecting to a cluster."""

import pytest
from kubernetes.config import ConfigException

from automation import cluster


def test_without_a_cluster_it_says_so_by_its_error_alone(monkeypatch, tmp_path, capfd):
    monkeypatch.setattr(cluster, "KUBE_CONFIG_DEFAULT_LOCATION", str(tmp_path / "none"))
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    with pytest.raises(ConfigException):
        cluster.connect()
    assert capfd.readouterr() == ("", "")
