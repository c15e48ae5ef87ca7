"""`python -m kosmos_graph.cli`."""

from kosmos_graph.cli import main

main()
