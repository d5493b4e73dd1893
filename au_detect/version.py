"""The version of the package, read from its installed metadata."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("au_detect")
except PackageNotFoundError:  # used from a clone that is not installed
    __version__ = "0+unknown"
