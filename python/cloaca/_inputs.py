"""What a context may be made of, for type checkers: `cloaca._inputs.Input`."""

from __future__ import annotations

from typing import Any, ClassVar, Dict, Protocol, Union

from ._cloaca import Context


class Dataclass(Protocol):
    """An instance of what `@dataclasses.dataclass` has decorated."""

    __dataclass_fields__: ClassVar[Dict[str, Any]]


class Model(Protocol):
    """A model of pydantic, or what says in the same way how it is JSON."""

    def model_dump(self, *, mode: str = ...) -> Dict[str, Any]: ...


Input = Union[Context, Dict[str, Any], Dataclass, Model, None]
