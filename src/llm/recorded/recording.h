// Model calls kept in files, so that what was asked of a provider once runs again without it.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "llm/chat_model.h"
#include "llm/recorded/call_key.h"

namespace baton::llm::recorded {

// A folder of recorded calls: one file a call, named by its key,
//
//   {"request": {…}, "response": {"message": {…}, "finish_reason": "stop", …}}
//
// and `recording.json`: {"began": "2026-01-31T08:00:00.000000Z", "models": {"default":
// "openai:gpt-4o-mini"}}. Prompts say what day it is: who replays has the clock begin at `began`.
//
// Threads: safe.
class Recording {
 public:
  // To add to: the folder is made if need be, and what it has is kept; then `began` stays as it
  // was. `models`: alias → name. kUnavailable if it cannot be written.
  static Result<std::shared_ptr<Recording>> Begin(std::filesystem::path folder, Timestamp now,
                                                  std::map<std::string, std::string> models,
                                                  std::vector<std::string> locals);

  // To read. kNotFound if the folder holds no recording; kInvalidArgument for a wrong one.
  static Result<std::shared_ptr<Recording>> Open(std::filesystem::path folder,
                                                 std::vector<std::string> locals);

  Timestamp began() const { return began_; }
  const std::map<std::string, std::string>& models() const { return models_; }
  const std::vector<std::string>& locals() const { return locals_; }  // as CallKey's

  // In the place of what was recorded for the call before.
  Status Write(const CallKey& key, const ChatResponse& response);

  // kNotFound names the file there should be, and is remembered; kInvalidArgument if the file is
  // not one, or another call's.
  Result<ChatResponse> Read(const CallKey& key);

  // What Read() has failed with since this was last asked.
  std::vector<std::string> TakeFailures();

 private:
  explicit Recording(std::filesystem::path folder) : folder_(std::move(folder)) {}

  Result<ChatResponse> ReadFile(const CallKey& key) const;
  Status ReadManifest();

  const std::filesystem::path folder_;
  Timestamp began_;  // constant once it is open, like what follows
  std::map<std::string, std::string> models_;
  std::vector<std::string> locals_;
  std::mutex mutex_;
  std::vector<std::string> failures_;  // guarded by mutex_
};

// Asks `inner` and keeps what it answers. A call that fails is not kept; one that cannot be kept
// fails.
std::shared_ptr<ChatModel> RecordCalls(std::string alias, std::shared_ptr<ChatModel> inner,
                                       std::shared_ptr<Recording> recording);

// Answers from the recording and asks nobody. Has the name of the model that was recorded.
std::shared_ptr<ChatModel> ReplayCalls(std::string alias, std::shared_ptr<Recording> recording);

}  // namespace baton::llm::recorded
