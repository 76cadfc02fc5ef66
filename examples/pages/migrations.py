"""docs/adopting-flask.md."""


# region: include-name
def include_name(name, type_, parent_names):
    return type_ != "table" or not (name.startswith("guard_") or name == "configuration")


# endregion
