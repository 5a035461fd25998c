#!/usr/bin/env python3
"""Each check catches its violation, and lets the neighbouring good case pass."""

import json
import os
import pathlib
import tempfile
import unittest

import banned_calls
import doc_paths
import layers
import named_tests
import names
import quotes
import sizes
import tests_built
import tree


class CheckTest(unittest.TestCase):
    """A test writes a small repository and says what the check finds in it."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = os.path.realpath(folder.name)

    def write(self, path, text=""):
        file = pathlib.Path(self.root, path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        tree.read.cache_clear()

    def expect(self, check, path, text, *parts):
        """`check` finds exactly one violation in `path`, with all of `parts` in its line."""
        self.write(path, text)
        found = check(self.root)
        self.assertEqual(len(found), 1, f"{path}: {text!r} gave {found}")
        for part in (path, *parts):
            self.assertIn(part, found[0])
        os.remove(os.path.join(self.root, path))

    def expect_none(self, check, path, text):
        self.write(path, text)
        self.assertEqual(check(self.root), [])
        os.remove(os.path.join(self.root, path))


class EmptyTree(CheckTest):
    def test_every_check_passes(self):
        for module in (layers, sizes, names, banned_calls, doc_paths, quotes, named_tests,
                       tests_built):
            self.assertEqual(module.check(self.root), [], module.__name__)


class ReadingCpp(unittest.TestCase):
    def test_comments_and_literals_are_told_apart_from_code(self):
        text = 'a("// no"); // yes\nR"x(/* no " */)x" + \'"\' + 1\'000; /* y\n */ b'
        code, comments = tree.split(text)
        self.assertEqual(len(code), len(text))
        self.assertIn("1'000; ", code)
        self.assertTrue(code.endswith(" b"))
        self.assertNotIn("no", code + comments)
        self.assertIn("// yes", comments)
        self.assertEqual(code.count("\n"), 2)

    def test_an_include_in_a_comment_is_none(self):
        text = '// #include "a/b.h"\n/*\n#include "c/d.h"\n*/\n#  include <vector>\n'
        self.assertEqual(list(tree.includes(text)), [(5, False, "vector")])


class Quotes(CheckTest):
    CODE = "int x;\n  // [part]\n  int y;\n\n    int z;\n  // [end]\n"
    MARK = "<!-- src/a/b.cc [part] -->\n"

    def test_a_quote_is_the_same_as_what_it_quotes(self):
        self.write("src/a/b.cc", self.CODE)
        self.write("docs/good.md", self.MARK + "```cpp\nint y;\n\n  int z;\n```\n")
        self.assertEqual(quotes.check(self.root), [])
        self.expect(quotes.check, "docs/a.md", self.MARK + "```cpp\nint y;\n```\n", "differs")
        self.expect(quotes.check, "docs/a.md", "text\n" + self.MARK + "text\n", ":2:", "no code")
        self.expect(quotes.check, "docs/a.md", "<!-- src/a/b.cc [no] -->\n```cpp\n```\n", "[no]")
        self.expect(quotes.check, "docs/a.md", "<!-- src/a/c.cc [part] -->\n```cpp\n```\n",
                    "does not exist")


class NamedTests(CheckTest):
    def test_each_named_test_exists(self):
        self.write("src/a/b_test.cc", "TEST_F(Dog, Barks) {\n}\n")
        self.write("docs/pitfalls.md", "| 1 | `Dog.Barks` |\n")
        self.assertEqual(named_tests.check(self.root), [])
        self.expect(named_tests.check, "docs/pitfalls.md", "| 1 | `Dog.Meows` |\n", ":1:",
                    "no test 'Dog.Meows'")


def include(target):
    return f"#include {target}\n"


class Layers(CheckTest):
    def bad(self, path, target, *parts):
        self.expect(layers.check, path, include(target), *parts)

    def good(self, path, target):
        self.expect_none(layers.check, path, include(target))

    def test_the_table_names_only_modules_of_lower_or_equal_layers(self):
        for module, (layer, allowed) in layers.MODULES.items():
            for entry in allowed.split():
                self.assertLessEqual(layers.MODULES[entry.split("/")[0]][0], layer, module)

    def test_a_module_includes_only_what_the_table_allows(self):
        self.bad("src/graph/runner.cc", '"llm/chat_model.h"', ":1:", "graph/ may not include llm/")
        self.bad("src/base/a.h", '"async/task.h"', "nothing of ours")
        self.bad("src/runs/a.cc", '"workspace/a.h"')
        self.bad("src/rpc/a.cc", '"llm/a.h"')
        self.good("src/graph/runner.cc", '"json/json.h"')
        self.good("src/graph/runner.cc", '"graph/node.h"')
        self.good("src/main/serve.cc", '"gateway/server.h"')

    def test_nobody_includes_main_or_testing(self):
        self.bad("src/gateway/a.cc", '"main/serve.h"')
        self.bad("src/main/a.cc", '"testing/manual_clock.h"')

    def test_where_only_an_interface_may_be_seen_the_rest_is_refused(self):
        self.good("src/checkpoint/a.h", '"graph/checkpoint_store.h"')
        self.good("src/checkpoint/a.h", '"graph/node_cache.h"')
        self.bad("src/checkpoint/a.h", '"graph/runner.h"')
        self.good("src/gateway/a.h", '"runs/orchestrator.h"')
        self.bad("src/gateway/a.h", '"runs/local_orchestrator.h"')

    def test_providers_do_not_include_one_another(self):
        self.bad("src/llm/openai/wire.cc", '"llm/anthropic/wire.h"', "share through llm/")
        self.good("src/llm/openai/wire.cc", '"llm/chat_model.h"')
        self.good("src/llm/openai/wire.cc", '"llm/openai/wire.h"')

    def test_what_a_module_offers_to_tests_is_for_tests(self):
        self.bad("src/graph/a.cc", '"graph/testing/harness.h"', "is for tests")
        self.good("src/graph/a_test.cc", '"graph/testing/harness.h"')
        self.good("src/graph/testing/harness.h", "<gtest/gtest.h>")

    def test_internal_headers_are_private_to_their_folder(self):
        self.bad("src/agents/a.cc", '"graph/internal/step.h"', "private to graph/")
        self.bad("tests/integration/a.cc", '"graph/internal/step.h"', "private to graph/")
        self.bad("src/llm/a.cc", '"llm/openai/internal/a.h"', "private to llm/openai/")
        self.good("src/graph/a_test.cc", '"graph/internal/step.h"')

    def test_tests_include_lower_or_equal_layers_testing_and_checkpoint(self):
        self.good("src/graph/a_test.cc", '"testing/manual_clock.h"')
        self.good("src/graph/a_test.cc", '"checkpoint/memory.h"')
        self.good("src/graph/a_test.cc", '"http/client.h"')
        self.bad("src/graph/a_test.cc", '"runs/orchestrator.h"', "layer 5")
        self.good("tests/integration/a_test.cc", '"runs/orchestrator.h"')

    def test_includes_start_at_the_root_and_name_a_known_module(self):
        self.bad("src/graph/a.cc", '"node.h"', "src/ root")
        self.bad("src/graph/a.cc", '"../base/status.h"', "src/ root")
        self.bad("src/graph/a.cc", '"grpah/node.h"', "no module 'grpah'")
        self.bad("src/novel/a.cc", "<vector>", "'novel' is not in the layer table")

    def test_libraries_stay_in_their_modules(self):
        self.bad("src/base/a.cc", "<boost/url/url.hpp>", "Boost never in base/")
        self.bad("src/json/a.cc", "<boost/asio/post.hpp>", "Asio never in json/")
        self.bad("src/graph/a.cc", "<grpcpp/server.h>", "gRPC or protobuf only in")
        self.bad("src/tools/mcp/a.cc", '"proto/tool_service.pb.h"', "gRPC or protobuf only in")
        self.bad("src/storage/a.h", "<boost/json/value.hpp>", "Boost.JSON never in storage/")
        for library, target in (
                ("SQLite only in storage/", "<sqlite3.h>"),
                ("libpq only in storage/", "<libpq-fe.h>"),
                ("libcurl only in http/", "<curl/curl.h>"),
                ("valijson only in json/", "<valijson/schema.hpp>"),
                ("spdlog only in base/", "<spdlog/spdlog.h>"),
                ("prometheus-cpp only in base/", "<prometheus/counter.h>"),
                ("CLI11 only in main/", "<CLI/CLI.hpp>")):
            self.bad("src/runs/a.cc", target, library)
        self.bad("src/graph/a_test.cc", "<grpcpp/server.h>", "gRPC")
        self.good("src/tools/remote/a.cc", '"proto/tool_service.pb.h"')
        self.good("src/main/a.cc", "<grpcpp/server.h>")
        self.good("tests/integration/a.cc", "<grpcpp/grpcpp.h>")

    def test_heavy_libraries_stay_out_of_public_headers(self):
        self.bad("src/rpc/a.h", "<grpcpp/server.h>", "public header")
        self.bad("src/rpc/a.h", '"proto/orchestrator.pb.h"', "public header")
        self.bad("src/http/a.h", "<boost/beast/http/parser.hpp>", "public header")
        self.bad("src/main/a.h", "<grpcpp/server.h>", "public header")
        self.good("src/rpc/internal/reactor.h", "<grpcpp/server.h>")
        self.good("src/http/a.cc", "<boost/beast/http/parser.hpp>")

    def test_headers_do_not_include_umbrellas(self):
        self.bad("src/async/a.h", "<boost/asio.hpp>", "umbrella")
        self.bad("src/graph/a.h", "<boost/json.hpp>", "umbrella")
        self.bad("src/rpc/internal/a.h", "<grpcpp/grpcpp.h>", "umbrella")
        self.good("src/json/json.h", "<boost/json.hpp>")
        self.good("src/async/a.h", "<boost/asio/post.hpp>")

    def test_test_frameworks_stay_in_tests(self):
        self.bad("src/graph/a.cc", "<gtest/gtest.h>", "test frameworks")
        self.good("src/graph/a_test.cc", "<gtest/gtest.h>")


class Sizes(CheckTest):
    def function(self, head, lines):
        return f"{head} {{\n" + "  Step();\n" * (lines - 1) + "}\n"

    def test_long_headers_and_sources(self):
        self.expect(sizes.check, "src/a/a.h", "//\n" * 251, "251 lines, at most 250")
        self.expect(sizes.check, "src/a/a.cc", "//\n" * 501, "501 lines, at most 500")
        self.expect(sizes.check, "scripts/a.sh", "#\n" * 501, "501 lines, at most 500")
        self.expect_none(sizes.check, "src/a/a.h", "//\n" * 250)

    def test_long_functions_are_named_with_their_line(self):
        for head, name in (
                ("Status Runner::Run(Options options = {}, int n)", "Runner::Run"),
                ("template <class T>\nvoid Put(T t)", "Put"),
                ("TEST_F(Fixture, Behaves)", "TEST_F(Fixture, Behaves)"),
                ("bool operator==(const A& a, const B& b)", "operator=="),
                ("Loop::Loop() : a_{1}, b_(2), c_{3}", "Loop::Loop"),
                ("auto F(int a) -> int", "F"),
                ('extern "C" int LLVMFuzzerTestOneInput(int a)', "LLVMFuzzerTestOneInput"),
                ("const auto kRun = [](int a)", "kRun")):
            text = "namespace a {\n" + self.function(head, 71) + "}\n"
            line = 2 + head.count("\n")
            self.expect(sizes.check, "src/a/a.cc", text, f":{line}: {name} has 71 lines")

    def test_functions_in_classes_are_measured_and_classes_are_not(self):
        text = "class A final : public B {\n public:\n" + self.function("  void Run() override", 71)
        self.expect(sizes.check, "src/a/a.h", text + "};\n", "Run has 71 lines")
        self.expect_none(sizes.check, "src/a/a.h", "struct A {\n" + "  int F();\n" * 100 + "};\n")

    def test_what_is_short_or_no_function_passes(self):
        self.expect_none(sizes.check, "src/a/a.cc", self.function("void F()", 70))
        table = "constexpr Row kRows[] = {\n" + "    {Make(1), 2},\n" * 100 + "};\n"
        self.expect_none(sizes.check, "src/a/a.cc", table)
        braces = self.function("void F()", 50) + 'const char* kOpen = "{";  // {\n'
        self.expect_none(sizes.check, "src/a/a.cc", braces + self.function("void G()", 50))

    def test_long_python_functions(self):
        text = "def run():\n" + "    step()\n" * 71
        self.expect(sizes.check, "scripts/a.py", text, "run has 71 lines")


class Names(CheckTest):
    def test_file_names(self):
        for path in ("src/a/string_util.h", "src/a/utils.cc", "web/helpers.js", "src/common/a.h",
                     "src/a/run_manager.cc", "scripts/misc.sh", "src/a/pool_impl.h",
                     "src/managers/a.h", "tests/run_helper.cc"):
            self.expect(names.check, path, "", "says nothing")
        self.expect_none(names.check, "src/a/utility_meter.h", "")

    def test_class_names(self):
        for name in ("IStore", "StoreImpl", "RunManager", "JsonHelper", "StringUtils"):
            self.expect(names.check, "src/a/a.h", f"\nclass {name} final {{}};\n", f":2: {name}")
        self.expect(names.check, "src/a/a.h", "using ToolManager = Tools;\n", "ToolManager")
        for name in ("Interrupt", "IOError", "IPv4Address", "Id", "Implementation"):
            self.expect_none(names.check, "src/a/a.h", f"class {name};  // class IStore\n")


class BannedCalls(CheckTest):
    def test_each_ban_is_caught_with_its_replacement(self):
        for code, instead in (
                ("co_spawn(e, F(), boost::asio::detached);", "TaskGroup"),
                ("std::this_thread::sleep_for(1s);", "timer"),
                ("sleep(1);", "timer"),
                ("::usleep(1);", "timer"),
                ("int i = rand();", "random"),
                ("std::random_device device;", "random"),
                ("auto t = std::chrono::system_clock::now();", "Clock"),
                ('std::printf("x");', "log"),
                ('fprintf(stderr, "x");', "log"),
                ("std::cerr << 1;", "log"),
                ('std::getenv("HOME");', "options"),
                ("\nusing namespace std;", "name what is used"),
                ("std::jthread thread(F);", "executor"),
                ("try { F(); } catch (...) {\n  // ignored\n}", "Status"),
                ("F();  // TODO: later", "do it")):
            self.expect(banned_calls.check, "src/graph/a.cc", code, "use instead:", instead)

    def test_each_is_allowed_where_it_belongs(self):
        for path, code in (
                ("src/base/clock.cc", "std::chrono::system_clock::now();"),
                ("src/base/random.cc", "std::random_device device;"),
                ("src/main/options.cc", 'getenv("HOME"); std::cout << 1;'),
                ("src/async/pool.cc", "std::thread thread(F);"),
                ("src/graph/a_test.cc", "std::thread thread(F);"),
                ("src/async/task_group.cc", "boost::asio::detached;"),
                ("src/graph/a.cc", "using namespace std::chrono_literals;"),
                ("src/graph/a.cc", "catch (...) { return Failed(); }")):
            self.expect_none(banned_calls.check, path, code)

    def test_similar_names_comments_and_strings_pass(self):
        for code in ("snprintf(b, n, f);", "Operand();", "clock.sleep(1);", "Sleep(1);",
                     "std::thread::id id;", "// std::cout is banned", 'Say("rand()");',
                     'Say("TODO");', "void F() {\n  using namespace std::literals;\n}"):
            self.expect_none(banned_calls.check, "src/graph/a.cc", code)

    def test_sleeping_is_banned_in_tests_too(self):
        self.expect(banned_calls.check, "src/graph/a_test.cc", "std::this_thread::sleep_for(1s);")


class DocPaths(CheckTest):
    def setUp(self):
        super().setUp()
        self.write("src/graph/runner.h")
        self.write("docs/architecture.md")

    def test_a_path_that_is_gone_is_named_with_its_line(self):
        for text in ("`src/graph/gone.h`", "see [this](docs/gone.md#part)", "`graph/gone.h`",
                     "`./gone.sh`", "`deploy/compose.yaml`", "`scripts/gone.py --root .`",
                     "`src/graph/runner.{h,cc}`", "[a]: docs/gone.md", "`src/gone/README.md`"):
            self.expect(doc_paths.check, "README.md", f"\n{text}\n", ":2:", "does not exist")

    def test_a_link_is_relative_to_its_document(self):
        self.expect(doc_paths.check, "docs/a.md", "[x](docs/architecture.md2)", "not exist")
        self.expect_none(doc_paths.check, "docs/a.md", "[x](architecture.md) [y](../src/graph)")

    def test_what_exists_or_is_no_repository_path_passes(self):
        for text in ("`src/graph/runner.h:12`, `graph/runner.h`", "`src/`", "`build/release/bin`",
                     "`data/`", "`src/<module>/README.md`", "`tests/corpus/NAME/`", "`src/*/`",
                     "`docs/decisions/NNN-title.md`", "`POST /agents/run`", "`text/event-stream`",
                     "[x](https://example.org/docs/gone.md) [y](#part) [z](mailto:a@b.c)",
                     "```sh\ncat src/gone.h\n```", "`bench/results/today.json`", "and/or src/gone"):
            self.expect_none(doc_paths.check, "README.md", text)

    def test_prompts_and_fixtures_are_not_documents(self):
        self.expect_none(doc_paths.check, "agents/research.md", "`src/gone.h` [title](url)")
        self.expect(doc_paths.check, "agents/README.md", "`src/gone.h`")


class TestsBuilt(CheckTest):
    def build(self, *sources, build="build/release"):
        self.write(f"{build}/compile_commands.json", json.dumps(
            [{"directory": self.root, "file": source, "command": ""} for source in sources]))

    def setUp(self):
        super().setUp()
        self.write("src/graph/runner_test.cc")
        self.write("tests/integration/kill_test.cc")

    def test_without_a_build_tree_it_says_to_build_first(self):
        self.assertIn("build first", tests_built.check(self.root)[0])

    def test_a_test_that_is_not_compiled_is_named(self):
        self.build("tests/integration/kill_test.cc")
        found = tests_built.check(self.root)
        self.assertEqual(len(found), 1)
        self.assertIn("src/graph/runner_test.cc", found[0])

    def test_a_unity_source_names_its_parts(self):
        unity = "build/release/CMakeFiles/t.dir/Unity/unity_0_cxx.cxx"
        self.write(unity, f'#include "{self.root}/src/graph/runner_test.cc"\n')
        self.build(unity, "tests/integration/kill_test.cc")
        self.assertEqual(tests_built.check(self.root), [])

    def test_a_unity_source_left_from_an_earlier_build_does_not_count(self):
        self.write("build/release/CMakeFiles/t.dir/Unity/unity_0_cxx.cxx",
                   f'#include "{self.root}/src/graph/runner_test.cc"\n')
        self.build("tests/integration/kill_test.cc")
        self.assertEqual(len(tests_built.check(self.root)), 1)

    def test_the_build_tree_can_be_chosen(self):
        self.build()
        self.build("src/graph/runner_test.cc", "tests/integration/kill_test.cc", build="build/dev")
        self.assertEqual(len(tests_built.check(self.root)), 2)
        self.assertEqual(
            tests_built.check(self.root, build=os.path.join(self.root, "build/dev")), [])


if __name__ == "__main__":
    unittest.main()
