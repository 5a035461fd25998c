#include "tools/remote/document_tools.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/utf16.h"
#include "base/utf8.h"
#include "tools/remote/internal/client_tool.h"
#include "tools/remote/internal/connection.h"
#include "tools/remote/internal/tool_text.h"

namespace baton::tools::remote {
namespace {

// ToolService's messages.
namespace wire = ::tool_service;
using internal::IntegerProperty;
using internal::NumberedBlock;
using internal::ObjectSchema;
using internal::StringProperty;
using internal::TextArgument;

constexpr std::int64_t kDefaultPassages = 8;
constexpr std::int64_t kMaxPassages = 20;
constexpr std::int64_t kMaxPieces = 1'000'000;

// About 10,000 tokens: what a model takes beside a conversation.
constexpr std::size_t kMaxDocumentBytes = 40'000;
// Of a whole document, as a citation shows it.
constexpr std::size_t kSourceExcerptBytes = 500;

class SearchDocumentsTool final : public Tool {
 public:
  explicit SearchDocumentsTool(std::shared_ptr<ToolServiceClient> client)
      : client_(std::move(client)),
        definition_{
            .name = "search_documents",
            .description =
                "Searches the user's documents. Use it for any question that their files may "
                "answer. Returns numbered passages with title and path; cite them by number. "
                "Search again with other words if the passages do not answer the question.",
            .parameters = ObjectSchema(
                {{"query", StringProperty("What to look for: the words that matter, in the "
                                          "documents' language. tag:name and "
                                          "category:\"two words\" leave only such documents")},
                 {"limit", json::Object{{"type", "integer"},
                                        {"minimum", 1},
                                        {"maximum", kMaxPassages},
                                        {"description", "How many passages; 8 if not given"}}}},
                {"query"}),
            .effect = Effect::kRead} {}

  const ToolDefinition& definition() const override { return definition_; }

  async::Task<Result<ToolResult>> Call(const json::Object& arguments,
                                       const ToolContext& context) override {
    const std::int64_t limit = json::GetInt(arguments, "limit", kDefaultPassages);
    auto passages = co_await client_->SearchDocuments(context, TextArgument(arguments, "query"),
                                                      static_cast<int>(limit));
    if (!passages) co_return Fail(std::move(passages).error());
    ToolResult result;
    if (passages->empty()) result.text = "No document matches.";
    for (FoundPassage& passage : *passages) {
      if (!result.text.empty()) result.text += "\n\n";
      result.text +=
          NumberedBlock(result.sources.size() + 1, passage.title, passage.path, passage.excerpt);
      result.sources.push_back({.id = std::move(passage.document_id),
                                .title = std::move(passage.title),
                                .locator = std::move(passage.path),
                                .excerpt = std::move(passage.excerpt),
                                .begin = passage.begin,
                                .end = passage.end});
    }
    co_return result;
  }

 private:
  const std::shared_ptr<ToolServiceClient> client_;
  const ToolDefinition definition_;
};

class GetDocumentTool final : public Tool {
 public:
  explicit GetDocumentTool(std::shared_ptr<ToolServiceClient> client)
      : client_(std::move(client)),
        definition_{
            .name = "get_document",
            .description =
                "Reads a whole document of the user's, by the id that a search or "
                "find_document_by_path has given. Long documents are cut.",
            .parameters = ObjectSchema(
                {{"document_id", StringProperty("The document's id, \"doc_…\"")}}, {"document_id"}),
            .effect = Effect::kRead} {}

  const ToolDefinition& definition() const override { return definition_; }

  async::Task<Result<ToolResult>> Call(const json::Object& arguments,
                                       const ToolContext& context) override {
    const std::string id = TextArgument(arguments, "document_id");
    auto card = co_await client_->GetDocument(context, id);
    if (!card) co_return Fail(std::move(card).error());
    auto content = co_await client_->GetDocumentContent(context, id);
    if (!content) co_return Fail(std::move(content).error());
    const std::string_view shown = Utf8Prefix(*content, kMaxDocumentBytes);
    const std::string& path = card->metadata["path"];
    ToolResult result;
    result.text = NumberedBlock(1, card->title, path, shown);
    if (shown.size() < content->size()) {
      result.text += fmt::format("\n\n(cut: the first {} of {} bytes are shown)", shown.size(),
                                 content->size());
    }
    const std::string_view excerpt = Utf8Prefix(shown, kSourceExcerptBytes);
    result.sources.push_back({.id = id,
                              .title = card->title,
                              .locator = path,
                              .excerpt = std::string(excerpt),
                              .begin = 0,
                              .end = Utf16Length(excerpt)});
    co_return result;
  }

