"""The nodes. A node is a function named for what it does; what it may fail at, it returns as a value or pauses for."""
