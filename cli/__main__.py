"""Entry of ``python -m cli``."""

import os
import sys

from cli.main import main

os.umask(0o077)
sys.exit(main())
