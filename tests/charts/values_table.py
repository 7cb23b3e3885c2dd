"""The table of values in charts/maand/README.md, made from values.yaml.

A comment above a value explains it; every value has one, but for a map, whose values have
theirs. Reads the file line by line, for comments are what YAML forgets.
"""
import re

import yaml

BEGIN = "<!-- values: begin; made from values.yaml by MAAND_GOLDEN_UPDATE=1 -->"
END = "<!-- values: end -->"
KEY = re.compile(r"( *)([A-Za-z_]+):(?: (.*))?")


def entries(text):
    """(dotted name, explanation) of each key that has one, or needs one."""
    path, comment, out = [], [], []
    for line in text.splitlines():
        stripped = line.strip()
        if stripped.startswith("#"):
            comment.append(stripped[1:].strip())
        elif not stripped:
            comment = []
        else:
            key = KEY.fullmatch(line)
            depth = len(key[1]) // 2
            path = path[:depth] + [key[2]]
            out.append((".".join(path), " ".join(comment)))
            comment = []
    return out


def at(values, name):
    for key in name.split("."):
        values = values[key]
    return values


def shown(value):
    if isinstance(value, str):
        return f'`"{value}"`'
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, (dict, list)):
        text = yaml.safe_dump(value, default_flow_style=True, width=1000).strip()
        return f"`{text}`"
    return f"`{value}`"


def table(text):
    """Throws AssertionError naming a value without an explanation."""
    values = yaml.safe_load(text)
    rows, above = [], None  # `above`: a map that is explained, and so is all below it
    for name, explanation in entries(text):
        value = at(values, name)
        if above and name.startswith(above + "."):
            if explanation:
                rows.append((name, shown(value), explanation))
            continue
        if isinstance(value, dict) and value and not explanation:
            continue
        assert explanation, f"{name} of values.yaml has no explanation"
        if isinstance(value, dict) and value:
            above = name
        rows.append((name, shown(value), explanation))
    lines = ["| value | default | |", "|---|---|---|"]
    lines += [f"| `{name}` | {default} | {what.replace('|', chr(92) + '|')} |" for name, default, what in rows]
    return "\n".join(lines)


def with_table(readme, text):
    before, rest = readme.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n{table(text)}\n{END}{after}"
