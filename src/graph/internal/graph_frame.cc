#include "graph/internal/graph_frame.h"

#include <algorithm>
#include <utility>

#include "graph/internal/ids.h"

namespace baton::graph {
namespace {

std::unique_ptr<RunScope> MakeScope(const ParentTask& parent) {
  if (parent.frame == nullptr) return nullptr;
  const NodeOptions& options = parent.frame->NodeOf(*parent.task).options;
  return options.scope ? options.scope(parent.frame->scope) : nullptr;
}

RunScope* ScopeAround(const ParentTask& parent, const RunEnvironment& environment) {
  return parent.frame != nullptr ? parent.frame->scope : environment.options.scope;
}

bool IsKept(const ParentTask& parent, const RunEnvironment& environment,
            const CompiledGraph& graph) {
  if (parent.frame == nullptr) return environment.keeps();
  return parent.frame->keeps && graph.persistence() != Persistence::kNone;
}

}  // namespace

GraphFrame::GraphFrame(RunEnvironment& an_environment, const CompiledGraph& a_graph,
                       std::string a_namespace, ParentTask a_parent)
    : environment(an_environment),
      graph(a_graph),
      ns(std::move(a_namespace)),
      parent(a_parent),
      own_scope(MakeScope(parent)),
      scope(own_scope != nullptr ? own_scope.get() : ScopeAround(parent, environment)),
      keeps(IsKept(parent, environment, graph)),
      state(graph, keeps) {}

void GraphFrame::Plan() {
  if (planned) return;
  tasks.clear();
  state.Plan(tasks);
  planned = true;
}

bool GraphFrame::AllDone() const {
  return std::all_of(tasks.begin(), tasks.end(),
                     [](const Task& task) { return task.state == TaskState::kDone; });
}

bool GraphFrame::Has(TaskState task_state) const {
  return std::any_of(tasks.begin(), tasks.end(),
                     [&](const Task& task) { return task.state == task_state; });
}

bool GraphFrame::Drains() const {
  const RunControl* control = environment.options.control;
  return control != nullptr && control->drain_requested() && (keeps || !is_nested());
}

int GraphFrame::RecursionLimit() const {
  constexpr int kUnsaid = CompileOptions().recursion_limit;
  const int said = environment.options.recursion_limit;
  if (said > 0) return said;
  const bool inherits = is_nested() && graph.recursion_limit() == kUnsaid;
  return inherits ? parent.frame->RecursionLimit() : graph.recursion_limit();
}

const std::string& GraphFrame::IdOf(Task& task) {
  if (task.id.empty()) task.id = TaskId({checkpoint_id, ns, step + 1}, NodeOf(task).name, task);
  return task.id;
}

bool GraphFrame::KeepsOwnState(const Task& task) const {
  const NodeEntry& node = NodeOf(task);
  return node.subgraph != nullptr && node.subgraph->persistence() == Persistence::kOwn;
}

Status GraphFrame::ClaimOwnState(Task& task) {
  const std::string nested = NestedNamespace(task);
  const auto [use, is_new] = environment.own_states.try_emplace(nested);
  if (is_new) {
    use->second.task = IdOf(task);
    for (ParentTask around = parent; around.frame != nullptr; around = around.frame->parent) {
      use->second.within.push_back(around.frame->IdOf(*around.task));
    }
  }
  if (use->second.task == IdOf(task)) return {};
  return Fail(Code::kFailedPrecondition,
              "subgraph '{}' keeps a state of its own: it runs once in a super-step", nested);
}

std::string GraphFrame::NestedNamespace(Task& task) {
  const NodeEntry& node = NodeOf(task);
  return KeepsOwnState(task) ? OwnNamespace(ns, node.name)
                             : SubgraphNamespace(ns, node.name, IdOf(task));
}

void GraphFrame::SignOfLife(Task& task) {
  task.last_sign = Deadline::Clock::now();
  if (is_nested()) parent.frame->SignOfLife(*parent.task);
}

void GraphFrame::StepForward() {
  for (Task& task : tasks) {
    // Who has no id has claimed nothing.
    if (NodeOf(task).subgraph == nullptr || environment.own_states.empty() || task.id.empty()) {
      continue;
    }
    if (KeepsOwnState(task)) environment.own_states.erase(NestedNamespace(task));
    environment.ReleaseWithin(task.id);
  }
  ++step;
  reopened = false;
  planned = false;
  step_deadline = Deadline();
  if (is_nested()) parent.frame->SignOfLife(*parent.task);
  if (!environment.keeps()) return;
  parent_id = checkpoint_id;
  checkpoint_id = CheckpointId(checkpoint_id, ns, step);
  // Answers belong to the super-step of the thread's own graph that they were given in.
  if (ns.empty()) environment.answers.clear();
}

}  // namespace baton::graph
