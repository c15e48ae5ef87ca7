"""What runs in the child processes of a sandbox: nothing but the standard library until the jail is closed.

The package is loaded by the path of its folder, without the rest of kosmos-graph, so that a jail need see nothing else of it. Its
modules import one another relatively.
"""
