#include "rpc/internal/edit_calls.h"

#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "proto/tool_service.pb.h"
#include "rpc/internal/refusal.h"

namespace baton::rpc::internal {
namespace {

// ToolService's messages.
namespace wire = ::tool_service;
namespace edits = workspace::edits;
using edits::EditService;

Result<edits::Operation> DecodeOperation(const wire::EditorOperationProto& in) {
  edits::Operation operation;
  if (in.op_type() == "replace_range") {
    operation.kind = edits::OperationKind::kReplaceRange;
  } else if (in.op_type() == "delete_range") {
    operation.kind = edits::OperationKind::kDeleteRange;
  } else if (in.op_type() == "insert_after_heading") {
    operation.kind = edits::OperationKind::kInsertAfterHeading;
  } else {
    return Fail(
        Code::kInvalidArgument,
        "op_type is '{}': replace_range, delete_range and insert_after_heading are possible",
        in.op_type());
  }
  operation.begin = in.start();
  operation.end = in.end();
  operation.text = in.text();
  operation.pre_hash = in.pre_hash();
  if (in.has_original_text()) operation.original_text = in.original_text();
  if (in.has_anchor_text()) operation.anchor_text = in.anchor_text();
  if (in.has_left_context()) operation.left_context = in.left_context();
  if (in.has_right_context()) operation.right_context = in.right_context();
  if (in.has_occurrence_index()) operation.occurrence_index = in.occurrence_index();
  return operation;
}

template <typename Operations>
Result<std::vector<edits::Operation>> DecodeOperations(const Operations& in) {
  std::vector<edits::Operation> operations;
  for (const wire::EditorOperationProto& each : in) {
    Result<edits::Operation> operation = DecodeOperation(each);
    if (!operation) {
      return Fail(
          std::move(operation).error().Annotate(fmt::format("operation {}", operations.size())));
    }
    operations.push_back(*std::move(operation));
  }
  return operations;
}

Result<edits::ContentEdit> DecodeContentEdit(const wire::ContentEditProto& in) {
  edits::ContentEdit edit{.content = in.content(), .position = in.insert_position()};
  if (in.edit_mode() == "append") {
    edit.mode = edits::ContentMode::kAppend;
  } else if (in.edit_mode() == "replace") {
    edit.mode = edits::ContentMode::kReplace;
  } else if (in.edit_mode() == "insert_at" && in.has_insert_position()) {
    edit.mode = edits::ContentMode::kInsertAt;
  } else {
    return Fail(Code::kInvalidArgument,
                "edit_mode is '{}': append, replace, and insert_at with insert_position are "
                "possible",
                in.edit_mode());
  }
  return edit;
}

Result<edits::Proposal> DecodeProposal(const wire::ProposeDocumentEditRequest& request) {
  edits::Proposal proposal{.document_id = request.document_id(),
                           .agent = request.agent_name(),
                           .summary = request.summary()};
  if (request.edit_type() == "content") {
    auto edit = DecodeContentEdit(request.content_edit());
    if (!edit) return Fail(std::move(edit).error());
    proposal.content_edit = *std::move(edit);
    return proposal;
  }
  if (request.edit_type() != "operations") {
    return Fail(Code::kInvalidArgument, "edit_type is '{}': operations and content are possible",
                request.edit_type());
  }
  auto operations = DecodeOperations(request.operations());
  if (!operations) return Fail(std::move(operations).error());
  proposal.operations = *std::move(operations);
  return proposal;
}

async::Task<Result<wire::ProposeDocumentEditResponse>> ProposeDocumentEdit(
    EditService& service, wire::ProposeDocumentEditRequest request) {
  using Response = wire::ProposeDocumentEditResponse;
  auto proposal = DecodeProposal(request);
  if (!proposal) co_return RefusedAs<Response>(std::move(proposal).error());
  const auto id = co_await service.Propose(request.user_id(), *std::move(proposal));
  if (!id) co_return RefusedAs<Response>(id.error());
  Response response;
  response.set_success(true);
  response.set_proposal_id(*id);
  response.set_document_id(request.document_id());
  response.set_message("The edit can be made; nothing is changed yet");
  co_return response;
}

template <typename Response>
Result<Response> AppliedResponse(const Result<edits::Applied>& applied) {
  if (!applied) return RefusedAs<Response>(applied.error());
  Response response;
  response.set_success(true);
  response.set_document_id(applied->document_id);
  response.set_applied_count(applied->operations);
  response.set_message(fmt::format("{} operations made as one change", applied->operations));
  return response;
}

async::Task<Result<wire::ApplyDocumentEditProposalResponse>> ApplyDocumentEditProposal(
    EditService& service, wire::ApplyDocumentEditProposalRequest request) {
  const auto& selected = request.selected_operation_indices();
  const auto applied = co_await service.Apply(request.user_id(), request.proposal_id(),
                                              std::vector<int>(selected.begin(), selected.end()));
  co_return AppliedResponse<wire::ApplyDocumentEditProposalResponse>(applied);
}

async::Task<Result<wire::ApplyOperationsDirectlyResponse>> ApplyOperationsDirectly(
    EditService& service, wire::ApplyOperationsDirectlyRequest request) {
  using Response = wire::ApplyOperationsDirectlyResponse;
  auto operations = DecodeOperations(request.operations());
  if (!operations) co_return RefusedAs<Response>(std::move(operations).error());
  edits::Proposal edit{.document_id = request.document_id(),
                       .operations = *std::move(operations),
                       .agent = request.agent_name()};
  const auto applied = co_await service.ApplyDirectly(request.user_id(), std::move(edit));
  co_return AppliedResponse<Response>(applied);
}

async::Task<Result<wire::UndoDocumentEditResponse>> UndoDocumentEdit(
    EditService& service, wire::UndoDocumentEditRequest request) {
  using Response = wire::UndoDocumentEditResponse;
  const Status status = co_await service.Undo(request.user_id(), request.document_id());
  if (!status.ok()) co_return RefusedAs<Response>(status);
  Response response;
  response.set_success(true);
  response.set_document_id(request.document_id());
  response.set_message("The last change is taken back");
  co_return response;
}

async::Task<Result<wire::UpdateDocumentContentResponse>> UpdateDocumentContent(
    EditService& service, wire::UpdateDocumentContentRequest request) {
  using Response = wire::UpdateDocumentContentResponse;
  edits::Proposal edit{.document_id = request.document_id()};
  edit.content_edit = {
      .mode = request.append() ? edits::ContentMode::kAppend : edits::ContentMode::kReplace,
      .content = std::move(*request.mutable_content())};
  const auto applied = co_await service.ApplyDirectly(request.user_id(), std::move(edit));
  if (!applied) co_return RefusedAs<Response>(applied.error());
  Response response;
  response.set_success(true);
  response.set_document_id(applied->document_id);
  response.set_content_length(static_cast<int>(applied->characters));
  response.set_message(request.append() ? "Added at the end" : "The content is replaced");
  co_return response;
}

async::Task<Result<wire::UpdateDocumentMetadataResponse>> UpdateDocumentMetadata(
    EditService& service, wire::UpdateDocumentMetadataRequest request) {
  using Response = wire::UpdateDocumentMetadataResponse;
  edits::MetadataChange change;
  if (request.has_title()) change.title = request.title();
  if (request.has_frontmatter_type()) change.type = request.frontmatter_type();
  const auto changed =
      co_await service.SetMetadata(request.user_id(), request.document_id(), std::move(change));
  if (!changed) co_return RefusedAs<Response>(changed.error());
  Response response;
  response.set_success(true);
  response.set_document_id(request.document_id());
  for (const std::string& field : *changed) response.add_updated_fields(field);
  response.set_message(changed->empty() ? "Nothing is different" : "Updated");
  co_return response;
}

async::Task<Result<wire::CreateUserFileResponse>> CreateUserFile(
    EditService& service, wire::CreateUserFileRequest request) {
  using Response = wire::CreateUserFileResponse;
  edits::NewFile file{.filename = request.filename(),
                      .content = std::move(*request.mutable_content()),
                      .folder_id = request.folder_id(),
                      .folder_path = request.folder_path(),
                      .title = request.title(),
                      .tags = {request.tags().begin(), request.tags().end()},
                      .category = request.category()};
  auto created = co_await service.CreateFile(request.user_id(), std::move(file));
  if (!created) co_return RefusedAs<Response>(std::move(created).error());
  Response response;
  response.set_success(true);
  response.set_message(WireText(fmt::format("Created '{}'", created->filename)));
  response.set_document_id(std::move(created->document_id));
  response.set_filename(WireText(std::move(created->filename)));
  response.set_folder_id(std::move(created->folder_id));
  co_return response;
}

std::string NameOfFolder(const edits::Folder& folder) {
  return folder.path.substr(folder.path.rfind('/') + 1);
}

async::Task<Result<wire::CreateUserFolderResponse>> CreateUserFolder(
    EditService& service, wire::CreateUserFolderRequest request) {
  using Response = wire::CreateUserFolderResponse;
  auto folder =
      co_await service.CreateFolder(request.user_id(), request.folder_name(),
                                    request.parent_folder_id(), request.parent_folder_path());
  if (!folder) co_return RefusedAs<Response>(std::move(folder).error());
  Response response;
  response.set_success(true);
  response.set_folder_name(WireText(NameOfFolder(*folder)));
  response.set_message(WireText(fmt::format("Created '{}'", folder->path)));
  response.set_folder_id(std::move(folder->id));
  response.set_parent_folder_id(std::move(folder->parent_id));
  co_return response;
}

async::Task<Result<wire::GetFolderTreeResponse>> GetFolderTree(EditService& service,
                                                               wire::GetFolderTreeRequest request) {
  auto folders = co_await service.Folders(request.user_id());
  if (!folders) co_return Fail(std::move(folders).error());
  wire::GetFolderTreeResponse response;
  for (edits::Folder& folder : *folders) {
    wire::FolderInfo& out = *response.add_folders();
    out.set_name(WireText(NameOfFolder(folder)));
    out.set_folder_id(std::move(folder.id));
    out.set_parent_folder_id(std::move(folder.parent_id));
    out.set_collection_type("user");
    out.set_document_count(folder.documents);
  }
  response.set_total_folders(response.folders_size());
  co_return response;
}

async::Task<Result<wire::FindDocumentsByTagsResponse>> FindDocumentsByTags(
    EditService& service, wire::FindDocumentsByTagsRequest request) {
  const auto limit =
      LimitOf(request.limit(), kDefaultTagged, kMaxTagged, "FindDocumentsByTagsRequest.limit");
  if (!limit) co_return Fail(limit.error());
  if (request.required_tags().empty()) {
    co_return Fail(Code::kInvalidArgument, "FindDocumentsByTagsRequest.required_tags is empty");
  }
  wire::FindDocumentsByTagsResponse response;
  if (request.collection_type() == "global") co_return response;  // all documents are somebody's
  auto found = co_await service.FindByTags(
      request.user_id(), {request.required_tags().begin(), request.required_tags().end()});
  if (!found) co_return Fail(std::move(found).error());
  response.set_total_count(static_cast<int>(found->size()));
  for (workspace::Document& document : *found) {
    if (response.results_size() == *limit) break;
    wire::DocumentResult& out = *response.add_results();
    out.set_document_id(std::move(document.id));
    out.set_title(WireText(std::move(document.title)));
    out.set_filename(WireText(std::move(document.filename)));
    out.set_relevance_score(1);
    for (auto& [key, value] : document.metadata) {
      (*out.mutable_metadata())[WireText(key)] = WireText(value);
    }
    (*out.mutable_metadata())["path"] = WireText(std::move(document.path));
  }
  co_return response;
}

}  // namespace

void ServeEdits(DescribedService& service, EditService& edits) {
  service.ServeWith("ProposeDocumentEdit", edits, ProposeDocumentEdit);
  service.ServeWith("ApplyDocumentEditProposal", edits, ApplyDocumentEditProposal);
  service.ServeWith("ApplyOperationsDirectly", edits, ApplyOperationsDirectly);
  service.ServeWith("UndoDocumentEdit", edits, UndoDocumentEdit);
  service.ServeWith("UpdateDocumentContent", edits, UpdateDocumentContent);
  service.ServeWith("UpdateDocumentMetadata", edits, UpdateDocumentMetadata);
  service.ServeWith("CreateUserFile", edits, CreateUserFile);
  service.ServeWith("CreateUserFolder", edits, CreateUserFolder);
  service.ServeWith("GetFolderTree", edits, GetFolderTree);
  service.ServeWith("FindDocumentsByTags", edits, FindDocumentsByTags);
}

}  // namespace baton::rpc::internal
