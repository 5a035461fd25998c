#include "base/client_error.h"

#include <gtest/gtest.h>

namespace baton {
namespace {

TEST(ForClients, LeavesWhatAClientCanActOn) {
  EXPECT_TRUE(ForClients({}).ok());
  const Status busy(Code::kFailedPrecondition, "the conversation is busy");
  EXPECT_EQ(ForClients(Status(busy).With("run_id", "r")), busy);
}

TEST(ForClients, HidesWhatIsOursBehindAnIdThatTheLogExplains) {
  const Status marked = Status(Code::kAborted, "UPDATE runs SET secret = 1")
                            .With(std::string(kInternalDetail), "storage");
  for (const Status& failure : {marked, Status(Code::kInternal, "a secret bug"),
                                Status(Code::kUnknown, "who knows what secret"),
                                Status(Code::kDataLoss, "the secret row is gone")}) {
    ::testing::internal::CaptureStderr();
    const Status told = ForClients(failure);
    const std::string line = ::testing::internal::GetCapturedStderr();
    EXPECT_EQ(told.code(), failure.code());
    EXPECT_EQ(told.message().find("secret"), std::string::npos) << told.message();
    const std::size_t at = told.message().find("err_");
    ASSERT_NE(at, std::string::npos) << told.message();
    const std::string id = told.message().substr(at, told.message().find(':') - at);
    EXPECT_EQ(id.size(), 12U);
    EXPECT_NE(line.find("\"id\":\"" + id + "\""), std::string::npos) << line;
    EXPECT_NE(line.find(failure.message()), std::string::npos) << line;
    EXPECT_NE(ForClients(failure).message(), told.message());
  }
}

TEST(ForClients, TellsThatTheServerHasNoRoomLeft) {
  const Status full = Status(Code::kResourceExhausted, "database or disk is full: COMMIT")
                          .With(std::string(kInternalDetail), "storage");
  ::testing::internal::CaptureStderr();
  const Status told = ForClients(full);
  ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(told.message().find("no room left on the server, error err_"), 0U) << told.message();
}

}  // namespace
}  // namespace baton
