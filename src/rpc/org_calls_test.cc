// The org area of ToolService over a real store, as clients of the contract and as the
// orchestrator's tools call it.
#include <gmock/gmock.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <gtest/gtest.h>

#include "async/block_on.h"
#include "async/runtime.h"
#include "proto/tool_service.grpc.pb.h"
#include "rpc/tool_server.h"
#include "storage/open.h"
#include "testing/manual_clock.h"
#include "tools/remote/org_tools.h"
#include "workspace/org/org_store.h"
#include "workspace/testing/temporary_folder.h"

namespace baton::rpc {
namespace {

// ToolService's messages.
namespace wire = ::tool_service;
namespace org = workspace::org;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;
using tools::remote::ToolServiceClient;

constexpr char kAdasInbox[] =
    "- [ ] Buy milk :errand:\n* TODO Call Bob\n:PROPERTIES:\n:ID: call-bob\n:END:\nAbout the "
    "boat.\n"
    "* DONE Pay rent\n* NEXT Water plants\nSCHEDULED: <2025-12-31 Wed ++2d>\n";

// It is 2026-01-01.
class OrgCallsTest : public ::testing::Test {
 protected:
  OrgCallsTest() {
    database_ = *storage::OpenDatabase("sqlite:" + (folder_.path() / "data.db").string(), metrics_);
    documents_ = *async::BlockOn(workspace::DocumentStore::Open(*database_, clock_, ids_));
    store_ =
        *async::BlockOn(org::OrgStore::Open(*database_, clock_, ids_, *org::TimeZone::Find("UTC")));
    Import("ada", "/org/inbox.org", kAdasInbox);
    Import("ada", "/org/work.org", "* Projects\n:PROPERTIES:\n:ID: projects\n:END:\n");
    Import("bob", "/org/inbox.org", "* TODO Secret of Bob\n:PROPERTIES:\n:ID: bobs\n:END:\n");
    server_ =
        *StartToolServer(runtime_, {.documents = *documents_, .org = store_.get()}, {}, metrics_);
    stub_ = wire::ToolService::NewStub(grpc::CreateChannel(
        "127.0.0.1:" + std::to_string(server_->port()), grpc::InsecureChannelCredentials()));
    auto client = *ToolServiceClient::On(server_->InProcessChannel(), "here", "");
    EXPECT_TRUE(tools::remote::RegisterOrgTools(registry_, client).ok());
  }
  ~OrgCallsTest() override { registry_ = {}; }

  void Import(const std::string& user, const std::string& path, const std::string& text) {
    ASSERT_TRUE(async::BlockOn(store_->Import(user, path, text)));
  }

  std::string TextOf(const std::string& user, const std::string& path) {
    for (const org::OrgFileCard& card : *async::BlockOn(store_->Files(user))) {
      if (card.path == path) return *async::BlockOn(store_->GetText(user, card.id));
    }
    return "no file";
  }

  template <typename Request, typename Response>
  using Method = grpc::Status (wire::ToolService::Stub::*)(grpc::ClientContext*, const Request&,
                                                           Response*);

  template <typename Request, typename Response>
  Response Call(Method<Request, Response> method, const Request& request) {
    grpc::ClientContext context;
    Response response;
    status_ = ((*stub_).*method)(&context, request, &response);
    return response;
  }

  wire::ListOrgInboxItemsResponse List(const std::string& user) {
    wire::ListOrgInboxItemsRequest request;
    request.set_user_id(user);
    return Call(&wire::ToolService::Stub::ListOrgInboxItems, request);
  }

  wire::OrgInboxItemDetails Item(const std::string& user, const std::string& text) {
    for (const auto& item : List(user).items()) {
      if (item.text() == text) return item;
    }
    ADD_FAILURE() << "no item " << text;
    return {};
  }

  wire::ToggleOrgInboxItemResponse Toggle(const std::string& user, int line,
                                          const std::string& id = "",
                                          const std::string& version = "") {
    wire::ToggleOrgInboxItemRequest request;
    request.set_user_id(user);
    request.set_line_index(line);
    request.set_item_id(id);
    request.set_item_version(version);
    return Call(&wire::ToolService::Stub::ToggleOrgInboxItem, request);
  }

