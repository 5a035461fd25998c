#include "graph/internal/output_cache.h"

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "base/log.h"
#include "graph/internal/codec.h"
#include "graph/internal/loading.h"

namespace baton::graph {
namespace {

// Equal values give equal text, in whatever order their members came.
void AppendCanonical(const json::Value& value, std::string& text) {
  if (const json::Array* list = value.if_array()) {
    text += '[';
    for (const json::Value& element : *list) {
      AppendCanonical(element, text);
      text += ',';
    }
    text += ']';
    return;
  }
  const json::Object* object = value.if_object();
  if (object == nullptr) {
    text += json::Serialize(value);
    return;
  }
  std::vector<const boost::json::key_value_pair*> members;
  for (const auto& member : *object) members.push_back(&member);
  std::sort(members.begin(), members.end(),
            [](const auto* left, const auto* right) { return left->key() < right->key(); });
  text += '{';
  for (const auto* member : members) {
    text += json::Serialize(json::Value(member->key()));
    text += ':';
    AppendCanonical(member->value(), text);
    text += ',';
  }
  text += '}';
}

// The text goes into the value: that two inputs share a hash must not mix up their outputs.
std::string HashOf(std::string_view text) {
  return fmt::format("{:016x}{:016x}", Fnv1a(text), Fnv1a(text, text.size()));
}

std::optional<NodeOutput> DecodeCached(const CompiledGraph& graph, const std::string& text,
                                       const std::string& input) {
  const json::ParseLimits limits{.max_depth = 100'000, .max_bytes = std::string::npos};
  const Result<json::Value> entry = json::Parse(text, limits);
  if (!entry || json::GetString(*entry, "input") != input) return std::nullopt;
  const json::Value* output = json::Find(*entry, "output");
  if (output == nullptr) return std::nullopt;
  NodeOutput cached = OutputFromJson(graph, *output);
  if (!CheckOutput(graph, cached).ok()) return std::nullopt;
  return cached;
}

}  // namespace

std::string CacheNamespace(const std::string& graph_name, const std::string& node_name) {
  return graph_name + '|' + node_name;
}

bool OutputCache::Covers(const Task& task) const {
  return frame_.environment.options.cache != nullptr && frame_.NodeOf(task).options.cache &&
         !task.handling;
}

std::string OutputCache::TextOf(const Task& task) const {
  const CachePolicy& policy = *frame_.NodeOf(task).options.cache;
  if (policy.key) return policy.key(frame_.InputOf(task));
  std::string text;
  AppendCanonical(frame_.InputOf(task), text);
  return text;
}

async::Task<std::optional<NodeOutput>> OutputCache::Get(const Task& task) const {
  const std::string text = TextOf(task);
  Result<std::optional<std::string>> found = co_await frame_.environment.options.cache->Get(
      CacheNamespace(frame_.graph.name(), frame_.NodeOf(task).name), HashOf(text),
      frame_.environment.clock.Now());
  if (!found) {
    Log(LogLevel::kWarning, "node cache not read", {{"status", found.error().ToString()}});
    co_return std::nullopt;
  }
  if (!*found) co_return std::nullopt;
  co_return DecodeCached(frame_.graph, **found, text);
}

async::Task<void> OutputCache::Put(const Task& task, json::Value output) const {
  const CachePolicy& policy = *frame_.NodeOf(task).options.cache;
  std::string text = TextOf(task);
  std::string key = HashOf(text);
  json::Object entry{{"input", std::move(text)}};
  entry.emplace("output", std::move(output));
  std::optional<Timestamp> expires;
  if (policy.ttl) expires = frame_.environment.clock.Now() + *policy.ttl;
  const Status put = co_await frame_.environment.options.cache->Put(
      CacheNamespace(frame_.graph.name(), frame_.NodeOf(task).name), std::move(key),
      json::Serialize(entry), expires);
  if (!put.ok()) Log(LogLevel::kWarning, "node cache not written", {{"status", put.ToString()}});
}

}  // namespace baton::graph
