#include "base/read_file.h"

#include <gtest/gtest.h>

#include "base/write_file.h"

namespace baton {
namespace {

namespace fs = std::filesystem;

TEST(ReadFileTest, GivesAllBytes) {
  const fs::path file = fs::path(::testing::TempDir()) / "Ärger & Ñotes.txt";
  const std::string text = std::string("a\0b\r\n", 5) + std::string(200'000, 'x');
  ASSERT_TRUE(ReplaceFile(file, text).ok());
  EXPECT_EQ(ReadFile(file).value(), text);
}

TEST(ReadFileTest, SaysWhatIsWrongWithTheName) {
  const Result<std::string> folder = ReadFile(::testing::TempDir());
  ASSERT_FALSE(folder);
  EXPECT_EQ(folder.error().message(), ::testing::TempDir() + ": cannot be read: Is a directory");
  const Result<std::string> missing = ReadFile("/nowhere/at/all");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code(), Code::kNotFound);
  EXPECT_EQ(missing.error().message(),
            "/nowhere/at/all: cannot be read: No such file or directory");
}

}  // namespace
}  // namespace baton
