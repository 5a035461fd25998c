// ToolService over a real store, through the client and the tools of the orchestrator.
#include "rpc/tool_server.h"

#include <gmock/gmock.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <gtest/gtest.h>

#include "async/block_on.h"
#include "async/runtime.h"
#include "proto/tool_service.grpc.pb.h"
#include "storage/open.h"
#include "testing/manual_clock.h"
#include "tools/remote/document_tools.h"
#include "tools/remote/tool_service_client.h"
#include "workspace/importer.h"
#include "workspace/testing/temporary_folder.h"

namespace baton::rpc {
namespace {

// ToolService's messages.
namespace wire = ::tool_service;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using namespace std::chrono_literals;
using tools::remote::ToolServiceClient;

constexpr char kBackupText[] =
    "# Backups\n\nRun `borg create` every night to back the laptop up.\n\n"
    "# Restore\n\nRestoring asks for the passphrase that is kept in the safe.\n";

class ToolServerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    database_ = *storage::OpenDatabase("sqlite:" + (folder_.path() / "data.db").string(), metrics_);
    documents_ = *async::BlockOn(workspace::DocumentStore::Open(*database_, clock_, ids_));
    Put("ada", "/home/ada/notes/backup.md", kBackupText);
    Put("ada", "/home/ada/notes/garden.md", "# Garden\n\nTomatoes want sun and water.\n");
    Put("bob", "/home/bob/backup.md", "# Backup\n\nBob never makes a backup.\n");
  }

  void TearDown() override {
    client_.reset();
    server_.reset();
  }

  void Start(const ServerOptions& options = {}) {
    auto server = StartToolServer(runtime_, {.documents = *documents_}, options, metrics_);
    ASSERT_TRUE(server) << server.error().ToString();
    server_ = *std::move(server);
    stub_ = wire::ToolService::NewStub(
        grpc::CreateChannel("127.0.0.1:" + Port(), grpc::InsecureChannelCredentials()));
    client_ = *ToolServiceClient::Connect("127.0.0.1:" + Port(), options.service_token);
  }

  void Put(const std::string& user, const std::string& path, std::string_view text) {
    ASSERT_TRUE(async::BlockOn(documents_->Put(user, *workspace::ParseFile(path, text))));
  }

  std::string IdOf(const std::string& user, const std::string& path) {
    return async::BlockOn(documents_->FindByPath(user, path, ""))->id;
  }

  grpc::Status Search(const wire::SearchRequest& request, wire::SearchResponse& response) {
    grpc::ClientContext context;
    return stub_->SearchDocuments(&context, request, &response);
  }

  static wire::SearchRequest SearchFor(const std::string& user, const std::string& query) {
    wire::SearchRequest request;
    request.set_user_id(user);
    request.set_query(query);
    return request;
  }

  std::string Port() const { return std::to_string(server_->port()); }

  workspace::testing::TemporaryFolder folder_;
  baton::testing::ManualClock clock_;
  IdGenerator ids_{clock_, 7};
  MetricsRegistry metrics_;
  async::Runtime runtime_{2};
  std::unique_ptr<storage::Database> database_;
  std::unique_ptr<workspace::DocumentStore> documents_;
  std::unique_ptr<ToolServer> server_;
  std::unique_ptr<wire::ToolService::Stub> stub_;
  std::shared_ptr<ToolServiceClient> client_;
};

TEST_F(ToolServerTest, FindsThePassageAndSaysWhereItIs) {
  Start();
  wire::SearchResponse response;
  ASSERT_TRUE(Search(SearchFor("ada", "passphrase safe"), response).ok());
  ASSERT_GE(response.results_size(), 1);
  EXPECT_EQ(response.total_count(), response.results_size());
  const wire::DocumentResult& best = response.results(0);
  EXPECT_EQ(best.document_id(), IdOf("ada", "/home/ada/notes/backup.md"));
  EXPECT_EQ(best.filename(), "backup.md");
  EXPECT_THAT(best.content_preview(), HasSubstr("passphrase"));
  EXPECT_GT(best.relevance_score(), 0.3);
  EXPECT_EQ(best.metadata().at("path"), "/home/ada/notes/backup.md");
  const int begin = std::stoi(best.metadata().at("begin"));
  const int end = std::stoi(best.metadata().at("end"));
  const std::string chunk = std::string(kBackupText).substr(begin, end - begin);  // ASCII
  EXPECT_THAT(chunk, HasSubstr(best.content_preview()));
  EXPECT_EQ(best.metadata().count("heading"), 1U);
  EXPECT_EQ(best.metadata().count("chunk_index"), 1U);
}

