"""The incident app: pages, API and worker of OIMS."""

__version__ = "0.1.0"
