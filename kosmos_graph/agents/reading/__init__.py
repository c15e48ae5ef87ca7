"""Reading a question against the columns of the data, without a language model."""

from kosmos_graph.agents.reading.frame import Claim, Reading
from kosmos_graph.agents.reading.read import read_question

__all__ = ["Claim", "Reading", "read_question"]
