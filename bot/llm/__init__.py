"""Language models: the embedded reader, OpenAI-compatible servers, and vectors for search by meaning."""
