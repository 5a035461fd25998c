#include <algorithm>

#include "async/block_on.h"
#include "json/json.h"
#include "main/commands.h"
#include "main/terminal.h"
#include "rpc/remote_memories.h"

namespace baton::app {
namespace {

namespace memory = runs::memory;
using async::Task;

constexpr std::string_view kWhichMemories = "`baton memory list` shows what there is";
constexpr std::size_t kMemoriesPerCall = 500;

void PrintMemory(const memory::Memory& shown, bool json, Terminal& out) {
  if (json) {
    json::Object object{{"memory_id", shown.memory_id},
                        {"text", shown.text},
                        {"kind", memory::MemoryKindName(shown.kind)},
                        {"state", memory::MemoryStateName(shown.state)},
                        {"conversation_id", shown.conversation_id},
                        {"created_at", shown.created_at},
                        {"updated_at", shown.updated_at},
                        {"expires_at", shown.expires_at}};
    out.WriteLine(json::Serialize(object));
    return;
  }
  const bool proposed = shown.state == memory::MemoryState::kProposed;
  out.Write(shown.memory_id + "  ");
  out.Write(fmt::format("{:<8}  ", memory::MemoryStateName(shown.state)),
            proposed ? Style::kYellow : Style::kGreen);
  if (shown.kind == memory::MemoryKind::kPreference) out.Write("(preference) ", Style::kDim);
  // One line a memory: a line break in a text begins none that poses as another.
  std::string line = shown.text;
  std::ranges::replace_if(line, [](char c) { return c == '\n' || c == '\r'; }, ' ');
  out.WriteLine(line);
}

int PrintMemory(const Result<memory::Memory>& shown, bool json) {
  if (!shown) return ReportServiceError(shown.error(), kWhichMemories);
  Terminal out(stdout);
  PrintMemory(*shown, json, out);
  return 0;
}

Task<int> ListMemories(memory::Memories& memories, const std::string& user,
                       const MemoryCommand& command) {
  memory::MemoryFilter filter{.user_id = user, .limit = kMemoriesPerCall};
  if (command.proposed) filter.state = memory::MemoryState::kProposed;
  Terminal out(stdout);
  bool any = false;
  do {
    auto page = co_await memories.List(filter);
    if (!page) co_return ReportServiceError(page.error());
    for (const memory::Memory& shown : page->memories) PrintMemory(shown, command.json, out);
    any = any || !page->memories.empty();
    filter.page_token = std::move(page->next_page_token);
  } while (!filter.page_token.empty());
  if (!any && !command.json) out.WriteLine("nothing is remembered");
  co_return 0;
}

Task<int> SearchMemories(memory::Memories& memories, const std::string& user,
                         const MemoryCommand& command) {
  const auto found = co_await memories.Search(user, command.text, 0);
  if (!found) co_return ReportServiceError(found.error());
  Terminal out(stdout);
  for (const memory::Memory& shown : *found) PrintMemory(shown, command.json, out);
  if (found->empty() && !command.json) out.WriteLine("nothing that is remembered has these words");
  co_return 0;
}

Task<int> PerformOnMemories(memory::Memories& memories, const std::string& user,
                            const MemoryCommand& command) {
  using Action = MemoryCommand::Action;
  switch (command.action) {
    case Action::kList:
      co_return co_await ListMemories(memories, user, command);
    case Action::kSearch:
      co_return co_await SearchMemories(memories, user, command);
    case Action::kAdd: {
      memory::NewMemory added{.user_id = user, .text = command.text};
      if (command.preference) added.kind = memory::MemoryKind::kPreference;
      co_return PrintMemory(co_await memories.Save(std::move(added)), command.json);
    }
    case Action::kAccept:
      co_return PrintMemory(co_await memories.Decide(user, command.id, true), command.json);
    case Action::kReject:
    case Action::kDelete: {
      Status done;
      if (command.action == Action::kDelete) {
        done = co_await memories.Delete(user, command.id);
      } else if (auto rejected = co_await memories.Decide(user, command.id, false); !rejected) {
        done = std::move(rejected).error();
      }
      if (!done.ok()) co_return ReportServiceError(done, kWhichMemories);
      Terminal(stdout).WriteLine("forgotten: " + command.id);
      co_return 0;
    }
  }
  co_return 1;
}

}  // namespace

int RunMemory(const Settings& settings, const MemoryCommand& command) {
  auto memories = rpc::ConnectMemories(settings.Text("server"), settings.Text("service_token"));
  if (!memories) return ReportError(memories.error());
  return async::BlockOn(PerformOnMemories(**memories, settings.Text("user"), command));
}

}  // namespace baton::app