TEST_F(ToolServerTest, LeavesOutWhatHardlyMatches) {
  Start();
  wire::SearchResponse response;
  const std::string question = "tomatoes zebra quantum ledger violin harbour glacier";
  ASSERT_FALSE(async::BlockOn(documents_->Search("ada", {.text = question}))->empty());
  ASSERT_TRUE(Search(SearchFor("ada", question), response).ok());
  EXPECT_EQ(response.results_size(), 0);
}

TEST_F(ToolServerTest, LimitsAndExcludes) {
  for (int i = 0; i < 15; ++i) {
    Put("ada", "/home/ada/many/" + std::to_string(i) + ".md",
        "Penguins, note " + std::to_string(i) + ".\n");
  }
  Start();
  wire::SearchResponse response;
  wire::SearchRequest request = SearchFor("ada", "penguins");
  ASSERT_TRUE(Search(request, response).ok());
  EXPECT_EQ(response.results_size(), 10);
  request.set_limit(3);
  request.add_exclude_document_ids(response.results(0).document_id());
  wire::SearchResponse rest;
  ASSERT_TRUE(Search(request, rest).ok());
  ASSERT_EQ(rest.results_size(), 3);
  EXPECT_NE(rest.results(0).document_id(), response.results(0).document_id());
}

TEST_F(ToolServerTest, SaysWhatIsWrongWithASearch) {
  Start();
  const auto expect = [this](wire::SearchRequest request, const std::string& message) {
    wire::SearchResponse response;
    const grpc::Status status = Search(request, response);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
    EXPECT_THAT(status.error_message(), StartsWith(message));
  };
  expect(SearchFor("", "x"), "SearchRequest.user_id is empty");
  expect(SearchFor("ada", ""), "SearchRequest.query is empty");
  wire::SearchRequest request = SearchFor("ada", "x");
  request.set_limit(101);
  expect(request, "SearchRequest.limit is 101");
  request.set_limit(-1);
  expect(request, "SearchRequest.limit is -1");
  request.set_limit(0);
  request.add_filters("colour:red");
  expect(request, "filter 'colour:red'");
}

TEST_F(ToolServerTest, FiltersByTagAndCategory) {
  Put("ada", "/home/ada/birds.md", "---\ntags: birds\ncategory: zoo\n---\nPenguins.\n");
  Put("ada", "/home/ada/others.md", "Penguins, again.\n");
  Start();
  wire::SearchRequest request = SearchFor("ada", "");
  request.add_filters("tag:birds");
  wire::SearchResponse response;
  ASSERT_TRUE(Search(request, response).ok());
  ASSERT_EQ(response.results_size(), 1);
  EXPECT_EQ(response.results(0).filename(), "birds.md");
  ASSERT_TRUE(Search(SearchFor("ada", "penguins category:zoo"), response).ok());
  ASSERT_EQ(response.results_size(), 1);
  EXPECT_EQ(response.results(0).filename(), "birds.md");
}

TEST_F(ToolServerTest, GivesADocumentWholeAndInChunks) {
  Start();
  wire::DocumentRequest request;
  request.set_user_id("ada");
  request.set_document_id(IdOf("ada", "/home/ada/notes/backup.md"));
  grpc::ClientContext first;
  wire::DocumentResponse card;
  ASSERT_TRUE(stub_->GetDocument(&first, request, &card).ok());
  EXPECT_EQ(card.filename(), "backup.md");
  EXPECT_EQ(card.content_type(), "text/markdown");
  EXPECT_EQ(card.metadata().at("characters"), std::to_string(sizeof(kBackupText) - 1));
  grpc::ClientContext second;
  wire::DocumentContentResponse content;
  ASSERT_TRUE(stub_->GetDocumentContent(&second, request, &content).ok());
  EXPECT_EQ(content.content(), kBackupText);
  EXPECT_EQ(content.format(), "markdown");
  grpc::ClientContext third;
  wire::DocumentChunksResponse chunks;
  ASSERT_TRUE(stub_->GetDocumentChunks(&third, request, &chunks).ok());
  ASSERT_GE(chunks.chunks_size(), 1);
  EXPECT_EQ(chunks.chunks(0).chunk_id(), request.document_id() + "#0");
  EXPECT_THAT(chunks.chunks(0).metadata(), HasSubstr("\"begin\":0"));
}

