// Loads an OrchestratorService with turns and prints what a client sees, as one JSON object.
//
//   chat_load ADDRESS CLIENTS SECONDS [WARMUP_TURNS=50] [AGENT=chat]
//
// Each client asks its next question when the last answer is complete. Times are from the call
// to the first and the last content chunk, in microseconds.
#include <cstdlib>
#include <string>

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>

#include "load.h"
#include "proto/orchestrator.grpc.pb.h"

namespace {

using bench::Clock;

class ChatClient final : public bench::LoadClient {
 public:
  ChatClient(const std::string& address, int id, std::string agent)
      : agent_(std::move(agent)), id_(id) {
    grpc::ChannelArguments arguments;
    arguments.SetInt("grpc.use_local_subchannel_pool", 1);  // a connection of its own
    stub_ = orchestrator::OrchestratorService::NewStub(
        grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments));
  }

  void Turn(bench::Samples& samples) override {
    orchestrator::ChatRequest request;
    // And of a user of its own: nobody has a thousand turns under way.
    request.set_user_id("bench" + std::to_string(id_));
    // Each turn is a conversation of its own, so that a turn's cost does not grow.
    request.set_conversation_id("c" + std::to_string(::getpid()) + "-" + std::to_string(id_) + "-" +
                                std::to_string(turn_++));
    request.set_query("hello there");
    request.set_agent_type(agent_);
    grpc::ClientContext context;
    const auto start = Clock::now();
    const auto reader = stub_->StreamChat(&context, request);
    Clock::time_point first, last;
    long tokens = 0;
    bool complete = false;
    for (orchestrator::ChatChunk chunk; reader->Read(&chunk);) {
      complete = chunk.type() == "complete";
      if (chunk.type() != "content") continue;
      last = Clock::now();
      if (tokens == 0) first = last;
      tokens += std::count(chunk.message().begin(), chunk.message().end(), ' ');
    }
    const bool ok = reader->Finish().ok() && complete;
    if (!ok || tokens == 0) {
      ++samples.failures;
      return;
    }
    samples.tokens += tokens;
    samples.first_us.push_back(bench::Micros(first - start));
    samples.last_us.push_back(bench::Micros(last - start));
  }

 private:
  const std::string agent_;
  const int id_;
  int turn_ = 0;
  std::unique_ptr<orchestrator::OrchestratorService::Stub> stub_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "usage: chat_load ADDRESS CLIENTS SECONDS [WARMUP_TURNS] [AGENT]\n");
    return 2;
  }
  const bench::LoadOptions options{.clients = std::atoi(argv[2]),
                                   .seconds = std::atof(argv[3]),
                                   .warmup_turns = argc > 4 ? std::atoi(argv[4]) : 50};
  const std::string agent = argc > 5 ? argv[5] : "chat";
  return bench::RunLoad(options,
                        [&](int id) { return std::make_unique<ChatClient>(argv[1], id, agent); });
}
