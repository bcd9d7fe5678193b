"""Templates of what people read, for jinja2; they lie beside the modules that fill them."""

from pathlib import Path

from jinja2 import Environment, StrictUndefined, Template


def load_template(path: Path, autoescape: bool = False, **names: object) -> Template:
    """A template in which a name that is not known is an error, and lines of nothing but a tag leave no line.

    Args:
        path: the file.
        autoescape: for HTML.
        names: values and functions that the template, and each of its macros, may use.
    """
    environment = Environment(autoescape=autoescape, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(path.read_text(encoding="utf-8"), globals=names)
