"""Everything that can stop kosmos-graph, as one tree.

    KosmosError                 exit code
    ├── BadInput                2   what the user gave cannot be used; nothing was started
    │   ├── UnknownModel            no provider resolves the model's name
    │   ├── MissingKey              a hosted model without its key, found before any call
    │   ├── UnknownRun              no such run
    │   ├── RunExists               the run id is taken, or another process holds the run
    │   ├── DataChanged             the data have gone, or are not those that the run began with
    │   └── RecordingMiss           a recording is replayed and holds no answer for a request
    ├── RunStopped              1   the run cannot go on now, and can be resumed
    │   └── BudgetReached           no call may start any more: money, calls or time of the run are used up
    ├── StoreError              1   the home folder or a checkpoint cannot be read or written
    └── ModelError              1   a call to a model gave no usable answer
        ├── Transient               rate limit, 5xx, time-out, connection lost
        ├── Malformed               a reply that is no valid answer, after the bounded number of tries
        ├── Truncated               a reply cut at max_tokens, after the doubled limit
        ├── Configuration           no key, unknown model, 401/403/404, no credit
        ├── TooLong                 the prompt exceeds the context window
        └── Refused                 the provider's content policy refused

What the world did (a test that did not apply, a crashed experiment) is a value in `kosmos_graph.domain`, never one of these.
A message is one sentence for a person who can act: what was wanted, what was found, what to do. It never holds a key.
"""

from __future__ import annotations

from typing import ClassVar, Literal

FailureClass = Literal["transient", "malformed", "truncated", "configuration", "too long", "refused"]


class KosmosError(Exception):
    """Base of all errors that kosmos-graph raises on purpose; `exit_code` is what the command line returns."""

    exit_code = 1


class BadInput(KosmosError):
    """What the user gave cannot be used."""

    exit_code = 2


class UnknownModel(BadInput):
    """No provider resolves the name of a model."""


class MissingKey(BadInput):
    """A hosted model was asked for, and its key is not set."""


class UnknownRun(BadInput):
    """No run has this id."""


class RunExists(BadInput):
    """The run id is taken, or another process is running it."""


class DataChanged(BadInput):
    """A data file has gone, or is not what it was when the run began. In mid-run what is finished is kept; `resume` is refused."""


class RecordingMiss(BadInput):
    """A run is replayed from a recording that holds no answer for one of its requests."""


class RunStopped(KosmosError):
    """The run cannot go on now; what is finished is kept, and `resume` continues it."""


class BudgetReached(RunStopped):
    """No call may start any more: the run's money, calls or time are used up. `resume` with more of it completes the run."""


class StoreError(KosmosError):
    """The home folder, a checkpoint or a record cannot be read or written."""


class ModelError(KosmosError):
    """A call to a model gave no usable answer.

    `model` is the user's own name for it, `status` the HTTP status where there was one, `retry_after` the seconds that the
    server asked to wait. `kind` is the class's name in states, journals and recordings.
    """

    kind: ClassVar[FailureClass] = "transient"

    def __init__(self, message: str, *, model: str = "", status: int | None = None, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.model = model
        self.status = status
        self.retry_after = retry_after


class Transient(ModelError):
    """Rate limit, 5xx, time-out or lost connection: the same call may succeed later."""


class Malformed(ModelError):
    """The reply is no valid answer."""

    kind: ClassVar[FailureClass] = "malformed"


class Truncated(ModelError):
    """The reply was cut at max_tokens."""

    kind: ClassVar[FailureClass] = "truncated"


class Configuration(ModelError):
    """The call cannot succeed as configured: key, model name, permission or credit."""

    kind: ClassVar[FailureClass] = "configuration"


class TooLong(ModelError):
    """The prompt exceeds the model's context window."""

    kind: ClassVar[FailureClass] = "too long"


class Refused(ModelError):
    """The provider's content policy refused the request or the reply."""

    kind: ClassVar[FailureClass] = "refused"
