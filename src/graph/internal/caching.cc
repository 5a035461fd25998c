// Outputs that are taken from a cache, and put there.
#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "base/log.h"
#include "graph/internal/codec.h"
#include "graph/internal/loading.h"
#include "graph/internal/run_loop.h"

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

bool RunLoop::IsCached(const Task& task) const {
  return environment_.options.cache != nullptr && NodeOf(task).options.cache && !task.handling;
}

std::string RunLoop::CacheText(const Task& task) const {
  const CachePolicy& policy = *NodeOf(task).options.cache;
  if (policy.key) return policy.key(InputOf(task));
  std::string text;
  AppendCanonical(InputOf(task), text);
  return text;
}

async::Task<bool> RunLoop::TakeFromCache(Task& task) {
  const std::string text = CacheText(task);
  Result<std::optional<std::string>> found = co_await environment_.options.cache->Get(
      CacheNamespace(graph_.name(), NodeOf(task).name), HashOf(text), environment_.clock.Now());
  if (!found) {
    Log(LogLevel::kWarning, "node cache not read", {{"status", found.error().ToString()}});
    co_return false;
  }
  if (!*found) co_return false;
  std::optional<NodeOutput> output = DecodeCached(graph_, **found, text);
  if (!output) co_return false;
  task.cached = true;
  Settle(task, std::move(*output));
  co_return true;
}

// `output` is what the node returned, as JSON text.
async::Task<void> RunLoop::PutIntoCache(const Task& task, json::Value output) {
  const CachePolicy& policy = *NodeOf(task).options.cache;
  std::string text = CacheText(task);
  std::string key = HashOf(text);
  json::Object entry{{"input", std::move(text)}};
  entry.emplace("output", std::move(output));
  std::optional<Timestamp> expires;
  if (policy.ttl) expires = environment_.clock.Now() + *policy.ttl;
  const Status put =
      co_await environment_.options.cache->Put(CacheNamespace(graph_.name(), NodeOf(task).name),
                                               std::move(key), json::Serialize(entry), expires);
  if (!put.ok()) Log(LogLevel::kWarning, "node cache not written", {{"status", put.ToString()}});
}

}  // namespace baton::graph
