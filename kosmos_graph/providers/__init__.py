"""Chat models over LiteLLM: names, keys, retries, usage. The only package that may load litellm, and only when a call is made."""
