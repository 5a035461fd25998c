#include "main/graph_view.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/clock.h"
#include "main/questions.h"

namespace baton::app {
namespace {

using Kind = graph::StreamEvent::Kind;

constexpr int kAsks = 3;

struct StreamMode {
  std::string_view name;
  Kind kind;
};
// The words of models are events of the custom stream.
constexpr std::array kStreamModes = {
    StreamMode{"values", Kind::kValues},         StreamMode{"updates", Kind::kUpdates},
    StreamMode{"custom", Kind::kCustom},         StreamMode{"messages", Kind::kCustom},
    StreamMode{"tasks", Kind::kTaskStarted},     StreamMode{"tasks", Kind::kTaskFinished},
    StreamMode{"checkpoints", Kind::kCheckpoint}};

bool IsWords(const graph::StreamEvent& event) {
  return event.kind == Kind::kCustom && json::GetString(event.data, "kind") == "text";
}

std::string TypeOf(const graph::StreamEvent& event) {
  switch (event.kind) {
    case Kind::kTaskStarted:
      return "task_started";
    case Kind::kTaskFinished:
      return "task_finished";
    case Kind::kValues:
      return "values";
    case Kind::kUpdates:
      return "updates";
    case Kind::kCustom:
      return IsWords(event) ? "message" : "custom";
    case Kind::kCheckpoint:
      return "checkpoint";
    default:
      return "other";
  }
}

json::Object EventAsJson(const graph::StreamEvent& event) {
  json::Object object{{"type", TypeOf(event)}, {"data", event.data}};
  if (!event.node.empty()) object["node"] = event.node;
  if (!event.task_id.empty()) object["task_id"] = event.task_id;
  if (!event.ns.empty()) object["ns"] = event.ns;
  return object;
}

json::Value QuestionAsJson(const graph::PendingQuestion& question) {
  json::Object object{{"id", question.id}, {"node", question.node}, {"payload", question.payload}};
  if (question.answer_schema) object["answer_schema"] = *question.answer_schema;
  if (question.expires) object["expires"] = FormatTimestamp(*question.expires);
  return object;
}

const json::Value& OutputOf(const graph::RunResult& result,
                            const std::optional<json::Pointer>& output) {
  static const json::Value nothing;
  if (!output) return result.values;
  const json::Value* found = output->Find(result.values);
  return found == nullptr ? nothing : *found;
}

json::Object OutcomeAsJson(const graph::RunResult& result, const std::string& thread,
                           const std::optional<json::Pointer>& output) {
  json::Object object{{"type", "outcome"}, {"thread", thread}};
  if (!result.status.ok()) {
    object["status"] = "failed";
    object["error"] = json::Object{{"code", CodeName(result.status.code())},
                                   {"message", result.status.message()}};
  } else {
    object["status"] = result.questions.empty() ? "done" : "asks";
  }
  if (result.status.ok() && result.questions.empty()) object["output"] = OutputOf(result, output);
  json::Array questions;
  for (const graph::PendingQuestion& question : result.questions) {
    questions.push_back(QuestionAsJson(question));
  }
  if (!questions.empty()) object["questions"] = std::move(questions);
  object["values"] = result.values;
  return object;
}

// A text as it is, anything else as JSON.
std::string AsText(const json::Value& value) {
  return value.is_string() ? std::string(json::ToStringView(value.get_string()))
                           : json::Serialize(value);
}

}  // namespace

GraphView::GraphView(const GraphCommand& command) : command_(command), out_(stdout), err_(stderr) {}

bool GraphView::IsAskedFor(std::string_view mode) const {
  return std::ranges::find(command_.streams, mode) != command_.streams.end();
}

bool GraphView::Wants(Kind kind) const {
  return std::ranges::any_of(kStreamModes, [&](const StreamMode& mode) {
    return mode.kind == kind && IsAskedFor(mode.name);
  });
}

async::Task<Status> GraphView::OnEvent(graph::StreamEvent event) {
  if (IsWords(event) && !IsAskedFor("messages")) co_return Status();
  if (event.kind == Kind::kCustom && !IsWords(event) && !IsAskedFor("custom")) co_return Status();
  if (command_.json) {
    out_.WriteLine(json::Serialize(EventAsJson(event)));
  } else {
    ShowForPerson(event);
  }
  co_return Status();
}

void GraphView::ShowForPerson(const graph::StreamEvent& event) {
  if (IsWords(event)) return ShowWords(event);
  EndLine();
  const std::string who = event.node.empty() ? TypeOf(event) : event.node + " " + TypeOf(event);
  const std::string what = event.data.is_null() ? "" : ": " + json::Serialize(event.data);
  err_.WriteLine(who + what, Style::kDim);
}

// Nodes that speak at once take turns, each on lines of its own.
void GraphView::ShowWords(const graph::StreamEvent& event) {
  if (speaker_ != event.task_id) {
    EndLine();
    err_.WriteLine(event.node + ":", Style::kDim);
    speaker_ = event.task_id;
  }
  const std::string_view words = json::GetString(event.data, "text");
  out_.Write(words);
  in_line_ = !words.ends_with('\n');
}

int GraphView::ShowOutcome(const graph::RunResult& result, const std::string& thread,
                           const std::optional<json::Pointer>& output) {
  const bool asks = result.status.ok() && !result.questions.empty();
  if (command_.json) {
    out_.WriteLine(json::Serialize(OutcomeAsJson(result, thread, output)));
    return !result.status.ok() ? 1 : asks ? kAsks : 0;
  }
  EndLine();
  if (!result.status.ok()) {
    const auto node = result.status.details().find("node");
    Status status = result.status;
    if (node != result.status.details().end()) {
      status = std::move(status).Annotate("node '" + node->second + "'");
    }
    return ReportError(status, "what was finished is kept; go on with: " + go_on_);
  }
  if (asks) {
    ShowQuestions(result);
    return kAsks;
  }
  const json::Value& value = OutputOf(result, output);
  out_.WriteLine(value.is_structured() ? json::SerializePretty(value) : AsText(value));
  return 0;
}

void GraphView::ShowQuestions(const graph::RunResult& result) {
  const bool several = result.questions.size() > 1;
  std::string answers;
  for (const graph::PendingQuestion& question : result.questions) {
    const Question asked{.id = question.id, .payload = question.payload};
    const bool in_doubt = KindOf(asked) == QuestionKind::kEffectInDoubt;
    const std::string_view text = json::GetString(question.payload, "text");
    const std::string payload =
        in_doubt ? DescribeQuestion(asked) : json::Serialize(question.payload);
    out_.WriteLine(question.node + " asks: " + (text.empty() ? payload : std::string(text)),
                   Style::kBold);
    if (const json::Value* choices = json::Find(question.payload, "choices")) {
      std::string list;
      for (const json::Value& choice : choices->as_array()) {
        list += (list.empty() ? "" : ", ") + AsText(choice);
      }
      out_.WriteLine("choices: " + list);
    } else if (in_doubt) {
      out_.WriteLine("answer: retry, skip, or 'done RESULT'");
    } else if (question.answer_schema) {
      out_.WriteLine("answer: JSON of the schema " + json::Serialize(*question.answer_schema));
    }
    if (question.expires) out_.WriteLine("expires: " + FormatTimestamp(*question.expires));
    answers += several ? " --resume " + question.id + "=ANSWER" : " --resume ANSWER";
  }
  out_.WriteLine("go on with: " + go_on_ + answers);
}

void GraphView::EndLine() {
  if (in_line_) out_.Write("\n");
  in_line_ = false;
}

}  // namespace baton::app
