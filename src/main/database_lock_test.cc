#include "main/database_lock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "workspace/testing/temporary_folder.h"

namespace baton::app {
namespace {

class DatabaseLockTest : public ::testing::Test {
 protected:
  workspace::testing::TemporaryFolder folder_;
  const std::filesystem::path file_ = folder_.path() / "data" / "baton.db";
};

TEST_F(DatabaseLockTest, OneHasItWhateverTheFileIsCalled) {
  const auto first = DatabaseLock::Take(file_);
  ASSERT_TRUE(first) << first.error().ToString();
  std::filesystem::create_directory_symlink(folder_.path() / "data", folder_.path() / "link");
  for (const auto& name : {file_, folder_.path() / "link" / "baton.db",
                           folder_.path() / "data" / ".." / "data" / "baton.db"}) {
    const auto second = DatabaseLock::Take(name);
    ASSERT_FALSE(second) << name;
    EXPECT_EQ(second.error().code(), Code::kFailedPrecondition);
    EXPECT_THAT(second.error().message(), ::testing::HasSubstr("another baton serves it"));
  }
  EXPECT_TRUE(DatabaseLock::Take(folder_.path() / "data" / "other.db"));
}

TEST_F(DatabaseLockTest, ItIsFreeOnceItsOwnerIsGone) {
  {
    ASSERT_TRUE(DatabaseLock::Take(file_));
  }
  EXPECT_TRUE(DatabaseLock::Take(file_));
}

}  // namespace
}  // namespace baton::app
