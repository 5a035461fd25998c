// The tools for texts, charts and jobs, over the ToolService that they call.
#include "tools/remote/text_tools.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/block_on.h"
#include "async/runtime.h"
#include "rpc/tool_server.h"
#include "storage/open.h"
#include "storage/testing/fresh_database.h"
#include "tools/remote/document_tools.h"
#include "tools/remote/job_tools.h"
#include "workspace/document_store.h"
#include "workspace/importer.h"
#include "workspace/jobs/crawl_job.h"
#include "workspace/jobs/job_queue.h"

namespace baton::rpc {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
namespace jobs = workspace::jobs;

class TextToolsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    database_ = *storage::OpenDatabase(fresh_.address(), metrics_);
    documents_ = *async::BlockOn(workspace::DocumentStore::Open(*database_, SystemClock(), ids_));
    job_store_.emplace(*database_, SystemClock());
    ASSERT_TRUE(async::BlockOn(job_store_->Migrate()).ok());
    crawl_.emplace(*database_, *documents_, web_);
    queue_.emplace(*job_store_, jobs::JobQueue::Works{{jobs::JobKind::kCrawl, &*crawl_}},
                   SystemClock(), ids_, jobs::JobQueueOptions{});
    server_ =
        *StartToolServer(runtime_, {.documents = *documents_, .jobs = &*queue_}, {}, metrics_);
    client_ = *tools::remote::ToolServiceClient::On(server_->InProcessChannel(), "here", "");
    ASSERT_TRUE(tools::remote::RegisterTextTools(registry_, client_).ok());
    ASSERT_TRUE(tools::remote::RegisterJobTools(registry_, client_).ok());
  }

  Result<tools::ToolResult> Call(const std::string& name, const json::Object& arguments,
                                 const std::string& user = "ada") {
    const tools::ToolContext context{.user_id = user};
    return async::BlockOn(registry_.Call(name, arguments, context));
  }

  storage::testing::FreshDatabase fresh_{storage::Dialect::kSqlite};
  MetricsRegistry metrics_;
  IdGenerator ids_{SystemClock()};
  async::Runtime runtime_{2};
  std::unique_ptr<storage::Database> database_;
  std::unique_ptr<workspace::DocumentStore> documents_;
  workspace::web::WebService web_{{}, SystemClock(), ids_, metrics_};
  std::optional<jobs::JobStore> job_store_;
  std::optional<jobs::CrawlWork> crawl_;
  std::optional<jobs::JobQueue> queue_;
  std::unique_ptr<ToolServer> server_;
  std::shared_ptr<tools::remote::ToolServiceClient> client_;
  tools::ToolRegistry registry_;
};

TEST_F(TextToolsTest, CountsATextAndADocument) {
  const auto text = Call("analyze_text", {{"text", "Two words. And three more."}});
  ASSERT_TRUE(text) << text.error().ToString();
  EXPECT_THAT(text->text, HasSubstr("words: 5\nsentences: 2\n"));
  EXPECT_THAT(text->sources, IsEmpty());
  const auto id = async::BlockOn(documents_->Create("ada", {.title = "Notes",
                                                            .path = "/n.txt",
                                                            .content_type = "text/plain",
                                                            .content = "badger badger badger"}));
  ASSERT_TRUE(id) << id.error().ToString();
  const auto document = Call("analyze_text", {{"document_id", *id}});
  ASSERT_TRUE(document) << document.error().ToString();
  EXPECT_THAT(document->text, HasSubstr("[1] Notes — /n.txt\nwords: 3\n"));
  EXPECT_THAT(document->text, HasSubstr("badger"));
  EXPECT_THAT(document->sources, SizeIs(1));
  EXPECT_EQ(Call("analyze_text", {{"document_id", *id}}, "eve").error().code(), Code::kNotFound);
  EXPECT_EQ(Call("analyze_text", {}).error().code(), Code::kInvalidArgument);
}

TEST_F(TextToolsTest, RewordsAQuestion) {
  const auto worded = Call("expand_query", {{"query", "How do I back up Ada Lovelace's notes?"}});
  ASSERT_TRUE(worded) << worded.error().ToString();
  EXPECT_THAT(worded->text, HasSubstr("names in it: Ada Lovelace"));
  EXPECT_THAT(Call("expand_query", {{"query", "how do backups work"}})->text,
              HasSubstr("names in it: none"));
}

