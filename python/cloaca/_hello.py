"""What a first look at the module calls."""


def hello_world() -> str:
    """Says that the module is there.

    >>> hello_world()
    'Hello from Cloaca backend!'
    """
    return "Hello from Cloaca backend!"


class HelloClass:
    """An object that says so too.

    >>> HelloClass().get_message()
    'Hello from HelloClass!'
    """

    def __init__(self) -> None:
        self.message = "Hello from HelloClass!"

    def get_message(self) -> str:
        return self.message

    def __repr__(self) -> str:
        return f"HelloClass(message={self.message!r})"
