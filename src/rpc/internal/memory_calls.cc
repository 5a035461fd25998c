#include "rpc/internal/memory_calls.h"

#include <string>
#include <utility>

#include "proto/orchestrator.pb.h"
#include "rpc/internal/memory_wire.h"

namespace baton::rpc::internal {
namespace {

namespace chat = ::orchestrator;
using runs::memory::Memories;
using runs::memory::Memory;

Result<chat::MemoryInfo> ToMemoryInfo(Result<Memory> memory) {
  if (!memory) return Fail(std::move(memory).error());
  return EncodeMemoryInfo(*std::move(memory));
}

async::Task<Result<chat::MemoryInfo>> SaveMemory(Memories& memories,
                                                 chat::SaveMemoryRequest request) {
  auto memory = DecodeNewMemory(std::move(request));
  if (!memory) co_return Fail(std::move(memory).error());
  co_return ToMemoryInfo(co_await memories.Save(*std::move(memory)));
}

async::Task<Result<chat::ListMemoriesResponse>> ListMemories(Memories& memories,
                                                             chat::ListMemoriesRequest request) {
  auto filter = DecodeMemoryFilter(std::move(request));
  if (!filter) co_return Fail(std::move(filter).error());
  auto page = co_await memories.List(*std::move(filter));
  if (!page) co_return Fail(std::move(page).error());
  chat::ListMemoriesResponse response;
  for (Memory& memory : page->memories) {
    *response.add_memories() = EncodeMemoryInfo(std::move(memory));
  }
  response.set_next_page_token(std::move(page->next_page_token));
  co_return response;
}

async::Task<Result<chat::SearchMemoriesResponse>> SearchMemories(
    Memories& memories, chat::SearchMemoriesRequest request) {
  if (request.limit() < 0) {
    co_return Fail(Code::kInvalidArgument, "SearchMemoriesRequest.limit {} is below 0",
                   request.limit());
  }
  auto found = co_await memories.Search(std::move(*request.mutable_user_id()),
                                        std::move(*request.mutable_query()),
                                        static_cast<std::size_t>(request.limit()));
  if (!found) co_return Fail(std::move(found).error());
  chat::SearchMemoriesResponse response;
  for (Memory& memory : *found) *response.add_memories() = EncodeMemoryInfo(std::move(memory));
  co_return response;
}

async::Task<Result<chat::MemoryInfo>> DecideMemory(Memories& memories,
                                                   chat::DecideMemoryRequest request) {
  co_return ToMemoryInfo(co_await memories.Decide(std::move(*request.mutable_user_id()),
                                                  std::move(*request.mutable_memory_id()),
                                                  request.accepted()));
}

async::Task<Result<chat::DeleteMemoryResponse>> DeleteMemory(Memories& memories,
                                                             chat::DeleteMemoryRequest request) {
  BATON_CO_TRY(co_await memories.Delete(std::move(*request.mutable_user_id()),
                                        std::move(*request.mutable_memory_id())));
  co_return chat::DeleteMemoryResponse();
}

template <typename Request, typename Response>
void ServeMemoryCall(DescribedService& service, const char* method, Memories& memories,
                     async::Task<Result<Response>> (*handler)(Memories&, Request)) {
  service.ServeUnary<Request, Response>(method, Access::kToken,
                                        [&memories, handler](Request request, const CallContext&) {
                                          return handler(memories, std::move(request));
                                        });
}

}  // namespace

void ServeMemories(DescribedService& service, Memories& memories) {
  ServeMemoryCall(service, "SaveMemory", memories, SaveMemory);
  ServeMemoryCall(service, "ListMemories", memories, ListMemories);
  ServeMemoryCall(service, "SearchMemories", memories, SearchMemories);
  ServeMemoryCall(service, "DecideMemory", memories, DecideMemory);
  ServeMemoryCall(service, "DeleteMemory", memories, DeleteMemory);
}

}  // namespace baton::rpc::internal
