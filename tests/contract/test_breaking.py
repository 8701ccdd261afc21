"""What `breaking.py` tells, and what it passes over: python -m unittest discover tests/contract."""

import copy
import unittest

from breaking import breaks

CONTRACT = {
    "paths": {
        "/things": {
            "post": {
                "operationId": "make",
                "security": [{"person": []}],
                "parameters": [
                    {"in": "query", "name": "kind", "required": False, "schema": {"type": "string", "enum": ["a", "b"]}}
                ],
                "requestBody": {
                    "required": False,
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Wish"}}},
                },
                "responses": {
                    "201": {
                        "description": "made",
                        "headers": {"ETag": {"schema": {"type": "string"}}},
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}},
                    },
                    "409": {"description": "refused"},
                },
            }
        }
    },
    "components": {
        "schemas": {
            "Wish": {
                "type": "object",
                "required": ["name"],
                "properties": {
                    "name": {"type": "string", "maxLength": 10},
                    "note": {"type": ["string", "null"]},
                },
            },
            "Thing": {
                "type": "object",
                "required": ["id", "state"],
                "properties": {
                    "id": {"type": "string", "format": "uuid"},
                    "state": {"type": "string", "enum": ["open", "closed"]},
                    "parent": {"$ref": "#/components/schemas/Thing"},
                    "tags": {"type": "array", "items": {"type": "string"}},
                },
            },
        }
    },
}
OPERATION = CONTRACT["paths"]["/things"]["post"]


def changed(change):
    new = copy.deepcopy(CONTRACT)
    operation = new["paths"]["/things"].get("post")
    schemas = new["components"]["schemas"]
    change(new, operation, schemas["Wish"], schemas["Thing"])
    return breaks(CONTRACT, new)


class Breaks(unittest.TestCase):
    def assert_told(self, expected, change):
        self.assertEqual(changed(change), expected)

    def test_the_same_contract_breaks_nothing(self):
        self.assertEqual(breaks(CONTRACT, copy.deepcopy(CONTRACT)), [])

    def test_what_is_gone_is_told(self):
        self.assert_told(["POST /things: is gone"], lambda new, *_: new["paths"].pop("/things"))
        self.assert_told(["POST /things: is gone"], lambda new, *_: new["paths"]["/things"].pop("post"))
        self.assert_told(["POST /things: the parameter kind is gone"], lambda _n, op, *_: op["parameters"].clear())
        self.assert_told(["POST /things body.note: is gone"], lambda _n, _o, wish, _t: wish["properties"].pop("note"))
        self.assert_told(["POST /things 201.tags: is gone"], lambda _n, _o, _w, thing: thing["properties"].pop("tags"))
        self.assert_told(
            ["POST /things 201: the header ETag is gone"], lambda _n, op, *_: op["responses"]["201"].pop("headers")
        )

    def test_what_is_asked_more_strictly_is_told(self):
        self.assert_told(["POST /things body.note: is required now"], lambda _n, _o, wish, _t: wish["required"].append("note"))
        self.assert_told(
            ["POST /things body.name: maxLength is 5 now, not 10"],
            lambda _n, _o, wish, _t: wish["properties"]["name"].update(maxLength=5),
        )
        self.assert_told(
            ["POST /things body.name: minLength is 1 now, not free"],
            lambda _n, _o, wish, _t: wish["properties"]["name"].update(minLength=1),
        )
        self.assert_told(
            ["POST /things body.name: the pattern is ^a now"],
            lambda _n, _o, wish, _t: wish["properties"]["name"].update(pattern="^a"),
        )
        self.assert_told(
            ["POST /things body.note: takes no null now"],
            lambda _n, _o, wish, _t: wish["properties"]["note"].update(type="string"),
        )
        self.assert_told(
            ["POST /things: the parameter kind: does not take 'b' any more"],
            lambda _n, op, *_: op["parameters"][0]["schema"].update(enum=["a"]),
        )
        self.assert_told(
            ["POST /things: the parameter kind is required now"], lambda _n, op, *_: op["parameters"][0].update(required=True)
        )
        self.assert_told(
            ["POST /things: the parameter page is new and required"],
            lambda _n, op, *_: op["parameters"].append({"in": "query", "name": "page", "required": True}),
        )
        self.assert_told(
            ["POST /things: the body is required now"], lambda _n, op, *_: op["requestBody"].update(required=True)
        )
        self.assert_told(
            ["POST /things body: takes no unknown field any more"],
            lambda _n, _o, wish, _t: wish.update(additionalProperties=False),
        )

    def test_what_is_answered_otherwise_is_told(self):
        self.assert_told(
            ["POST /things 201.id: may be missing now"], lambda _n, _o, _w, thing: thing["required"].remove("id")
        )
        self.assert_told(
            ["POST /things 201.id: may be null now"],
            lambda _n, _o, _w, thing: thing["properties"]["id"].update(type=["string", "null"]),
        )
        self.assert_told(
            ["POST /things 201.id: the format is None, not uuid"],
            lambda _n, _o, _w, thing: thing["properties"]["id"].pop("format"),
        )
        self.assert_told(
            ["POST /things 201.state: 'closed' is gone"],
            lambda _n, _o, _w, thing: thing["properties"]["state"].update(enum=["open"]),
        )
        self.assert_told(
            ["POST /things: does not answer 201 any more", "POST /things: answers 200 now"],
            lambda _n, op, *_: op["responses"].update({"200": op["responses"].pop("201")}),
        )

    def test_a_token_that_was_not_wanted_is_told(self):
        old = copy.deepcopy(CONTRACT)
        old["paths"]["/things"]["post"]["security"] = []
        self.assertEqual(breaks(old, CONTRACT), ["POST /things: wants a token now"])
        self.assertEqual(breaks(CONTRACT, old), [])

    def test_what_grows_breaks_nobody(self):
        self.assert_told([], lambda new, *_: new["paths"].update({"/others": {"get": {"responses": {}}}}))
        self.assert_told([], lambda _n, _o, wish, _t: wish["properties"].update(more={"type": "string"}))
        self.assert_told([], lambda _n, _o, wish, _t: wish["properties"]["name"].update(maxLength=20))
        self.assert_told([], lambda _n, _o, wish, _t: wish["required"].clear())
        self.assert_told([], lambda _n, _o, _w, thing: thing["properties"].update(more={"type": "string"}))
        self.assert_told([], lambda _n, _o, _w, thing: thing["properties"]["state"]["enum"].append("purged"))
        self.assert_told([], lambda _n, op, *_: op["responses"].update({"410": {"description": "gone"}}))
        self.assert_told([], lambda _n, op, *_: op["responses"].pop("409"))
        self.assert_told([], lambda _n, op, *_: op["parameters"][0]["schema"]["enum"].append("c"))


if __name__ == "__main__":
    unittest.main()