TEST_F(TextToolsTest, ReadsALongDocumentPieceByPiece) {
  ASSERT_TRUE(tools::remote::RegisterDocumentTools(registry_, client_).ok());
  std::string text;
  for (int i = 0; i < 3000; ++i) text += fmt::format("This is sentence number {}.\n\n", i);
  ASSERT_TRUE(async::BlockOn(documents_->Put("ada", *workspace::ParseFile("/long.txt", text))));
  const std::string id = async::BlockOn(documents_->FindByPath("ada", "/long.txt", ""))->id;
  const auto begin = Call("get_document_chunks", {{"document_id", id}});
  ASSERT_TRUE(begin) << begin.error().ToString();
  EXPECT_THAT(begin->text, HasSubstr("number 0."));
  EXPECT_THAT(begin->text, HasSubstr("(pieces 0 to "));
  EXPECT_THAT(begin->text, ::testing::Not(HasSubstr("number 2999.")));
  EXPECT_THAT(begin->sources, SizeIs(1));
  const auto pieces = async::BlockOn(documents_->GetChunks("ada", id));
  const auto last = static_cast<std::int64_t>(pieces->size()) - 1;
  EXPECT_THAT(Call("get_document_chunks", {{"document_id", id}, {"first", last}})->text,
              HasSubstr("number 2999."));
  EXPECT_EQ(Call("get_document_chunks", {{"document_id", id}, {"first", last + 1}}).error().code(),
            Code::kOutOfRange);
  EXPECT_EQ(Call("get_document_chunks", {{"document_id", id}}, "eve").error().code(),
            Code::kNotFound);
}

TEST_F(TextToolsTest, DrawsACheckedChart) {
  const json::Object data{{"bread", 2.5}, {"milk", 1.2}};
  const auto chart =
      Call("create_chart", {{"chart_type", "bar"}, {"title", "Prices"}, {"data", data}});
  ASSERT_TRUE(chart) << chart.error().ToString();
  EXPECT_THAT(chart->text, HasSubstr("```vega-lite\n{"));
  EXPECT_THAT(chart->text, HasSubstr("milk"));
  const auto picture =
      Call("create_chart",
           {{"chart_type", "pie"}, {"title", "Prices"}, {"data", data}, {"format", "svg"}});
  ASSERT_TRUE(picture) << picture.error().ToString();
  EXPECT_THAT(picture->text, HasSubstr("```svg\n<svg"));
  EXPECT_EQ(Call("create_chart", {{"chart_type", "bar"}, {"title", "x"}, {"data", {{"a", "b"}}}})
                .error()
                .code(),
            Code::kInvalidArgument);
  EXPECT_EQ(
      Call("create_chart", {{"chart_type", "cake"}, {"title", "x"}, {"data", data}}).error().code(),
      Code::kInvalidArgument);
  json::Array many;
  for (int i = 0; i < 4000; ++i) many.emplace_back(i);
  const auto large =
      Call("create_chart", {{"chart_type", "line"}, {"title", "x"}, {"data", std::move(many)}});
  EXPECT_EQ(large.error().code(), Code::kResourceExhausted);
}

TEST_F(TextToolsTest, StartsFollowsAndEndsAJob) {
  EXPECT_EQ(Call("list_jobs", {})->text, "There are no jobs.");
  const json::Object site{{"url", "example.org"}, {"max_pages", 300}, {"max_depth", 4}};
  const auto started = Call("start_site_import", site);
  ASSERT_TRUE(started) << started.error().ToString();
  EXPECT_THAT(started->text, HasSubstr("crawl https://example.org/ is queued"));
  const std::string id = started->text.substr(0, started->text.find(':'));
  EXPECT_THAT(Call("list_jobs", {})->text, HasSubstr(id));
  EXPECT_THAT(Call("get_job", {{"job_id", id}})->text, HasSubstr(id));
  EXPECT_EQ(Call("get_job", {{"job_id", id}}, "eve").error().code(), Code::kNotFound);
  EXPECT_EQ(Call("list_jobs", {}, "eve")->text, "There are no jobs.");
  EXPECT_EQ(Call("cancel_job", {{"job_id", id}}, "eve").error().code(), Code::kNotFound);
  EXPECT_THAT(Call("cancel_job", {{"job_id", id}})->text, HasSubstr("is cancelled"));
  EXPECT_EQ(Call("start_site_import", {{"url", "ftp://a"}, {"max_pages", 1}, {"max_depth", 1}})
                .error()
                .code(),
            Code::kInvalidArgument);
}

}  // namespace
}  // namespace baton::rpc
