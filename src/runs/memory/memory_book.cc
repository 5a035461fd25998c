#include "runs/memory/memory_book.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/utf8.h"
#include "json/json.h"
#include "runs/idempotency_key.h"
#include "runs/limits.h"
#include "runs/turn_check.h"

namespace baton::runs::memory {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";

graph::StoreNamespace MemoriesOf(const std::string& user_id) {
  return {"users", user_id, "memory"};
}

json::Pointer MemberPlace(std::string_view name) { return json::Pointer::ToMember(name); }

graph::Condition HasText(std::string_view member, std::string_view text) {
  return {.path = MemberPlace(member), .operand = json::Value(text)};
}

std::vector<graph::Condition> ConditionsOf(const MemoryFilter& filter) {
  std::vector<graph::Condition> conditions;
  if (filter.state) conditions.push_back(HasText("state", MemoryStateName(*filter.state)));
  if (filter.kind) conditions.push_back(HasText("kind", MemoryKindName(*filter.kind)));
  return conditions;
}

json::Object EncodeMemory(const Memory& memory) {
  return {{"text", memory.text},
          {"kind", MemoryKindName(memory.kind)},
          {"state", MemoryStateName(memory.state)},
          {"conversation_id", memory.conversation_id},
          {"run_id", memory.run_id}};
}

Result<Memory> DecodeMemory(const graph::StoredItem& item) {
  const auto kind = ParseMemoryKind(json::GetString(item.value, "kind"));
  const auto state = ParseMemoryState(json::GetString(item.value, "state"));
  if (!kind || !state || item.ns.size() < 2) {
    return Fail(Code::kDataLoss, "memory {} cannot be read", item.key);
  }
  return Memory{.memory_id = item.key,
                .user_id = item.ns[1],
                .text = std::string(json::GetString(item.value, "text")),
                .kind = *kind,
                .state = *state,
                .conversation_id = std::string(json::GetString(item.value, "conversation_id")),
                .run_id = std::string(json::GetString(item.value, "run_id")),
                .created_at = FormatTimestamp(item.created),
                .updated_at = FormatTimestamp(item.updated),
                .expires_at = item.expires ? FormatTimestamp(*item.expires) : std::string(),
                .score = item.score};
}

Result<std::vector<Memory>> DecodeMemories(Result<std::vector<graph::StoredItem>> items) {
  if (!items) return Fail(std::move(items).error());
  std::vector<Memory> memories;
  for (const graph::StoredItem& item : *items) {
    Result<Memory> memory = DecodeMemory(item);
    if (!memory) return Fail(std::move(memory).error());
    memories.push_back(*std::move(memory));
  }
  return memories;
}

// A name of another shape names none of ours, and may be one that the store refuses.
bool MayNameMemory(std::string_view memory_id) {
  return memory_id.starts_with("mem_") && memory_id.size() <= 64 &&
         std::ranges::all_of(memory_id, [](unsigned char c) {
           return c == '_' || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
                  (c >= 'a' && c <= 'z');
         });
}

Status NoSuchMemory(std::string_view memory_id) {
  return Fail(Code::kNotFound, "memory '{}': not found",
              Utf8Prefix(ReplaceInvalidUtf8(memory_id), kMaxIdBytes));
}

// Without blanks at its ends.
Result<std::string> CheckMemoryText(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return Fail(Code::kInvalidArgument, "text is empty");
  text = text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
  if (text.size() > kMaxMemoryBytes) {
    return Fail(Code::kResourceExhausted,
                "text: {} bytes, the limit of a memory is {}: save what matters of it, or import "
                "it as a document",
                text.size(), kMaxMemoryBytes);
  }
  if (!IsValidUtf8(text) || text.find('\0') != std::string_view::npos) {
    return Fail(Code::kInvalidArgument, "text is not UTF-8 without NUL characters");
  }
  return std::string(text);
}

Result<std::size_t> OffsetOf(std::string_view page_token) {
  std::size_t offset = 0;
  const char* const begin = page_token.data();
  const char* const end = begin + page_token.size();
  const auto read = std::from_chars(begin, end, offset);
  const bool whole = read.ec == std::errc() && read.ptr == end;
  if (!page_token.empty() && (!whole || offset > kMostMemoriesPerUser)) {
    return Fail(Code::kInvalidArgument, "page_token is not one of a page");
  }
  return offset;
}

}  // namespace

