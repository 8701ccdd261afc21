"""Tells what of a contract would break a client of an older one: breaking.py OLD.yaml NEW.yaml

What is answered may grow, and what is asked may be asked less strictly; the other way round breaks somebody. Prints one line
for each break, and ends with 1 if there is any.
"""

import sys

import yaml

METHODS = ("get", "put", "post", "delete", "patch")
ASKED, ANSWERED = "asked", "answered"
# Keywords by which a schema takes less as they rise, and as they fall.
RISING = ("minLength", "minItems", "minimum", "exclusiveMinimum", "minProperties")
FALLING = ("maxLength", "maxItems", "maximum", "exclusiveMaximum", "maxProperties")


def breaks(old, new):
    """Every break, as a sentence."""
    return list(Comparison(old, new).all())


class Comparison:
    def __init__(self, old, new):
        self.old, self.new = old, new

    def all(self):
        for path, item in self.old.get("paths", {}).items():
            for method in METHODS:
                if method in item:
                    where = f"{method.upper()} {path}"
                    other = self.new.get("paths", {}).get(path, {}).get(method)
                    if other is None:
                        yield f"{where}: is gone"
                    else:
                        yield from self.operation(where, item[method], other)

    def operation(self, where, old, new):
        if old.get("operationId") != new.get("operationId"):
            yield f"{where}: is called {new.get('operationId')}, not {old.get('operationId')}"
        if bool(new.get("security")) and not old.get("security"):
            yield f"{where}: wants a token now"
        yield from self.parameters(where, old, new)
        yield from self.bodies(where, old.get("requestBody"), new.get("requestBody"))
        for status, response in old.get("responses", {}).items():
            other = new.get("responses", {}).get(status)
            if other is None:
                # A refusal that can't happen any more harms nobody.
                if status.startswith("2") or status.startswith("3"):
                    yield f"{where}: does not answer {status} any more"
                continue
            response, other = self.resolved(self.old, response), self.resolved(self.new, other)
            at = f"{where} {status}"
            yield from self.contents(at, response.get("content", {}), other.get("content", {}), ANSWERED)
            for name in response.get("headers", {}):
                if name not in other.get("headers", {}):
                    yield f"{at}: the header {name} is gone"
        for status in new.get("responses", {}):
            if status.startswith("2") and status not in old.get("responses", {}):
                yield f"{where}: answers {status} now"

    def parameters(self, where, old, new):
        def by_name(document, operation):
            found = (self.resolved(document, parameter) for parameter in operation.get("parameters", []))
            return {(parameter["in"], parameter["name"]): parameter for parameter in found}

        old, new = by_name(self.old, old), by_name(self.new, new)
        for key, parameter in old.items():
            at = f"{where}: the parameter {key[1]}"
            if key not in new:
                yield f"{at} is gone"
                continue
            if new[key].get("required") and not parameter.get("required"):
                yield f"{at} is required now"
            yield from self.schema(at, parameter.get("schema", {}), new[key].get("schema", {}), ASKED, set())
        for key, parameter in new.items():
            if key not in old and parameter.get("required"):
                yield f"{where}: the parameter {key[1]} is new and required"

    def bodies(self, where, old, new):
        old, new = self.resolved(self.old, old or {}), self.resolved(self.new, new or {})
        if new.get("required") and not old.get("required"):
            yield f"{where}: the body is required now"
        yield from self.contents(f"{where} body", old.get("content", {}), new.get("content", {}), ASKED)

    def contents(self, where, old, new, direction):
        for media_type, content in old.items():
            if media_type not in new:
                yield f"{where}: {media_type} is gone"
            else:
                schemas = content.get("schema", {}), new[media_type].get("schema", {})
                yield from self.schema(where, *schemas, direction, set())

    def schema(self, where, old, new, direction, seen):
        pair = (old.get("$ref"), new.get("$ref"))
        if all(pair):
            if pair in seen:
                return
            seen = seen | {pair}
        old, new = self.resolved(self.old, old), self.resolved(self.new, new)
        yield from self.types(where, old, new, direction)
        yield from self.values(where, old, new, direction)
        if direction == ASKED:
            yield from self.limits(where, old, new)
        yield from self.properties(where, old, new, direction, seen)
        if "items" in old and "items" in new:
            yield from self.schema(f"{where}[]", old["items"], new["items"], direction, seen)
        for word in ("oneOf", "anyOf", "allOf"):
            yield from self.forms(where, word, old.get(word, []), new.get(word, []), direction, seen)

    def types(self, where, old, new, direction):
        def types(schema):
            kinds = schema.get("type", [])
            return {kinds} if isinstance(kinds, str) else set(kinds)

        old_types, new_types = types(old), types(new)
        lost = old_types - new_types if direction == ASKED else new_types - old_types
        if new_types and old_types and lost:
            yield f"{where}: {'takes' if direction == ASKED else 'may be'} {'no ' if direction == ASKED else ''}{', '.join(sorted(lost))} now"
        if old.get("format") != new.get("format"):
            yield f"{where}: the format is {new.get('format')}, not {old.get('format')}"

    def values(self, where, old, new, direction):
        if direction == ASKED:
            if "enum" in new:
                lost = [value for value in old.get("enum", []) if value not in new["enum"]]
                if "enum" not in old:
                    yield f"{where}: takes only {new['enum']} now"
                for value in lost:
                    yield f"{where}: does not take {value!r} any more"
        elif "enum" in old:
            # A value that is not answered any more is missed by whoever waits for it.
            for value in old["enum"]:
                if value not in new.get("enum", [value]):
                    yield f"{where}: {value!r} is gone"

    def limits(self, where, old, new):
        for word in RISING:
            if word in new and (word not in old or new[word] > old[word]):
                yield f"{where}: {word} is {new[word]} now, not {old.get(word, 'free')}"
        for word in FALLING:
            if word in new and (word not in old or new[word] < old[word]):
                yield f"{where}: {word} is {new[word]} now, not {old.get(word, 'free')}"
        if "pattern" in new and new["pattern"] != old.get("pattern"):
            yield f"{where}: the pattern is {new['pattern']} now"
        if old.get("additionalProperties", True) is not False and new.get("additionalProperties") is False:
            yield f"{where}: takes no unknown field any more"

    def properties(self, where, old, new, direction, seen):
        old_properties, new_properties = old.get("properties", {}), new.get("properties", {})
        old_required, new_required = set(old.get("required", [])), set(new.get("required", []))
        for name, schema in old_properties.items():
            at = f"{where}.{name}"
            if name not in new_properties:
                yield f"{at}: is gone"
                continue
            if direction == ANSWERED and name in old_required and name not in new_required:
                yield f"{at}: may be missing now"
            yield from self.schema(at, schema, new_properties[name], direction, seen)
        if direction == ASKED:
            for name in sorted(new_required - old_required):
                yield f"{where}.{name}: is required now"

    def forms(self, where, word, old, new, direction, seen):
        def named(forms):
            return {form.get("$ref", f"#{place}"): form for place, form in enumerate(forms)}

        old, new = named(old), named(new)
        lost = old.keys() - new.keys()
        added = new.keys() - old.keys()
        for form in sorted(lost if direction == ASKED or word == "allOf" else ()):
            yield f"{where}: the form {form} is gone"
        for form in sorted(added if direction == ANSWERED and word != "allOf" and old else ()):
            yield f"{where}: may be {form} now"
        for form in old.keys() & new.keys():
            yield from self.schema(where, old[form], new[form], direction, seen)

    @staticmethod
    def resolved(document, thing):
        while "$ref" in thing:
            found = document
            for part in thing["$ref"].removeprefix("#/").split("/"):
                found = found[part.replace("~1", "/").replace("~0", "~")]
            thing = found
        return thing


def main(old, new):
    def read(path):
        with open(path, encoding="utf-8") as file:
            return yaml.safe_load(file)

    found = breaks(read(old), read(new))
    for sentence in found:
        print(sentence)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
