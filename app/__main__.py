"""The entry: ``python -m app web|worker|migrate|user|token|mail``."""

import sys

from app.cli import main

if __name__ == "__main__":
    sys.exit(main())
