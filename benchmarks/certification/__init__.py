"""The certification of the statistical catalogue: every number that a method reports against an independent route, in digits."""
