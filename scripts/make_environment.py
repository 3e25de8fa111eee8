"""Make the virtual environment that `make` works in, or say in one line what the machine lacks.

It runs on whatever Python the machine has, so it uses nothing that an old one does not understand.
"""

import shutil
import subprocess
import sys

OLDEST = (3, 11)
TOO_OLD = "Python 3.11 or newer is needed and this is {}. Name another one: make PYTHON=python3.12 …"
NO_VENV = "This Python cannot make virtual environments. On Debian and Ubuntu: apt-get install python3-venv"


def make_environment(folder: str) -> str:
    """Make `folder`; the words for the person where that cannot be done, else nothing."""
    if sys.version_info < OLDEST:
        return TOO_OLD.format(sys.version.split()[0])
    if subprocess.call([sys.executable, "-m", "venv", folder]) != 0:  # noqa: S603
        shutil.rmtree(folder, ignore_errors=True)  # half an environment would pass for a whole one
        return NO_VENV
    return ""


if __name__ == "__main__":
    sys.exit(make_environment(sys.argv[1]) or 0)
