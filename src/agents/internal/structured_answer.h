// Answers of a model that are data: asked for, read, and sent back once where they are wrong.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agents/agent_spec.h"
#include "graph/node.h"
#include "json/json.h"
#include "json/schema.h"
#include "llm/message.h"

namespace baton::agents {

// A model that has been told what is wrong and gets it wrong again does so a third time.
inline constexpr int kMaxRepairs = 1;

// What a model gave, as far as it is of the form.
struct StructuredAnswer {
  json::Value value;  // null if it is not
  std::vector<std::string> problems;
};

StructuredAnswer ReadStructured(std::string_view text, const json::Schema& schema);

// Whether a model that was to answer with an object has answered in words instead, as one does
// that cannot do what is asked: what it says is the answer then.
bool IsProse(std::string_view text);

// The lines as a Markdown list, each on a line of its own, with a line break ahead.
std::string ListOf(const std::vector<std::string>& lines);

// What the model is told of an answer that cannot be used.
llm::Message RepairMessage(std::string_view refused, const std::vector<std::string>& problems,
                           std::string_view advice);

// The same for the channel `messages`.
json::Value RepairRequest(std::string_view refused, const std::vector<std::string>& problems,
                          std::string_view advice);

// A node that asks the agent's model for an answer of `schema`, without tools, and appends it to
// `messages`. The answer is to be made up, not found. `instructions` go behind the agent's own
// prompt. Nothing of it is streamed.
std::unique_ptr<graph::Node> MakeStructuredNode(
    std::shared_ptr<const AgentSpec> spec, json::Value schema,
    std::function<std::string(const graph::NodeContext&)> instructions);

}  // namespace baton::agents
