"""The half of OIMS that acts: follows alerts, decides by policy, runs playbooks, verifies and reports."""

__version__ = "0.1.0"
