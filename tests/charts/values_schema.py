"""values.schema.json: what a value of values.yaml may be.

The part of `config` is not written by hand: it is what `maand schema conf` says, without
the keys that the chart writes itself and without what Helm's regular expressions (RE2)
cannot say. Those finer points maand itself checks when it starts.
"""
import json
import re
import subprocess

FIXED = ("http",)  # sections that the chart writes
OLD_NAMES = ("use_sudo", "ssh_user", "ssh_key", "ssh_port")


def of_helm(schema, definitions):
    """`schema` as Helm can read it."""
    if isinstance(schema, list):
        return [of_helm(item, definitions) for item in schema]
    if not isinstance(schema, dict):
        return schema
    schema = dict(schema)
    reference = schema.pop("$ref", None)
    if reference:
        schema = {**definitions[reference.rsplit("/", 1)[1]], **schema}
    out = {}
    for key, value in schema.items():
        if key in ("default", "examples", "not", "allOf"):
            continue
        if key == "pattern":
            # A look ahead only narrows, so without it the pattern takes more and nothing less.
            value = re.sub(r"\(\?[=!][^()]*\)", "", value)
            if "(?" in value.replace("(?:", ""):
                continue
            value = re.sub(r"\\u([0-9a-f]{4})", r"\\x{\1}", value)
        out[key] = of_helm(value, definitions)
    return out


def config_schema(maand):
    whole = json.loads(subprocess.run([maand, "schema", "conf"], check=True, capture_output=True, text=True).stdout)
    properties = {name: of_helm(schema, whole["$defs"]) for name, schema in whole["properties"].items()
                  if name not in FIXED + OLD_NAMES}
    del properties["state"]["properties"]["url"]  # follows from `store`
    return {"description": whole["title"] + ", as `maand schema conf` has it", "type": "object",
            "additionalProperties": False, "properties": properties}


def text_of(schema):
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
