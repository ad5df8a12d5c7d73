"""Papers as readable text: from arXiv's HTML, from PDF, from JATS; passages with page and section."""
