#include "tools/remote/edit_tools.h"

#include <string>
#include <string_view>

#include <fmt/format.h>

#include "tools/remote/internal/rpc_tool.h"
#include "tools/remote/internal/tool_text.h"

namespace baton::tools::remote {
namespace {

// ToolService's messages.
namespace wire = ::tool_service;
using EditStub = ToolServiceClient::Connection::AsyncStub;
using internal::AddRpcTool;
using internal::IntegerProperty;
using internal::ObjectSchema;
using internal::StringProperty;
using internal::TextArgument;
using EditClient = std::shared_ptr<ToolServiceClient>;

constexpr std::int64_t kMaxTaggedShown = 100;
constexpr std::int64_t kMostOperations = 100;

json::Value AnyText(std::string_view description) {
  return json::Object{{"type", "string"}, {"description", description}};
}

json::Value TextList(std::string_view description) {
  return json::Object{{"type", "array"},
                      {"items", json::Object{{"type", "string"}, {"minLength", 1}}},
                      {"minItems", 1},
                      {"description", description}};
}

json::Value DocumentId() { return StringProperty("The document's id, \"doc_…\""); }

json::Value OperationsProperty() {
  const json::Value operation = json::Object{
      {"type", "object"},
      {"properties",
       json::Object{
           {"original_text", StringProperty("The text to replace, exactly as it stands")},
           {"after_heading", StringProperty("Or: the heading's whole line to insert below")},
           {"text", AnyText("The new text; empty deletes")},
           {"left_context", StringProperty("What stands just before, if the text is repeated")},
           {"right_context", StringProperty("What stands just after")},
           {"occurrence_index", IntegerProperty(0, 1'000'000, "Or: which one, from 0")}}},
      {"required", {"text"}},
      {"additionalProperties", false}};
  return json::Object{{"type", "array"},
                      {"items", operation},
                      {"minItems", 1},
                      {"maxItems", kMostOperations},
                      {"description",
                       "Edits of the document as it is now; all are made, or none if one of "
                       "them does not fit"}};
}

void FillOperation(const json::Object& in, wire::EditorOperationProto& out) {
  out.set_text(TextArgument(in, "text"));
  const std::string heading = TextArgument(in, "after_heading");
  if (!heading.empty()) {
    out.set_op_type("insert_after_heading");
    out.set_anchor_text(heading);
  } else {
    out.set_op_type("replace_range");
    out.set_original_text(TextArgument(in, "original_text"));
  }
  // A range that does not hold the text, so that the text is looked for.
  out.set_start(-1);
  out.set_end(-1);
  if (json::Find(in, "left_context") != nullptr) {
    out.set_left_context(TextArgument(in, "left_context"));
  }
  if (json::Find(in, "right_context") != nullptr) {
    out.set_right_context(TextArgument(in, "right_context"));
  }
  if (json::Find(in, "occurrence_index") != nullptr) {
    out.set_occurrence_index(static_cast<int>(json::GetInt(in, "occurrence_index", 0)));
  }
}

template <typename Request>
void FillOperations(const json::Object& arguments, Request& request) {
  request.set_document_id(TextArgument(arguments, "document_id"));
  const json::Value* operations = json::Find(arguments, "operations");
  for (const json::Value& each : operations->as_array()) {
    FillOperation(each.as_object(), *request.add_operations());
  }
}

template <typename Response>
Result<ToolResult> EditOutcome(const Response& response) {
  if (!response.success()) return Fail(Status(Code::kFailedPrecondition, response.error()));
  return ToolResult{.text = response.message(), .sources = {}};
}

Status AddPropose(ToolRegistry& registry, const EditClient& client) {
  return AddRpcTool<wire::ProposeDocumentEditRequest, wire::ProposeDocumentEditResponse>(
      registry, client,
      {.name = "propose_document_edit",
       .description = "Checks edits of a document and stores them for the user to look at; "
                      "nothing is changed until they are applied.",
       .parameters = ObjectSchema({{"document_id", DocumentId()},
                                   {"operations", OperationsProperty()},
                                   {"summary", StringProperty("One line for the user")}},
                                  {"document_id", "operations"}),
       .effect = Effect::kWrite},
      {&EditStub::ProposeDocumentEdit,
       [](const json::Object& arguments, wire::ProposeDocumentEditRequest& request) {
         FillOperations(arguments, request);
         request.set_edit_type("operations");
         request.set_summary(TextArgument(arguments, "summary"));
         request.set_requires_preview(true);
       },
       [](const wire::ProposeDocumentEditResponse& response) -> Result<ToolResult> {
         Result<ToolResult> result = EditOutcome(response);
         if (result) result->text += "; proposal_id: " + response.proposal_id();
         return result;
       }});
}

Status AddApply(ToolRegistry& registry, const EditClient& client) {
  const json::Value indices =
      json::Object{{"type", "array"},
                   {"items", IntegerProperty(0, kMostOperations - 1, "Which, from 0")},
                   {"description", "Only these operations, from 0; all if not given"}};
  return AddRpcTool<wire::ApplyDocumentEditProposalRequest,
                    wire::ApplyDocumentEditProposalResponse>(
      registry, client,
      {.name = "apply_edit_proposal",
       .description = "Makes the edits of a proposal, as one change that can be undone.",
       .parameters = ObjectSchema(
           {{"proposal_id", StringProperty("\"proposal_…\"")}, {"operation_indices", indices}},
           {"proposal_id"}),
       .effect = Effect::kWrite},
      {&EditStub::ApplyDocumentEditProposal,
       [](const json::Object& arguments, wire::ApplyDocumentEditProposalRequest& request) {
         request.set_proposal_id(TextArgument(arguments, "proposal_id"));
         const json::Value* chosen = json::Find(arguments, "operation_indices");
         if (chosen == nullptr) return;
         for (const json::Value& each : chosen->as_array()) {
           // A whole double is an integer to the schema too.
           boost::system::error_code none;
           request.add_selected_operation_indices(each.to_number<int>(none));
         }
       },
       [](const wire::ApplyDocumentEditProposalResponse& response) {
         return EditOutcome(response);
       }});
}

Status AddEdit(ToolRegistry& registry, const EditClient& client) {
  return AddRpcTool<wire::ApplyOperationsDirectlyRequest, wire::ApplyOperationsDirectlyResponse>(
      registry, client,
      {.name = "edit_document",
       .description = "Changes a document of the user's at exact places, as one change that can "
                      "be undone. Read it first.",
       .parameters =
           ObjectSchema({{"document_id", DocumentId()}, {"operations", OperationsProperty()}},
                        {"document_id", "operations"}),
       .effect = Effect::kWrite},
      {&EditStub::ApplyOperationsDirectly,
       [](const json::Object& arguments, wire::ApplyOperationsDirectlyRequest& request) {
         FillOperations(arguments, request);
       },
       [](const wire::ApplyOperationsDirectlyResponse& response) {
         return EditOutcome(response);
       }});
}

Status AddUndo(ToolRegistry& registry, const EditClient& client) {
  return AddRpcTool<wire::UndoDocumentEditRequest, wire::UndoDocumentEditResponse>(
      registry, client,
      {.name = "undo_document_edit",
       .description = "Takes the last change of a document back.",
       .parameters = ObjectSchema({{"document_id", DocumentId()}}, {"document_id"}),
       .effect = Effect::kWrite},
      {&EditStub::UndoDocumentEdit,
       [](const json::Object& arguments, wire::UndoDocumentEditRequest& request) {
         request.set_document_id(TextArgument(arguments, "document_id"));
       },
       [](const wire::UndoDocumentEditResponse& response) { return EditOutcome(response); }});
}

Status AddUpdateContent(ToolRegistry& registry, const EditClient& client) {
  return AddRpcTool<wire::UpdateDocumentContentRequest, wire::UpdateDocumentContentResponse>(
      registry, client,
      {.name = "update_document_content",
       .description = "Replaces the whole text of a document, or adds at its end. For changes at "
                      "places use edit_document.",
       .parameters = ObjectSchema(
           {{"document_id", DocumentId()},
            {"content", AnyText("The text")},
            {"append", json::Object{{"type", "boolean"}, {"description", "Add at the end"}}}},
           {"document_id", "content"}),
       .effect = Effect::kWrite},
      {&EditStub::UpdateDocumentContent,
       [](const json::Object& arguments, wire::UpdateDocumentContentRequest& request) {
         request.set_document_id(TextArgument(arguments, "document_id"));
         request.set_content(TextArgument(arguments, "content"));
         const json::Value* append = json::Find(arguments, "append");
         request.set_append(append != nullptr && append->as_bool());
       },
       [](const wire::UpdateDocumentContentResponse& response) { return EditOutcome(response); }});
}

Status AddUpdateMetadata(ToolRegistry& registry, const EditClient& client) {
  return AddRpcTool<wire::UpdateDocumentMetadataRequest, wire::UpdateDocumentMetadataResponse>(
      registry, client,
      {.name = "update_document_metadata",
       .description = "Sets the title of a document, or its type, such as fiction or outline.",
       .parameters = ObjectSchema({{"document_id", DocumentId()},
                                   {"title", StringProperty("The new title")},
                                   {"type", StringProperty("The type in its front matter")}},
                                  {"document_id"}),
       .effect = Effect::kWrite},
      {&EditStub::UpdateDocumentMetadata,
       [](const json::Object& arguments, wire::UpdateDocumentMetadataRequest& request) {
         request.set_document_id(TextArgument(arguments, "document_id"));
         const std::string title = TextArgument(arguments, "title");
         const std::string type = TextArgument(arguments, "type");
         if (!title.empty()) request.set_title(title);
         if (!type.empty()) request.set_frontmatter_type(type);
       },
       [](const wire::UpdateDocumentMetadataResponse& response) { return EditOutcome(response); }});
}

Status AddCreateDocument(ToolRegistry& registry, const EditClient& client) {
  return AddRpcTool<wire::CreateUserFileRequest, wire::CreateUserFileResponse>(
      registry, client,
      {.name = "create_document",
       .description = "Makes a new document of the user's: Markdown, or plain text (.txt).",
       .parameters = ObjectSchema(
           {{"filename", StringProperty("Its name, such as plan.md")},
            {"content", AnyText("Its text")},
            {"folder", StringProperty("The folder, such as Work/Plans; made if it is not there")},
            {"title", StringProperty("Its title, if not the first heading")},
            {"tags", TextList("Tags")},
            {"category", StringProperty("A category")}},
           {"filename", "content"}),
       .effect = Effect::kWrite},
      {&EditStub::CreateUserFile,
       [](const json::Object& arguments, wire::CreateUserFileRequest& request) {
         request.set_filename(TextArgument(arguments, "filename"));
         request.set_content(TextArgument(arguments, "content"));
         request.set_folder_path(TextArgument(arguments, "folder"));
         request.set_title(TextArgument(arguments, "title"));
         request.set_category(TextArgument(arguments, "category"));
         const json::Value* tags = json::Find(arguments, "tags");
         if (tags == nullptr) return;
         for (const json::Value& tag : tags->as_array()) {
           request.add_tags(std::string(json::ToStringView(tag.as_string())));
         }
       },
       [](const wire::CreateUserFileResponse& response) -> Result<ToolResult> {
         Result<ToolResult> result = EditOutcome(response);
         if (result) result->text += "; document_id: " + response.document_id();
         return result;
       }});
}

Status AddCreateFolder(ToolRegistry& registry, const EditClient& client) {
  return AddRpcTool<wire::CreateUserFolderRequest, wire::CreateUserFolderResponse>(
      registry, client,
      {.name = "create_folder",
       .description = "Makes a folder for the user's documents.",
       .parameters = ObjectSchema({{"name", StringProperty("Its name")},
                                   {"parent", StringProperty("The folder it goes into")}},
                                  {"name"}),
       .effect = Effect::kWrite},
      {&EditStub::CreateUserFolder,
       [](const json::Object& arguments, wire::CreateUserFolderRequest& request) {
         request.set_folder_name(TextArgument(arguments, "name"));
         request.set_parent_folder_path(TextArgument(arguments, "parent"));
       },
       [](const wire::CreateUserFolderResponse& response) { return EditOutcome(response); }});
}

Status AddListFolders(ToolRegistry& registry, const EditClient& client) {
  return AddRpcTool<wire::GetFolderTreeRequest, wire::GetFolderTreeResponse>(
      registry, client,
      {.name = "list_folders",
       .description = "Lists the folders of the user's documents, parents first.",
       .parameters = ObjectSchema({}, {})},
      {&EditStub::GetFolderTree, [](const json::Object&, wire::GetFolderTreeRequest&) {},
       [](const wire::GetFolderTreeResponse& response) -> Result<ToolResult> {
         ToolResult result;
         if (response.folders().empty()) result.text = "There are no folders.";
         for (const wire::FolderInfo& folder : response.folders()) {
           result.text +=
               fmt::format("{} ({} documents) folder_id: {} parent: {}\n", folder.name(),
                           folder.document_count(), folder.folder_id(), folder.parent_folder_id());
         }
         return result;
       }});
}

Status AddFindByTags(ToolRegistry& registry, const EditClient& client) {
  return AddRpcTool<wire::FindDocumentsByTagsRequest, wire::FindDocumentsByTagsResponse>(
      registry, client,
      {.name = "find_documents_by_tags",
       .description = "Finds the user's documents that have all of these tags.",
       .parameters = ObjectSchema(
           {{"tags", TextList("Tags, without '#'")},
            {"limit", IntegerProperty(1, kMaxTaggedShown, "How many; 20 if not given")}},
           {"tags"})},
      {&EditStub::FindDocumentsByTags,
       [](const json::Object& arguments, wire::FindDocumentsByTagsRequest& request) {
         request.set_limit(static_cast<int>(json::GetInt(arguments, "limit", 0)));
         for (const json::Value& tag : json::Find(arguments, "tags")->as_array()) {
           request.add_required_tags(std::string(json::ToStringView(tag.as_string())));
         }
       },
       [](const wire::FindDocumentsByTagsResponse& response) -> Result<ToolResult> {
         ToolResult result;
         result.text = fmt::format("{} documents", response.total_count());
         for (const wire::DocumentResult& document : response.results()) {
           result.text += fmt::format("\n{} ({}) document_id: {}", document.title(),
                                      document.filename(), document.document_id());
         }
         return result;
       }});
}

}  // namespace

Status RegisterEditTools(ToolRegistry& registry, std::shared_ptr<ToolServiceClient> client) {
  BATON_TRY(AddListFolders(registry, client));
  BATON_TRY(AddFindByTags(registry, client));
  BATON_TRY(AddPropose(registry, client));
  BATON_TRY(AddApply(registry, client));
  BATON_TRY(AddEdit(registry, client));
  BATON_TRY(AddUndo(registry, client));
  BATON_TRY(AddUpdateContent(registry, client));
  BATON_TRY(AddUpdateMetadata(registry, client));
  BATON_TRY(AddCreateDocument(registry, client));
  return AddCreateFolder(registry, client);
}

}  // namespace baton::tools::remote
