"""Where papers come from: arXiv, bioRxiv and medRxiv, Hugging Face, any feed, and look-ups."""
