// Any bytes are an org file that can be put together again from its parts, or a reason why not;
// and any edit of any of its entries gives such a file again, with the others where they were.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "base/hash.h"
#include "workspace/org/edit.h"
#include "workspace/testing/org_corpus.h"

namespace {

using baton::Result;
using baton::workspace::org::Edited;
using baton::workspace::org::Entry;
using baton::workspace::org::IndexedFile;
using baton::workspace::org::OrgFile;
namespace org = baton::workspace::org;

void CheckEdited(const IndexedFile& before, const Result<Edited>& edited, bool adds) {
  if (!edited) {
    BATON_CHECK(!edited.error().message().empty(), "no reason");
    return;
  }
  Result<OrgFile> after = org::ParseOrgFile(edited->text);
  if (!after) return;  // it has grown too large
  baton::workspace::testing::CheckOrgStructure(*after);
  const IndexedFile indexed = org::IndexEntries("f", "f.org", *std::move(after));
  BATON_CHECK(adds || indexed.entries.size() == before.entries.size(), "an entry came or went");
  const auto line = indexed.org.LineAt(edited->at);
  BATON_CHECK(indexed.AtLine(line) != nullptr, "the entry is not where it should be");
}

void Edit(const IndexedFile& file, const Entry& entry) {
  const org::LocalMinute now = org::ParseStamp("2026-03-01 12:00")->begin();
  CheckEdited(file, org::ToggleEntry(file.org, entry, now), false);
  CheckEdited(file, org::SetEntryTitle(file.org, entry, "title"), false);
  CheckEdited(file, org::ScheduleEntry(file.org, entry, *org::ParseStamp("2026-03-05")), false);
  CheckEdited(file, org::TagEntry(file.org, entry, {"tag"}), false);
  const auto moved = org::RefileEntry(file.org, entry, file.org, nullptr);
  if (moved) CheckEdited(file, Edited{.text = moved->target, .at = moved->at}, false);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string input(reinterpret_cast<const char*>(data), size);
  Result<OrgFile> parsed = org::ParseOrgFile(input);
  if (!parsed) {
    BATON_CHECK(!parsed.error().message().empty(), "no reason");
    return 0;
  }
  baton::workspace::testing::CheckOrgStructure(*parsed);
  BATON_CHECK(baton::workspace::testing::RebuildOrgText(*parsed) == input, "bytes were lost");
  const IndexedFile file = org::IndexEntries("f", "f.org", *std::move(parsed));
  const org::LocalMinute now = org::ParseStamp("2026-03-01 12:00")->begin();
  CheckEdited(file, org::AddEntry(file.org, {.text = "a\n* b"}, "id", now), true);
  CheckEdited(file, org::AddEntry(file.org, {.kind = "checkbox", .text = "a"}, "id", now), true);
  const auto archived = org::ArchiveDone(file.org, "f.org", file.org, now);
  BATON_CHECK(archived.count > 0 || archived.inbox == input, "nothing to archive, yet changed");
  if (file.entries.empty()) return 0;
  // One entry of each input, so that large ones stay quick.
  Edit(file, file.entries[baton::Fnv1a(input) % file.entries.size()]);
  return 0;
}