std::string_view MemoryStateName(MemoryState state) {
  return state == MemoryState::kSaved ? "saved" : "proposed";
}

Result<MemoryState> ParseMemoryState(std::string_view name) {
  if (name == "saved") return MemoryState::kSaved;
  if (name == "proposed") return MemoryState::kProposed;
  return Fail(Code::kInvalidArgument, "state '{}' is neither saved nor proposed",
              ReplaceInvalidUtf8(name.substr(0, kMaxIdBytes)));
}

std::string_view MemoryKindName(MemoryKind kind) {
  return kind == MemoryKind::kFact ? "fact" : "preference";
}

Result<MemoryKind> ParseMemoryKind(std::string_view name) {
  if (name.empty() || name == "fact") return MemoryKind::kFact;
  if (name == "preference") return MemoryKind::kPreference;
  return Fail(Code::kInvalidArgument, "kind '{}' is neither fact nor preference",
              ReplaceInvalidUtf8(name.substr(0, kMaxIdBytes)));
}

MemoryBook::MemoryBook(graph::LongTermStore& store, const Clock& clock, IdGenerator& ids,
                       MemoryBookOptions options)
    : store_(store),
      clock_(clock),
      ids_(ids),
      options_{.per_user = std::min(options.per_user, kMostMemoriesPerUser)} {}

async::Task<Result<Memory>> MemoryBook::Save(NewMemory memory) {
  BATON_CO_TRY(CheckUserId(memory.user_id));
  auto text = CheckMemoryText(memory.text);
  if (!text) co_return Fail(std::move(text).error());
  memory.text = *std::move(text);
  const async::KeyedLock::Held held = co_await users_.Lock(memory.user_id);
  graph::StoreSearch same{.prefix = MemoriesOf(memory.user_id),
                          .filter = {HasText("text", memory.text)},
                          .limit = 1,
                          .mode = graph::ReadMode::kLeave};
  const auto known = DecodeMemories(co_await store_.Search(std::move(same)));
  if (!known) co_return Fail(known.error());
  if (!known->empty()) {
    Memory there = known->front();
    if (memory.proposed || there.state == MemoryState::kSaved) co_return there;
    there.state = MemoryState::kSaved;
    co_return co_await Write(std::move(there));
  }
  BATON_CO_TRY(co_await CheckRoom(memory));
  // The same name for the same key, so that what a crash repeats is there once.
  std::string id = memory.key.empty()
                       ? ids_.New("mem")
                       : "mem_" + RunIdForKey(memory.user_id, "memory", memory.key).substr(4);
  Memory written{.memory_id = std::move(id),
                 .user_id = std::move(memory.user_id),
                 .text = std::move(memory.text),
                 .kind = memory.kind,
                 .state = memory.proposed ? MemoryState::kProposed : MemoryState::kSaved,
                 .conversation_id = std::move(memory.conversation_id),
                 .run_id = std::move(memory.run_id)};
  co_return co_await Write(std::move(written));
}

async::Task<Status> MemoryBook::CheckRoom(const NewMemory& memory) {
  const std::size_t most =
      memory.proposed ? std::min(kMaxProposals, options_.per_user) : options_.per_user;
  if (most > 0) {
    graph::StoreSearch last_one{.prefix = MemoriesOf(memory.user_id),
                                .limit = 1,
                                .offset = most - 1,
                                .mode = graph::ReadMode::kLeave};
    if (memory.proposed) last_one.filter = {HasText("state", "proposed")};
    const auto last = co_await store_.Search(std::move(last_one));
    if (!last) co_return last.error();
    if (last->empty()) co_return Status();
  }
  if (memory.proposed && most == kMaxProposals) {
    co_return Fail(Code::kResourceExhausted,
                   "{} proposals wait for the user's word, the limit is {}: accept or reject some",
                   most, most);
  }
  co_return Fail(Code::kResourceExhausted,
                 "{} memories are kept, the limit is {} (memory.per_user): delete some", most,
                 most);
}

