"""Payloads that try to get out of a jail, and a judge that stands outside of it.

Each payload is run twice over: without a jail, where it has to succeed or it does not count, and on every rung that the machine
offers, where nothing at all may come of it. Payloads address nothing but canaries on loopback and in folders that are made for
them, and each is bounded, so that the run without a jail does no harm.
"""
