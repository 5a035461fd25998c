// What an agent can do besides talking.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.h"
#include "base/deadline.h"
#include "base/status.h"
#include "json/json.h"
#include "json/shared_value.h"

namespace baton::tools {

// What a call does to the world.
enum class Effect {
  kRead,     // nothing: it reads the user's data
  kNetwork,  // nothing that lasts: it reads elsewhere
  kWrite,    // changes the user's data
  kSend,     // tells somebody something
  kSpend,    // costs money
};

std::string_view EffectName(Effect effect);  // "read" "network" "write" "send" "spend"

// Whether a call that a crash cut off may simply be made again. Calls of other effects are
// recorded in an EffectJournal, and asked about when in doubt.
bool IsRepeatable(Effect effect);

struct ToolDefinition {
  std::string name;              // snake_case
  std::string description;       // for the model: when to use it, what it returns
  json::SharedValue parameters;  // JSON Schema of an object
  Effect effect = Effect::kRead;
};

// Who calls, and until when. `user_id` comes from the authenticated caller, never from the
// model's arguments.
struct ToolContext {
  std::string user_id;
  std::string conversation_id;
  std::string run_id;
  std::string user_message;  // what the user has written in this turn; empty: nothing
  // The same for a call and its repetition after a crash, and no other call's: a service that
  // remembers the keys it has seen can refuse to do the same twice. Visible ASCII.
  std::string idempotency_key;
  Deadline deadline;
};

// Something an answer can cite.
struct Source {
  std::string id;  // document id or URL
  std::string title;
  std::string locator;  // path or URL that a person can open
  std::string excerpt;
  std::int64_t begin = -1;  // characters of the excerpt in the document; -1: not known
  std::int64_t end = -1;
};

json::Value ToJson(const Source& source);
Result<Source> ParseSource(const json::Value& value);

struct ToolResult {
  std::string text;  // what the model reads
  std::vector<Source> sources;
};

// Threads: safe; a call lives on the executor of its caller.
// Errors:  kInvalidArgument for arguments that do not fit (the model is told and may correct
//          itself); others as the service behind it reports them.
class Tool {
 public:
  virtual ~Tool() = default;
  virtual const ToolDefinition& definition() const = 0;
  virtual async::Task<Result<ToolResult>> Call(const json::Object& arguments,
                                               const ToolContext& context) = 0;
};

// The tools there are, by name.
// Threads: filled at startup, then safe for concurrent reading.
class ToolRegistry {
 public:
  // Compiles the tool's schema. kAlreadyExists for a name that is taken.
  Status Add(std::unique_ptr<Tool> tool);

  // The tool is not to be had here, and `why`: agents' files may still name it. kNotFound if there
  // is none.
  Status Withdraw(std::string_view name, std::string why);

  // Null if there is no such tool, or it has been withdrawn.
  Tool* Find(std::string_view name) const;
  std::vector<std::string> names() const;

  // Whether Call() would make the call: kInvalidArgument for arguments that do not fit the
  // schema, kNotFound and kFailedPrecondition like Call().
  Status Check(std::string_view name, const json::Object& arguments) const;

  // Checks the arguments against the schema, then calls. kNotFound names the tools there are;
  // kFailedPrecondition says why a tool was withdrawn.
  async::Task<Result<ToolResult>> Call(std::string_view name, const json::Object& arguments,
                                       const ToolContext& context) const;

 private:
  struct Entry;
  Result<std::shared_ptr<Entry>> FindFitting(std::string_view name,
                                             const json::Object& arguments) const;

  std::map<std::string, std::shared_ptr<Entry>, std::less<>> tools_;
};

}  // namespace baton::tools
