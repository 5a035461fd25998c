// Nodes for tests.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "async/signal.h"
#include "graph/node.h"

namespace baton::graph::testing {

// What a function returns at once.
class FunctionNode final : public Node {
 public:
  using Function = std::function<Result<NodeOutput>(NodeContext&)>;

  // `suspends`: as a coroutine, like a node that waits for something.
  explicit FunctionNode(Function function, bool suspends = false)
      : function_(std::move(function)), suspends_(suspends) {}

  std::optional<Result<NodeOutput>> RunNow(NodeContext& context) override {
    if (suspends_) return std::nullopt;
    return function_(context);
  }
  async::Task<Result<NodeOutput>> Run(NodeContext& context) override {
    co_return function_(context);
  }

 private:
  const Function function_;
  const bool suspends_;
};

// Asks its questions in order and writes the list of answers to a channel.
class AskingNode final : public Node {
 public:
  AskingNode(std::vector<Question> questions, std::string channel)
      : questions_(std::move(questions)), channel_(std::move(channel)) {}

  async::Task<Result<NodeOutput>> Run(NodeContext& context) override {
    ++runs;
    json::Array answers;
    for (const Question& question : questions_) {
      Result<json::Value> answer = co_await context.Interrupt(question);
      if (!answer) co_return Fail(std::move(answer).error());
      answers.push_back(std::move(*answer));
    }
    NodeOutput output;
    output.writes.emplace(channel_, std::move(answers));
    co_return output;
  }

  int runs = 0;

 private:
  const std::vector<Question> questions_;
  const std::string channel_;
};

// Waits until it is cancelled or its time is over.
class HangingNode final : public Node {
 public:
  async::Task<Result<NodeOutput>> Run(NodeContext& context) override {
    ++started;
    static_cast<void>(context);
    co_await async::SleepUntil(Deadline::In(std::chrono::minutes(10)));
    ++ended;
    co_return Fail(Code::kCancelled, "cancelled while it hung");
  }

  int started = 0;
  int ended = 0;
};

// {"log": [text]}.
inline NodeOutput Say(std::string_view text) {
  NodeOutput output;
  output.writes.emplace("log", json::Array{json::Value(text)});
  return output;
}

}  // namespace baton::graph::testing
