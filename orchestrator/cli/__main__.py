"""`python -m orchestrator.cli`: the console script, where it is not on the path."""

import sys

from orchestrator.cli.app import main

sys.exit(main())
