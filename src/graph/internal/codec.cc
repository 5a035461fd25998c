#include "graph/internal/codec.h"

#include <algorithm>

#include "base/utf8.h"
#include "graph/internal/channel_rules.h"

namespace baton::graph {
namespace {

// Version 2 says which blobs hold the input. A body without such says 1.
constexpr int kBodyVersion = 1;
constexpr int kBodyVersionWithInputBlobs = 2;

// A channel that only grows is as large as its snapshot and increments together: it is read as
// fast from those. A snapshot is for one whose increments replace what was there, and for the
// cost of many rows.
constexpr std::size_t kSmallIncrements = 65'536;
constexpr std::size_t kMaxIncrementsOverSnapshot = 4;
constexpr std::size_t kManyIncrements = 4096;

// Below this a part of the input costs less in the body than in a row of its own.
constexpr std::size_t kInlineInput = 256;

constexpr std::int64_t kSetFlag = 1;
constexpr std::int64_t kReadyFlag = 2;

// What we stored ourselves has no limit but memory.
Result<json::Value> ParseStored(std::string_view text, std::string_view what) {
  const json::ParseLimits limits{.max_depth = 100'000, .max_bytes = std::string::npos};
  Result<json::Value> value = json::Parse(text, limits);
  if (!value) return Fail(Code::kDataLoss, "stored {}: {}", what, value.error().message());
  return value;
}

Result<std::string> SerializeChecked(const json::Value& value, std::string_view what) {
  if (!json::IsFinite(value)) {
    return Fail(Code::kInvalidArgument, "{} holds a number that is not finite", what);
  }
  std::string text = json::Serialize(value);
  if (!IsValidUtf8(text)) {
    return Fail(Code::kInvalidArgument, "{} holds text that is not UTF-8", what);
  }
  return text;
}

bool WantsSnapshot(const ChannelLog& log, std::size_t increment_bytes) {
  if (increment_bytes >
      std::max(kSmallIncrements, kMaxIncrementsOverSnapshot * log.snapshot_bytes)) {
    return true;
  }
  // As often as the value has doubled, so that snapshots of a large one stay rare.
  return log.increments >= kManyIncrements && increment_bytes >= log.snapshot_bytes;
}

// What is to be stored of a channel that has changed; nothing if a blob of the input is it.
using NewBlob = std::optional<ChannelBlob>;

// The increment. False if a snapshot is the better thing to store.
bool TakeIncrement(ChannelLog& log, const InputBlob& input, std::int64_t seq, NewBlob& blob) {
  std::string bytes = std::exchange(log.unsaved, {});
  if (bytes.empty() || log.snapshot_seq == 0) return false;
  bytes += ']';
  const std::size_t together = log.increment_bytes + bytes.size();
  if (WantsSnapshot(log, together)) return false;
  log.increment_bytes = together;
  ++log.increments;
  if (input.seq != 0 && input.base_seq == log.head_seq && input.bytes == bytes) {
    log.head_seq = input.seq;
    return true;
  }
  blob = ChannelBlob{
      .seq = seq, .base_seq = std::exchange(log.head_seq, seq), .bytes = std::move(bytes)};
  return true;
}

Status TakeSnapshot(const ChannelEntry& channel, const json::Value& value, const InputBlob& input,
                    ChannelLog& log, std::int64_t seq, NewBlob& blob) {
  Result<std::string> bytes = SerializeChecked(value, "channel '" + channel.name + "'");
  if (!bytes) return std::move(bytes).error();
  const bool is_input = input.seq != 0 && input.base_seq == 0 && input.bytes == *bytes;
  log.head_seq = log.snapshot_seq = is_input ? input.seq : seq;
  log.snapshot_bytes = bytes->size();
  log.increment_bytes = 0;
  log.increments = 0;
  if (!is_input) blob = ChannelBlob{.seq = seq, .bytes = std::move(*bytes)};
  return {};
}

Status BadBody(std::string_view what) {
  return Status(Code::kDataLoss, fmt::format("stored checkpoint: {}", what));
}

Status CheckVersion(const json::Value& body) {
  const std::int64_t version = json::GetInt(body, "v");
  if (version >= kBodyVersion && version <= kBodyVersionWithInputBlobs) return {};
  return BadBody(fmt::format("format {}, this program knows {} to {}", version, kBodyVersion,
                             kBodyVersionWithInputBlobs));
}

std::int64_t NumberAt(const json::Array& list, std::size_t index) {
  const std::int64_t* number = index < list.size() ? list[index].if_int64() : nullptr;
  return number == nullptr ? 0 : *number;
}

json::Object EncodeChannels(const ThreadState& state) {
  json::Object channels;
  for (std::size_t i = 0; i < state.versions.size(); ++i) {
    const ChannelEntry& channel = state.graph().channels()[i];
    if (state.versions[i] == 0 || !IsStored(channel.spec)) continue;
    const ChannelLog& log = state.logs[i];
    channels.emplace(channel.name, json::Array{state.versions[i], log.head_seq, log.snapshot_seq});
  }
  return channels;
}

json::Object EncodeTriggers(const ThreadState& state) {
  json::Object triggers;
  for (std::size_t i = 0; i < state.triggers.size(); ++i) {
    const TriggerState& trigger = state.triggers[i];
    if (trigger.version == 0 && trigger.seen == 0) continue;
    json::Array entry{trigger.version, trigger.seen,
                      (trigger.set ? kSetFlag : 0) | (trigger.ready ? kReadyFlag : 0)};
    if (trigger.arrived != 0) entry.push_back(static_cast<std::int64_t>(trigger.arrived));
    triggers.emplace(state.graph().triggers()[i].name, std::move(entry));
  }
  return triggers;
}

void DecodeChannel(const json::Array& entry, int channel, ThreadState& state) {
  state.versions[channel] = NumberAt(entry, 0);
  if (state.logs.empty()) return;
  ChannelLog& log = state.logs[channel];
  log.saved_version = NumberAt(entry, 0);
  log.head_seq = NumberAt(entry, 1);
  log.snapshot_seq = NumberAt(entry, 2);
}

void DecodeTrigger(const json::Array& entry, int trigger, ThreadState& state) {
  const std::int64_t flags = NumberAt(entry, 2);
  state.triggers[trigger] = {.version = NumberAt(entry, 0),
                             .seen = NumberAt(entry, 1),
                             .arrived = static_cast<std::uint64_t>(NumberAt(entry, 3)),
                             .set = (flags & kSetFlag) != 0,
                             .ready = (flags & kReadyFlag) != 0};
}

Status DecodeSends(const json::Value& sends, ThreadState& state) {
  const json::Array* list = sends.if_array();
  if (list == nullptr) return BadBody("sends are no list");
  for (const json::Value& send : *list) {
    std::optional<Send> planned = SendFromJson(send);
    if (!planned) return BadBody("a send is no pair");
    const int node = state.graph().FindNode(planned->node);
    if (node > 0) state.sends.push_back({node, std::move(planned->argument), planned->timeout});
  }
  return {};
}

Status DecodeForks(const json::Value& body, std::vector<ForkPoint>& points) {
  const json::Value* forks = json::Find(body, "forks");
  if (forks == nullptr) return {};
  if (!forks->is_array()) return BadBody("forks are no list");
  for (const json::Value& fork : forks->get_array()) {
    if (!fork.is_array()) return BadBody("a fork is no pair");
    points.push_back({NumberAt(fork.get_array(), 0), NumberAt(fork.get_array(), 1)});
  }
  return {};
}

// The value that a blob of the channel holds.
Result<json::Value> ParseBlob(const ChannelEntry& channel, const ChannelBlob& blob) {
  return ParseStored(blob.bytes, fmt::format("channel '{}', blob {}", channel.name, blob.seq));
}

Status ApplyIncrement(const ChannelEntry& channel, const ChannelBlob& blob, json::Value& value) {
  Result<json::Value> writes = ParseBlob(channel, blob);
  if (!writes) return std::move(writes).error();
  if (!writes->is_array() || !IsIncremental(channel.spec) || !value.is_array()) {
    return Fail(Code::kDataLoss, "stored channel '{}', blob {}: an increment of what has none",
                channel.name, blob.seq);
  }
  for (json::Value& written : writes->get_array()) {
    BATON_TRY(CheckWrite(channel, written));
    ApplyWrite(channel.spec.kind, value, std::move(written));
  }
  return {};
}

// The blobs from the snapshot to the head, or empty if a link is missing.
std::vector<const ChannelBlob*> ChainOf(const std::vector<ChannelBlob>& blobs,
                                        const std::string& channel, std::int64_t head) {
  std::map<std::int64_t, const ChannelBlob*> by_seq;
  for (const ChannelBlob& blob : blobs) {
    if (blob.channel == channel) by_seq.emplace(blob.seq, &blob);
  }
  std::vector<const ChannelBlob*> chain;
  for (std::int64_t seq = head; seq != 0;) {
    const auto found = by_seq.find(seq);
    // A base lies before what adds to it; anything else would never end.
    if (found == by_seq.end() || found->second->base_seq >= seq) return {};
    chain.push_back(found->second);
    seq = found->second->base_seq;
  }
  std::reverse(chain.begin(), chain.end());
  return chain;
}

Status DecodeChannelValue(const std::vector<ChannelBlob>& blobs, int channel, ThreadState& state) {
  const ChannelEntry& entry = state.graph().channels()[channel];
  ChannelLog& log = state.logs[channel];
  const std::vector<const ChannelBlob*> chain = ChainOf(blobs, entry.name, log.head_seq);
  if (chain.empty()) {
    return Fail(Code::kDataLoss, "stored channel '{}': blob {} or one it adds to is missing",
                entry.name, log.head_seq);
  }
  Result<json::Value> value = ParseBlob(entry, *chain.front());
  if (!value) return std::move(value).error();
  if (!CanHold(entry.spec, *value)) {
    return Fail(Code::kDataLoss, "stored channel '{}': its value is of another kind of channel",
                entry.name);
  }
  log.snapshot_bytes = chain.front()->bytes.size();
  for (std::size_t i = 1; i < chain.size(); ++i) {
    BATON_TRY(ApplyIncrement(entry, *chain[i], *value));
    log.increment_bytes += chain[i]->bytes.size();
  }
  log.increments = chain.size() - 1;
  state.Restore(channel, std::move(*value));
  return {};
}

Status DecodeInputPart(const std::vector<ChannelBlob>& blobs, const std::string& name,
                       std::int64_t seq, ThreadState& state) {
  const int channel = state.graph().FindChannel(name);
  if (channel < 0) return {};
  const auto blob = std::find_if(blobs.begin(), blobs.end(), [&](const ChannelBlob& known) {
    return known.seq == seq && known.channel == name;
  });
  if (blob == blobs.end()) {
    return Status(Code::kDataLoss,
                  fmt::format("stored input for channel '{}': blob {} is missing", name, seq));
  }
  Result<json::Value> value =
      ParseStored(blob->bytes, fmt::format("input for channel '{}', blob {}", name, seq));
  if (!value) return std::move(value).error();
  if (blob->base_seq != 0) {
    if (!value->is_array() || value->get_array().size() != 1) {
      return Status(Code::kDataLoss,
                    fmt::format("stored input for channel '{}': not one write", name));
    }
    *value = json::Value(std::move(value->get_array().front()));
  }
  state.logs[channel].input = {seq, blob->base_seq, blob->bytes};
  state.input.get_object().insert_or_assign(name, std::move(*value));
  return {};
}

Status DecodeInputBlobs(const json::Value& body, ThreadState& state) {
  const json::Value* blobs = json::Find(body, "input_blobs");
  if (blobs == nullptr) return {};
  if (!blobs->is_object()) return BadBody("input_blobs are no object");
  state.input_blobs = blobs->get_object();
  for (const auto& [name, seq] : state.input_blobs) {
    if (!seq.is_int64()) return BadBody("a blob of the input is no number");
  }
  if (!state.input.is_object()) state.input = json::Object();
  return {};
}

// Without what is in blobs.
json::Value InlineInput(const ThreadState& state) {
  if (state.input_blobs.empty() || !state.input.is_object()) return state.input;
  json::Object inline_parts;
  for (const auto& [name, value] : state.input.get_object()) {
    if (!state.input_blobs.contains(name)) inline_parts.emplace(name, value);
  }
  return inline_parts;
}

}  // namespace

json::Value SendToJson(std::string_view node, const json::Value& argument,
                       const TimeoutPolicy& timeout) {
  json::Array list{json::Value(node), argument};
  if (timeout.run || timeout.idle) {
    for (const auto& limit : {timeout.run, timeout.idle}) {
      list.push_back(limit ? json::Value(limit->count()) : json::Value());
    }
  }
  return list;
}

std::optional<Send> SendFromJson(const json::Value& list) {
  const json::Array* parts = list.if_array();
  if (parts == nullptr || (parts->size() != 2 && parts->size() != 4) ||
      !parts->front().is_string()) {
    return std::nullopt;
  }
  Send send{std::string(json::ToStringView(parts->front().get_string())), (*parts)[1]};
  const auto limit = [&](std::size_t at) -> std::optional<std::chrono::milliseconds> {
    if (at >= parts->size() || !(*parts)[at].is_int64()) return std::nullopt;
    return std::chrono::milliseconds((*parts)[at].get_int64());
  };
  send.timeout = {limit(2), limit(3)};
  return send;
}

Result<std::vector<ChannelBlob>> TakeChangedBlobs(ThreadState& state, std::int64_t seq) {
  std::vector<ChannelBlob> blobs;
  for (std::size_t i = 0; i < state.logs.size(); ++i) {
    const ChannelEntry& channel = state.graph().channels()[i];
    ChannelLog& log = state.logs[i];
    if (state.versions[i] == log.saved_version) continue;
    if (!IsStored(channel.spec)) continue;
    const json::Value* value = state.stored(static_cast<int>(i));
    if (value == nullptr) {
      log = {.saved_version = state.versions[i]};
      continue;
    }
    const InputBlob input = std::exchange(log.input, {});
    NewBlob blob;
    if (!TakeIncrement(log, input, seq, blob)) {
      BATON_TRY(TakeSnapshot(channel, *value, input, log, seq, blob));
    }
    log.saved_version = state.versions[i];
    if (!blob) continue;
    if (!IsValidUtf8(blob->bytes)) {
      return Fail(Code::kInvalidArgument, "channel '{}' holds text that is not UTF-8",
                  channel.name);
    }
    blob->channel = channel.name;
    blobs.push_back(std::move(*blob));
  }
  return blobs;
}

Result<std::vector<ChannelBlob>> TakeInputBlobs(ThreadState& state, std::int64_t seq,
                                                const std::vector<ChannelBlob>& changed) {
  std::vector<ChannelBlob> blobs;
  if (!state.input.is_object() || !state.input_blobs.empty()) return blobs;
  for (const auto& [name, value] : state.input.get_object()) {
    const int channel = state.graph().FindChannel({name.data(), name.size()});
    const ChannelSpec& spec = state.graph().channels()[channel].spec;
    if (!IsStored(spec)) continue;
    // The blob of this checkpoint is the channel's own.
    const auto same = [&](const ChannelBlob& blob) { return blob.channel == name; };
    if (std::any_of(changed.begin(), changed.end(), same)) continue;
    Result<std::string> bytes =
        SerializeChecked(value, "the input for '" + std::string(name) + "'");
    if (!bytes) return Fail(std::move(bytes).error());
    if (bytes->size() < kInlineInput) continue;
    ChannelLog& log = state.logs[channel];
    const bool adds = IsIncremental(spec) && log.head_seq != 0;
    if (adds) *bytes = '[' + std::move(*bytes) + ']';
    log.input = {seq, adds ? log.head_seq : 0, *bytes};
    state.input_blobs.emplace(name, seq);
    blobs.push_back({.channel = std::string(name),
                     .seq = seq,
                     .base_seq = log.input.base_seq,
                     .bytes = std::move(*bytes)});
  }
  return blobs;
}

std::string EncodeBody(const ThreadState& state) {
  const int format = state.input_blobs.empty() ? kBodyVersion : kBodyVersionWithInputBlobs;
  json::Object body{{"v", format}, {"max", state.max_version}, {"stop", state.stop_seen}};
  body.emplace("channels", EncodeChannels(state));
  body.emplace("triggers", EncodeTriggers(state));
  if (!state.sends.empty()) {
    json::Array sends;
    for (const PlannedSend& send : state.sends) {
      sends.push_back(
          SendToJson(state.graph().nodes()[send.node].name, send.argument, send.timeout));
    }
    body.emplace("sends", std::move(sends));
  }
  if (!state.forks.empty()) {
    json::Array forks;
    for (const ForkPoint& fork : state.forks) forks.push_back(json::Array{fork.from, fork.to});
    body.emplace("forks", std::move(forks));
  }
  if (!state.run_task.empty()) body.emplace("task", state.run_task);
  if (!state.run_id.empty()) body.emplace("run", state.run_id);
  if (!state.metadata.empty()) body.emplace("meta", state.metadata);
  if (state.triggers[CompiledGraph::kStartTrigger].set) body.emplace("input", InlineInput(state));
  if (!state.input_blobs.empty()) body.emplace("input_blobs", state.input_blobs);
  return json::Serialize(body);
}

Status DecodeBody(const std::string& body, ThreadState& state) {
  Result<json::Value> parsed = ParseStored(body, "checkpoint");
  if (!parsed) return std::move(parsed).error();
  BATON_TRY(CheckVersion(*parsed));
  const json::Value* channels = json::Find(*parsed, "channels");
  const json::Value* triggers = json::Find(*parsed, "triggers");
  if (channels == nullptr || !channels->is_object() || triggers == nullptr ||
      !triggers->is_object()) {
    return BadBody("channels or triggers are missing");
  }
  state.max_version = json::GetInt(*parsed, "max");
  state.stop_seen = json::GetInt(*parsed, "stop");
  for (const auto& [name, entry] : channels->get_object()) {
    const int channel = state.graph().FindChannel({name.data(), name.size()});
    if (!entry.is_array()) return BadBody("a channel is no list");
    if (channel >= 0) DecodeChannel(entry.get_array(), channel, state);
  }
  for (const auto& [name, entry] : triggers->get_object()) {
    const int trigger = state.graph().FindTrigger({name.data(), name.size()});
    if (!entry.is_array()) return BadBody("a trigger is no list");
    if (trigger >= 0) DecodeTrigger(entry.get_array(), trigger, state);
  }
  if (const json::Value* input = json::Find(*parsed, "input")) state.input = *input;
  BATON_TRY(DecodeInputBlobs(*parsed, state));
  state.run_task = json::GetString(*parsed, "task");
  state.run_id = json::GetString(*parsed, "run");
  const json::Value* metadata = json::Find(*parsed, "meta");
  if (metadata != nullptr && metadata->is_object()) state.metadata = metadata->get_object();
  BATON_TRY(DecodeForks(*parsed, state.forks));
  const json::Value* sends = json::Find(*parsed, "sends");
  return sends == nullptr ? Status() : DecodeSends(*sends, state);
}

Result<BodySummary> Summarize(const std::string& body) {
  const Result<json::Value> parsed = ParseStored(body, "checkpoint");
  if (!parsed) return Fail(parsed.error());
  BATON_TRY(CheckVersion(*parsed));
  BodySummary summary;
  summary.run_id = json::GetString(*parsed, "run");
  BATON_TRY(DecodeForks(*parsed, summary.forks));
  const json::Value* channels = json::Find(*parsed, "channels");
  if (channels == nullptr || !channels->is_object()) return Fail(BadBody("channels are missing"));
  for (const auto& [name, entry] : channels->get_object()) {
    if (!entry.is_array()) return Fail(BadBody("a channel is no list"));
    const std::int64_t head = NumberAt(entry.get_array(), 1);
    if (head == 0) continue;
    summary.ranges.push_back(
        {std::string(name.data(), name.size()), NumberAt(entry.get_array(), 2), head});
  }
  if (const json::Value* input = json::Find(*parsed, "input_blobs"); input && input->is_object()) {
    for (const auto& [name, at] : input->get_object()) {
      if (!at.is_int64()) return Fail(BadBody("a blob of the input is no number"));
      const std::int64_t seq = at.get_int64();
      summary.ranges.push_back({std::string(name.data(), name.size()), seq, seq});
    }
  }
  const json::Value* sends = json::Find(*parsed, "sends");
  if (sends == nullptr || !sends->is_array()) return summary;
  for (const json::Value& entry : sends->get_array()) {
    const std::optional<Send> send = SendFromJson(entry);
    if (!send) return Fail(BadBody("a send is no pair"));
    summary.sends.push_back(send->node);
  }
  return summary;
}

std::vector<BlobRange> RangesOf(const ThreadState& state) {
  std::vector<BlobRange> ranges;
  for (std::size_t i = 0; i < state.logs.size(); ++i) {
    const ChannelLog& log = state.logs[i];
    if (log.head_seq == 0 || log.is_loaded) continue;
    ranges.push_back({state.graph().channels()[i].name, log.snapshot_seq, log.head_seq});
  }
  for (const auto& [name, seq] : state.input_blobs) {
    ranges.push_back({std::string(name.data(), name.size()), seq.get_int64(), seq.get_int64()});
  }
  return ranges;
}

Status DecodeBlobs(const std::vector<ChannelBlob>& blobs, ThreadState& state) {
  for (std::size_t i = 0; i < state.logs.size(); ++i) {
    if (state.logs[i].head_seq == 0 || state.logs[i].is_loaded) continue;
    BATON_TRY(DecodeChannelValue(blobs, static_cast<int>(i), state));
  }
  for (const auto& [name, seq] : state.input_blobs) {
    BATON_TRY(
        DecodeInputPart(blobs, std::string(name.data(), name.size()), seq.get_int64(), state));
  }
  return {};
}

}  // namespace baton::graph
