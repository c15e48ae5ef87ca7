"""Exported graphs."""