  Result<tools::ToolResult> CallTool(std::string_view tool, const json::Object& arguments,
                                     const std::string& user = "ada") {
    return async::BlockOn(registry_.Call(tool, arguments, {.user_id = user}));
  }

  workspace::testing::TemporaryFolder folder_;
  baton::testing::ManualClock clock_;
  IdGenerator ids_{clock_, 7};
  MetricsRegistry metrics_;
  async::Runtime runtime_{2};
  std::unique_ptr<storage::Database> database_;
  std::unique_ptr<workspace::DocumentStore> documents_;
  std::unique_ptr<org::OrgStore> store_;
  std::unique_ptr<ToolServer> server_;
  std::unique_ptr<wire::ToolService::Stub> stub_;
  tools::ToolRegistry registry_;
  grpc::Status status_;
};

TEST_F(OrgCallsTest, ListsTheInboxAsTheContractSays) {
  const auto list = List("ada");
  ASSERT_TRUE(list.success()) << list.error();
  EXPECT_EQ(list.path(), "/org/inbox.org");
  ASSERT_EQ(list.items_size(), 4);
  const auto& box = list.items(0);
  EXPECT_EQ(box.line_index(), 0);
  EXPECT_EQ(box.text(), "Buy milk");
  EXPECT_EQ(box.item_type(), "checkbox");
  EXPECT_THAT(box.tags(), ElementsAre("errand"));
  EXPECT_FALSE(box.is_done());
  const auto& task = list.items(1);
  EXPECT_EQ(task.line_index(), 1);
  EXPECT_EQ(task.item_type(), "todo");
  EXPECT_EQ(task.todo_state(), "TODO");
  EXPECT_EQ(task.item_id(), "call-bob");
  EXPECT_TRUE(list.items(2).is_done());
  EXPECT_EQ(list.items(3).scheduled(), "<2025-12-31 Wed ++2d>");
}

TEST_F(OrgCallsTest, GivesItemsWithTheirTextOpenOnesFirst) {
  wire::OrgInboxRequest request;
  request.set_user_id("ada");
  auto response = Call(&wire::ToolService::Stub::GetOrgInboxItems, request);
  ASSERT_TRUE(status_.ok());
  std::vector<std::string> titles;
  for (const auto& item : response.items()) titles.push_back(item.title());
  EXPECT_THAT(titles, ElementsAre("Buy milk", "Call Bob", "Water plants", "Pay rent"));
  EXPECT_EQ(response.items(1).content(), "About the boat.");
  EXPECT_EQ(response.items(1).item_id(), "call-bob");
  EXPECT_EQ(response.items(3).metadata().at("is_done"), "true");
  request.set_limit(1);
  EXPECT_EQ(Call(&wire::ToolService::Stub::GetOrgInboxItems, request).items_size(), 1);
  request.set_limit(-1);
  Call(&wire::ToolService::Stub::GetOrgInboxItems, request);
  EXPECT_EQ(status_.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(OrgCallsTest, SearchesWhereItIsTold) {
  wire::OrgSearchRequest request;
  request.set_user_id("ada");
  request.set_query("boat");
  const auto response = Call(&wire::ToolService::Stub::SearchOrgFiles, request);
  ASSERT_EQ(response.results_size(), 1);
  const auto& hit = response.results(0);
  EXPECT_EQ(hit.document_name(), "inbox.org");
  EXPECT_THAT(hit.document_id(), StartsWith("org_"));
  EXPECT_EQ(hit.heading(), "Call Bob");
  EXPECT_EQ(hit.content(), "About the boat.");
  EXPECT_EQ(hit.line_number(), 6);
  EXPECT_EQ(hit.metadata().at("item_id"), "call-bob");
  request.add_search_types("headings");
  EXPECT_EQ(Call(&wire::ToolService::Stub::SearchOrgFiles, request).results_size(), 0);
  request.add_search_types("content");
  EXPECT_EQ(Call(&wire::ToolService::Stub::SearchOrgFiles, request).results_size(), 1);
}

TEST_F(OrgCallsTest, SaysWhatIsWrongWithASearch) {
  const auto error = [this](const wire::OrgSearchRequest& request) {
    Call(&wire::ToolService::Stub::SearchOrgFiles, request);
    EXPECT_EQ(status_.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
    return status_.error_message();
  };
  wire::OrgSearchRequest request;
  request.set_user_id("ada");
  EXPECT_EQ(error(request), "OrgSearchRequest.query is empty");
  request.set_query("x");
  request.set_limit(101);
  EXPECT_THAT(error(request), StartsWith("OrgSearchRequest.limit is 101"));
  request.set_limit(0);
  request.add_search_types("smells");
  EXPECT_THAT(error(request), HasSubstr("'smells' is not known; there are headings"));
}

TEST_F(OrgCallsTest, AddsAnItem) {
  wire::AddOrgInboxItemRequest request;
  request.set_user_id("ada");
  request.set_text("Renew passport");
  request.set_schedule("<2026-03-01 Sun>");
  request.set_repeater("+1y");
  request.add_tags("admin");
  const auto added = Call(&wire::ToolService::Stub::AddOrgInboxItem, request);
  ASSERT_TRUE(added.success()) << added.error();
  const auto item = Item("ada", "Renew passport");
  EXPECT_EQ(added.line_index(), item.line_index());
  EXPECT_EQ(added.item_id(), item.item_id());
  EXPECT_EQ(item.scheduled(), "<2026-03-01 Sun +1y>");
  EXPECT_THAT(TextOf("ada", "/org/inbox.org"), StartsWith(kAdasInbox));
  request.set_kind("poem");
  const auto refused = Call(&wire::ToolService::Stub::AddOrgInboxItem, request);
  EXPECT_TRUE(status_.ok());
  EXPECT_FALSE(refused.success());
  EXPECT_THAT(refused.error(), HasSubstr("kind 'poem': not known"));
}

TEST_F(OrgCallsTest, TogglesByLineAndById) {
  const auto by_line = Toggle("ada", 1);
  ASSERT_TRUE(by_line.success()) << by_line.error();
  EXPECT_EQ(by_line.updated_index(), 1);
  EXPECT_EQ(by_line.new_line(), "* DONE Call Bob");
  const auto by_id = Toggle("ada", -1, "call-bob", by_line.item_version());
  ASSERT_TRUE(by_id.success()) << by_id.error();
  EXPECT_EQ(by_id.new_line(), "* TODO Call Bob");
  EXPECT_EQ(TextOf("ada", "/org/inbox.org"), kAdasInbox);
  // A task that repeats moves on: to the 2nd, as the 31st has passed.
  const auto water = Item("ada", "Water plants");
  ASSERT_TRUE(Toggle("ada", water.line_index()).success());
  EXPECT_EQ(Item("ada", "Water plants").scheduled(), "<2026-01-02 Fri ++2d>");
  EXPECT_EQ(Item("ada", "Water plants").todo_state(), "TODO");
}

TEST_F(OrgCallsTest, RefusesStaleAndWrongItems) {
  const auto task = Item("ada", "Call Bob");
  ASSERT_TRUE(Toggle("ada", 1).success());
  EXPECT_THAT(Toggle("ada", -1, task.item_id(), task.item_version()).error(),
              HasSubstr("has changed since it was read"));
  EXPECT_THAT(Toggle("ada", 5).error(), HasSubstr("line 5 of /org/inbox.org begins no item"));
  EXPECT_THAT(Toggle("ada", -1).error(), HasSubstr("which entry?"));
  EXPECT_THAT(Toggle("ada", -1, "nothing").error(), HasSubstr("'nothing': no such entry"));
}

TEST_F(OrgCallsTest, TheDatabasesWordsReachNobody) {
  std::vector<storage::Statement> broken = {{"ALTER TABLE org_files RENAME TO gone", {}}};
  ASSERT_TRUE(async::BlockOn(database_->Write(std::move(broken), storage::Durability::kBuffered)));
  const auto toggled = Toggle("ada", -1, "call-bob");
  EXPECT_THAT(toggled.error(), IsEmpty());
  EXPECT_FALSE(status_.ok());
  EXPECT_THAT(status_.error_message(), Not(HasSubstr("org_files")));
}

TEST_F(OrgCallsTest, UpdatesSchedulesAndTags) {
  wire::UpdateOrgInboxItemRequest update;
  update.set_user_id("ada");
  update.set_item_id("call-bob");
  update.set_new_text("Call Robert");
  const auto updated = Call(&wire::ToolService::Stub::UpdateOrgInboxItem, update);
  ASSERT_TRUE(updated.success()) << updated.error();
  EXPECT_EQ(updated.new_line(), "* TODO Call Robert");
  update.set_new_text("a\nb");
  EXPECT_THAT(Call(&wire::ToolService::Stub::UpdateOrgInboxItem, update).error(),
              HasSubstr("several lines"));

  wire::SetOrgInboxScheduleRequest schedule;
  schedule.set_user_id("ada");
  schedule.set_line_index(1);
  schedule.set_scheduled("<2026-03-01 Sun>");
  schedule.set_repeater(".+1w");
  const auto scheduled = Call(&wire::ToolService::Stub::SetOrgInboxSchedule, schedule);
  ASSERT_TRUE(scheduled.success()) << scheduled.error();
  EXPECT_EQ(scheduled.scheduled_line(), "SCHEDULED: <2026-03-01 Sun .+1w>");
  EXPECT_EQ(scheduled.updated_index(), 1);
  schedule.set_scheduled("");
  EXPECT_THAT(Call(&wire::ToolService::Stub::SetOrgInboxSchedule, schedule).error(),
              HasSubstr("'' is no org timestamp"));

  wire::ApplyOrgInboxTagsRequest tags;
  tags.set_user_id("ada");
  tags.set_line_index(0);
  tags.add_tags("food");
  const auto tagged = Call(&wire::ToolService::Stub::ApplyOrgInboxTags, tags);
  ASSERT_TRUE(tagged.success()) << tagged.error();
  EXPECT_THAT(tagged.applied_tags(), ElementsAre("errand", "food"));
  tags.set_tags(0, "a:b");
  EXPECT_THAT(Call(&wire::ToolService::Stub::ApplyOrgInboxTags, tags).error(),
              HasSubstr("is no tag"));
}

TEST_F(OrgCallsTest, ArchivesAppendsAndTellsThePath) {
  wire::ArchiveOrgInboxDoneRequest archive;
  archive.set_user_id("ada");
  const auto archived = Call(&wire::ToolService::Stub::ArchiveOrgInboxDone, archive);
  ASSERT_TRUE(archived.success()) << archived.error();
  EXPECT_EQ(archived.archived_count(), 1);
  EXPECT_THAT(TextOf("ada", "/org/inbox.org_archive"), HasSubstr("* DONE Pay rent"));

  wire::AppendOrgInboxTextRequest append;
  append.set_user_id("ada");
  append.set_text("* Boat :project:\n** TODO Find it");
  EXPECT_TRUE(Call(&wire::ToolService::Stub::AppendOrgInboxText, append).success());
  EXPECT_EQ(Item("ada", "Find it").todo_state(), "TODO");
  append.set_text("");
  EXPECT_FALSE(Call(&wire::ToolService::Stub::AppendOrgInboxText, append).success());

  wire::GetOrgInboxPathRequest path;
  path.set_user_id("ada");
  EXPECT_EQ(Call(&wire::ToolService::Stub::GetOrgInboxPath, path).path(), "/org/inbox.org");
}

TEST_F(OrgCallsTest, TellsTheAgenda) {
  wire::OrgAgendaRequest request;
  request.set_user_id("ada");
  const auto agenda = Call(&wire::ToolService::Stub::GetOrgAgenda, request);
  ASSERT_TRUE(status_.ok()) << status_.error_message();
  EXPECT_EQ(agenda.today(), "2026-01-01");
  ASSERT_EQ(agenda.entries_size(), 4);
  EXPECT_EQ(agenda.entries(0).title(), "Water plants");
  EXPECT_EQ(agenda.entries(0).kind(), "scheduled");
  EXPECT_EQ(agenda.entries(0).days_late(), 1);
  EXPECT_EQ(agenda.entries(1).day(), "2026-01-02");
  EXPECT_EQ(agenda.entries(3).day(), "2026-01-06");
  request.set_from_day("soon");
  Call(&wire::ToolService::Stub::GetOrgAgenda, request);
  EXPECT_EQ(status_.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status_.error_message(), HasSubstr("from_day is 'soon'"));
}

TEST_F(OrgCallsTest, Refiles) {
  wire::RefileOrgItemRequest request;
  request.set_user_id("ada");
  request.set_item_id("call-bob");
  EXPECT_THAT(Call(&wire::ToolService::Stub::RefileOrgItem, request).error(),
              HasSubstr("neither target_item_id nor target_path"));
  request.set_target_item_id("projects");
  const auto moved = Call(&wire::ToolService::Stub::RefileOrgItem, request);
  ASSERT_TRUE(moved.success()) << moved.error();
  EXPECT_EQ(moved.path(), "/org/work.org");
  EXPECT_EQ(moved.updated_index(), 4);
  EXPECT_EQ(moved.item_id(), "call-bob");
}

TEST_F(OrgCallsTest, OtherUsersAndNobodyReachNothing) {
  const auto bobs = Item("bob", "Secret of Bob");
  EXPECT_THAT(Toggle("ada", -1, bobs.item_id()).error(), HasSubstr("'bobs': no such entry"));
  wire::RefileOrgItemRequest refile;
  refile.set_user_id("ada");
  refile.set_item_id("call-bob");
  refile.set_target_item_id("bobs");
  EXPECT_THAT(Call(&wire::ToolService::Stub::RefileOrgItem, refile).error(),
              HasSubstr("'bobs': no such entry"));
  wire::OrgSearchRequest search;
  search.set_query("secret boat");
  for (const std::string user : {"", "system"}) {
    EXPECT_THAT(List(user).items(), IsEmpty());
    EXPECT_TRUE(status_.ok());
    search.set_user_id(user);
    EXPECT_EQ(Call(&wire::ToolService::Stub::SearchOrgFiles, search).results_size(), 0);
    EXPECT_THAT(Toggle(user, 0).error(), HasSubstr("is no person"));
    EXPECT_THAT(Toggle(user, -1, "bobs").error(), HasSubstr("is no person"));
    wire::AddOrgInboxItemRequest add;
    add.set_user_id(user);
    add.set_text("x");
    EXPECT_THAT(Call(&wire::ToolService::Stub::AddOrgInboxItem, add).error(),
                HasSubstr("is no person"));
    wire::GetOrgInboxPathRequest path;
    path.set_user_id(user);
    EXPECT_FALSE(Call(&wire::ToolService::Stub::GetOrgInboxPath, path).success());
  }
  EXPECT_EQ(TextOf("ada", "/org/inbox.org"), kAdasInbox);
}

TEST_F(OrgCallsTest, ToolsSayWhatTheyDoToTheWorld) {
  std::vector<std::string> reads;
  std::vector<std::string> writes;
  for (const std::string& name : registry_.names()) {
    const bool read = registry_.Find(name)->definition().effect == tools::Effect::kRead;
    if (!read) EXPECT_EQ(registry_.Find(name)->definition().effect, tools::Effect::kWrite);
    (read ? reads : writes).push_back(name);
  }
  EXPECT_THAT(reads, ElementsAre("get_org_agenda", "get_org_inbox_items", "get_org_inbox_path",
                                 "list_org_inbox_items", "search_org_files"));
  EXPECT_THAT(writes,
              ElementsAre("add_org_inbox_item", "append_org_inbox_text", "apply_org_inbox_tags",
                          "archive_org_inbox_done", "refile_org_item", "set_org_inbox_schedule",
                          "toggle_org_inbox_item", "update_org_inbox_item"));
}

TEST_F(OrgCallsTest, ToolsReadWithIdsAndVersions) {
  const auto found = CallTool("search_org_files", {{"query", "boat"}, {"in", {"content"}}});
  ASSERT_TRUE(found) << found.error().ToString();
  EXPECT_THAT(found->text, StartsWith("[1] TODO Call Bob — /org/inbox.org:6\nitem_id: call-bob"));
  ASSERT_EQ(found->sources.size(), 1U);
  EXPECT_EQ(found->sources[0].excerpt, "About the boat.");
  EXPECT_THAT(CallTool("search_org_files", {{"query", "zebra"}})->text, StartsWith("No entry"));
  EXPECT_THAT(CallTool("list_org_inbox_items", {})->text,
              HasSubstr("2. [TODO] Call Bob item_id: call-bob item_version: "));
  EXPECT_THAT(CallTool("get_org_inbox_items", {{"limit", 2}})->text,
              HasSubstr("item_id: call-bob"));
  EXPECT_EQ(CallTool("get_org_inbox_path", {})->text, "/org/inbox.org");
  EXPECT_THAT(CallTool("get_org_agenda", {})->text,
              HasSubstr("2026-01-01  scheduled: NEXT Water plants (1 days late)"));
  EXPECT_FALSE(CallTool("get_org_inbox_path", {}, "system"));
}

TEST_F(OrgCallsTest, ToolsChangeWhatTheModelHasSeen) {
  const auto item = Item("ada", "Call Bob");
  const json::Object named{{"item_id", item.item_id()}, {"item_version", item.item_version()}};
  const auto toggled = CallTool("toggle_org_inbox_item", named);
  ASSERT_TRUE(toggled) << toggled.error().ToString();
  EXPECT_THAT(toggled->text, StartsWith("Now: * DONE Call Bob\nitem_id: call-bob item_version: "));
  const auto again = CallTool("toggle_org_inbox_item", named);
  ASSERT_FALSE(again);
  EXPECT_THAT(again.error().message(), HasSubstr("has changed since it was read"));
  EXPECT_EQ(CallTool("toggle_org_inbox_item", {{"item_id", "call-bob"}}).error().code(),
            Code::kInvalidArgument);

  const auto change = [this](std::string_view tool, json::Object arguments) {
    const auto current = Item("ada", "Buy milk");
    arguments["item_id"] = current.item_id();
    arguments["item_version"] = current.item_version();
    const auto result = CallTool(tool, arguments);
    return result ? result->text : result.error().ToString();
  };
  EXPECT_THAT(change("apply_org_inbox_tags", {{"tags", {"food"}}}),
              StartsWith("Tags now: errand, food"));
  EXPECT_THAT(change("set_org_inbox_schedule", {{"scheduled", "2026-03-01"}}),
              HasSubstr("<2026-03-01 Sun>"));
}

TEST_F(OrgCallsTest, ToolsAddMoveAndArchive) {
  const auto added = CallTool("add_org_inbox_item", {{"text", "Ada Lovelace"},
                                                     {"kind", "contact"},
                                                     {"tags", {"people"}},
                                                     {"contact_properties", {{"EMAIL", "a@b.c"}}}});
  ASSERT_TRUE(added) << added.error().ToString();
  EXPECT_EQ(Item("ada", "Ada Lovelace").item_type(), "contact");
  const auto item = Item("ada", "Ada Lovelace");
  const auto updated = CallTool("update_org_inbox_item", {{"item_id", item.item_id()},
                                                          {"item_version", item.item_version()},
                                                          {"new_text", "Countess Lovelace"}});
  ASSERT_TRUE(updated) << updated.error().ToString();
  const auto renamed = Item("ada", "Countess Lovelace");
  const auto moved = CallTool("refile_org_item", {{"item_id", renamed.item_id()},
                                                  {"item_version", renamed.item_version()},
                                                  {"target_path", "/org/work.org"}});
  ASSERT_TRUE(moved) << moved.error().ToString();
  EXPECT_THAT(moved->text, StartsWith("Moved to /org/work.org:5"));
  EXPECT_EQ(CallTool("archive_org_inbox_done", {})->text, "1 archived");
  EXPECT_TRUE(CallTool("append_org_inbox_text", {{"text", "* x\n"}}));
  EXPECT_FALSE(CallTool("append_org_inbox_text", {{"text", "* x\n"}}, ""));
}

}  // namespace
}  // namespace baton::rpc
