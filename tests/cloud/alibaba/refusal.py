"""How Alibaba says no."""


class Refusal(Exception):
    """An error answer: HTTP status, code and message."""

    def __init__(self, status: int, code: str, message: str = "") -> None:
        super().__init__(code)
        self.status, self.code, self.message = status, code, message or f"The specified {code} is refused."


def need(parameters, *names):
    """Return these parameters, all of which a caller has to send."""
    for name in names:
        if not parameters.get(name):
            raise Refusal(400, "MissingParameter", f"{name} is mandatory for this action.")
    return [parameters[name] for name in names]
