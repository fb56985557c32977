"""``python -m reportgen``, for where the command is not on the path."""

import sys

from reportgen.cli.main import main

sys.exit(main())