TEST_F(ToolServerTest, ADocumentOfAnotherUserDoesNotExist) {
  Start();
  wire::DocumentRequest request;
  request.set_user_id("bob");
  request.set_document_id(IdOf("ada", "/home/ada/notes/backup.md"));
  const auto code_of = [&](auto method, auto response) {
    grpc::ClientContext context;
    return (stub_.get()->*method)(&context, request, &response).error_code();
  };
  using Stub = wire::ToolService::Stub;
  EXPECT_EQ(code_of(&Stub::GetDocument, wire::DocumentResponse()), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(code_of(&Stub::GetDocumentContent, wire::DocumentContentResponse()),
            grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(code_of(&Stub::GetDocumentChunks, wire::DocumentChunksResponse()),
            grpc::StatusCode::NOT_FOUND);
  wire::SearchResponse found;
  ASSERT_TRUE(Search(SearchFor("bob", "passphrase"), found).ok());
  EXPECT_EQ(found.results_size(), 0);
}

TEST_F(ToolServerTest, APathThatLeadsNowhereIsAnAnswerNotAFailure) {
  Start();
  wire::FindDocumentByPathRequest request;
  request.set_user_id("ada");
  request.set_file_path("garden.md");
  request.set_base_path("/home/ada/notes");
  grpc::ClientContext first;
  wire::FindDocumentByPathResponse response;
  ASSERT_TRUE(stub_->FindDocumentByPath(&first, request, &response).ok());
  EXPECT_TRUE(response.success());
  EXPECT_FALSE(response.has_error());
  EXPECT_EQ(response.resolved_path(), "/home/ada/notes/garden.md");
  request.set_file_path("nowhere.md");
  grpc::ClientContext second;
  ASSERT_TRUE(stub_->FindDocumentByPath(&second, request, &response).ok());
  EXPECT_FALSE(response.success());
  EXPECT_THAT(response.error(), HasSubstr("nowhere.md"));
}

TEST_F(ToolServerTest, TheDatabasesWordsReachNobody) {
  Start();
  std::vector<storage::Statement> broken = {{"ALTER TABLE documents RENAME TO gone", {}}};
  ASSERT_TRUE(async::BlockOn(database_->Write(std::move(broken), storage::Durability::kBuffered)));
  wire::FindDocumentByPathRequest request;
  request.set_user_id("ada");
  request.set_file_path("garden.md");
  grpc::ClientContext context;
  wire::FindDocumentByPathResponse response;
  const grpc::Status status = stub_->FindDocumentByPath(&context, request, &response);
  EXPECT_FALSE(status.ok()) << response.error();
  EXPECT_THAT(status.error_message(), ::testing::Not(HasSubstr("documents")));
}

TEST_F(ToolServerTest, NamesEveryMethodThatIsNotServed) {
  Start();
  grpc::ClientContext context;
  wire::WeatherResponse response;
  const grpc::Status status = stub_->GetWeatherData(&context, {}, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNIMPLEMENTED);
  EXPECT_EQ(status.error_message(), "GetWeatherData is not served by this version");
}

TEST_F(ToolServerTest, EveryMethodAsksForTheToken) {
  Start({.service_token = "s3cret"});
  wire::SearchResponse response;
  EXPECT_EQ(Search(SearchFor("ada", "backup"), response).error_code(),
            grpc::StatusCode::UNAUTHENTICATED);
  grpc::ClientContext context;
  wire::WeatherResponse weather;
  EXPECT_EQ(stub_->GetWeatherData(&context, {}, &weather).error_code(),
            grpc::StatusCode::UNAUTHENTICATED);
  const auto found = async::BlockOn(client_->SearchDocuments({.user_id = "ada"}, "tomatoes", 0));
  ASSERT_TRUE(found) << found.error().ToString();  // the client has the token
  EXPECT_EQ(found->size(), 1U);
}

TEST_F(ToolServerTest, TheClientSaysWhetherTheServiceIsServing) {
  Start();
  EXPECT_TRUE(async::BlockOn(client_->CheckHealth(Deadline::In(5s))).ok());
  server_->Shutdown(Deadline::In(0s));
  const Status gone = async::BlockOn(client_->CheckHealth(Deadline::In(5s)));
  EXPECT_EQ(gone.code(), Code::kUnavailable);
  EXPECT_THAT(gone.message(), HasSubstr("tool service at 127.0.0.1:"));
}

// The tools as an agent calls them, by either way to the service.
class DocumentToolsTest : public ToolServerTest, public ::testing::WithParamInterface<bool> {
 protected:
  void SetUp() override {
    ToolServerTest::SetUp();
    Start({.service_token = "t"});
    auto client =
        GetParam() ? *ToolServiceClient::On(server_->InProcessChannel(), "here", "t") : client_;
    ASSERT_TRUE(tools::remote::RegisterDocumentTools(registry_, std::move(client)).ok());
  }

  Result<tools::ToolResult> Call(std::string_view tool, const json::Object& arguments,
                                 const std::string& user = "ada") {
    const tools::ToolContext context{.user_id = user, .idempotency_key = "k1"};
    return async::BlockOn(registry_.Call(tool, arguments, context));
  }

  tools::ToolRegistry registry_;
};

INSTANTIATE_TEST_SUITE_P(Transports, DocumentToolsTest, ::testing::Bool(),
                         [](const auto& tested) { return tested.param ? "InProcess" : "Tcp"; });

TEST_P(DocumentToolsTest, SearchGivesNumberedPassagesAndTheirSources) {
  const auto result = Call("search_documents", {{"query", "backup laptop tomatoes"}});
  ASSERT_TRUE(result) << result.error().ToString();
  ASSERT_GE(result->sources.size(), 1U);
  const tools::Source& best = result->sources[0];
  EXPECT_THAT(result->text,
              StartsWith("[1] " + best.title + " — " + best.locator + "\n" + best.excerpt));
  EXPECT_THAT(best.locator, StartsWith("/home/ada/notes/"));
  EXPECT_GE(best.begin, 0);
  EXPECT_GT(best.end, best.begin);
  EXPECT_EQ(Call("search_documents", {{"query", "zebra"}})->text, "No document matches.");
}

TEST_P(DocumentToolsTest, ReadsADocumentFoundByItsPath) {
  const auto found = Call("find_document_by_path", {{"path", "notes/backup.md"}});
  ASSERT_TRUE(found) << found.error().ToString();
  const auto read = Call("get_document", {{"document_id", found->sources.at(0).id}});
  ASSERT_TRUE(read) << read.error().ToString();
  EXPECT_THAT(read->text, HasSubstr("/home/ada/notes/backup.md\n# Backups"));
  EXPECT_EQ(read->sources.at(0).end, static_cast<std::int64_t>(sizeof(kBackupText) - 1));
}

TEST_P(DocumentToolsTest, CutsWhatNoModelCouldRead) {
  Put("ada", "/home/ada/long.txt", std::string(50'000, 'a') + " end\n");
  const auto found = Call("find_document_by_path", {{"path", "long.txt"}});
  const auto read = Call("get_document", {{"document_id", found->sources.at(0).id}});
  EXPECT_THAT(read->text, HasSubstr("(cut: the first 40000 of 50005 bytes are shown)"));
  EXPECT_EQ(read->sources.at(0).excerpt, std::string(500, 'a'));
  EXPECT_EQ(read->sources.at(0).end, 500) << "the extent is that of the excerpt";
}

TEST_P(DocumentToolsTest, WhatIsNotThereOrNotMineIsNotFound) {
  EXPECT_EQ(Call("find_document_by_path", {{"path", "nowhere.md"}}).error().code(),
            Code::kNotFound);
  const std::string id = IdOf("ada", "/home/ada/notes/backup.md");
  EXPECT_EQ(Call("get_document", {{"document_id", id}}, "bob").error().code(), Code::kNotFound);
}

TEST_P(DocumentToolsTest, ArgumentsAreCheckedAndTheUserIsNotOneOfThem) {
  EXPECT_EQ(Call("search_documents", {{"query", ""}}).error().code(), Code::kInvalidArgument);
  EXPECT_EQ(Call("search_documents", {{"query", "backup"}, {"user_id", "bob"}}).error().code(),
            Code::kInvalidArgument);
}

}  // namespace
}  // namespace baton::rpc
