"""Which release of the program this is."""

from importlib.metadata import PackageNotFoundError, version


def release() -> str:
    """The version, also where the program runs from its source tree without being installed."""
    try:
        return version("paperboy-bot")
    except PackageNotFoundError:
        return "0+source"
