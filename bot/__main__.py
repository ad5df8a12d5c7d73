"""``paperboy``: the command line."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line; the process's exit code: 0 done, 1 the job failed, 2 wrong usage."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        # Asked for often by scripts: answered before anything heavy is loaded.
        from bot.release import release

        sys.stdout.write(f"paperboy {release()}\n")
        return 0
    from bot import logs
    from bot.cli import run

    logs.last_resort()
    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
