"""The entry: ``python -m app web|worker|migrate|user|token|mail``."""

import os
import sys

from app.cli import main

if __name__ == "__main__":
    os.umask(0o077)  # the database, its log and backups are for this user alone
    sys.exit(main())
