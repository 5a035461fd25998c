#include "rpc/internal/memory_wire.h"

#include <utility>

#include "rpc/internal/wire_message.h"

namespace baton::rpc::internal {

namespace memory = runs::memory;

Result<memory::NewMemory> DecodeNewMemory(orchestrator::SaveMemoryRequest&& wire) {
  const auto kind = memory::ParseMemoryKind(wire.kind());
  if (!kind) return Fail(Status(kind.error()).Annotate("SaveMemoryRequest"));
  memory::NewMemory decoded;
  decoded.user_id = std::move(*wire.mutable_user_id());
  decoded.text = std::move(*wire.mutable_text());
  decoded.kind = *kind;
  decoded.key = std::move(*wire.mutable_idempotency_key());
  return decoded;
}

orchestrator::SaveMemoryRequest EncodeNewMemory(memory::NewMemory&& given) {
  orchestrator::SaveMemoryRequest wire;
  wire.set_user_id(std::move(given.user_id));
  wire.set_text(std::move(given.text));
  wire.set_kind(std::string(memory::MemoryKindName(given.kind)));
  wire.set_idempotency_key(std::move(given.key));
  return wire;
}

orchestrator::MemoryInfo EncodeMemoryInfo(memory::Memory&& given) {
  orchestrator::MemoryInfo wire;
  wire.set_memory_id(WireText(std::move(given.memory_id)));
  wire.set_text(WireText(std::move(given.text)));
  wire.set_kind(std::string(memory::MemoryKindName(given.kind)));
  wire.set_state(std::string(memory::MemoryStateName(given.state)));
  wire.set_conversation_id(WireText(std::move(given.conversation_id)));
  wire.set_run_id(WireText(std::move(given.run_id)));
  wire.set_created_at(std::move(given.created_at));
  wire.set_updated_at(std::move(given.updated_at));
  wire.set_expires_at(std::move(given.expires_at));
  wire.set_score(given.score.value_or(0));
  return wire;
}

Result<memory::Memory> DecodeMemoryInfo(orchestrator::MemoryInfo&& wire) {
  const auto kind = memory::ParseMemoryKind(wire.kind());
  const auto state = memory::ParseMemoryState(wire.state());
  if (!kind || !state) {
    return Fail(Code::kDataLoss, "memory {}: kind '{}' and state '{}' are not known here",
                wire.memory_id(), wire.kind(), wire.state());
  }
  memory::Memory decoded;
  decoded.memory_id = std::move(*wire.mutable_memory_id());
  decoded.text = std::move(*wire.mutable_text());
  decoded.kind = *kind;
  decoded.state = *state;
  decoded.conversation_id = std::move(*wire.mutable_conversation_id());
  decoded.run_id = std::move(*wire.mutable_run_id());
  decoded.created_at = std::move(*wire.mutable_created_at());
  decoded.updated_at = std::move(*wire.mutable_updated_at());
  decoded.expires_at = std::move(*wire.mutable_expires_at());
  decoded.score = wire.score();
  return decoded;
}

Result<memory::MemoryFilter> DecodeMemoryFilter(orchestrator::ListMemoriesRequest&& wire) {
  if (wire.page_size() < 0) {
    return Fail(Code::kInvalidArgument, "ListMemoriesRequest.page_size {} is below 0",
                wire.page_size());
  }
  memory::MemoryFilter filter;
  if (!wire.state().empty()) {
    const auto state = memory::ParseMemoryState(wire.state());
    if (!state) return Fail(Status(state.error()).Annotate("ListMemoriesRequest"));
    filter.state = *state;
  }
  if (!wire.kind().empty()) {
    const auto kind = memory::ParseMemoryKind(wire.kind());
    if (!kind) return Fail(Status(kind.error()).Annotate("ListMemoriesRequest"));
    filter.kind = *kind;
  }
  filter.user_id = std::move(*wire.mutable_user_id());
  filter.limit = static_cast<std::size_t>(wire.page_size());
  filter.page_token = std::move(*wire.mutable_page_token());
  return filter;
}

orchestrator::ListMemoriesRequest EncodeMemoryFilter(memory::MemoryFilter&& filter) {
  orchestrator::ListMemoriesRequest wire;
  wire.set_user_id(std::move(filter.user_id));
  if (filter.state) wire.set_state(std::string(memory::MemoryStateName(*filter.state)));
  if (filter.kind) wire.set_kind(std::string(memory::MemoryKindName(*filter.kind)));
  wire.set_page_size(static_cast<std::int32_t>(filter.limit));
  wire.set_page_token(std::move(filter.page_token));
  return wire;
}

}  // namespace baton::rpc::internal
