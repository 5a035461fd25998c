// Agents that an agent calls as its tools.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agents/agent.h"
#include "base/status.h"
#include "graph/channel.h"
#include "graph/state_graph.h"
#include "json/json.h"
#include "llm/chat_model.h"
#include "llm/message.h"

namespace baton::agents {

// The callees as the model sees them: "ask_weather" with `request` and, if it likes, `context`.
std::vector<llm::ToolSpec> AgentTools(const Callees& callees);

// The callee that the tool of this name asks; null if it asks none of them.
const Agent* FindCallee(const Callees& callees, std::string_view tool);

// Why the call cannot be made, as the model is told; empty if it can.
std::string CheckAgentCall(const llm::ToolCall& call);

// A call for the channel `asks`. `key` names it within the turn.
json::Value EncodeAgentCall(const Agent& callee, const llm::ToolCall& call, std::string_view key);

// What the loop keeps beside the channels of a turn:
//   asks     last    the calls that the tools node has left to agents, by EncodeAgentCall()
//   reports  append  {key, text, failed, sources} of each that has ended
void AddAgentChannels(graph::Channels& channels);

// Puts between the nodes `tools` and `model` what runs the calls in `asks`, all at once:
//
//   tools ─┬─ no asks ─────────────────────────────→ model
//          └─ each: ask NAME (its graph, → report) ─→ gather → model
//
// Each call is a run of the callee's graph with a state of its own: it is stored step by step,
// its questions are the turn's, its tools pass the gate under its own name, and its text is the
// call's result instead of a part of the answer. One that fails is told to the model.
Status AddAgentCalls(graph::StateGraph& graph, const Callees& callees);

}  // namespace baton::agents
