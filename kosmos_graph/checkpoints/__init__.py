"""Checkpoints: a saver that serves synchronous and asynchronous callers, the types it may hold, and how a thread is forked."""
