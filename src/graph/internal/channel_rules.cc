#include "graph/internal/channel_rules.h"

#include <algorithm>
#include <string>
#include <utility>

#include "graph/internal/ids.h"

namespace baton::graph {
namespace {

constexpr std::string_view kOverwriteKey = "__overwrite__";

json::Value AddNumbers(const json::Value& left, const json::Value& right) {
  if (left.is_int64() && right.is_int64()) {
    std::int64_t sum = 0;
    if (!__builtin_add_overflow(left.get_int64(), right.get_int64(), &sum)) return sum;
  }
  return left.to_number<double>() + right.to_number<double>();
}

// Holds whole numbers of 64 bits and doubles alike.
long double ExactNumber(const json::Value& number) {
  if (number.is_int64()) return static_cast<long double>(number.get_int64());
  if (number.is_uint64()) return static_cast<long double>(number.get_uint64());
  return number.get_double();
}

bool IsGreater(const json::Value& left, const json::Value& right) {
  return ExactNumber(left) > ExactNumber(right);
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

bool IsRemoval(const json::Value& message) { return json::GetString(message, "type") == "remove"; }

bool RemovesAll(const json::Value& message) {
  return IsRemoval(message) && json::GetString(message, "id") == kRemoveAllMessages;
}

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
  if (RemovesAll(message)) {
    messages.clear();
    return;
  }
  const json::Value* id = IdOf(message);
  const auto found = id == nullptr ? messages.end() : FindMessage(messages, *id);
  if (IsRemoval(message)) {
    if (found != messages.end()) messages.erase(found);
  } else if (found == messages.end()) {
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

// Calls `visit` for each message of a write until it says true. Whether it did.
template <typename Value, typename Visit>
bool AnyMessage(Value& written, Visit visit) {
  auto* list = written.if_array();
  if (list == nullptr) return visit(written);
  return std::any_of(list->begin(), list->end(), visit);
}

bool AreMessages(const json::Value& written) {
  const auto is_none = [](const json::Value& message) {
    return !message.is_object() || (IsRemoval(message) && IdOf(message) == nullptr);
  };
  return !AnyMessage(written, is_none);
}

bool IsNewMessage(const json::Value& current, const json::Value& message) {
  if (IsRemoval(message)) return false;
  const json::Value* id = IdOf(message);
  if (id == nullptr) return true;
  for (const json::Value& known : current.get_array()) {
    const json::Value* known_id = IdOf(known);
    if (known_id != nullptr && *known_id == *id) return false;
  }
  return true;
}

Result<json::Value> TryMessages(const ChannelEntry& channel, json::Value current,
                                const json::Value& written) {
  json::Array& messages = current.get_array();
  const json::Value* missing = nullptr;
  AnyMessage(written, [&](const json::Value& message) {
    if (IsRemoval(message) && !RemovesAll(message) &&
        FindMessage(messages, *IdOf(message)) == messages.end()) {
      missing = IdOf(message);
      return true;
    }
    ApplyMessage(messages, message);
    return false;
  });
  if (missing == nullptr) return current;
  return Fail(Code::kInvalidArgument, "channel '{}': no message {} to remove", channel.name,
              json::Serialize(*missing));
}

Status WrongType(const ChannelEntry& channel, std::string_view wanted) {
  return Fail(Code::kInvalidArgument, "channel '{}' takes {}", channel.name, wanted);
}

Status CheckFinite(const ChannelEntry& channel, const json::Value& value) {
  if (json::IsFinite(value)) return {};
  return Fail(Code::kInvalidArgument, "channel '{}': a number that is not finite", channel.name);
}

Status CheckName(const ChannelEntry& channel, const json::Value& written) {
  const boost::json::string* name = written.if_string();
  if (name != nullptr && channel.spec.names.contains(std::string(json::ToStringView(*name)))) {
    return {};
  }
  return Fail(Code::kInvalidArgument, "channel '{}': {} is none of the names it waits for",
              channel.name, json::Serialize(written));
}

Status CheckOverwrite(const ChannelEntry& channel, const json::Value& value) {
  if (!TakesOverwrite(channel.spec.kind)) return {};  // it is a plain write there
  if (OverwriteIn(value) != nullptr) {
    return Fail(Code::kInvalidArgument, "channel '{}': an Overwrite() within one", channel.name);
  }
  if (channel.spec.kind == ChannelKind::kAppend && !value.is_array()) {
    return WrongType(channel, "a list in place of what it holds");
  }
  if (channel.spec.kind == ChannelKind::kMessages && !value.is_array()) {
    return WrongType(channel, "a list of messages in place of what it holds");
  }
  return CheckWrite(channel, value);
}

}  // namespace

json::Value Overwrite(json::Value value) {
  json::Object object;
  object.emplace(kOverwriteKey, std::move(value));
  return object;
}

json::Value RemoveMessage(std::string_view id) {
  return json::Object{{"type", "remove"}, {"id", id}};
}

std::optional<json::Value> InitialValue(const ChannelSpec& spec) {
  switch (spec.kind) {
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
    default:
      return std::nullopt;
  }
}

bool CanHold(const ChannelSpec& spec, const json::Value& stored) {
  switch (spec.kind) {
    case ChannelKind::kAppend:
    case ChannelKind::kMessages:
    case ChannelKind::kTopic:
      return stored.is_array();
    case ChannelKind::kSum:
    case ChannelKind::kMax:
      return stored.is_number();
    case ChannelKind::kMerge:
    case ChannelKind::kLastValueAfterFinish:
      return stored.is_object();
    case ChannelKind::kBarrier:
    case ChannelKind::kBarrierAfterFinish: {
      const json::Value* seen = json::Find(stored, "seen");
      return seen != nullptr && seen->is_array();
    }
    default:
      return true;
  }
}

const json::Value* OverwriteIn(const json::Value& written) {
  const json::Object* object = written.if_object();
  if (object == nullptr || object->size() != 1 || object->begin()->key() != kOverwriteKey) {
    return nullptr;
  }
  return &object->begin()->value();
}

json::Value* OverwriteIn(json::Value& written) {
  return const_cast<json::Value*>(OverwriteIn(std::as_const(written)));
}

bool TakesOverwrite(ChannelKind kind) {
  switch (kind) {
    case ChannelKind::kAppend:
    case ChannelKind::kSum:
    case ChannelKind::kMax:
    case ChannelKind::kMerge:
    case ChannelKind::kMessages:
    case ChannelKind::kReducer:
      return true;
    default:
      return false;
  }
}

Status CheckWrite(const ChannelEntry& channel, const json::Value& written) {
  BATON_TRY(CheckFinite(channel, written));
  if (const json::Value* value = OverwriteIn(written)) return CheckOverwrite(channel, *value);
  switch (channel.spec.kind) {
    case ChannelKind::kSum:
    case ChannelKind::kMax:
      return written.is_number() ? Status() : WrongType(channel, "numbers");
    case ChannelKind::kMerge:
      return written.is_object() ? Status() : WrongType(channel, "objects");
    case ChannelKind::kMessages:
      return AreMessages(written) ? Status() : WrongType(channel, "an object or a list of objects");
    case ChannelKind::kBarrier:
    case ChannelKind::kBarrierAfterFinish:
      return CheckName(channel, written);
    default:
      return {};
  }
}

void ApplyWrite(ChannelKind kind, json::Value& current, json::Value written) {
  switch (kind) {
    case ChannelKind::kAppend:
    case ChannelKind::kTopic:
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

bool MayFail(const ChannelSpec& spec, const json::Value& written) {
  if (spec.kind == ChannelKind::kReducer) return true;
  if (spec.kind == ChannelKind::kSum) return written.is_double();  // beyond what a double holds
  return spec.kind == ChannelKind::kMessages && AnyMessage(written, IsRemoval);
}

Result<json::Value> TryWrite(const ChannelEntry& channel, json::Value current,
                             const json::Value& written) {
  if (channel.spec.kind == ChannelKind::kMessages) {
    return TryMessages(channel, std::move(current), written);
  }
  if (channel.spec.kind == ChannelKind::kReducer) {
    Result<json::Value> value = channel.spec.reduce(std::move(current), written);
    if (!value) {
      return Fail(std::move(value).error().Annotate("reducer of channel '" + channel.name + "'"));
    }
    current = *std::move(value);
  } else {
    ApplyWrite(channel.spec.kind, current, written);
  }
  BATON_TRY(CheckFinite(channel, current));
  return current;
}

json::Value ValueAfter(const ChannelEntry& channel, const json::Value* current,
                       const json::Value& written) {
  const ChannelSpec& spec = channel.spec;
  if (const json::Value* value = OverwriteIn(written)) return *value;
  const bool afresh = current == nullptr || IsFleeting(spec);
  json::Value value;
  if (!afresh) {
    value = *current;
  } else if (spec.kind == ChannelKind::kTopic) {
    value = json::Array();
  }
  Result<json::Value> after = TryWrite(channel, std::move(value), written);
  if (after) return std::move(*after);
  return current == nullptr ? json::Value() : *current;
}

bool OnlyAppends(const ChannelSpec& spec, const json::Value& current, const json::Value& written) {
  if (OverwriteIn(written) != nullptr) return false;
  if (spec.kind == ChannelKind::kAppend) return true;
  if (spec.kind != ChannelKind::kMessages) return false;
  const json::Array* list = written.if_array();
  if (list == nullptr) return IsNewMessage(current, written);
  // Several messages could hold one id twice: leave that to the slow path.
  return list->empty() || (list->size() == 1 && IsNewMessage(current, list->front()));
}

bool HasNamelessMessages(const json::Value& written) {
  const json::Value* value = OverwriteIn(written);
  return AnyMessage(value != nullptr ? *value : written, [](const json::Value& message) {
    return message.is_object() && IdOf(message) == nullptr;
  });
}

void NameMessages(json::Value& written, std::string_view seed) {
  json::Value* value = OverwriteIn(written);
  int index = 0;
  AnyMessage(value != nullptr ? *value : written, [&](json::Value& message) {
    if (message.is_object() && IdOf(message) == nullptr) {
      message.get_object().emplace("id", MessageId(seed, index));
    }
    ++index;
    return false;
  });
}

}  // namespace baton::graph
