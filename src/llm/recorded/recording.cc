#include "llm/recorded/recording.h"

#include <fstream>
#include <sstream>
#include <system_error>
#include <utility>

#include "base/write_file.h"

namespace baton::llm::recorded {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kManifest = "recording.json";

Result<json::Value> ReadJsonFile(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) return Fail(Code::kNotFound, "{}: no such recording", file.string());
  auto value = json::Parse(text.str());
  if (!value) return Fail(std::move(value).error().Annotate(file.string()));
  return value;
}

Status WriteJsonFile(const fs::path& file, const json::Value& value) {
  return ReplaceFile(file, json::SerializePretty(value) + "\n").Annotate("recording");
}

class RecordingModel final : public ChatModel {
 public:
  RecordingModel(std::string alias, std::shared_ptr<ChatModel> inner,
                 std::shared_ptr<Recording> recording)
      : alias_(std::move(alias)), inner_(std::move(inner)), recording_(std::move(recording)) {}

  std::string_view name() const override { return inner_->name(); }

  async::Task<Result<ChatResponse>> Chat(const ChatRequest& request, TextSink* sink,
                                         Deadline deadline) override {
    Result<ChatResponse> response = co_await inner_->Chat(request, sink, deadline);
    if (!response) co_return response;
    const Status kept =
        recording_->Write(CallKey(alias_, request, recording_->locals()), *response);
    if (!kept.ok()) co_return Fail(kept);
    co_return response;
  }

  async::Task<Status> CheckHealth(Deadline deadline) override {
    co_return co_await inner_->CheckHealth(deadline);
  }

 private:
  const std::string alias_;
  const std::shared_ptr<ChatModel> inner_;
  const std::shared_ptr<Recording> recording_;
};

class ReplayingModel final : public ChatModel {
 public:
  ReplayingModel(std::string alias, std::shared_ptr<Recording> recording)
      : alias_(std::move(alias)), recording_(std::move(recording)) {
    const auto found = recording_->models().find(alias_);
    name_ = found == recording_->models().end() ? "recorded" : found->second;
  }

  std::string_view name() const override { return name_; }

  async::Task<Result<ChatResponse>> Chat(const ChatRequest& request, TextSink* sink,
                                         Deadline /*deadline*/) override {
    const CallKey key(alias_, request, recording_->locals());
    Result<ChatResponse> response = recording_->Read(key);
    if (!response || sink == nullptr || response->message.content.empty()) co_return response;
    const Status said = co_await sink->OnText(response->message.content);
    if (!said.ok()) co_return Fail(said);
    co_return response;
  }

  async::Task<Status> CheckHealth(Deadline /*deadline*/) override { co_return Status(); }

 private:
  const std::string alias_;
  const std::shared_ptr<Recording> recording_;
  std::string name_;
};

}  // namespace

Status Recording::ReadManifest() {
  const fs::path file = folder_ / kManifest;
  const auto manifest = ReadJsonFile(file);
  if (!manifest) return manifest.error();
  const auto began = ParseTimestamp(json::GetString(*manifest, "began"));
  const json::Value* models = json::Find(*manifest, "models");
  if (!began || models == nullptr || !models->is_object()) {
    return Fail(Code::kInvalidArgument, "{}: needs 'began', a time, and 'models'", file.string());
  }
  began_ = *began;
  for (const auto& [alias, name] : models->get_object()) {
    models_[alias] = name.is_string() ? std::string(json::ToStringView(name.get_string())) : "";
  }
  return {};
}

Result<std::shared_ptr<Recording>> Recording::Begin(fs::path folder, Timestamp now,
                                                    std::map<std::string, std::string> models,
                                                    std::vector<std::string> locals) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) {
    return Fail(Code::kUnavailable, "recording '{}': {}", folder.string(), error.message());
  }
  std::shared_ptr<Recording> recording(new Recording(std::move(folder)));
  const Status there = recording->ReadManifest();
  if (!there.ok() && there.code() != Code::kNotFound) return Fail(there);
  if (!there.ok()) recording->began_ = now;
  recording->models_ = std::move(models);
  recording->locals_ = std::move(locals);
  json::Object names;
  for (const auto& [alias, name] : recording->models_) names[alias] = name;
  BATON_TRY(WriteJsonFile(
      recording->folder_ / kManifest,
      json::Object{{"began", FormatTimestamp(recording->began_)}, {"models", std::move(names)}}));
  return recording;
}

Result<std::shared_ptr<Recording>> Recording::Open(fs::path folder,
                                                   std::vector<std::string> locals) {
  std::shared_ptr<Recording> recording(new Recording(std::move(folder)));
  BATON_TRY(recording->ReadManifest());
  recording->locals_ = std::move(locals);
  return recording;
}

Status Recording::Write(const CallKey& key, const ChatResponse& response) {
  auto request = json::Parse(key.text());
  auto answer = json::Parse(key.Neutral(json::Serialize(ToJson(response))));
  if (!request || !answer) return Fail(Code::kInternal, "recording: the call is no JSON");
  return WriteJsonFile(folder_ / key.file_name(), json::Object{{"request", *std::move(request)},
                                                               {"response", *std::move(answer)}});
}

Result<ChatResponse> Recording::ReadFile(const CallKey& key) const {
  const fs::path file = folder_ / key.file_name();
  const auto call = ReadJsonFile(file);
  if (!call && call.error().code() == Code::kNotFound) {
    return Fail(Code::kNotFound,
                "no recording of this model call ({}): the prompt, the tools or what they found "
                "have changed since; record again",
                file.string());
  }
  if (!call) return Fail(call.error());
  const json::Value* request = json::Find(*call, "request");
  const json::Value* response = json::Find(*call, "response");
  if (request == nullptr || response == nullptr || json::Serialize(*request) != key.text()) {
    return Fail(Code::kInvalidArgument, "{}: not the recording of this call", file.string());
  }
  auto own = json::Parse(key.Own(json::Serialize(*response)));
  if (!own) return Fail(std::move(own).error().Annotate(file.string()));
  auto parsed = ParseResponse(*own);
  if (!parsed) return Fail(std::move(parsed).error().Annotate(file.string()));
  return parsed;
}

Result<ChatResponse> Recording::Read(const CallKey& key) {
  Result<ChatResponse> response = ReadFile(key);
  if (!response) {
    const std::scoped_lock lock(mutex_);
    failures_.push_back(response.error().message());
  }
  return response;
}

std::vector<std::string> Recording::TakeFailures() {
  const std::scoped_lock lock(mutex_);
  return std::exchange(failures_, {});
}

std::shared_ptr<ChatModel> RecordCalls(std::string alias, std::shared_ptr<ChatModel> inner,
                                       std::shared_ptr<Recording> recording) {
  return std::make_shared<RecordingModel>(std::move(alias), std::move(inner), std::move(recording));
}

std::shared_ptr<ChatModel> ReplayCalls(std::string alias, std::shared_ptr<Recording> recording) {
  return std::make_shared<ReplayingModel>(std::move(alias), std::move(recording));
}

}  // namespace baton::llm::recorded
