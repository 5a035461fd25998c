// The nodes of random graphs. Their runs need a World as their scope, and what they write depends
// on their input and on the answers only.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "graph/node.h"
#include "json/json.h"

namespace baton::simulation {

// The number of tasks that the state knows of.
int SumIn(const json::Value& state);

// How a node spends its time.
struct Pace {
  int yields = 0;
  std::chrono::milliseconds delay{0};
};

// Says its name, adds one, and keeps what it saw and was told under its name. A question that
// has expired it asks again.
class RandomNode final : public graph::Node {
 public:
  struct Asks {
    int questions = 0;
    std::optional<std::chrono::milliseconds> expires;
  };

  RandomNode(std::string name, Pace pace, Asks asks)
      : name_(std::move(name)), pace_(pace), asks_(asks) {}

  async::Task<Result<graph::NodeOutput>> Run(graph::NodeContext& context) override;

 private:
  async::Task<Result<json::Value>> Ask(graph::NodeContext& context, int number) const;

  const std::string name_;
  const Pace pace_;
  const Asks asks_;
};

// Fails each time: what is to be done is its error handler's, a RandomNode.
class FailingNode final : public graph::Node {
 public:
  explicit FailingNode(Pace pace) : pace_(pace) {}

  async::Task<Result<graph::NodeOutput>> Run(graph::NodeContext& context) override;

 private:
  const Pace pace_;
};

// A model: up to three of its turns call tools, a task of `tool` for each call, the turns after
// that do not. Which and how many is written in its name. As a model's words are, a call is
// another one (Outside::Draw()) whenever the turn is taken again.
class ModelNode final : public graph::Node {
 public:
  // `changes`: some of the calls change the world.
  ModelNode(std::string name, std::string tool, Pace pace, bool changes)
      : name_(std::move(name)), tool_(std::move(tool)), pace_(pace), changes_(changes) {}

  async::Task<Result<graph::NodeOutput>> Run(graph::NodeContext& context) override;

 private:
  const std::string name_;
  const std::string tool_;
  const Pace pace_;
  const bool changes_;
};

// Makes the call it is sent. One that changes the world goes the way of docs/effects.md: it
// awaits that its task is stored, puts down the intent, makes the change, puts down the outcome.
// Where it finds an intent without outcome it asks.
class ToolNode final : public graph::Node {
 public:
  ToolNode(std::string name, Pace pace) : name_(std::move(name)), pace_(pace) {}

  async::Task<Result<graph::NodeOutput>> Run(graph::NodeContext& context) override;

 private:
  async::Task<Status> Change(graph::NodeContext& context, const std::string& what) const;

  const std::string name_;
  const Pace pace_;
};

}  // namespace baton::simulation
