#include "base/write_file.h"

#include <sys/resource.h>

#include <csignal>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

namespace baton {
namespace {

namespace fs = std::filesystem;

class WriteFileTest : public ::testing::Test {
 protected:
  WriteFileTest() {
    std::string path = (fs::temp_directory_path() / "baton-write-XXXXXX").string();
    folder_ = mkdtemp(path.data());
    file_ = folder_ / "a.json";
  }
  ~WriteFileTest() override { fs::remove_all(folder_); }

  std::string Text() const {
    std::ostringstream text;
    text << std::ifstream(file_).rdbuf();
    return text.str();
  }
  auto CountFiles() const {
    return std::distance(fs::directory_iterator(folder_), fs::directory_iterator());
  }

  fs::path folder_;
  fs::path file_;
};

// Files stop at 100 bytes, as on a disk that is full: the first write of more is a short one.
class FullDisk {
 public:
  FullDisk() {
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit small{100, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &small);
    handler_ = std::signal(SIGXFSZ, SIG_IGN);
  }
  ~FullDisk() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit before_{};
  void (*handler_)(int) = nullptr;
};

TEST_F(WriteFileTest, ReplacesWhatIsThere) {
  ASSERT_TRUE(ReplaceFile(file_, "one").ok());
  ASSERT_TRUE(ReplaceFile(file_, "two").ok());
  EXPECT_EQ(Text(), "two");
  EXPECT_EQ(CountFiles(), 1);
}

TEST_F(WriteFileTest, WhatDoesNotFitLeavesWhatWasThere) {
  ASSERT_TRUE(ReplaceFile(file_, "one").ok());
  Status replaced;
  Status created;
  {
    const FullDisk full;
    replaced = ReplaceFile(file_, std::string(1000, 'x'));
    created = CreateNewFile(folder_ / "b", std::string(1000, 'x'));
  }
  EXPECT_EQ(replaced.ToString(), "UNAVAILABLE: " + file_.string() + ": File too large");
  EXPECT_EQ(created.code(), Code::kUnavailable);
  EXPECT_EQ(Text(), "one");
  EXPECT_EQ(CountFiles(), 1) << "neither a draft nor the beginning of a file stays behind";
}

TEST_F(WriteFileTest, ANewOneTakesNobodysPlace) {
  ASSERT_TRUE(CreateNewFile(file_, "one").ok());
  const Status second = CreateNewFile(file_, "two");
  EXPECT_EQ(second.code(), Code::kAlreadyExists);
  EXPECT_EQ(second.message(), file_.string() + ": there is such a file already");
  EXPECT_EQ(Text(), "one");
}

TEST_F(WriteFileTest, SaysWhyItCannot) {
  const Status nowhere = ReplaceFile(folder_ / "none" / "a", "x");
  EXPECT_EQ(nowhere.code(), Code::kUnavailable);
  EXPECT_NE(nowhere.message().find("No such file or directory"), std::string::npos);
}

}  // namespace
}  // namespace baton
