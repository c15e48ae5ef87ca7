"""A child process that begins a run and holds still when a node starts, so that its parent can kill it there.

Arguments: home, run id, node, how many starts of the node to let pass, question, data files.
"""

import sys
import threading

from kosmos_graph import start


def main() -> None:
    home, run_id, node, passing, question, *data = sys.argv[1:]
    left = int(passing)

    def watch(event: object) -> None:
        nonlocal left
        if event.node == node and event.phase == "started":
            if left == 0:
                print("HELD", flush=True)
                threading.Event().wait()
            left -= 1

    run = start(question, data, home=home, run_id=run_id, model="rules", watch=watch)
    run.wait()
    print("ENDED", run.status, flush=True)


if __name__ == "__main__":
    main()
