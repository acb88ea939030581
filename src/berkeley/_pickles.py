"""What pickles name that were made beside the standard module: they are kept, so this file and its name are too."""

import berkeley.socket as namespace


def restore(name: str, *arguments: object) -> object:
    """What such a pickle holds: a member of an enumeration, or an error."""
    return getattr(namespace, name)(*arguments)
