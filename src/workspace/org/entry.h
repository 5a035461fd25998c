// What can be named and edited in an org file: its headings and list items.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "workspace/org/org_file.h"

namespace baton::workspace::org {

// A heading or list item, found again by `id` whatever moves around it.
struct Entry {
  enum class Kind { kHeading, kListItem };
  Kind kind = Kind::kHeading;
  int index = 0;  // into OrgFile::headings or ::items

  // The :ID: property; without one "<file id>~<hash>" of its title and those above it, with
  // ".2" and so on where titles repeat. Such an id lasts until one of the titles changes.
  std::string id;
  // Hash of what an edit of the entry rewrites: heading line, planning and properties, or the
  // list item without its sub-items. What was read with another version has changed since.
  std::string version;
};

// A file with its entries; immutable, shared by whoever reads it.
struct IndexedFile {
  std::string id;    // "org_…"; stays when the content changes
  std::string path;  // unique per user
  OrgFile org;
  std::vector<Entry> entries;  // in the order of the text

  // Null if there is none; the first if several have the same :ID:.
  const Entry* Find(std::string_view entry_id) const;
  // The entry whose first line is `line`; null if none begins there.
  const Entry* AtLine(std::size_t line) const;

  std::multimap<std::string, std::size_t, std::less<>> by_id;  // → index into entries
};

IndexedFile IndexEntries(std::string id, std::string path, OrgFile file);

// An entry as people and agents see it.
struct Item {
  std::string id;
  std::string version;
  std::string file_id;
  std::string path;
  std::uint32_t line = 0;  // in the file, from 0
  std::string line_text;   // without its end
  std::string kind;        // "todo" "checkbox" "event" "contact" "plain"
  std::string title;       // without stars, state, priority and tags
  std::string state;       // "TODO", …; of a checkbox "TODO" or "DONE"
  bool done = false;
  std::string priority;           // "A"
  std::vector<std::string> tags;  // its own
  std::string scheduled;          // the stamp as written; empty if there is none
  std::string deadline;
  std::string dated_line;          // the line that holds these, without its end and indent
  std::string created;             // the :CREATED: property
  std::vector<std::string> above;  // titles of the headings it stands under, outermost first
  std::string content;             // what stands below the title, without planning and properties
};

Item DescribeEntry(const IndexedFile& file, const Entry& entry);

// Whether an inbox lists the entry: a heading, a list item with a checkbox, or any list item
// before the first heading.
bool IsInboxEntry(const OrgFile& file, const Entry& entry);

// ":a:b:" → a, b.
std::vector<std::string> SplitTags(std::string_view tags);

// The tags of a list item, which only inboxes know: those at the end of its first line.
Span ItemTags(const OrgFile& file, const ListItem& item);

}  // namespace baton::workspace::org
