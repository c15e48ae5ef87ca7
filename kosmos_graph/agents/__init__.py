"""The designer and the analyst: bound to a chat model, or to `rules`."""