 private:
  const std::shared_ptr<ToolServiceClient> client_;
  const ToolDefinition definition_;
};

// The pieces from `first` on, as many as a model can read.
async::Task<Result<ToolResult>> ReadChunks(ToolServiceClient& client, json::Object arguments,
                                           ToolContext context) {
  const std::string id = TextArgument(arguments, "document_id");
  const std::int64_t first = json::GetInt(arguments, "first", 0);
  auto card = co_await client.GetDocument(context, id);
  if (!card) co_return Fail(std::move(card).error());
  wire::DocumentRequest request;
  request.set_user_id(context.user_id);
  request.set_document_id(id);
  const auto pieces =
      co_await client.connection().Call<wire::DocumentRequest, wire::DocumentChunksResponse>(
          &ToolServiceClient::Connection::AsyncStub::GetDocumentChunks, std::move(request),
          std::move(context));
  if (!pieces) co_return Fail(pieces.error());
  const int count = pieces->chunks_size();
  if (first >= count) {
    co_return Fail(Code::kOutOfRange, "'{}' has {} pieces, 0 to {}", card->title, count, count - 1);
  }
  std::string text;
  int next = static_cast<int>(first);
  while (next < count && text.size() + pieces->chunks(next).content().size() <= kMaxDocumentBytes) {
    text += (text.empty() ? "" : "\n\n") + pieces->chunks(next).content();
    ++next;
  }
  ToolResult result;
  result.text = NumberedBlock(1, card->title, card->metadata["path"], text) +
                fmt::format("\n\n(pieces {} to {} of {})", first, next - 1, count);
  result.sources.push_back({.id = id,
                            .title = card->title,
                            .locator = card->metadata["path"],
                            .excerpt = std::string(Utf8Prefix(text, kSourceExcerptBytes))});
  co_return result;
}

class FindDocumentByPathTool final : public Tool {
 public:
  explicit FindDocumentByPathTool(std::shared_ptr<ToolServiceClient> client)
      : client_(std::move(client)),
        definition_{
            .name = "find_document_by_path",
            .description =
                "Finds a document of the user's by its path or file name, for when they name a "
                "file. Returns its id, for get_document.",
            .parameters = ObjectSchema(
                {{"path", StringProperty("A path, or its last parts: \"docs/setup.md\"")}},
                {"path"}),
            .effect = Effect::kRead} {}

  const ToolDefinition& definition() const override { return definition_; }

  async::Task<Result<ToolResult>> Call(const json::Object& arguments,
                                       const ToolContext& context) override {
    auto found = co_await client_->FindDocumentByPath(context, TextArgument(arguments, "path"), "");
    if (!found) co_return Fail(std::move(found).error());
    ToolResult result;
    result.text =
        NumberedBlock(1, found->filename, found->path, "document_id: " + found->document_id);
    result.sources.push_back({.id = std::move(found->document_id),
                              .title = std::move(found->filename),
                              .locator = std::move(found->path)});
    co_return result;
  }

 private:
  const std::shared_ptr<ToolServiceClient> client_;
  const ToolDefinition definition_;
};

}  // namespace

Status RegisterDocumentTools(ToolRegistry& registry, std::shared_ptr<ToolServiceClient> client) {
  BATON_TRY(registry.Add(std::make_unique<SearchDocumentsTool>(client)));
  BATON_TRY(registry.Add(std::make_unique<GetDocumentTool>(client)));
  ToolDefinition read_on{
      .name = "get_document_chunks",
      .description =
          "Reads a long document of the user's piece by piece: where get_document was "
          "cut, or around a place. Says which pieces it shows, and of how many.",
      .parameters = ObjectSchema(
          {{"document_id", StringProperty("The document's id, \"doc_…\"")},
           {"first", IntegerProperty(0, kMaxPieces, "The first piece to show; 0 if not given")}},
          {"document_id"}),
      .effect = Effect::kRead};
  BATON_TRY(
      registry.Add(std::make_unique<internal::ClientTool>(client, std::move(read_on), ReadChunks)));
  return registry.Add(std::make_unique<FindDocumentByPathTool>(std::move(client)));
}

}  // namespace baton::tools::remote
