"""Makes a case small: takes away whatever is not needed for the program and the model to differ."""

import copy

WRITTEN_ANEW = ("line", "file")  # taking these out makes nothing smaller


def pieces(data, path=()):
    """The paths of all that could be taken out, the largest pieces first."""
    level = [(path, data)]
    while level:
        level = [(path + (key,), value) for path, each in level for key, value in parts(each)]
        yield from (path for path, _ in level)


def parts(value):
    if isinstance(value, dict):
        return [(key, each) for key, each in value.items() if key not in WRITTEN_ANEW]
    return list(enumerate(value)) if isinstance(value, list) else []


def without(data, path):
    """A copy of the data that lacks what the path leads to."""
    data = copy.deepcopy(data)
    container = data
    for key in path[:-1]:
        container = container[key]
    del container[path[-1]]
    return data


def shrink(case, still_differs):
    """The smallest case that taking single pieces out of this one leads to."""
    smaller = True
    while smaller:
        smaller = False
        for path in list(pieces(case)):
            try:
                candidate = without(case, path)
            except (KeyError, IndexError):
                continue  # went with a larger piece
            if still_differs(candidate):
                case, smaller = candidate, True
    return case
