"""Names that programs import today and that work from a later version on."""

from __future__ import annotations

from typing import NoReturn

from ._cloaca import __version__


def comes_later(what: str) -> NoReturn:
    raise NotImplementedError(f"{what} is not available in version {__version__}: it comes with a later one")
