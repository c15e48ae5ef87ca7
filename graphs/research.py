"""The whole research graph, for `langgraph.json`. It has no checkpointer of its own: a server brings one."""

from kosmos_graph import build_graph

graph = build_graph()
