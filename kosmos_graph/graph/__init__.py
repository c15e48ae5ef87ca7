"""The workflow as a LangGraph state machine: state, nodes, routing, topology."""
