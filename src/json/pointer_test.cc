#include "json/pointer.h"

#include <gtest/gtest.h>

namespace baton::json {
namespace {

const Value kDocument = Parse(R"({"a": {"b": [10, {"c": null}]}, "": 1, "x/y": 2, "m~n": 3,
                                  "list": {"0": "member"}})")
                            .value();

std::string At(std::string_view path) {
  const Result<Pointer> pointer = Pointer::Parse(path);
  EXPECT_TRUE(pointer.has_value()) << path;
  const Value* found = pointer->Find(kDocument);
  return found == nullptr ? "nothing" : Serialize(*found);
}

TEST(Pointer, FindsMembersAndElements) {
  EXPECT_EQ(At(""), Serialize(kDocument));
  EXPECT_EQ(At("/a/b/0"), "10");
  EXPECT_EQ(At("/a/b/1/c"), "null");
  EXPECT_EQ(At("/"), "1");
  EXPECT_EQ(At("/x~1y"), "2");
  EXPECT_EQ(At("/m~0n"), "3");
  EXPECT_EQ(At("/list/0"), "\"member\"");
}

TEST(Pointer, FindsNothingWhereNothingIs) {
  for (const char* path :
       {"/b", "/a/b/2", "/a/b/-", "/a/b/00", "/a/b/99999999999999999999", "/a/b/0/c", "/a/b/ 0"}) {
    EXPECT_EQ(At(path), "nothing") << path;
  }
}

TEST(Pointer, NamesWhatIsWrongWithAPath) {
  EXPECT_EQ(Pointer::Parse("a/b").error().message(), "path 'a/b': must be empty or begin with '/'");
  EXPECT_EQ(Pointer::Parse("/a~2").error().message(),
            "path '/a~2': after '~' comes '0' (for '~') or '1' (for '/')");
  EXPECT_EQ(Pointer::Parse("/a~").error().code(), Code::kInvalidArgument);
  std::string deep;
  for (int i = 0; i < 33; ++i) deep += "/a";
  EXPECT_EQ(Pointer::Parse(deep).error().code(), Code::kInvalidArgument);
}

TEST(Pointer, IsWrittenAsItWasRead) {
  for (const char* path : {"", "/", "/a/b/0", "/x~1y/m~0n"}) {
    EXPECT_EQ(Pointer::Parse(path)->ToString(), path);
  }
  EXPECT_EQ(Pointer::ToMember("x/y").ToString(), "/x~1y");
}

}  // namespace
}  // namespace baton::json
