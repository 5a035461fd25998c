// How a run of a graph looks, to a person or as JSON lines.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "graph/runner.h"
#include "json/pointer.h"
#include "main/command_line.h"
#include "main/terminal.h"

namespace baton::app {

// Shows the kinds of events that the command asks for, as they come, and the outcome at the end.
// docs/graph-files.md describes both forms.
// Threads: one.
class GraphView final : public graph::StreamListener {
 public:
  explicit GraphView(const GraphCommand& command);
  // The command line that goes on with the run, without the answers.
  void set_go_on(std::string go_on) { go_on_ = std::move(go_on); }

  bool Wants(graph::StreamEvent::Kind kind) const override;
  async::Task<Status> OnEvent(graph::StreamEvent event) override;

  // Yields the exit status. `output` is the place of the result; empty: the whole state.
  int ShowOutcome(const graph::RunResult& result, const std::string& thread,
                  const std::optional<json::Pointer>& output);

 private:
  bool IsAskedFor(std::string_view mode) const;
  void ShowForPerson(const graph::StreamEvent& event);
  void ShowWords(const graph::StreamEvent& event);
  void ShowQuestions(const graph::RunResult& result);
  void EndLine();

  const GraphCommand& command_;
  Terminal out_;
  Terminal err_;
  std::string go_on_;
  std::string speaker_;   // the task whose words are being shown
  bool in_line_ = false;  // within them
};

}  // namespace baton::app
