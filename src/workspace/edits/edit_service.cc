#include "workspace/edits/edit_service.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/utf16.h"
#include "workspace/edits/internal/edit_tables.h"
#include "workspace/edits/internal/new_text.h"
#include "workspace/importer.h"
#include "workspace/internal/set_front_matter.h"

namespace baton::workspace::edits {
namespace {

Status CheckWriter(const std::string& user_id) {
  if (!user_id.empty() && user_id != "system") return {};
  return Fail(Code::kInvalidArgument, "user_id '{}' is no person: documents are personal", user_id);
}

Result<std::string> EditWhole(const std::string& content, const ContentEdit& edit) {
  if (edit.mode == ContentMode::kReplace) return edit.content;
  if (edit.mode == ContentMode::kAppend) {
    const bool needs_end = !content.empty() && !content.ends_with('\n');
    return content + (needs_end ? "\n" : "") + edit.content;
  }
  const std::u16string text = ToUtf16(content);
  const auto at = static_cast<std::size_t>(edit.position);
  if (edit.position < 0 || at > text.size()) {
    return Fail(Code::kInvalidArgument, "insert_position is {}: the document has {} characters",
                edit.position, text.size());
  }
  const bool splits = at > 0 && at < text.size() && text[at] >= 0xDC00 && text[at] <= 0xDFFF;
  if (splits) return Fail(Code::kInvalidArgument, "insert_position {} splits a character", at);
  return ToUtf8(Replace(text, {{.begin = at, .end = at, .text = ToUtf16(edit.content)}}));
}

// An edit lost a race that often: no chance any more.
constexpr int kEditAttempts = 10;

Result<std::string> EditedText(const std::string& content, const Proposal& edit) {
  if (edit.content_edit) return EditWhole(content, *edit.content_edit);
  if (edit.operations.empty() || edit.operations.size() > kMaxOperations) {
    return Fail(Code::kInvalidArgument, "{} operations: 1 to {} are possible",
                edit.operations.size(), kMaxOperations);
  }
  const std::u16string text = ToUtf16(content);
  auto places = ResolveOperations(text, edit.operations);
  if (!places) return Fail(std::move(places).error());
  return ToUtf8(Replace(text, *places));
}

Result<std::string> EditText(const std::string& content, const Proposal& edit) {
  auto edited = EditedText(content, edit);
  return edited ? internal::AsNewText(*std::move(edited)) : std::move(edited);
}

// What can be done to `content` says where, so that it is done there or not at all later on.
Status PinDown(const std::string& content, Proposal& edit) {
  BATON_TRY(EditText(content, edit));
  if (edit.content_edit) return {};
  const std::u16string text = ToUtf16(content);
  const auto places = ResolveOperations(text, edit.operations);
  if (!places) return places.error();
  RememberPlaces(text, *places, edit.operations);
  return {};
}

// Appending goes anywhere; a whole new text, or a place that is only counted, is meant for the
// text that the proposer read.
bool NeedsSameText(const Proposal& edit) {
  return edit.content_edit && edit.content_edit->mode != ContentMode::kAppend;
}

Result<std::vector<Operation>> Select(std::vector<Operation> operations,
                                      const std::vector<int>& selected) {
  if (selected.empty()) return operations;
  std::vector<Operation> chosen;
  for (const int index : std::set<int>(selected.begin(), selected.end())) {
    if (index < 0 || static_cast<std::size_t>(index) >= operations.size()) {
      return Fail(Code::kInvalidArgument, "operation {} is selected, the proposal has {}", index,
                  operations.size());
    }
    chosen.push_back(std::move(operations[static_cast<std::size_t>(index)]));
  }
  return chosen;
}

}  // namespace

async::Task<Result<std::unique_ptr<EditService>>> EditService::Open(storage::Database& database,
                                                                    DocumentStore& documents,
                                                                    const Clock& clock,
                                                                    IdGenerator& ids) {
  BATON_CO_TRY(co_await storage::Migrate(database, "edits", internal::EditMigrations()));
  co_return std::unique_ptr<EditService>(new EditService(database, documents, clock, ids));
}

async::Task<Result<DocumentText>> EditService::LoadForEdit(const std::string& user_id,
                                                           const std::string& document_id) {
  BATON_CO_TRY(CheckWriter(user_id));
  auto text = co_await documents_.Load(user_id, document_id);
  if (!text) co_return Fail(std::move(text).error());
  if (text->document.content_type == "text/org") {
    co_return Fail(Code::kFailedPrecondition,
                   "document '{}' is an org file: change it with the org tools", document_id);
  }
  co_return text;
}

async::Task<Result<std::string>> EditService::Propose(std::string user_id, Proposal proposal) {
  const auto was = co_await LoadForEdit(user_id, proposal.document_id);
  if (!was) co_return Fail(was.error());
  BATON_CO_TRY(co_await reading_.Run([&] { return PinDown(was->content, proposal); }));
  const std::string id = ids_.New("proposal");
  std::vector<storage::Statement> batch;
  batch.push_back(
      {"INSERT INTO edit_proposals (id, user_id, document_id, source_hash, edit, agent,"
       " summary, created_at, applied_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '')",
       {id, user_id, proposal.document_id, was->source_hash, internal::EncodeEdit(proposal),
        proposal.agent, proposal.summary, FormatTimestamp(clock_.Now())}});
  BATON_CO_TRY(co_await database_.Write(std::move(batch), storage::Durability::kFlushed));
  co_return id;
}

// Who applies a proposal marks it within the change itself: of two at once, one does, and none
// is marked whose change was not made.
async::Task<Result<Applied>> EditService::Apply(std::string user_id, std::string proposal_id,
                                                std::vector<int> selected) {
  const auto rows = co_await database_.Read(
      {"SELECT document_id, edit, agent, summary, applied_at, source_hash FROM edit_proposals"
       " WHERE user_id = $1 AND id = $2",
       {user_id, proposal_id}});
  if (!rows) co_return Fail(rows.error());
  if (rows->rows.empty()) {
    co_return Fail(Code::kNotFound, "proposal '{}': no such proposal", proposal_id);
  }
  if (!rows->Text(0, 4).empty()) {
    co_return Fail(Code::kFailedPrecondition, "proposal '{}' was applied at {}", proposal_id,
                   rows->Text(0, 4));
  }
  auto proposal = internal::DecodeEdit(rows->Text(0, 1));
  if (!proposal) co_return Fail(std::move(proposal).error());
  proposal->document_id = rows->Text(0, 0);
  proposal->agent = rows->Text(0, 2);
  proposal->summary = rows->Text(0, 3);
  if (proposal->content_edit && !selected.empty()) {
    co_return Fail(Code::kInvalidArgument, "proposal '{}' is one edit: no operations to select",
                   proposal_id);
  }
  if (!proposal->content_edit) {
    auto chosen = Select(std::move(proposal->operations), selected);
    if (!chosen) co_return Fail(std::move(chosen).error());
    proposal->operations = *std::move(chosen);
  }
  std::vector<storage::Statement> mark;
  mark.push_back({"UPDATE edit_proposals SET applied_at = $2 WHERE id = $1 AND applied_at = ''",
                  {proposal_id, FormatTimestamp(clock_.Now())},
                  1});
  auto applied = co_await Make(user_id, *proposal, std::string(rows->Text(0, 5)), std::move(mark));
  if (applied || applied.error().code() != Code::kAborted) co_return applied;
  const auto now = co_await database_.Read(
      {"SELECT id FROM edit_proposals WHERE id = $1 AND applied_at <> ''", {proposal_id}});
  if (!now) co_return Fail(now.error());
  if (now->rows.empty()) co_return applied;
  co_return Fail(Code::kFailedPrecondition, "proposal '{}' is applied already", proposal_id);
}

async::Task<Result<Applied>> EditService::ApplyDirectly(std::string user_id, Proposal edit) {
  co_return co_await Make(user_id, edit, "", {});
}

// `made_for`: the source hash of the text that the edit was made for; empty: not known. Edits of
// one document wait for each other here; if another process comes first, the edit finds its place
// in the text that there is then.
async::Task<Result<Applied>> EditService::Make(const std::string& user_id, const Proposal& edit,
                                               std::string made_for,
                                               std::vector<storage::Statement> along) {
  const auto held = co_await writing_.Lock(edit.document_id);
  for (int attempt = 1;; ++attempt) {
    const auto was = co_await LoadForEdit(user_id, edit.document_id);
    if (!was) co_return Fail(was.error());
    if (!made_for.empty() && made_for != was->source_hash && NeedsSameText(edit)) {
      co_return Fail(Code::kAborted,
                     "document '{}' changed since the proposal: read it again and propose anew",
                     edit.document_id);
    }
    Applied applied{.document_id = edit.document_id,
                    .operations = edit.content_edit ? 1 : static_cast<int>(edit.operations.size())};
    auto edited = co_await reading_.Run([&] {
      auto text = EditText(was->content, edit);
      if (text) applied.characters = Utf16Length(*text);
      return text;
    });
    if (!edited) co_return Fail(std::move(edited).error());
    const Status saved =
        co_await Save(user_id, *was, *std::move(edited), "", {edit.agent, edit.summary}, along);
    if (saved.ok()) co_return applied;
    const bool try_again = saved.code() == Code::kAborted && !NeedsSameText(edit);
    if (!try_again || attempt == kEditAttempts) co_return Fail(saved);
  }
}

// `content` is as AsNewText() gives it. An empty title: the one that the text has now, or had.
async::Task<Status> EditService::Save(const std::string& user_id, const DocumentText& was,
                                      std::string content, std::string title, ChangeNote note,
                                      std::vector<storage::Statement> along) {
  const bool is_markdown = was.document.content_type == "text/markdown";
  if (content == was.content && (title.empty() || title == was.document.title)) {
    if (along.empty()) co_return Status();
    const auto written = co_await database_.Write(std::move(along), storage::Durability::kFlushed);
    co_return written ? Status() : written.error();
  }
  ParsedDocument document = co_await reading_.Run(
      [&] { return ParseText(was.document.path, was.document.content_type, std::move(content)); });
  if (!is_markdown) {
    document.metadata = was.document.metadata;
    document.title = was.document.title;
  }
  if (!title.empty()) document.title = std::move(title);
  co_return co_await documents_.Change(user_id, was, std::move(document), std::move(note),
                                       std::move(along));
}

async::Task<Status> EditService::Undo(std::string user_id, std::string document_id) {
  const auto held = co_await writing_.Lock(document_id);
  const auto was = co_await LoadForEdit(user_id, document_id);
  if (!was) co_return was.error();
  const auto version = co_await documents_.LastVersion(user_id, document_id);
  if (!version) co_return version.error();
  ParsedDocument document = co_await reading_.Run(
      [&] { return ParseText(was->document.path, was->document.content_type, version->content); });
  co_return co_await documents_.Revert(user_id, *was, *version, std::move(document));
}

async::Task<Result<std::vector<std::string>>> EditService::SetMetadata(std::string user_id,
                                                                       std::string document_id,
                                                                       MetadataChange change) {
  const auto held = co_await writing_.Lock(document_id);
  const auto was = co_await LoadForEdit(user_id, document_id);
  if (!was) co_return Fail(was.error());
  const bool is_markdown = was->document.content_type == "text/markdown";
  if (change.type && !is_markdown) {
    co_return Fail(Code::kFailedPrecondition,
                   "document '{}' is {}: only Markdown has a type in its front matter", document_id,
                   was->document.content_type);
  }
  if ((change.title && change.title->empty()) || (change.type && change.type->empty())) {
    co_return Fail(Code::kInvalidArgument, "a title or type may not be empty");
  }
  std::vector<std::string> changed;
  std::string content = was->content;
  const auto set = [&](const char* key, const std::string& value) {
    content = workspace::internal::SetFrontMatterField(content, key,
                                                       workspace::internal::YamlText(value));
  };
  if (change.title && *change.title != was->document.title) {
    if (is_markdown) set("title", *change.title);
    changed.emplace_back("title");
  }
  const auto type = was->document.metadata.find("type");
  if (change.type && (type == was->document.metadata.end() || type->second != *change.type)) {
    set("type", *change.type);
    changed.emplace_back("frontmatter_type");
  }
  if (changed.empty()) co_return changed;
  std::string title = is_markdown ? "" : change.title.value_or("");
  auto text = co_await reading_.Run([&] { return internal::AsNewText(std::move(content)); });
  if (!text) co_return Fail(std::move(text).error());
  BATON_CO_TRY(
      co_await Save(user_id, *was, *std::move(text), std::move(title), {"", "metadata"}, {}));
  co_return changed;
}

}  // namespace baton::workspace::edits
