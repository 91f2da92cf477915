"""The spool: touches written to a file before they are answered, and loaded into the database."""

from .loader import load_once, run_loader, spool_directory
from .writer import SpoolWriter

__all__ = ["SpoolWriter", "load_once", "run_loader", "spool_directory"]
