#include "rpc/internal/conversation_tool_calls.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "base/utf8.h"
#include "proto/tool_service.pb.h"
#include "rpc/internal/refusal.h"
#include "workspace/text_match.h"

namespace baton::rpc::internal {
namespace {

// ToolService's messages.
namespace wire = ::tool_service;
using runs::ConversationStore;

constexpr int kDefaultFreshnessHours = 24;
constexpr int kMaxFreshnessHours = 24 * 365;
constexpr std::size_t kMaxCacheQueryBytes = 8 * 1024;  // no more of it is looked at
constexpr std::size_t kMaxCacheEntries = 5;
constexpr std::size_t kMaxCacheEntryBytes = 16 * 1024;
constexpr double kLeastCacheScore = 0.3;  // as of documents
constexpr double kCacheHitScore = 0.75;   // all the words of the question

struct ScoredAnswer {
  runs::ConversationMessage message;
  double score = 0;
};

bool IsBetterAnswer(const ScoredAnswer& a, const ScoredAnswer& b) {
  return std::tie(a.score, a.message.created, a.message.message_id) >
         std::tie(b.score, b.message.created, b.message.message_id);
}

// Best first; of equals, the newest.
std::vector<ScoredAnswer> BestAnswers(const std::string& query,
                                      std::vector<runs::ConversationMessage> answers) {
  std::vector<ScoredAnswer> best;
  for (runs::ConversationMessage& answer : answers) {
    const double score = workspace::TextMatchScore(query, answer.content);
    if (score >= kLeastCacheScore) best.push_back({std::move(answer), score});
  }
  std::ranges::sort(best, IsBetterAnswer);
  if (best.size() > kMaxCacheEntries) best.resize(kMaxCacheEntries);
  return best;
}

Result<int> CheckCacheSearch(const wire::CacheSearchRequest& request) {
  if (request.user_id().empty()) {
    return Fail(Code::kInvalidArgument, "CacheSearchRequest.user_id is empty");
  }
  if (request.query().empty() || request.query().size() > kMaxCacheQueryBytes) {
    return Fail(Code::kInvalidArgument,
                "CacheSearchRequest.query has {} bytes: 1 to {} are possible",
                request.query().size(), kMaxCacheQueryBytes);
  }
  return LimitOf(request.freshness_hours(), kDefaultFreshnessHours, kMaxFreshnessHours,
                 "CacheSearchRequest.freshness_hours");
}

async::Task<Result<wire::CacheSearchResponse>> SearchConversationCache(
    ConversationStore& store, const Clock& clock, wire::CacheSearchRequest request) {
  const Result<int> hours = CheckCacheSearch(request);
  if (!hours) co_return Fail(hours.error());
  auto answers = co_await store.RecentAnswers(request.user_id(), request.conversation_id(),
                                              clock.Now() - std::chrono::hours(*hours));
  if (!answers) co_return Fail(std::move(answers).error());
  wire::CacheSearchResponse response;
  for (ScoredAnswer& each : BestAnswers(request.query(), *std::move(answers))) {
    wire::CacheEntry& entry = *response.add_entries();
    const std::string content = WireText(std::move(each.message.content));
    entry.set_content(std::string(Utf8Prefix(content, kMaxCacheEntryBytes)));
    entry.set_timestamp(std::move(each.message.created));
    if (!each.message.agent.empty()) entry.set_agent_name(WireText(each.message.agent + "_agent"));
    entry.set_relevance_score(static_cast<float>(each.score));
    response.set_cache_hit(response.cache_hit() || each.score >= kCacheHitScore);
  }
  co_return response;
}

async::Task<Result<wire::UpdateConversationTitleResponse>> UpdateConversationTitle(
    ConversationStore& store, const Clock&, wire::UpdateConversationTitleRequest request) {
  if (request.user_id().empty()) {
    co_return Fail(Code::kInvalidArgument, "UpdateConversationTitleRequest.user_id is empty");
  }
  auto changed = co_await store.Change(request.user_id(), request.conversation_id(),
                                       {.title = request.title()});
  if (!changed) {
    co_return RefusedAs<wire::UpdateConversationTitleResponse>(std::move(changed).error());
  }
  wire::UpdateConversationTitleResponse response;
  response.set_success(true);
  response.set_conversation_id(WireText(std::move(changed->conversation_id)));
  response.set_title(WireText(std::move(changed->title)));
  response.set_message("The conversation has its new title.");
  co_return response;
}

// Binds one of the coroutines above to its method.
template <typename Request, typename Response>
void ServeConversationTool(DescribedService& service, std::string_view name,
                           ConversationStore& store, const Clock& clock,
                           async::Task<Result<Response>> (*handler)(ConversationStore&,
                                                                    const Clock&, Request)) {
  service.ServeUnary<Request, Response>(
      name, Access::kToken, [&store, &clock, handler](Request request, const CallContext&) {
        return handler(store, clock, std::move(request));
      });
}

}  // namespace

void ServeConversationTools(DescribedService& service, ConversationStore& store,
                            const Clock& clock) {
  ServeConversationTool(service, "SearchConversationCache", store, clock, SearchConversationCache);
  ServeConversationTool(service, "UpdateConversationTitle", store, clock, UpdateConversationTitle);
}

}  // namespace baton::rpc::internal
