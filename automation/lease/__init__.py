"""Which automation acts: a Lease of Kubernetes elects one, and without it none."""
