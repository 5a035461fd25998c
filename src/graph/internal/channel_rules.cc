#include "graph/internal/channel_rules.h"

#include <utility>

namespace baton::graph {
namespace {

json::Value AddNumbers(const json::Value& left, const json::Value& right) {
  if (left.is_int64() && right.is_int64()) {
    std::int64_t sum = 0;
    if (!__builtin_add_overflow(left.get_int64(), right.get_int64(), &sum)) return sum;
  }
  return left.to_number<double>() + right.to_number<double>();
}

bool IsGreater(const json::Value& left, const json::Value& right) {
  if (left.is_int64() && right.is_int64()) return left.get_int64() > right.get_int64();
  return left.to_number<double>() > right.to_number<double>();
}

void AppendAll(json::Array& list, json::Value written) {
  json::Array* more = written.if_array();
  if (more == nullptr) {
    list.push_back(std::move(written));
    return;
  }
  for (json::Value& element : *more) list.push_back(std::move(element));
}

void MergeMembers(json::Object& object, json::Object written) {
  for (auto& [key, member] : written) object.insert_or_assign(key, std::move(member));
}

const json::Value* IdOf(const json::Value& message) { return json::Find(message, "id"); }

json::Array::iterator FindMessage(json::Array& messages, const json::Value& id) {
  // From the end: what is replaced is most often recent.
  for (auto at = messages.end(); at != messages.begin();) {
    --at;
    const json::Value* known = IdOf(*at);
    if (known != nullptr && *known == id) return at;
  }
  return messages.end();
}

void ApplyMessage(json::Array& messages, json::Value message) {
  const json::Value* id = IdOf(message);
  const json::Value* removed = id == nullptr ? json::Find(message, "remove") : nullptr;
  if (removed != nullptr) {
    const auto found = FindMessage(messages, *removed);
    if (found != messages.end()) messages.erase(found);
    return;
  }
  const auto found = id == nullptr ? messages.end() : FindMessage(messages, *id);
  if (found == messages.end()) {
    messages.push_back(std::move(message));
  } else {
    *found = std::move(message);
  }
}

void ApplyMessages(json::Array& messages, json::Value written) {
  json::Array* more = written.if_array();
  if (more == nullptr) {
    ApplyMessage(messages, std::move(written));
    return;
  }
  for (json::Value& message : *more) ApplyMessage(messages, std::move(message));
}

bool AreMessages(const json::Value& written) {
  const json::Array* list = written.if_array();
  if (list == nullptr) return written.is_object();
  for (const json::Value& message : *list) {
    if (!message.is_object()) return false;
  }
  return true;
}

bool IsNewMessage(const json::Value& current, const json::Value& message) {
  const json::Value* id = IdOf(message);
  if (id == nullptr) return json::Find(message, "remove") == nullptr;
  for (const json::Value& known : current.get_array()) {
    const json::Value* known_id = IdOf(known);
    if (known_id != nullptr && *known_id == *id) return false;
  }
  return true;
}

}  // namespace

std::optional<json::Value> InitialValue(const ChannelSpec& spec) {
  switch (spec.kind) {
    case ChannelKind::kLastValue:
    case ChannelKind::kAnyValue:
    case ChannelKind::kEphemeral:
      return std::nullopt;
    case ChannelKind::kAppend:
    case ChannelKind::kMessages:
      return json::Array();
    case ChannelKind::kSum:
    case ChannelKind::kMax:
      return std::int64_t{0};
    case ChannelKind::kMerge:
      return json::Object();
    case ChannelKind::kReducer:
      return spec.initial;
  }
  return std::nullopt;
}

Status CheckWrite(const ChannelEntry& channel, const json::Value& written) {
  switch (channel.spec.kind) {
    case ChannelKind::kSum:
    case ChannelKind::kMax:
      if (written.is_number()) return {};
      return Fail(Code::kInvalidArgument, "channel '{}' takes numbers", channel.name);
    case ChannelKind::kMerge:
      if (written.is_object()) return {};
      return Fail(Code::kInvalidArgument, "channel '{}' takes objects", channel.name);
    case ChannelKind::kMessages:
      if (AreMessages(written)) return {};
      return Fail(Code::kInvalidArgument, "channel '{}' takes an object or a list of objects",
                  channel.name);
    default:
      return {};
  }
}

void ApplyWrite(ChannelKind kind, json::Value& current, json::Value written) {
  switch (kind) {
    case ChannelKind::kAppend:
      AppendAll(current.get_array(), std::move(written));
      return;
    case ChannelKind::kSum:
      current = AddNumbers(current, written);
      return;
    case ChannelKind::kMax:
      if (IsGreater(written, current)) current = std::move(written);
      return;
    case ChannelKind::kMerge:
      MergeMembers(current.get_object(), std::move(written.get_object()));
      return;
    case ChannelKind::kMessages:
      ApplyMessages(current.get_array(), std::move(written));
      return;
    default:
      current = std::move(written);
      return;
  }
}

bool OnlyAppends(ChannelKind kind, const json::Value& current, const json::Value& written) {
  if (kind == ChannelKind::kAppend) return true;
  if (kind != ChannelKind::kMessages) return false;
  const json::Array* list = written.if_array();
  if (list == nullptr) return IsNewMessage(current, written);
  // Several messages could hold one id twice: leave that to the slow path.
  return list->empty() || (list->size() == 1 && IsNewMessage(current, list->front()));
}

}  // namespace baton::graph
