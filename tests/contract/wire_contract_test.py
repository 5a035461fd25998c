"""Holds the proto files to the wire contract.

wire_contract.json lists every RPC and every field that clients rely on, in the
notation `number name : type`. This test compiles the proto files with protoc
and writes what it finds in the same notation, so a failure reads as a diff of
two lists. The comparison is exact: a new field or RPC takes a fresh number in
the proto file and a new line in the JSON; an existing line never changes.

Run from anywhere: /usr/bin/python3 tests/contract/wire_contract_test.py
Needs protoc (from $PROTOC or the PATH) and google.protobuf.
"""

import json
import os
import pathlib
import subprocess
import tempfile
import unittest

from google.protobuf import descriptor_pb2

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROTO_DIR = ROOT / "proto"
CONTRACT = pathlib.Path(__file__).with_name("wire_contract.json")

Field = descriptor_pb2.FieldDescriptorProto


def compile_protos(names):
    """Returns {file name: FileDescriptorProto}; protoc's warnings are failures."""
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "contract.pb"
        protoc = os.environ.get("PROTOC", "protoc")
        command = [protoc, f"-I{PROTO_DIR}", f"--descriptor_set_out={out}", *names]
        run = subprocess.run(command, capture_output=True, text=True, timeout=60)
        if run.returncode or run.stderr:
            raise AssertionError(f"{' '.join(command)}\n{run.stderr}")
        files = descriptor_pb2.FileDescriptorSet.FromString(out.read_bytes()).file
        return {file.name: file for file in files}


def short(type_name):
    """`.orchestrator.ChatChunk` -> `ChatChunk`."""
    return type_name.rsplit(".", 1)[-1]


def bare_type(field):
    if field.type in (Field.TYPE_MESSAGE, Field.TYPE_ENUM):
        return short(field.type_name)
    return Field.Type.Name(field.type).removeprefix("TYPE_").lower()


def map_entry(message, field):
    """The synthetic entry message behind a map field, None for any other field."""
    for nested in message.nested_type:
        if nested.options.map_entry and field.type_name.endswith(f".{message.name}.{nested.name}"):
            return nested
    return None


def field_type(message, field):
    entry = map_entry(message, field)
    if entry is not None:
        key, value = sorted(entry.field, key=lambda part: part.number)
        return f"map<{bare_type(key)},{bare_type(value)}>"
    if field.label == Field.LABEL_REPEATED:
        return f"repeated {bare_type(field)}"
    if field.proto3_optional:
        return f"optional {bare_type(field)}"
    return bare_type(field)


def field_lines(message):
    fields = sorted(message.field, key=lambda field: field.number)
    return [f"{field.number} {field.name} : {field_type(message, field)}" for field in fields]


def rpc_line(method):
    request = ("stream " if method.client_streaming else "") + short(method.input_type)
    response = ("stream " if method.server_streaming else "") + short(method.output_type)
    return f"{method.name}({request}) -> {response}"


class WireContractTest(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.contract = json.loads(CONTRACT.read_text(encoding="utf-8"))
        cls.files = compile_protos(sorted(cls.contract))

    def each(self):
        for name, expected in self.contract.items():
            yield name, expected, self.files[name]

    def test_every_proto_file_has_a_contract(self):
        found = sorted(path.name for path in PROTO_DIR.glob("*.proto"))
        self.assertEqual(found, sorted(self.contract))

    def test_package_and_service_give_the_method_path(self):
        for name, expected, file in self.each():
            with self.subTest(file=name):
                self.assertEqual(file.syntax, "proto3")
                self.assertEqual(file.package, expected["package"])
                self.assertEqual([s.name for s in file.service], [expected["service"]])

    def test_rpc_signatures(self):
        for name, expected, file in self.each():
            with self.subTest(file=name):
                lines = [rpc_line(method) for method in file.service[0].method]
                self.assertEqual(sorted(lines), sorted(expected["rpcs"]))

    def test_message_names(self):
        for name, expected, file in self.each():
            with self.subTest(file=name):
                names = [message.name for message in file.message_type]
                self.assertEqual(sorted(names), sorted(expected["messages"]))

    def test_fields(self):
        for name, expected, file in self.each():
            for message in file.message_type:
                with self.subTest(file=name, message=message.name):
                    lines = expected["messages"].get(message.name, [])
                    self.assertEqual(field_lines(message), lines)

    def test_types_stay_inside_the_file(self):
        # Only plain fields are in the contract: an import, an enum, a oneof or a nested
        # message would give clients a type that the JSON does not describe.
        for name, _, file in self.each():
            self.assertFalse(file.dependency, name)
            self.assertFalse(file.enum_type, name)
            for message in file.message_type:
                with self.subTest(file=name, message=message.name):
                    optional = [field for field in message.field if field.proto3_optional]
                    self.assertEqual(len(message.oneof_decl), len(optional))
                    self.assertFalse(message.enum_type)
                    self.assertTrue(all(n.options.map_entry for n in message.nested_type))
                    types = [f.type_name for f in message.field if f.type_name]
                    self.assertTrue(all(t.startswith(f".{file.package}.") for t in types), types)


if __name__ == "__main__":
    unittest.main()
