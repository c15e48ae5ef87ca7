"""The graph for one hypothesis with its locked design, for `langgraph.json`. A server brings the checkpointer."""

from kosmos_graph import build_study_graph

graph = build_study_graph()
