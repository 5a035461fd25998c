// EditService: files, folders and tags.
#include <algorithm>
#include <cctype>
#include <map>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/utf8.h"
#include "workspace/edits/edit_service.h"
#include "workspace/edits/internal/edit_tables.h"
#include "workspace/edits/internal/new_text.h"
#include "workspace/importer.h"
#include "workspace/internal/blocks.h"
#include "workspace/internal/document_labels.h"
#include "workspace/internal/document_rows.h"
#include "workspace/internal/set_front_matter.h"

namespace baton::workspace::edits {
namespace {

constexpr std::size_t kMaxNameBytes = 200;
constexpr std::size_t kMaxTitleBytes = 1000;
constexpr std::size_t kMaxTags = 100;

Status CheckName(std::string_view name, std::string_view what) {
  const bool control = std::ranges::any_of(
      name, [](char c) { return static_cast<unsigned char>(c) < 0x20U || c == '/'; });
  if (name.empty() || name.size() > kMaxNameBytes || name == "." || name == ".." || control ||
      !IsValidUtf8(name)) {
    return Fail(Code::kInvalidArgument,
                "'{}' is no name of a {}: 1 to {} bytes without '/' are possible",
                Utf8Prefix(ReplaceInvalidUtf8(name), 60), what, kMaxNameBytes);
  }
  return {};
}

// A tag is one of a list in the front matter, between commas.
Status CheckFiling(const NewFile& file) {
  if (file.title.size() > kMaxTitleBytes || file.category.size() > kMaxNameBytes) {
    return Fail(Code::kInvalidArgument, "a title has at most {} bytes, a category {}",
                kMaxTitleBytes, kMaxNameBytes);
  }
  if (file.tags.size() > kMaxTags) {
    return Fail(Code::kInvalidArgument, "{} tags: at most {}", file.tags.size(), kMaxTags);
  }
  for (const std::string& tag : file.tags) {
    if (tag.size() > kMaxNameBytes || tag.find_first_of(",;\n\r") != std::string::npos ||
        workspace::internal::CanonicalTag(tag).empty()) {
      return Fail(Code::kInvalidArgument,
                  "'{}' is no tag: 1 to {} bytes without ',' and ';' are possible",
                  Utf8Prefix(ReplaceInvalidUtf8(tag), 60), kMaxNameBytes);
    }
  }
  return {};
}

std::string ParentOf(const std::string& path) { return path.substr(0, path.rfind('/')); }

std::string LowerCaseAscii(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower;
}

// The content with title, tags and category in its front matter.
std::string WithFrontMatter(const NewFile& file) {
  using workspace::internal::SetFrontMatterField;
  using workspace::internal::YamlText;
  std::string content = file.content;
  if (!file.title.empty()) {
    content = SetFrontMatterField(content, "title", YamlText(file.title));
  }
  if (!file.category.empty()) {
    content = SetFrontMatterField(content, "category", YamlText(file.category));
  }
  if (!file.tags.empty()) {
    std::vector<std::string> tags;
    tags.reserve(file.tags.size());
    for (const std::string& tag : file.tags) tags.push_back(YamlText(tag));
    content = SetFrontMatterField(content, "tags", fmt::format("[{}]", fmt::join(tags, ", ")));
  }
  return content;
}

storage::Statement InsertFolder(const std::string& user_id, const std::string& path,
                                const std::string& now) {
  return {
      "INSERT INTO user_folders (user_id, path, created_at) VALUES ($1, $2, $3)"
      " ON CONFLICT (user_id, path) DO NOTHING",
      {user_id, path, now}};
}

}  // namespace

async::Task<Result<std::vector<Folder>>> EditService::Folders(std::string user_id) {
  std::map<std::string, Folder> folders;
  const auto add = [&folders](const std::string& path) -> Folder& {
    for (std::string each = path; !each.empty(); each = ParentOf(each)) {
      Folder& folder = folders[each];
      if (!folder.path.empty()) break;
      const std::string parent = ParentOf(each);
      folder = {.id = internal::FolderId(each),
                .path = each,
                .parent_id = parent.empty() ? std::string() : internal::FolderId(parent)};
    }
    return folders[path];
  };
  const auto rows =
      co_await database_.Read({"SELECT path FROM user_folders WHERE user_id = $1", {user_id}});
  if (!rows) co_return Fail(rows.error());
  for (std::size_t row = 0; row < rows->rows.size(); ++row) add(std::string(rows->Text(row, 0)));
  const auto documents = co_await documents_.List(user_id);
  if (!documents) co_return Fail(documents.error());
  for (const Document& document : *documents) {
    const std::string folder = ParentOf(document.path);
    if (!folder.empty()) ++add(folder).documents;
  }
  std::vector<Folder> list;
  list.reserve(folders.size());
  for (auto& [path, folder] : folders) list.push_back(std::move(folder));
  co_return list;
}

// The path of the folder that is meant; of one named by path whether it is there or not.
async::Task<Result<std::string>> EditService::FolderPath(const std::string& user_id, std::string id,
                                                         std::string path) {
  if (!id.empty()) {
    auto folders = co_await Folders(user_id);
    if (!folders) co_return Fail(std::move(folders).error());
    for (Folder& folder : *folders) {
      if (folder.id == id) co_return std::move(folder.path);
    }
    co_return Fail(Code::kNotFound, "folder '{}': no such folder", id);
  }
  const std::string whole = path.starts_with('/') ? path : std::string(kOwnFiles) + "/" + path;
  std::string normal;
  std::string_view rest = whole;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('/'), rest.size());
    const std::string_view part = workspace::internal::Trim(rest.substr(0, end));
    if (!part.empty()) {
      BATON_CO_TRY(CheckName(part, "folder"));
      normal += fmt::format("/{}", part);
    }
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  if (normal.size() + kMaxNameBytes + 1 > workspace::internal::kMaxPathBytes) {
    co_return Fail(Code::kInvalidArgument, "a folder's path longer than {} bytes",
                   workspace::internal::kMaxPathBytes - kMaxNameBytes - 1);
  }
  co_return normal.empty() ? std::string(kOwnFiles) : normal;
}