async::Task<Result<Memory>> MemoryBook::Write(Memory memory) {
  graph::PutOptions options;
  options.index = {MemberPlace("text")};
  if (memory.state == MemoryState::kProposed) options.ttl = kProposalKept;
  BATON_CO_TRY(co_await store_.Put(MemoriesOf(memory.user_id), memory.memory_id,
                                   EncodeMemory(memory), std::move(options)));
  co_return co_await Find(std::move(memory.user_id), std::move(memory.memory_id));
}

async::Task<Result<Memory>> MemoryBook::Find(std::string user_id, std::string memory_id) {
  BATON_CO_TRY(CheckUserId(user_id));
  if (!MayNameMemory(memory_id)) co_return Fail(NoSuchMemory(memory_id));
  auto item = co_await store_.Get(MemoriesOf(user_id), memory_id, graph::ReadMode::kLeave);
  if (!item) co_return Fail(std::move(item).error());
  if (!*item) co_return Fail(NoSuchMemory(memory_id));
  co_return DecodeMemory(**item);
}

async::Task<Result<MemoryPage>> MemoryBook::List(MemoryFilter filter) {
  BATON_CO_TRY(CheckUserId(filter.user_id));
  const Result<std::size_t> offset = OffsetOf(filter.page_token);
  if (!offset) co_return Fail(offset.error());
  const std::size_t limit =
      std::min(filter.limit == 0 ? kDefaultMemoryPage : filter.limit, kMaxMemoryPage);
  graph::StoreSearch search{.prefix = MemoriesOf(filter.user_id),
                            .filter = ConditionsOf(filter),
                            .limit = limit + 1,
                            .offset = *offset,
                            .mode = graph::ReadMode::kLeave};
  auto memories = DecodeMemories(co_await store_.Search(std::move(search)));
  if (!memories) co_return Fail(std::move(memories).error());
  MemoryPage page{.memories = *std::move(memories), .next_page_token = {}};
  if (page.memories.size() > limit) {
    page.memories.pop_back();
    page.next_page_token = std::to_string(*offset + limit);
  }
  co_return page;
}

async::Task<Result<std::vector<Memory>>> MemoryBook::Search(std::string user_id, std::string query,
                                                            std::size_t limit) {
  BATON_CO_TRY(CheckUserId(user_id));
  if (!IsValidUtf8(query) || query.find('\0') != std::string::npos) {
    co_return Fail(Code::kInvalidArgument, "query is not UTF-8 without NUL characters");
  }
  if (query.find_first_not_of(kBlanks) == std::string::npos) {
    co_return Fail(Code::kInvalidArgument, "query is empty");
  }
  graph::StoreSearch search{
      .prefix = MemoriesOf(user_id),
      .filter = {HasText("state", "saved")},
      .query = std::string(Utf8Prefix(query, kMaxMemoryQueryBytes)),
      .limit = std::min(limit == 0 ? kDefaultMemoryHits : limit, kMaxMemoryHits),
      .mode = graph::ReadMode::kLeave};
  co_return DecodeMemories(co_await store_.Search(std::move(search)));
}

async::Task<Result<Memory>> MemoryBook::Decide(std::string user_id, std::string memory_id,
                                               bool accepted) {
  const async::KeyedLock::Held held = co_await users_.Lock(user_id);
  Result<Memory> memory = co_await Find(user_id, memory_id);
  if (!memory) co_return memory;
  if (memory->state == MemoryState::kSaved) {
    if (accepted) co_return memory;
    co_return Fail(Code::kFailedPrecondition, "memory '{}' is saved already: delete it", memory_id);
  }
  if (!accepted) {
    BATON_CO_TRY(co_await store_.Delete(MemoriesOf(user_id), std::move(memory_id)));
    co_return memory;
  }
  memory->state = MemoryState::kSaved;
  co_return co_await Write(*std::move(memory));
}

async::Task<Status> MemoryBook::Delete(std::string user_id, std::string memory_id) {
  const async::KeyedLock::Held held = co_await users_.Lock(user_id);
  Result<Memory> memory = co_await Find(user_id, memory_id);
  if (!memory) co_return std::move(memory).error();
  co_return co_await store_.Delete(MemoriesOf(user_id), std::move(memory_id));
}

}  // namespace baton::runs::memory
