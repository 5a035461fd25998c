// A model call of a turn.
#pragma once

#include <string>
#include <string_view>

#include "agents/agent_spec.h"
#include "agents/turn_scope.h"
#include "async/task.h"
#include "base/deadline.h"
#include "base/status.h"
#include "graph/node.h"
#include "graph/state_graph.h"
#include "llm/chat_model.h"
#include "llm/model_catalog.h"

namespace baton::agents {

// Gives the user a model call's text as it comes, and keeps it: what is kept is what the user
// has, to the byte. White space before the first word is dropped.
//
// Lifetime: one model call; context, listener and `before` outlive it.
class AnswerStream final : public llm::TextSink {
 public:
  // `before` is the text of the turn's earlier model calls. If there is any, a blank line is
  // streamed ahead of this call's first word.
  AnswerStream(graph::NodeContext& context, TurnListener& listener, std::string_view before)
      : context_(context), listener_(listener), before_(before) {}

  async::Task<Status> OnText(std::string_view text) override;

  // Streams what the finished message has beyond what came through OnText().
  async::Task<Status> Complete(const llm::Message& message);

  const std::string& text() const { return text_; }   // of this call
  const Status& failure() const { return failure_; }  // of the listener

 private:
  graph::NodeContext& context_;
  TurnListener& listener_;
  const std::string_view before_;
  std::string text_;
  Status failure_;
};

// Calls the model behind `alias`, with tool calls and results that match: no provider takes
// others. A failure reads "model openai:gpt-4o: …" and carries the detail "model". An answer with
// neither text nor tool calls is one. Everything passed outlives the call.
async::Task<Result<llm::ChatResponse>> CallModel(const llm::ModelCatalog& models,
                                                 std::string_view alias,
                                                 const llm::ChatRequest& request,
                                                 llm::TextSink* sink, Deadline deadline);

// The same with the models and the time of the turn; `deadline` may make that shorter.
async::Task<Result<llm::ChatResponse>> CallModel(graph::NodeContext& context,
                                                 std::string_view alias,
                                                 const llm::ChatRequest& request,
                                                 llm::TextSink* sink, Deadline deadline = {});

// Calls the model and streams its text to the turn's listener. The response's content is
// exactly what was streamed, without the separator. An answer with neither text nor tool calls
// is a failure.
async::Task<Result<llm::ChatResponse>> StreamModel(graph::NodeContext& context,
                                                   std::string_view alias,
                                                   const llm::ChatRequest& request,
                                                   std::string_view before);

// Who plans, judges and writes down beside the work: the alias `fast`, or, where there is none, the
// agent's own model. Lives as long as `spec`.
std::string_view SmallModel(const TurnScope& scope, const AgentSpec& spec);

// Whether the offline model stands behind the alias: it finds and quotes, and makes nothing up.
bool IsOffline(const TurnScope& scope, std::string_view alias);

// For nodes that call a model: what the provider may overcome by itself is tried again.
graph::NodeOptions ModelNodeOptions();

}  // namespace baton::agents
