"""Frozen values that the workflow is about. No input or output happens here, and every value survives a JSON round trip."""