async::Task<Result<Folder>> EditService::CreateFolder(std::string user_id, std::string name,
                                                      std::string parent_id,
                                                      std::string parent_path) {
  if (user_id.empty() || user_id == "system") {
    co_return Fail(Code::kInvalidArgument, "user_id '{}' is no person: folders are personal",
                   user_id);
  }
  BATON_CO_TRY(CheckName(name, "folder"));
  const auto parent = co_await FolderPath(user_id, std::move(parent_id), std::move(parent_path));
  if (!parent) co_return Fail(parent.error());
  Folder folder{.path = *parent + "/" + name, .parent_id = internal::FolderId(*parent)};
  folder.id = internal::FolderId(folder.path);
  const auto known = co_await Folders(user_id);
  if (!known) co_return Fail(known.error());
  if (std::ranges::find(*known, folder.path, &Folder::path) != known->end()) {
    co_return Fail(Code::kAlreadyExists, "folder '{}' exists already", folder.path);
  }
  std::vector<storage::Statement> batch;
  batch.push_back(InsertFolder(user_id, folder.path, FormatTimestamp(clock_.Now())));
  BATON_CO_TRY(co_await database_.Write(std::move(batch), storage::Durability::kFlushed));
  co_return folder;
}

async::Task<Result<CreatedFile>> EditService::CreateFile(std::string user_id, NewFile file) {
  if (user_id.empty() || user_id == "system") {
    co_return Fail(Code::kInvalidArgument, "user_id '{}' is no person: files are personal",
                   user_id);
  }
  BATON_CO_TRY(CheckName(file.filename, "file"));
  BATON_CO_TRY(CheckFiling(file));
  if (file.filename.find('.') == std::string::npos) file.filename += ".md";
  const auto folder = co_await FolderPath(user_id, file.folder_id, file.folder_path);
  if (!folder) co_return Fail(folder.error());
  const std::string extension = LowerCaseAscii(file.filename.substr(file.filename.rfind('.') + 1));
  const bool is_markdown = extension == "md" || extension == "markdown";
  if (!is_markdown && extension != "txt") {
    co_return Fail(Code::kInvalidArgument, "'{}': .md and .txt files can be made", file.filename);
  }
  auto document = co_await reading_.Run([&]() -> Result<ParsedDocument> {
    auto given = internal::AsNewText(std::move(file.content));
    if (!given) return Fail(std::move(given).error().Annotate(file.filename));
    file.content = *std::move(given);
    auto content = internal::AsNewText(is_markdown ? WithFrontMatter(file) : file.content);
    if (!content) return Fail(std::move(content).error().Annotate(file.filename));
    return ParseText(*folder + "/" + file.filename, is_markdown ? "text/markdown" : "text/plain",
                     *std::move(content));
  });
  if (!document) co_return Fail(std::move(document).error());
  if (!is_markdown && !file.title.empty()) document->title = file.title;
  const auto id = co_await documents_.Create(user_id, *std::move(document));
  if (!id) co_return Fail(id.error());
  std::vector<storage::Statement> batch;
  batch.push_back(InsertFolder(user_id, *folder, FormatTimestamp(clock_.Now())));
  BATON_CO_TRY(co_await database_.Write(std::move(batch), storage::Durability::kFlushed));
  co_return CreatedFile{*id, file.filename, internal::FolderId(*folder)};
}

async::Task<Result<std::vector<Document>>> EditService::FindByTags(std::string user_id,
                                                                   std::vector<std::string> tags) {
  std::vector<std::string> labels;
  for (const std::string& tag : tags) {
    const std::string canonical = workspace::internal::CanonicalTag(tag);
    if (canonical.empty()) co_return Fail(Code::kInvalidArgument, "'{}' is no tag", tag);
    labels.push_back("tag:" + canonical);
  }
  storage::Statement query{.params = {user_id}};
  query.sql = fmt::format("SELECT {} FROM documents AS d WHERE d.user_id = $1{} ORDER BY d.path",
                          workspace::internal::kDocumentColumns,
                          workspace::internal::HasLabels("d.id", user_id, labels, query));
  const auto rows = co_await database_.Read(std::move(query));
  if (!rows) co_return Fail(rows.error());
  std::vector<Document> documents;
  documents.reserve(rows->rows.size());
  for (std::size_t row = 0; row < rows->rows.size(); ++row) {
    documents.push_back(workspace::internal::ReadDocument(*rows, row));
  }
  co_return documents;
}

}  // namespace baton::workspace::edits
