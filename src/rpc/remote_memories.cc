#include "rpc/remote_memories.h"

#include <functional>
#include <utility>
#include <vector>

#include <grpcpp/channel.h>

#include "grpc_client/endpoint.h"
#include "proto/orchestrator.grpc.pb.h"
#include "rpc/internal/memory_wire.h"

namespace baton::rpc {
namespace {

using runs::memory::MemoryFilter;
using runs::memory::MemoryPage;
using runs::memory::NewMemory;
using RemembererService = orchestrator::OrchestratorService;
using StoredMemory = runs::memory::Memory;

class RemoteMemories final : public runs::memory::Memories {
 public:
  explicit RemoteMemories(std::unique_ptr<grpc_client::Endpoint> endpoint)
      : endpoint_(std::move(endpoint)), stub_(RemembererService::NewStub(endpoint_->channel())) {}

  async::Task<Result<StoredMemory>> Save(NewMemory memory) override;
  async::Task<Result<MemoryPage>> List(MemoryFilter filter) override;
  async::Task<Result<std::vector<StoredMemory>>> Search(std::string user_id, std::string query,
                                                        std::size_t limit) override;
  async::Task<Result<StoredMemory>> Decide(std::string user_id, std::string memory_id,
                                           bool accepted) override;
  async::Task<Status> Delete(std::string user_id, std::string memory_id) override;

 private:
  using Async = RemembererService::StubInterface::async_interface;

  template <typename Request, typename Response>
  async::Task<Result<Response>> Call(void (Async::*method)(grpc::ClientContext*, const Request*,
                                                           Response*,
                                                           std::function<void(grpc::Status)>),
                                     Request request) {
    return endpoint_->Call(stub_->async(), method, std::move(request), {});
  }

  const std::unique_ptr<const grpc_client::Endpoint> endpoint_;
  const std::unique_ptr<RemembererService::Stub> stub_;
};

Result<StoredMemory> OfUser(std::string user_id, Result<orchestrator::MemoryInfo> wire) {
  if (!wire) return Fail(std::move(wire).error());
  Result<StoredMemory> memory = internal::DecodeMemoryInfo(*std::move(wire));
  if (memory) memory->user_id = std::move(user_id);
  return memory;
}

template <typename Response>
Result<std::vector<StoredMemory>> AllOfUser(const std::string& user_id, Response& wire) {
  std::vector<StoredMemory> memories;
  for (auto& each : *wire.mutable_memories()) {
    Result<StoredMemory> memory = OfUser(user_id, std::move(each));
    if (!memory) return Fail(std::move(memory).error());
    memories.push_back(*std::move(memory));
  }
  return memories;
}

async::Task<Result<StoredMemory>> RemoteMemories::Save(NewMemory memory) {
  std::string user_id = memory.user_id;
  if (memory.proposed) {
    co_return Fail(Code::kUnimplemented, "memories are proposed by agents, not over gRPC");
  }
  co_return OfUser(std::move(user_id),
                   co_await Call<orchestrator::SaveMemoryRequest, orchestrator::MemoryInfo>(
                       &Async::SaveMemory, internal::EncodeNewMemory(std::move(memory))));
}

async::Task<Result<MemoryPage>> RemoteMemories::List(MemoryFilter filter) {
  const std::string user_id = filter.user_id;
  auto wire = co_await Call<orchestrator::ListMemoriesRequest, orchestrator::ListMemoriesResponse>(
      &Async::ListMemories, internal::EncodeMemoryFilter(std::move(filter)));
  if (!wire) co_return Fail(std::move(wire).error());
  auto memories = AllOfUser(user_id, *wire);
  if (!memories) co_return Fail(std::move(memories).error());
  co_return MemoryPage{.memories = *std::move(memories),
                       .next_page_token = wire->next_page_token()};
}

async::Task<Result<std::vector<StoredMemory>>> RemoteMemories::Search(std::string user_id,
                                                                      std::string query,
                                                                      std::size_t limit) {
  orchestrator::SearchMemoriesRequest request;
  request.set_user_id(user_id);
  request.set_query(std::move(query));
  request.set_limit(static_cast<std::int32_t>(limit));
  auto wire =
      co_await Call<orchestrator::SearchMemoriesRequest, orchestrator::SearchMemoriesResponse>(
          &Async::SearchMemories, std::move(request));
  if (!wire) co_return Fail(std::move(wire).error());
  co_return AllOfUser(user_id, *wire);
}

async::Task<Result<StoredMemory>> RemoteMemories::Decide(std::string user_id, std::string memory_id,
                                                         bool accepted) {
  orchestrator::DecideMemoryRequest request;
  request.set_user_id(user_id);
  request.set_memory_id(std::move(memory_id));
  request.set_accepted(accepted);
  co_return OfUser(std::move(user_id),
                   co_await Call<orchestrator::DecideMemoryRequest, orchestrator::MemoryInfo>(
                       &Async::DecideMemory, std::move(request)));
}

async::Task<Status> RemoteMemories::Delete(std::string user_id, std::string memory_id) {
  orchestrator::DeleteMemoryRequest request;
  request.set_user_id(std::move(user_id));
  request.set_memory_id(std::move(memory_id));
  auto wire = co_await Call<orchestrator::DeleteMemoryRequest, orchestrator::DeleteMemoryResponse>(
      &Async::DeleteMemory, std::move(request));
  co_return wire ? Status() : std::move(wire).error();
}

}  // namespace

Result<std::unique_ptr<runs::memory::Memories>> ConnectMemories(const std::string& address,
                                                                std::string service_token) {
  auto endpoint = grpc_client::Endpoint::Connect(address, "orchestrator", std::move(service_token));
  if (!endpoint) return Fail(std::move(endpoint).error());
  return std::make_unique<RemoteMemories>(*std::move(endpoint));
}

}  // namespace baton::rpc
