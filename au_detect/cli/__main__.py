"""``python -m au_detect.cli``: the command ``au-detect`` where no script is on the path."""

import sys

from au_detect.cli.main import main

sys.exit(main())
