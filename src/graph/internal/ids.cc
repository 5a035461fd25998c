#include "graph/internal/ids.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/hash.h"

namespace baton::graph {
namespace {

// Two 64-bit hashes are enough apart for the few thousand tasks of a thread. Documented in
// docs/checkpoint-format.md: stored ids depend on it.
constexpr std::uint64_t kSecondSeed = 1099511628211ULL * 7;

std::string HashDigits(std::string_view text) {
  return fmt::format("{:016x}{:016x}", Fnv1a(text), Fnv1a(text, kSecondSeed));
}

}  // namespace

std::string TaskId(const TaskPlace& place, std::string_view node_name, const Task& task) {
  std::string text;
  for (const std::string_view part : {place.checkpoint_id, place.ns}) {
    text.append(part).push_back('\0');
  }
  text.append(std::to_string(place.step)).push_back('\0');
  text.append(task.send < 0 ? "pull" : "push").push_back('\0');
  text.append(node_name).push_back('\0');
  text.append(std::to_string(task.send < 0 ? 0 : task.send));
  return HashDigits(text);
}

std::string CheckpointId(std::string_view parent_id, std::string_view ns, int step) {
  std::string text;
  for (const std::string_view part : {parent_id, ns}) text.append(part).push_back('\0');
  text.append(std::to_string(step));
  return "ckpt_" + HashDigits(text);
}

std::string QuestionId(std::string_view task_id, int call) {
  std::string text(task_id);
  text.push_back('\0');
  text.append(std::to_string(call));
  return "q_" + HashDigits(text);
}

std::string QuestionId(std::string_view task_id, std::string_view key) {
  std::string text(task_id);
  text.push_back('\0');
  text.append("=").append(key);
  return "q_" + HashDigits(text);
}

std::string MessageId(std::string_view seed, int index) {
  std::string text(seed);
  text.push_back('\0');
  text.append(std::to_string(index));
  return "msg_" + HashDigits(text);
}

std::string SubgraphNamespace(std::string_view parent, std::string_view node_name,
                              std::string_view task_id) {
  return fmt::format("{}{}{}:{}", parent, parent.empty() ? "" : "|", node_name, task_id);
}

// PARENT without the task ids in it: a run of the parent is not part of the name.
std::string OwnNamespace(std::string_view parent, std::string_view node_name) {
  std::string name;
  for (std::string_view rest = parent; !rest.empty();) {
    const std::string_view part = rest.substr(0, rest.find('|'));
    rest.remove_prefix(std::min(rest.size(), part.size() + 1));
    name.append(part.substr(0, part.find(':'))).push_back('|');
  }
  return name.append(node_name);
}

}  // namespace baton::graph
