// Changes to org files. Each yields the file's new text, in which only the bytes differ that
// must: what the parser does not understand, blanks and line ends included, stays as it is.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "workspace/org/entry.h"

namespace baton::workspace::org {

// A file's new text, and where the line of the changed entry begins in it.
struct Edited {
  std::string text;
  std::uint32_t at = 0;
};

// Open → done → open. A state word becomes the first done (or open) word of its sequence; a
// task that repeats moves its dates on and stays open, with LAST_REPEAT noted; CLOSED is
// written where "#+STARTUP: logdone" asks for it, and removed when the task is open again. A
// checkbox is ticked or cleared. Boxes, "[1/2]" and "[50%]" above the entry follow.
// kFailedPrecondition for an entry that has neither state nor checkbox, and for a checkbox that
// follows from those below it.
Result<Edited> ToggleEntry(const OrgFile& file, const Entry& entry, LocalMinute now);

// Another title for a heading, another text for the first line of a list item. State, priority
// and tags stay, and so does a list item's date unless `title` has another. kInvalidArgument if
// `title` is empty, has several lines, or would be read as something else than a title.
Result<Edited> SetEntryTitle(const OrgFile& file, const Entry& entry, std::string_view title);

// Sets SCHEDULED of a heading. A list item, which Org does not schedule, gets the stamp at the
// end of its text, or in place of the active one that is there. As Emacs' org-schedule with a
// date: the repeater and the warning of the old stamp go on where `stamp` has none ("+0d" ends a
// repeat); its time of day does not.
Result<Edited> ScheduleEntry(const OrgFile& file, const Entry& entry, const Stamp& stamp);

inline constexpr std::size_t kMaxTags = 50;  // of a change

// Adds tags to those that are there.
Result<Edited> TagEntry(const OrgFile& file, const Entry& entry,
                        const std::vector<std::string>& tags);

// A tag as Org allows it: blanks and '-' become '_', colons around it go. kInvalidArgument if
// other characters are in it.
Result<std::string> CleanTag(std::string_view tag);

struct NewEntry {
  std::string kind = "todo";  // "todo" "checkbox" "event" "contact" "plain"
  std::string text;           // further lines become the text below the title
  std::string schedule;       // as ParseStamp() reads it; may be empty
  std::string repeater;       // as ParseRepeater() does; needs `schedule`
  std::vector<std::string> tags;
  std::map<std::string, std::string> properties;
};

// Adds an entry: a heading with `id` and :CREATED: at the end of the file, or a checkbox behind
// the last line before the first heading. kInvalidArgument says what does not fit.
Result<Edited> AddEntry(const OrgFile& file, const NewEntry& entry, std::string_view id,
                        LocalMinute now);

// Adds org text as it is, as lines of their own at the end.
Edited AppendText(const OrgFile& file, std::string_view text);

struct Archived {
  std::string inbox;    // the text that is left
  std::string archive;  // the archive's new text
  int count = 0;
};

// Moves what is done from `inbox` to `archive`: headings with all below them, unless something
// open is among it, and top-level checkboxes that stand outside of tasks. Headings say where
// they come from (ARCHIVE_TIME, ARCHIVE_FILE, ARCHIVE_OLPATH, ARCHIVE_TODO), as Org's do.
Archived ArchiveDone(const OrgFile& inbox, std::string_view inbox_path, const OrgFile& archive,
                     LocalMinute now);

struct Refiled {
  std::string source;
  std::string target;    // the same as `source` if it is one file
  std::uint32_t at = 0;  // of the heading in `target`
};

// Moves a heading with all below it to the end of `under` in `target`, or, if that is null, to
// the end of the file as a top-level heading. Stars are added or taken as the level demands.
// `source` and `target` may be the same object. kInvalidArgument if the entry is a list item or
// `under` is within it.
Result<Refiled> RefileEntry(const OrgFile& source, const Entry& entry, const OrgFile& target,
                            const Entry* under);

}  // namespace baton::workspace::org
