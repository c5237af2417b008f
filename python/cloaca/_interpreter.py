"""Refuses sub-interpreters, before the extension is loaded: its state belongs to the process."""

try:  # Python 3.13 and later
    import _interpreters
except ImportError:
    try:
        import _xxsubinterpreters as _interpreters
    except ImportError:  # no sub-interpreters here
        _interpreters = None


def _id(interpreter: object) -> object:
    return interpreter[0] if isinstance(interpreter, tuple) else interpreter


if _interpreters is not None and _id(_interpreters.get_current()) != _id(_interpreters.get_main()):
    raise ImportError("cloaca does not work in a sub-interpreter; import it in the main interpreter")
