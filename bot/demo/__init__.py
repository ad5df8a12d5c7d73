"""The bundled sample edition: invented papers, served on loopback as arXiv would, for a first try offline."""
