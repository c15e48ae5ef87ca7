"""Published formulas in arithmetic of 50 digits, written without any function of the package or of scipy."""

from mpmath import mp

mp.dps = 50
