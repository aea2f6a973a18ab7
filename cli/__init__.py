"""The command `oims`: incidents from a terminal, over the API. It needs Python 3.12 and nothing else."""

__version__ = "0.1.0"
